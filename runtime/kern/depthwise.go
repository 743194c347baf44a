package kern

// A Depthwise is the geometry of a convolution in which every channel is
// its own group: tap t of channel c weighs w[t*C+c] and reads the input at
// Taps[t].At + c. Flush ends a segment, as in Conv.
type Depthwise struct {
	H, W       int
	XRow, XCol int
	YRow, YCol int
	C          int
	Taps       []Piece // Len is 1
}

// DepthwiseConv sums the taps of each channel in 32 bits: no two lanes share a
// factor, so that plain Go gains nothing from narrow ones.
func DepthwiseConv(g *Depthwise, x, y []int8, w string, q *Requant) {
	for c := 0; c < g.C; c += block {
		depthBlock(g, x[c:], y[c:], w[c:], channels{q, c, min(block, g.C-c)})
	}
}

// DepthwiseConv16 sums in 16 bits where that is faster: segments between flushes, or
// whole windows, have to fit them.
func DepthwiseConv16(g *Depthwise, x, y []int8, w string, q *Requant) {
	for c := 0; c < g.C; c += block {
		n := min(block, g.C-c)
		if done := depthFast(g, x[c:], y[c:], w[c:], channels{q, c, n}); done < n {
			depthBlock(g, x[c+done:], y[c+done:], w[c+done:], channels{q, c + done, n - done})
		}
	}
}

// depthBlock computes a block of channels; x, y and w begin at the first.
func depthBlock(g *Depthwise, x, y []int8, w string, at channels) {
	var t blockTable
	t.set(at)
	var sums [block]int32
	p := walkOf(g.H, g.W, g.XRow, g.XCol, g.YRow, g.YCol)
	for left := g.H * g.W; left > 0; left-- {
		for c, v := range t.start {
			sums[c] = int32(v)
		}
		c := 0
		for ; c+8 <= at.n; c += 8 {
			g.addEight(x[p.x+c:], w[c:], (*[8]int32)(sums[c:]))
		}
		for i := 0; c < at.n && i < len(g.Taps); i++ {
			xs := x[p.x+g.Taps[i].At:][:at.n]
			ws := w[i*g.C:][:len(xs)]
			for k := c; k < len(xs); k++ {
				sums[k&(block-1)] += int32(xs[k]) * int32(int8(ws[k]))
			}
		}
		t.put(y[p.y:], &sums)
		p.next()
	}
}

// addEight adds the products of eight channels, with their sums in registers.
func (g *Depthwise) addEight(x []int8, w string, sums *[8]int32) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]
	for i := range g.Taps {
		a, b := x[g.Taps[i].At:][:8], w[i*g.C:][:8]
		s0 += int32(a[0]) * int32(int8(b[0]))
		s1 += int32(a[1]) * int32(int8(b[1]))
		s2 += int32(a[2]) * int32(int8(b[2]))
		s3 += int32(a[3]) * int32(int8(b[3]))
		s4 += int32(a[4]) * int32(int8(b[4]))
		s5 += int32(a[5]) * int32(int8(b[5]))
		s6 += int32(a[6]) * int32(int8(b[6]))
		s7 += int32(a[7]) * int32(int8(b[7]))
	}
	*sums = [8]int32{s0, s1, s2, s3, s4, s5, s6, s7}
}
