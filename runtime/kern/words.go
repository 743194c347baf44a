package kern

// Several sums in one 64-bit word.
//
// Why that is exact: with word w = sum of w[i]<<16i, as an integer modulo 2^64
// and borrows between lanes left in, one multiplication x*w adds x*w[i] to
// lane i of the accumulator for all four i. After the last product the
// accumulator is the sum of S[i]<<16i, S[i] the true sum of channel i plus
// what it started from. Started from 2^15 + Preload, S[i] lies in [0, 2^16) for
// every input inside its levels, which is what the certificate of the layer
// proves; so lane i reads back as S[i] itself. Partial sums may leave
// their lane on the way, as only the final ones are read. Two lanes of 32 bits
// are the same with 2^31.
const (
	ones16 = 0x0001_0001_0001_0001
	ones32 = 0x0000_0001_0000_0001
	half16 = ones16 << 15
	half32 = ones32 << 31
	signs  = 0x8080_8080_8080_8080
)

// even16 takes bytes 0, 2, 4 and 6 of v, each signed, to lanes of 16 bits: plus
// 128 they are not signed, and what that adds to the word comes off again. The
// odd bytes are those of v>>8.
func even16(v uint64) uint64 { return (v^signs)&(0xff*ones16) - 0x80*ones16 }

// fourth32 takes bytes 0 and 4 to lanes of 32 bits.
func fourth32(v uint64) uint64 { return (v^signs)&(0xff*ones32) - 0x80*ones32 }

// load64 is the first eight bytes of s.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// startWords is what sums of 16 bits start from.
func startWords(t *blockTable) [4]uint64 {
	start := [4]uint64{half16, half16, half16, half16}
	for c, v := range t.start {
		start[c/8*2+c&1] += uint64(int64(v)) << (16 * uint(c%8/2))
	}
	return start
}

// wordBlock computes a block of channels with sums of 16 bits: words 0 and 1 of a
// product hold its even and odd channels below 8, words 2 and 3 the others.
func wordBlock(g *Conv, x, y []int8, w string, at channels, words [][4]uint64) {
	var t blockTable
	t.set(at)
	if g.H*g.W == 1 {
		wordPixel(g, x, y, w, &t)
		return
	}
	start := startWords(&t)
	for k := range words {
		p := w[k*block:][:block]
		a, b := load64(p), load64(p[8:])
		words[k] = [4]uint64{even16(a), even16(a >> 8), even16(b), even16(b >> 8)}
	}
	if t.n <= 8 {
		wordTiles(g, x, y, &t, &start, words, sumHalf)
	} else {
		wordTiles(g, x, y, &t, &start, words, sumWhole)
	}
}

// wideBlock computes a block of channels with sums of 32 bits, half of it at a time:
// word i of a product holds channels i and i+4 of the half.
func wideBlock(g *Conv, x, y []int8, w string, at channels, words [][4]uint64) {
	var t blockTable
	start := [4]uint64{half32, half32, half32, half32}
	for half := 0; half < at.n; half += block / 2 {
		t.set(channels{at.q, at.first + half, min(block/2, at.n-half)})
		for k := range words {
			a := load64(w[k*block+half:])
			words[k] = [4]uint64{fourth32(a), fourth32(a >> 8), fourth32(a >> 16), fourth32(a >> 24)}
		}
		wordTiles(g, x, y[half:], &t, &start, words, sumWide)
	}
}

// Tiles are of three pixels: twelve sums, and what a product needs beside them,
// stay in arm64's registers.
const tilePixels = 3

// What a tile's words hold.
const (
	sumHalf  = iota // 16 bits, of which words 2 and 3 are not used
	sumWhole        // 16 bits
	sumWide         // 32 bits
)

func wordTiles(g *Conv, x, y []int8, t *blockTable, start *[4]uint64, words [][4]uint64, what int) {
	var sums [tilePixels][block]int32
	var xs, ys [tilePixels]int
	p := g.walk()
	for left := g.H * g.W; left > 0; left -= tilePixels {
		for i := range xs {
			if i < left { // else the last pixel once more
				xs[i], ys[i] = p.x, p.y
				p.next()
			} else {
				xs[i], ys[i] = xs[i-1], ys[i-1]
			}
		}
		wordTile(g, x, &xs, words, start, &sums, what)
		for i := range ys {
			t.put(y[ys[i]:], &sums[i])
		}
	}
}

// wordTile sums three pixels, from xs on.
func wordTile(g *Conv, x []int8, xs *[tilePixels]int, words [][4]uint64, start *[4]uint64, sums *[tilePixels][block]int32, what int) {
	acc := [tilePixels][4]uint64{*start, *start, *start}
	first := true
	for i := range g.Pieces {
		p := &g.Pieces[i]
		if what == sumHalf {
			addTwo(&acc, x, xs, p.At, words[:p.Len])
		} else {
			addFour(&acc, x, xs, p.At, words[:p.Len])
		}
		words = words[p.Len:]
		if p.Flush || i == len(g.Pieces)-1 {
			flush(&acc, sums, first, what)
			acc = [tilePixels][4]uint64{*start, *start, *start}
			first = false
		}
	}
}

// flush moves the lanes of acc to the wide sums, or adds them.
func flush(acc *[tilePixels][4]uint64, sums *[tilePixels][block]int32, first bool, what int) {
	var lanes [block]int32
	for i := range acc {
		to := &sums[i]
		if !first {
			to = &lanes
		}
		if what == sumWide {
			unpack32(to, &acc[i])
		} else {
			unpack16(to, &acc[i])
		}
		if !first {
			for c, v := range lanes {
				sums[i][c] += v
			}
		}
	}
}

// addFour adds the products of three pixels with four words of weights each. It is
// a function of its own so that its sums are in registers.
func addFour(acc *[tilePixels][4]uint64, x []int8, xs *[tilePixels]int, at int, ws [][4]uint64) {
	xa, xb, xc := x[xs[0]+at:][:len(ws)], x[xs[1]+at:][:len(ws)], x[xs[2]+at:][:len(ws)]
	a0, a1, a2, a3 := acc[0][0], acc[0][1], acc[0][2], acc[0][3]
	b0, b1, b2, b3 := acc[1][0], acc[1][1], acc[1][2], acc[1][3]
	c0, c1, c2, c3 := acc[2][0], acc[2][1], acc[2][2], acc[2][3]
	for k := range ws {
		w := &ws[k]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		u := uint64(int64(xa[k]))
		a0 += u * w0
		a1 += u * w1
		a2 += u * w2
		a3 += u * w3
		u = uint64(int64(xb[k]))
		b0 += u * w0
		b1 += u * w1
		b2 += u * w2
		b3 += u * w3
		u = uint64(int64(xc[k]))
		c0 += u * w0
		c1 += u * w1
		c2 += u * w2
		c3 += u * w3
	}
	acc[0] = [4]uint64{a0, a1, a2, a3}
	acc[1] = [4]uint64{b0, b1, b2, b3}
	acc[2] = [4]uint64{c0, c1, c2, c3}
}

// addTwo is addFour for the first two words.
func addTwo(acc *[tilePixels][4]uint64, x []int8, xs *[tilePixels]int, at int, ws [][4]uint64) {
	xa, xb, xc := x[xs[0]+at:][:len(ws)], x[xs[1]+at:][:len(ws)], x[xs[2]+at:][:len(ws)]
	a0, a1, b0, b1, c0, c1 := acc[0][0], acc[0][1], acc[1][0], acc[1][1], acc[2][0], acc[2][1]
	for k := range ws {
		w0, w1 := ws[k][0], ws[k][1]
		u := uint64(int64(xa[k]))
		a0 += u * w0
		a1 += u * w1
		u = uint64(int64(xb[k]))
		b0 += u * w0
		b1 += u * w1
		u = uint64(int64(xc[k]))
		c0 += u * w0
		c1 += u * w1
	}
	acc[0][0], acc[0][1], acc[1][0], acc[1][1], acc[2][0], acc[2][1] = a0, a1, b0, b1, c0, c1
}

// unpack16 reads the lanes of four words.
func unpack16(s *[block]int32, acc *[4]uint64) {
	a, b, c, d := acc[0]^half16, acc[1]^half16, acc[2]^half16, acc[3]^half16
	s[0] = int32(int16(a))
	s[1] = int32(int16(b))
	s[2] = int32(int16(a >> 16))
	s[3] = int32(int16(b >> 16))
	s[4] = int32(int16(a >> 32))
	s[5] = int32(int16(b >> 32))
	s[6] = int32(int16(a >> 48))
	s[7] = int32(int16(b >> 48))
	s[8] = int32(int16(c))
	s[9] = int32(int16(d))
	s[10] = int32(int16(c >> 16))
	s[11] = int32(int16(d >> 16))
	s[12] = int32(int16(c >> 32))
	s[13] = int32(int16(d >> 32))
	s[14] = int32(int16(c >> 48))
	s[15] = int32(int16(d >> 48))
}

func unpack32(s *[block]int32, acc *[4]uint64) {
	for i, v := range acc {
		s[i] = int32(v ^ half32)
		s[i+4] = int32((v ^ half32) >> 32)
	}
}

// wordPixel is wordBlock for a layer of one pixel: no word is used twice, so none
// is stored. Taken as bytes plus 128, the weights add 128 times the sum of
// the inputs to every lane, which comes off at the end.
func wordPixel(g *Conv, x, y []int8, w string, t *blockTable) {
	var sums, lanes [block]int32
	start := startWords(t)
	a, b, c, d := start[0], start[1], start[2], start[3]
	var total uint64
	for i := range g.Pieces {
		p := &g.Pieces[i]
		for k, v := range x[p.At:][:p.Len] {
			row := w[k*block:][:block]
			u := uint64(int64(v))
			lo, hi := load64(row)^signs, load64(row[8:])^signs
			a += u * (lo & (0xff * ones16))
			b += u * (lo >> 8 & (0xff * ones16))
			c += u * (hi & (0xff * ones16))
			d += u * (hi >> 8 & (0xff * ones16))
			total += u
		}
		w = w[p.Len*block:]
		if p.Flush || i == len(g.Pieces)-1 {
			total *= 128 * ones16
			unpack16(&lanes, &[4]uint64{a - total, b - total, c - total, d - total})
			for j, v := range lanes {
				sums[j] += v
			}
			a, b, c, d, total = start[0], start[1], start[2], start[3], 0
		}
	}
	t.put(y, &sums)
}
