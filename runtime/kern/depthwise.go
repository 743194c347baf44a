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
		at := channels{q, c, min(block, g.C-c)}
		if !depthFast(g, x[c:], y[c:], w[c:], at) {
			depthBlock(g, x[c:], y[c:], w[c:], at)
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
		if at.n == block {
			g.sumBlock(x[p.x:], w, &sums)
		} else {
			for i := range g.Taps {
				xs := x[p.x+g.Taps[i].At:][:at.n]
				ws := w[i*g.C:][:len(xs)]
				for c, v := range xs {
					sums[c&(block-1)] += int32(v) * int32(int8(ws[c]))
				}
			}
		}
		t.put(y[p.y:], &sums)
		p.next()
	}
}

// sumBlock adds the products of a whole block, with its sums in registers.
func (g *Depthwise) sumBlock(x []int8, w string, sums *[block]int32) {
	s := *sums
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	s4, s5, s6, s7 := s[4], s[5], s[6], s[7]
	s8, s9, s10, s11 := s[8], s[9], s[10], s[11]
	s12, s13, s14, s15 := s[12], s[13], s[14], s[15]
	for i := range g.Taps {
		a, b := x[g.Taps[i].At:][:block], w[i*g.C:][:block]
		s0 += int32(a[0]) * int32(int8(b[0]))
		s1 += int32(a[1]) * int32(int8(b[1]))
		s2 += int32(a[2]) * int32(int8(b[2]))
		s3 += int32(a[3]) * int32(int8(b[3]))
		s4 += int32(a[4]) * int32(int8(b[4]))
		s5 += int32(a[5]) * int32(int8(b[5]))
		s6 += int32(a[6]) * int32(int8(b[6]))
		s7 += int32(a[7]) * int32(int8(b[7]))
		s8 += int32(a[8]) * int32(int8(b[8]))
		s9 += int32(a[9]) * int32(int8(b[9]))
		s10 += int32(a[10]) * int32(int8(b[10]))
		s11 += int32(a[11]) * int32(int8(b[11]))
		s12 += int32(a[12]) * int32(int8(b[12]))
		s13 += int32(a[13]) * int32(int8(b[13]))
		s14 += int32(a[14]) * int32(int8(b[14]))
		s15 += int32(a[15]) * int32(int8(b[15]))
	}
	*sums = [block]int32{s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15}
}
