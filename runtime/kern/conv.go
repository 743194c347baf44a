package kern

// A Piece is a stretch of a convolution's window that is contiguous in the
// input: Len elements from offset At. Flush ends a segment: the narrow
// sums are added to wide ones and start again from zero. A window without a
// flush is summed in the narrow register to its end.
type Piece struct {
	At, Len int
	Flush   bool
}

// A Conv is the geometry of a convolution; a fully connected layer is one
// with a single output pixel. Products are taken in the order of Pieces, and
// the weights of output channel c are w[c*K:][:K] in that order.
type Conv struct {
	H, W       int // output pixels
	XRow, XCol int // input elements from one output row, column to the next
	YRow, YCol int
	Groups     int // each reads XGroup elements further and writes C further
	XGroup     int
	C          int // output channels of a group
	K          int // products in one dot product: the sum of all Len
	Pieces     []Piece
}

// Lanes of B bits in one 64-bit word, each starting from half its range.
const (
	half16 = 0x8000_8000_8000_8000
	half32 = 0x8000_0000_8000_0000
)

// Conv16 sums in 16 bits, four channels to a 64-bit word.
//
// Why that is exact: with word w = sum of w[i]<<16i, as an integer modulo 2^64
// and borrows between lanes left in, one multiplication x*w adds x*w[i] to
// lane i of the accumulator for all four i. After the last product the
// accumulator is the sum of S[i]<<16i, S[i] the true sum of channel i plus
// what it started from. Started from 2^15 + Preload, S[i] lies in [0, 2^16) for
// every input inside its levels, which is what the certificate of the layer
// proves; so lane i reads back as S[i] itself. Partial sums may leave
// their lane on the way, as only the final ones are read.
func Conv16(g *Conv, x, y []int8, w string, q *Requant, words []uint64) {
	convolve(g, x, y, w, q, words, 4)
}

// Conv32 is Conv16 with two lanes of 32 bits.
func Conv32(g *Conv, x, y []int8, w string, q *Requant, words []uint64) {
	convolve(g, x, y, w, q, words, 2)
}

// fewPixels is the count of output pixels below which packing the weights
// costs more than it saves.
const fewPixels = 4

func convolve(g *Conv, x, y []int8, w string, q *Requant, words []uint64, lanes int) {
	if g.H*g.W < fewPixels {
		convDirect(g, x, y, w, q)
		return
	}
	for group := 0; group < g.Groups; group++ {
		xg := x[group*g.XGroup:]
		for c := 0; c < g.C; {
			n := 4 * lanes // channels of one tile: four words
			if g.C-c <= lanes {
				n = lanes
			}
			first := group*g.C + c
			convTile(g, xg, y, w, q, words, lanes, first, min(n, g.C-c), n/lanes)
			c += n
		}
	}
}

// convTile computes channels [c, c+n) of every pixel, with the weights of one
// product in perK words.
func convTile(g *Conv, x, y []int8, w string, q *Requant, words []uint64, lanes, c, n, perK int) {
	packWords(words[:perK*g.K], w[c*g.K:][:n*g.K], g.K, lanes, perK)
	var start [4]uint64
	startWords(&start, q, lanes, c, n)
	var sums [2][16]int32
	for row := 0; row < g.H; row++ {
		for col := 0; col < g.W; col += 2 {
			step := 1
			if col+1 == g.W {
				step = 0 // an odd last pixel is computed twice
			}
			x0 := row*g.XRow + col*g.XCol
			x1 := x0 + step*g.XCol
			if perK == 4 {
				tile4(g, x, x0, x1, words, &start, lanes, &sums)
			} else {
				tile1(g, x, x0, x1, words, start[0], lanes, &sums)
			}
			y0 := y[row*g.YRow+col*g.YCol+c:][:n]
			y1 := y[row*g.YRow+(col+step)*g.YCol+c:][:n]
			for i := range y0 {
				y0[i] = q.apply(sums[0][i&15], c+i)
				y1[i] = q.apply(sums[1][i&15], c+i)
			}
		}
	}
}

// packWords lays the rows of w side by side in lanes: word j of product k holds
// channels j*lanes onward; absent channels weigh nothing.
func packWords(words []uint64, w string, k, lanes, perK int) {
	bits := uint(64 / lanes)
	clear(words)
	for c := 0; c*k < len(w); c++ {
		row, shift := w[c*k:][:k], bits*uint(c%lanes)
		for i, j := 0, c/lanes; i < len(row); i, j = i+1, j+perK {
			words[j] += uint64(int64(int8(row[i]))) << shift
		}
	}
}

// startWords gives the accumulators of channels [c, c+n) their first value.
func startWords(start *[4]uint64, q *Requant, lanes, c, n int) {
	*start = [4]uint64{half32, half32, half32, half32}
	if lanes == 2 {
		return
	}
	*start = [4]uint64{half16, half16, half16, half16}
	for i := 0; i < n && q.Preload != nil; i++ {
		start[i/4] += uint64(int64(q.Preload[c+i])) << (16 * uint(i%4))
	}
}

// tile4 sums two pixels of four words.
func tile4(g *Conv, x []int8, x0, x1 int, words []uint64, start *[4]uint64, lanes int, sums *[2][16]int32) {
	*sums = [2][16]int32{}
	a0, a1, a2, a3 := start[0], start[1], start[2], start[3]
	b0, b1, b2, b3 := a0, a1, a2, a3
	for i := range g.Pieces {
		p := &g.Pieces[i]
		xa := x[x0+p.At:][:p.Len]
		xb := x[x1+p.At:][:len(xa)]
		for k, v := range xa {
			w := (*[4]uint64)(words[4*k:])
			u := uint64(int64(v))
			a0 += u * w[0]
			a1 += u * w[1]
			a2 += u * w[2]
			a3 += u * w[3]
			u = uint64(int64(xb[k]))
			b0 += u * w[0]
			b1 += u * w[1]
			b2 += u * w[2]
			b3 += u * w[3]
		}
		words = words[4*p.Len:]
		if p.Flush || i == len(g.Pieces)-1 {
			flush(&sums[0], a0, a1, a2, a3, lanes)
			flush(&sums[1], b0, b1, b2, b3, lanes)
			a0, a1, a2, a3 = start[0], start[1], start[2], start[3]
			b0, b1, b2, b3 = a0, a1, a2, a3
		}
	}
}

// tile1 sums two pixels of one word.
func tile1(g *Conv, x []int8, x0, x1 int, words []uint64, start uint64, lanes int, sums *[2][16]int32) {
	*sums = [2][16]int32{}
	a, b := start, start
	for i := range g.Pieces {
		p := &g.Pieces[i]
		xa := x[x0+p.At:][:p.Len]
		xb := x[x1+p.At:][:len(xa)]
		ws := words[:len(xa)]
		for k, v := range xa {
			a += uint64(int64(v)) * ws[k]
			b += uint64(int64(xb[k])) * ws[k]
		}
		words = words[p.Len:]
		if p.Flush || i == len(g.Pieces)-1 {
			flush(&sums[0], a, half16, half16, half16, lanes)
			flush(&sums[1], b, half16, half16, half16, lanes)
			a, b = start, start
		}
	}
}

// flush adds the lanes of four words to the wide sums.
func flush(s *[16]int32, a, b, c, d uint64, lanes int) {
	if lanes == 2 {
		a, b, c, d = a^half32, b^half32, c^half32, d^half32
		s[0] += int32(a)
		s[1] += int32(a >> 32)
		s[2] += int32(b)
		s[3] += int32(b >> 32)
		s[4] += int32(c)
		s[5] += int32(c >> 32)
		s[6] += int32(d)
		s[7] += int32(d >> 32)
		return
	}
	a, b, c, d = a^half16, b^half16, c^half16, d^half16
	for i := 0; i < 4; i++ {
		s[i&15] += int32(int16(a >> (16 * uint(i))))
		s[(4+i)&15] += int32(int16(b >> (16 * uint(i))))
		s[(8+i)&15] += int32(int16(c >> (16 * uint(i))))
		s[(12+i)&15] += int32(int16(d >> (16 * uint(i))))
	}
}

// convDirect sums one product at a time in 32 bits. The certificate makes
// 16-bit sums equal to these.
func convDirect(g *Conv, x, y []int8, w string, q *Requant) {
	for group := 0; group < g.Groups; group++ {
		xg := x[group*g.XGroup:]
		for p, row, col := 0, 0, 0; p < g.H*g.W; p++ {
			xp := xg[row*g.XRow+col*g.XCol:]
			yp := y[row*g.YRow+col*g.YCol+group*g.C:]
			if col++; col == g.W {
				row, col = row+1, 0
			}
			for c := 0; c < g.C; c++ {
				wc := w[(group*g.C+c)*g.K:][:g.K]
				var sum int32
				for i := range g.Pieces {
					t := &g.Pieces[i]
					xs := xp[t.At:][:t.Len]
					ws := wc[:len(xs)]
					for k, v := range xs {
						sum += int32(v) * int32(int8(ws[k]))
					}
					wc = wc[t.Len:]
				}
				if q.Preload != nil {
					sum += int32(q.Preload[group*g.C+c])
				}
				yp[c] = q.apply(sum, group*g.C+c)
			}
		}
	}
}
