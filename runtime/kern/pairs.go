package kern

// wordBits is the width of the registers that plain Go counts on.
const wordBits = 32 << (^uint(0) >> 63)

// quad is the channels that pairBlock computes.
const quad = 4

// half16x2 is 2^15 in both lanes of a 32-bit word.
const half16x2 = 0x8000_8000

// pairBlock computes four channels, two to a 32-bit word; that is exact as in
// 64-bit words. w begins at the first of them. Four products of a piece
// follow each other in one element of words: the words of channels 0 and 1 below,
// of 2 and 3 above.
func pairBlock(g *Conv, x, y []int8, w string, t *blockTable, words [][4]uint64) {
	n, k := 0, 0
	for i := range g.Pieces {
		for j := 0; j < g.Pieces[i].Len; j++ {
			p := w[(k+j)*block:][:quad]
			lo := uint32(int32(int8(p[0])) + int32(int8(p[1]))<<16)
			hi := uint32(int32(int8(p[2])) + int32(int8(p[3]))<<16)
			words[n+j/4][j&3] = uint64(hi)<<32 | uint64(lo)
		}
		n += (g.Pieces[i].Len + 3) / 4
		k += g.Pieces[i].Len
	}
	start := [2]uint32{
		half16x2 + uint32(int32(t.start[0])+int32(t.start[1])<<16),
		half16x2 + uint32(int32(t.start[2])+int32(t.start[3])<<16),
	}
	var sums [2][block]int32
	p := g.walk()
	for left := g.H * g.W; left > 0; left -= 2 {
		xa, ya := p.x, p.y
		if left > 1 { // else the last pixel twice
			p.next()
		}
		pairTile(g, x, xa, p.x, words, &start, &sums)
		t.put(y[ya:], &sums[0])
		t.put(y[p.y:], &sums[1])
		p.next()
	}
}

// pairTile sums two pixels of two words.
func pairTile(g *Conv, x []int8, xa, xb int, words [][4]uint64, start *[2]uint32, sums *[2][block]int32) {
	*sums = [2][block]int32{}
	acc := [4]uint32{start[0], start[1], start[0], start[1]}
	for i := range g.Pieces {
		p := &g.Pieces[i]
		addPairs(&acc, x[xa+p.At:][:p.Len], x[xb+p.At:][:p.Len], words)
		words = words[(p.Len+3)/4:]
		if p.Flush || i == len(g.Pieces)-1 {
			for j, v := range acc {
				v ^= half16x2
				sums[j>>1][j&1*2] += int32(int16(v))
				sums[j>>1][j&1*2+1] += int32(int16(v >> 16))
			}
			acc = [4]uint32{start[0], start[1], start[0], start[1]}
		}
	}
}

// addPairs adds the products of two pixels.
func addPairs(acc *[4]uint32, xa, xb []int8, words [][4]uint64) {
	xb = xb[:len(xa)]
	k, i := 0, 0
	for ; k <= len(xa)-16 && i <= len(words)-4; k, i = k+16, i+4 {
		addSixteen(acc, (*[16]int8)(xa[k:k+16:k+16]), (*[16]int8)(xb[k:k+16:k+16]), (*[4][4]uint64)(words[i:i+4:i+4]))
	}
	for ; k <= len(xa)-4 && i < len(words); k, i = k+4, i+1 {
		addFourPairs(acc, (*[4]int8)(xa[k:k+4:k+4]), (*[4]int8)(xb[k:k+4:k+4]), &words[i])
	}
	for ; k < len(xa); k++ {
		w, a, b := words[i][k&3], uint32(xa[k]), uint32(xb[k])
		acc[0] += a * uint32(w)
		acc[1] += a * uint32(w>>32)
		acc[2] += b * uint32(w)
		acc[3] += b * uint32(w>>32)
	}
}

// addFourPairs is addSixteen for four products.
//
//go:noinline
func addFourPairs(acc *[4]uint32, xa, xb *[4]int8, words *[4]uint64) {
	a0, a1, b0, b1 := acc[0], acc[1], acc[2], acc[3]
	a, b, w := uint32(xa[0]), uint32(xb[0]), words[0]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[1]), uint32(xb[1]), words[1]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[2]), uint32(xb[2]), words[2]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[3]), uint32(xb[3]), words[3]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	acc[0], acc[1], acc[2], acc[3] = a0, a1, b0, b1
}

// addSixteen adds sixteen products of two pixels: without a loop, twelve registers
// are enough.
//
//go:noinline
func addSixteen(acc *[4]uint32, xa, xb *[16]int8, words *[4][4]uint64) {
	a0, a1, b0, b1 := acc[0], acc[1], acc[2], acc[3]
	a, b, w := uint32(xa[0]), uint32(xb[0]), words[0][0]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[1]), uint32(xb[1]), words[0][1]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[2]), uint32(xb[2]), words[0][2]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[3]), uint32(xb[3]), words[0][3]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[4]), uint32(xb[4]), words[1][0]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[5]), uint32(xb[5]), words[1][1]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[6]), uint32(xb[6]), words[1][2]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[7]), uint32(xb[7]), words[1][3]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[8]), uint32(xb[8]), words[2][0]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[9]), uint32(xb[9]), words[2][1]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[10]), uint32(xb[10]), words[2][2]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[11]), uint32(xb[11]), words[2][3]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[12]), uint32(xb[12]), words[3][0]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[13]), uint32(xb[13]), words[3][1]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[14]), uint32(xb[14]), words[3][2]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	a, b, w = uint32(xa[15]), uint32(xb[15]), words[3][3]
	a0 += a * uint32(w)
	b0 += b * uint32(w)
	a1 += a * uint32(w>>32)
	b1 += b * uint32(w>>32)
	acc[0], acc[1], acc[2], acc[3] = a0, a1, b0, b1
}
