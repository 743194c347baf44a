//go:build arm64 && !purego && !tinygo

package kern

// The functions of neon_arm64.s: see there.

//go:noescape
func mlaTile8(sums *[8][16]int32, x *int8, at *[8]int, words *[4]uint64, start *[16]int16, pieces *Piece, n int)

//go:noescape
func mlaTile4(sums *[8][16]int32, x *int8, at *[8]int, words *[4]uint64, start *[16]int16, pieces *Piece, n int)

//go:noescape
func smlalTile4(sums *[8][16]int32, x *int8, at *[8]int, words *[4]uint64, pieces *Piece, n int)

//go:noescape
func mlaFast8(y *int8, to *[8]int, x *int8, at *[8]int, words *[4]uint64, t *fastTable, pieces *Piece, n int)

//go:noescape
func mlaHalf8(y *int8, to *[8]int, x *int8, at *[8]int, words *[4]uint64, t *fastTable, pieces *Piece, n int)

//go:noescape
func depthTile8(sums *[8][16]int32, x *int8, at *[8]int, w string, start *[16]int16, taps *Piece, n, stride int)

//go:noescape
func depthFast8(y *int8, to *[8]int, x *int8, at *[8]int, w string, t *fastTable, taps *Piece, n, stride int)

//go:noescape
func depthHalf8(y *int8, to *[8]int, x *int8, at *[8]int, w string, t *fastTable, taps *Piece, n, stride int)

//go:noescape
func smlalPixel(sums *[8][16]int32, x *int8, w string, start *[16]int16, pieces *Piece, n int)

//go:noescape
func widenBlock(words *[4]uint64, w string)

//go:noescape
func requantTile(y *[8][16]int8, sums *[8][16]int32, t *blockTable, n int)

//go:noescape
func addVectors(y, a, b *int8, n int, t *addTable)

//go:noescape
func mulVectors(y, a, b *int8, n int, t *mulTable)

//go:noescape
func lookupVectors(y, x *int8, n int, table string)

//go:noescape
func interleave2(y, x *int8, step, n int)

//go:noescape
func interleave3(y, x *int8, step, n int)

//go:noescape
func interleave4(y, x *int8, step, n int)

//go:noescape
func maxPixels(y *[16]int8, x *int8, step, n int)

//go:noescape
func sumPixels(y *[16]int32, x *int8, step, n int)

//go:noescape
func meanVector(y *int8, sums *[16]int32, t *meanTable)

// longest is how many elements assembly takes at once: it cannot be preempted.
const longest = 1024

// An addTable is what a vector of a sum needs. The assembly reads it by its layout.
type addTable struct {
	am, bm [8]int16
	plus   [4]int32
	shift  [4]int32 // minus Shift
	zero   [8]int16
	lo, hi [16]int8
	wide   bool // a factor needs more than 16 bits: no vector is added
}

// set takes what g says.
func (t *addTable) set(g *Plane) {
	am, bm := int16(g.AMul), int16(g.BMul)
	t.wide = int32(am) != g.AMul || int32(bm) != g.BMul
	plus := g.plus()
	for i := range t.am {
		t.am[i], t.bm[i], t.zero[i] = am, bm, int16(g.Zero)
	}
	for i := range t.plus {
		t.plus[i], t.shift[i] = plus, -int32(g.Shift)
	}
	for i := range t.lo {
		t.lo[i], t.hi[i] = int8(g.Lo), int8(g.Hi)
	}
}

// run adds the first elements, and returns how many.
func (t *addTable) run(a, b, y []int8) int {
	n := len(y) &^ 15
	if t.wide {
		return 0
	}
	a, b = a[:n], b[:n]
	for i := 0; i < n; i += longest {
		addVectors(&y[i], &a[i], &b[i], min(longest, n-i), t)
	}
	return n
}

// A mulTable is what a vector of a product needs. The assembly reads it by its layout.
type mulTable struct {
	az, bz [16]int8
	mul    [4]int32
	shift  [4]int32 // minus Shift
	zero   [8]int16
	lo, hi [16]int8
}

// set takes what g says.
func (t *mulTable) set(g *Plane) {
	for i := range t.lo {
		t.az[i], t.bz[i], t.lo[i], t.hi[i] = int8(g.AZero), int8(g.BZero), int8(g.Lo), int8(g.Hi)
	}
	for i := range t.mul {
		t.mul[i], t.shift[i] = g.AMul, -int32(g.Shift)
	}
	for i := range t.zero {
		t.zero[i] = int16(g.Zero)
	}
}

// run multiplies the first elements, and returns how many.
func (t *mulTable) run(a, b, y []int8) int {
	n := len(y) &^ 15
	a, b = a[:n], b[:n]
	for i := 0; i < n; i += longest {
		mulVectors(&y[i], &a[i], &b[i], min(longest, n-i), t)
	}
	return n
}

// lookupFast looks up the first elements, and returns how many.
func lookupFast(x, y []int8, table string) int {
	n := len(y) &^ 15
	x, table = x[:n], table[:256]
	for i := 0; i < n; i += longest {
		lookupVectors(&y[i], &x[i], min(longest, n-i), table)
	}
	return n
}

// shuffle takes the elements of two to four rows in turns, where that is what m's
// innermost dimensions are and rows fill a vector; it reports whether they are. The last
// vector of a row begins inside.
func shuffle(m *Order, x, y []int8) bool {
	rows, n, step := m.Dim[3], m.Dim[4], m.X[3]
	if rows < 2 || rows > 4 || m.X[4] != 1 || m.Y[3] != 1 || m.Y[4] != rows || n < 16 {
		return false
	}
	run := [...]func(y, x *int8, step, n int){interleave2, interleave3, interleave4}[rows-2]
	x, y = x[:(rows-1)*step+n], y[:rows*n]
	for e := 0; e < n&^15; e += longest {
		run(&y[rows*e], &x[e], step, min(longest, n&^15-e))
	}
	if e := n - 16; n%16 != 0 {
		run(&y[rows*e], &x[e], step, 16)
	}
	return true
}

// maxRow takes the greatest of y and n pixels of sixteen channels, step elements apart.
func maxRow(y *[16]int8, x []int8, step, n int) {
	_ = x[:(n-1)*step+16]
	for i := 0; i < n; i += longest {
		maxPixels(y, &x[i*step], step, min(longest, n-i))
	}
}

// sumRow adds n pixels of sixteen channels, step elements apart, no more at once than
// 16 bits hold.
func sumRow(sums *[16]int32, x []int8, step, n int) {
	_ = x[:(n-1)*step+16]
	for i := 0; i < n; i += 255 {
		sumPixels(sums, &x[i*step], step, min(255, n-i))
	}
}

// A meanTable is what the means of n elements need. The assembly reads it by its layout.
type meanTable struct {
	minus, left, mul, right [4]int32 // n * XZero, shifts, factor * 2^16
	zero                    [8]int16
	lo, hi                  [16]int8
	n                       int32
}

// means divides sixteen sums of n elements.
func (t *meanTable) means(g *Pool, y []int8, sums *[16]int32, n int32) {
	if n == 0 {
		for i := range sums {
			y[i] = g.mean(0, 0)
		}
		return
	}
	if t.n != n {
		t.set(g, n)
	}
	meanVector(&y[:16][0], sums, t)
}

// set takes what g says of windows of n elements.
func (t *meanTable) set(g *Pool, n int32) {
	mul, shift := g.factor(n)
	t.n = n
	for i := range t.minus {
		t.minus[i], t.left[i], t.mul[i], t.right[i] = n*g.XZero, max(-int32(shift), 0), int32(mul)<<16, min(-int32(shift), 0)
	}
	for i := range t.zero {
		t.zero[i] = int16(g.Zero)
	}
	for i := range t.lo {
		t.lo[i], t.hi[i] = int8(g.Lo), int8(g.Hi)
	}
}

// A fastTable is a blockTable in 16 bits: for blocks whose sums are not flushed
// and whose requantizer allows it. The assembly reads it by its layout.
type fastTable struct {
	start [block]int16
	bias  [block]int16
	mul   [block]int16
	right [block]int16 // minus the shift
	zero  [8]int16
	lo    [block]int8
	hi    [block]int8
	half  int64
}

// set takes a block's table, and reports whether the block can be done so.
func (f *fastTable) set(pieces []Piece, t *blockTable, ch channels) bool {
	if ch.q.Narrow != 2 || ch.q.Mul == nil {
		return false
	}
	for i := range pieces[:len(pieces)-1] {
		if pieces[i].Flush {
			return false
		}
	}
	for c := range f.bias {
		f.bias[c], f.mul[c], f.right[c] = int16(t.bias[c]), int16(t.mul[c]>>16), int16(t.right[c])
	}
	f.start, f.zero, f.lo, f.hi, f.half = t.start, t.zero, t.lo, t.hi, int64(t.steps[0])
	return true
}

// convBlock computes a block of channels with sums of 16 bits, in tiles of eight
// and four pixels and of one.
func convBlock(g *Conv, x, y []int8, w string, ch channels, words [][4]uint64) {
	var t blockTable
	t.set(ch)
	var sums [8][block]int32
	var out [8][block]int8
	var at, to [8]int
	words, w = g.inside(x, w, words)
	left := g.H * g.W
	if left >= 4 {
		widenBlock(&words[0], w)
	}
	p := g.walk()
	var f fastTable
	if left >= 8 && f.set(g.Pieces, &t, ch) {
		_ = y[:(g.H-1)*g.YRow+(g.W-1)*g.YCol+ch.n]
		first, places := &y[0], &to
		whole := ch.n == block || ch.n == block/2
		if !whole { // the assembly writes eight channels or sixteen
			first, places = &out[0][0], &[8]int{0, block, 2 * block, 3 * block, 4 * block, 5 * block, 6 * block, 7 * block}
		}
		for ; left >= 8; left -= 8 {
			p.take(&at, &to, 8)
			if ch.n > block/2 {
				mlaFast8(first, places, &x[0], &at, &words[0], &f, &g.Pieces[0], len(g.Pieces))
			} else {
				mlaHalf8(first, places, &x[0], &at, &words[0], &f, &g.Pieces[0], len(g.Pieces))
			}
			if !whole {
				t.store(y, &to, &out, 8)
			}
		}
	}
	for left > 0 {
		n := 1
		if left >= 8 {
			n = 8
		} else if left >= 4 {
			n = 4
		}
		p.take(&at, &to, n)
		sums = [8][block]int32{}
		switch n {
		case 8:
			mlaTile8(&sums, &x[0], &at, &words[0], &t.start, &g.Pieces[0], len(g.Pieces))
		case 4:
			mlaTile4(&sums, &x[0], &at, &words[0], &t.start, &g.Pieces[0], len(g.Pieces))
		default:
			smlalPixel(&sums, &x[at[0]], w, &t.start, &g.Pieces[0], len(g.Pieces))
		}
		requantTile(&out, &sums, &t, n)
		t.store(y, &to, &out, n)
		left -= n
	}
}

// inside tests the bounds that the assembly does not, of all that a block reads, and
// returns as much of words and weights as it has products.
func (g *Conv) inside(x []int8, w string, words [][4]uint64) ([][4]uint64, string) {
	last, k := 0, 0
	for i := range g.Pieces {
		p := &g.Pieces[i]
		_ = x[p.At:][:p.Len]
		last = max(last, p.At+p.Len)
		k += p.Len
	}
	_ = x[:(g.H-1)*g.XRow+(g.W-1)*g.XCol+last]
	return words[:k], w[:k*block]
}

// store writes n pixels of a block.
func (t *blockTable) store(y []int8, to *[8]int, out *[8][block]int8, n int) {
	for i := 0; i < n; i++ {
		if t.n == block {
			*(*[block]int8)(y[to[i&7]:]) = out[i&7]
		} else {
			copy(y[to[i&7]:][:t.n], out[i&7][:])
		}
	}
}

// convWide computes a block of channels with sums of 32 bits, in tiles of four
// pixels, of which the last may be the same.
func convWide(g *Conv, x, y []int8, w string, ch channels, words [][4]uint64) {
	var t blockTable
	t.set(ch)
	var sums [8][block]int32
	var out [8][block]int8
	var at, to [8]int
	words, w = g.inside(x, w, words)
	widenBlock(&words[0], w)
	p := g.walk()
	for left := g.H * g.W; left > 0; left -= 4 {
		n := min(left, 4)
		p.take(&at, &to, n)
		for i := n; i < 4; i++ {
			at[i] = at[0]
		}
		smlalTile4(&sums, &x[0], &at, &words[0], &g.Pieces[0], len(g.Pieces))
		requantTile(&out, &sums, &t, n)
		t.store(y, &to, &out, n)
	}
}

// depthFast computes channels of a block, eight pixels at a time, of which the last
// may be the same, and returns how many: all sixteen, or eight of fewer, or none,
// since the assembly reads and writes so many.
func depthFast(g *Depthwise, x, y []int8, w string, ch channels) int {
	lanes := block
	if ch.n < block {
		lanes = block / 2
	}
	if ch.n < lanes {
		return 0
	}
	var t blockTable
	var f fastTable
	t.set(ch)
	fast := f.set(g.Taps, &t, ch)
	if !fast && lanes < block {
		return 0
	}
	var sums [8][block]int32
	var out [8][block]int8
	var at, to [8]int
	last := 0
	for i := range g.Taps {
		_ = x[g.Taps[i].At:]
		last = max(last, g.Taps[i].At)
	}
	_ = x[:(g.H-1)*g.XRow+(g.W-1)*g.XCol+last+lanes]
	_ = y[:(g.H-1)*g.YRow+(g.W-1)*g.YCol+lanes]
	_ = w[:(len(g.Taps)-1)*g.C+lanes]
	p := walkOf(g.H, g.W, g.XRow, g.XCol, g.YRow, g.YCol)
	for left := g.H * g.W; left > 0; left -= 8 {
		n := min(left, 8)
		p.take(&at, &to, n)
		for i := n; i < 8; i++ {
			at[i], to[i] = at[n-1], to[n-1]
		}
		if lanes < block {
			depthHalf8(&y[0], &to, &x[0], &at, w, &f, &g.Taps[0], len(g.Taps), g.C)
			continue
		}
		if fast {
			depthFast8(&y[0], &to, &x[0], &at, w, &f, &g.Taps[0], len(g.Taps), g.C)
			continue
		}
		sums = [8][block]int32{}
		depthTile8(&sums, &x[0], &at, w, &t.start, &g.Taps[0], len(g.Taps), g.C)
		requantTile(&out, &sums, &t, n)
		for i := 0; i < n; i++ {
			*(*[block]int8)(y[to[i&7]:]) = out[i&7]
		}
	}
	return lanes
}

// take writes where the next n pixels read and write.
func (p *walk) take(at, to *[8]int, n int) {
	if p.w-p.col > n { // in one row, and not to its end
		x, y := p.x, p.y
		for i := 0; i < n; i++ {
			at[i&7], to[i&7] = x, y
			x += p.xCol
			y += p.yCol
		}
		p.x, p.y = x, y
		p.col += n
		return
	}
	for i := 0; i < n; i++ {
		at[i&7], to[i&7] = p.x, p.y
		p.next()
	}
}
