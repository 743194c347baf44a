package kern

// A Layer is one call that sums products, as its check sees it: exactly one of
// Conv and Depthwise is set.
type Layer struct {
	Name      string
	Conv      *Conv
	Depthwise *Depthwise
	Narrow    bool // sums in 16 bits
	Run       func(g *Conv, x, y []int8, w string, q *Requant, words [][4]uint64)
	// RunDepthwise is Run's counterpart.
	RunDepthwise func(g *Depthwise, x, y []int8, w string, q *Requant)

	W      string
	Q      *Requant
	Lo, Hi int8 // levels of the input
	// Tops are the greatest levels of the input's channels; nil: Hi. Cin is how many
	// of them a group reads, Pixel how many elements lie from a pixel to the next.
	Tops       []int8
	Cin, Pixel int
}

// checkPixels fills every tile and leaves a rest; all pixels read one patch. A layer
// of one pixel has a kernel of its own and is checked by that.
const checkPixels = 13

// CheckLayer holds the kernel of l against plain 64-bit sums, on inputs built
// from its weights: for every channel the two that attain the ends of its
// window, and for every flush the one that overflows a kernel that flushes one
// product late. It returns the number of sums, or where the kernel is wrong.
func CheckLayer(l *Layer) (sums int, wrong string) {
	patch := make([]int8, l.patchSize())
	for c := 0; c < l.channels(); c++ {
		for sign := 0; sign < 2; sign++ {
			for i := range patch {
				patch[i] = 0
			}
			l.each(c, func(at int, top int8, w int) { patch[at] = l.extreme(top, w, sign) })
			if !l.agrees(patch, c) {
				return sums, l.Name + ": the kernel is wrong at an end of a channel's window"
			}
			sums++
		}
	}
	first := 0
	pieces := l.pieces()
	k := 0
	for i := range pieces {
		k += pieces[i].Len
		if !pieces[i].Flush || i == len(pieces)-1 {
			continue
		}
		if c, sign, ok := l.overflows(first, k+1); ok {
			l.lateFlush(patch, c, sign, first, k+1)
			if !l.agrees(patch, c) {
				return sums, l.Name + ": the kernel is wrong about a flush"
			}
			sums++
		}
		first = k
	}
	return sums, ""
}

func (l *Layer) pieces() []Piece {
	if l.Conv != nil {
		return l.Conv.Pieces
	}
	return l.Depthwise.Taps
}

func (l *Layer) channels() int {
	if l.Conv != nil {
		return l.Conv.Groups * l.Conv.C
	}
	return l.Depthwise.C
}

func (l *Layer) patchSize() int {
	n := 0
	for _, p := range l.pieces() {
		size := p.At + p.Len
		if l.Conv != nil {
			size += (l.Conv.Groups - 1) * l.Conv.XGroup
		} else {
			size = p.At + l.Depthwise.C
		}
		if size > n {
			n = size
		}
	}
	return n
}

// each calls f for every product of channel c, in order, with the input
// element it reads, the greatest level of that and its weight.
func (l *Layer) each(c int, f func(at int, top int8, w int)) {
	k := 0
	for _, p := range l.pieces() {
		for j := 0; j < p.Len; j++ {
			if l.Conv != nil {
				group := c / l.Conv.C
				f(p.At+j+group*l.Conv.XGroup, l.top(group*l.Cin, k), int(int8(l.W[l.blockOf(c)+k*block+c%l.Conv.C%block])))
			} else {
				f(p.At+c, l.top(c, 0), int(int8(l.W[k*l.Depthwise.C+c])))
			}
			k++
		}
	}
}

// blockOf is where the weights of channel c's block begin.
func (l *Layer) blockOf(c int) int {
	g := l.Conv
	blocks := (g.C + block - 1) / block
	return (c/g.C*blocks + c%g.C/block) * block * g.K
}

// top is the greatest level of the input of product k, when the group's channels
// begin at first.
func (l *Layer) top(first, k int) int8 {
	if l.Tops == nil {
		return l.Hi
	}
	return l.Tops[first+k%l.Cin]
}

// extreme is the level up to top at which weight w adds most, or least for sign 1.
func (l *Layer) extreme(top int8, w, sign int) int8 {
	if (w > 0) == (sign == 0) {
		return top
	}
	return l.Lo
}

// expect is what a sum of channel c gives.
func (l *Layer) expect(sum int64, c int) int8 {
	if l.Q.Preload != nil {
		sum += int64(l.Q.Preload[c])
	}
	return l.Q.apply(int32(sum), c)
}

// agrees runs the kernel for channel c on a patch and compares.
func (l *Layer) agrees(patch []int8, c int) bool {
	var sum int64
	l.each(c, func(at int, _ int8, w int) { sum += int64(w) * int64(patch[at]) })
	want := l.expect(sum, c)
	if l.Depthwise != nil {
		g := *l.Depthwise
		g.H, g.W, g.XCol, g.YCol = 1, checkPixels, 0, g.C
		y := make([]int8, checkPixels*g.C)
		l.RunDepthwise(&g, patch, y, l.W, l.Q)
		return same(y, c, g.C, want)
	}
	g := *l.Conv
	group, at := c/g.C, c%g.C/block*block
	n := g.C - at
	if n > block {
		n = block
	}
	first := group*g.C + at
	pixels := checkPixels
	if g.H*g.W == 1 {
		pixels = 1
	}
	g.H, g.W, g.XCol, g.YCol, g.Groups, g.C = 1, pixels, 0, n, 1, n
	q := *l.Q
	q.Bias, q.Shift = q.Bias[first:], q.Shift[first:]
	if q.Mul != nil {
		q.Mul = q.Mul[first:]
	}
	if q.Preload != nil {
		q.Preload = q.Preload[first:]
	}
	if q.Tops != nil {
		q.Tops = q.Tops[first:]
	}
	y := make([]int8, pixels*n)
	l.Run(&g, patch[group*g.XGroup:], y, l.W[l.blockOf(c):][:block*g.K], &q, make([][4]uint64, g.K))
	return same(y, c-first, n, want)
}

// same reports whether every step-th element from at is want.
func same(y []int8, at, step int, want int8) bool {
	for ; at < len(y); at += step {
		if y[at] != want {
			return false
		}
	}
	return true
}

// overflows looks for a channel whose products [first, last) can leave 16 bits.
func (l *Layer) overflows(first, last int) (c, sign int, ok bool) {
	for c = 0; c < l.channels(); c++ {
		for sign = 0; sign < 2; sign++ {
			sum, k := 0, 0
			l.each(c, func(_ int, top int8, w int) {
				if k >= first && k < last {
					sum += w * int(l.extreme(top, w, sign))
				}
				k++
			})
			if sum > 1<<15-1 || sum < -1<<15 {
				return c, sign, true
			}
		}
	}
	return 0, 0, false
}

// lateFlush puts products [first, last) of channel c at their extreme, and the
// others where they bring the whole sum to the middle of the output's range, so
// that an error of 2^16 shows.
func (l *Layer) lateFlush(patch []int8, c, sign, first, last int) {
	for i := range patch {
		patch[i] = 0
	}
	need, k := l.middle(c), 0
	l.each(c, func(at int, top int8, w int) {
		if k >= first && k < last {
			patch[at] = l.extreme(top, w, sign)
			need -= int64(w) * int64(patch[at])
		}
		k++
	})
	k = 0
	l.each(c, func(at int, top int8, w int) {
		if (k < first || k >= last) && w != 0 {
			v := need / int64(w)
			if v < int64(l.Lo) {
				v = int64(l.Lo)
			}
			if v > int64(top) {
				v = int64(top)
			}
			patch[at] = int8(v)
			need -= v * int64(w)
		}
		k++
	})
}

// middle is the sum that gives channel c the middle of its output's levels.
func (l *Layer) middle(c int) int64 {
	half := l.Q.Lo + (l.Q.top(c)-l.Q.Lo)/2
	lo, hi := int64(-1<<29), int64(1<<29)
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if int32(l.expect(mid, c)) > half {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// CheckTwins runs a layer on random inputs, as it is and in plain Go. It returns the
// state of the random numbers, and where the two differ.
func CheckTwins(l *Layer, state uint32) (next uint32, wrong string) {
	if l.Depthwise != nil {
		if !l.Narrow { // has no other
			return state, ""
		}
		return l.checkDepthwise(state)
	}
	g := l.Conv
	x := make([]int8, (g.H-1)*g.XRow+(g.W-1)*g.XCol+l.patchSize())
	state = l.random(state, x)
	words := make([][4]uint64, g.K)
	y := make([]int8, (g.H-1)*g.YRow+(g.W-1)*g.YCol+g.Groups*g.C)
	plain := make([]int8, len(y))
	l.Run(g, x, y, l.W, l.Q, words)
	for c := 0; c < g.Groups*g.C; c++ {
		if c%g.C%block == 0 {
			at := channels{l.Q, c, min(block, g.C-c%g.C)}
			part, w := x[c/g.C*g.XGroup:], l.W[l.blockOf(c):][:block*g.K]
			if l.Narrow {
				wordBlock(g, part, plain[c:], w, at, words)
			} else {
				wideBlock(g, part, plain[c:], w, at, words)
			}
		}
	}
	for i := range y {
		if y[i] != plain[i] {
			return state, l.Name + ": the kernel is not its twin in plain Go"
		}
	}
	return state, ""
}

func (l *Layer) checkDepthwise(state uint32) (next uint32, wrong string) {
	g := l.Depthwise
	x := make([]int8, (g.H-1)*g.XRow+(g.W-1)*g.XCol+l.patchSize())
	state = l.random(state, x)
	y := make([]int8, (g.H-1)*g.YRow+(g.W-1)*g.YCol+g.C)
	plain := make([]int8, len(y))
	l.RunDepthwise(g, x, y, l.W, l.Q)
	DepthwiseConv(g, x, plain, l.W, l.Q)
	for i := range y {
		if y[i] != plain[i] {
			return state, l.Name + ": the kernel is not its twin in plain Go"
		}
	}
	return state, ""
}

// random fills x with levels.
func (l *Layer) random(state uint32, x []int8) uint32 {
	state = NextRandom(state, x)
	for i, v := range x {
		top := l.Hi
		if l.Tops != nil {
			top = l.Tops[min(i%l.Pixel, len(l.Tops)-1)] // what follows is another tensor's
		}
		x[i] = int8(int32(l.Lo) + int32(uint8(v))%(int32(top)-int32(l.Lo)+1))
	}
	return state
}

// NextRandom writes the next bytes of a sequence: Numerical Recipes'
// linear congruence, of which the high byte is used.
func NextRandom(state uint32, x []int8) uint32 {
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = int8(int32(state>>24) - 128)
	}
	return state
}

// Hash adds y to an FNV-1a hash.
func Hash(hash uint32, y []int8) uint32 {
	for _, v := range y {
		hash = (hash ^ uint32(uint8(v))) * 16777619
	}
	return hash
}
