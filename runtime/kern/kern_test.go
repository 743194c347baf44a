package kern

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// randomLayer makes a convolution whose whole windows fit 16 bits, or, for
// flushed sums, whose segments do; and its input.
func randomLayer(r *rand.Rand, flushed bool) *Layer {
	c, k := 1+r.IntN(40), 0
	g := &Conv{H: 1 + r.IntN(3), W: 1 + r.IntN(14), Groups: 1 + r.IntN(2), C: c}
	if r.IntN(5) == 0 {
		g.H, g.W = 1, 1
	}
	at := 0
	for range 1 + r.IntN(4) {
		n := 1 + r.IntN(30)
		g.Pieces = append(g.Pieces, Piece{At: at, Len: n, Flush: flushed && r.IntN(2) == 0})
		at += n + r.IntN(5)
		k += n
	}
	g.Pieces[len(g.Pieces)-1].Flush = flushed
	g.K, g.XGroup = k, at
	g.XCol = 1 + r.IntN(5)
	g.XRow = g.XCol * g.W
	g.YCol = g.Groups * c
	g.YRow = g.YCol * g.W
	lo, hi := int8(-r.IntN(129)), int8(r.IntN(128))
	n := g.Groups * c
	q := &Requant{Bias: make([]int32, n), Mul: make([]int16, n), Shift: make([]int8, n), Zero: int32(r.IntN(20) - 10), Lo: -128, Hi: 127}
	w := make([]byte, n*k)
	for ch := range n {
		row := w[ch*k : (ch+1)*k]
		for i := range row {
			row[i] = byte(int8(r.IntN(255) - 127))
		}
		shrink(row, g.Pieces, int(lo), int(hi), flushed)
		q.Bias[ch] = int32(r.IntN(2001) - 1000)
		q.Mul[ch] = int16(1<<14 + r.IntN(1<<14))
		q.Shift[ch] = int8(6 + r.IntN(4))
	}
	switch r.IntN(8) { // what few layers have
	case 0:
		q.Mul = nil
	case 1:
		q.Half = true
	case 2:
		for ch := range n {
			q.Shift[ch] = int8(r.IntN(24) - 3)
		}
	case 3:
		q.Lo, q.Hi = int32(-r.IntN(100)), int32(r.IntN(100))
	}
	l := &Layer{Name: "random", Conv: g, Run: Conv16, W: inBlocks(g, w), Q: q, Lo: lo, Hi: hi}
	if !flushed {
		q.Preload = make([]int16, n)
		for ch := range n {
			l, h := window(w[ch*k:(ch+1)*k], int(lo), int(hi))
			if h > 32767 {
				q.Preload[ch] = int16(32767 - h)
			}
			if l < -32768 {
				q.Preload[ch] = int16(-32768 - l)
			}
			q.Bias[ch] -= int32(q.Preload[ch])
		}
		if q.Half && slices.Min(q.Bias) >= -1<<15 && slices.Max(q.Bias) < 1<<15 {
			q.Narrow = 2
		}
	}
	return l
}

// inBlocks lays rows of weights out as a Conv reads them.
func inBlocks(g *Conv, rows []byte) string {
	blocks := (g.C + block - 1) / block
	w := make([]byte, g.Groups*blocks*block*g.K)
	for i, v := range rows {
		c, k := i/g.K, i%g.K
		w[((c/g.C*blocks+c%g.C/block)*g.K+k)*block+c%g.C%block] = v
	}
	return string(w)
}

// convDirect sums one product at a time, wrapping at the given number of bits.
func convDirect(g *Conv, x, y []int8, w string, q *Requant, bits int) {
	for at := range g.H * g.W * g.Groups * g.C {
		c, row, col := at%(g.Groups*g.C), at/(g.Groups*g.C)/g.W, at/(g.Groups*g.C)%g.W
		l := Layer{Conv: g, W: w}
		var sum, acc int32
		wrap := func(v int32) int32 { return v << (32 - bits) >> (32 - bits) }
		restart := func() {
			acc = 0
			if q.Preload != nil {
				acc = int32(q.Preload[c])
			}
		}
		restart()
		k, end, piece := 0, 0, -1
		l.each(c, func(from int, _ int8, weight int) {
			if k == end {
				piece++
				end += g.Pieces[piece].Len
			}
			acc = wrap(acc + int32(x[row*g.XRow+col*g.XCol+from])*int32(weight))
			if k++; k == end && (g.Pieces[piece].Flush || k == g.K) {
				sum += acc
				restart()
			}
		})
		y[row*g.YRow+col*g.YCol+c] = q.apply(sum, c)
	}
}

func window(row []byte, lo, hi int) (l, h int) {
	for _, b := range row {
		a, c := int(int8(b))*lo, int(int8(b))*hi
		l, h = l+min(a, c), h+max(a, c)
	}
	return l, h
}

// shrink halves weights until the sums that a register holds fit it.
func shrink(row []byte, pieces []Piece, lo, hi int, flushed bool) {
	fits := func(part []byte) bool {
		l, h := window(part, lo, hi)
		if flushed {
			return l >= -32768 && h <= 32767
		}
		return h-l <= 65535
	}
	for {
		ok, at, first := true, 0, 0
		for i, p := range pieces {
			at += p.Len
			if p.Flush || i == len(pieces)-1 {
				ok = ok && fits(row[first:at])
				first = at
			}
		}
		if ok {
			return
		}
		for i, b := range row {
			row[i] = byte(int8(b) / 2)
		}
	}
}

// TestConvTwins compares the word kernels with plain sums, on random inputs
// and on those that attain the ends of every window.
func TestConvTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		l := randomLayer(r, i%2 == 1)
		if _, wrong := CheckLayer(l); wrong != "" {
			t.Fatal(i, wrong)
		}
		g := l.Conv
		x := make([]int8, (g.H-1)*g.XRow+(g.W-1)*g.XCol+g.Groups*g.XGroup)
		for j := range x {
			x[j] = l.Lo + int8(r.IntN(int(l.Hi)-int(l.Lo)+1))
		}
		n := g.H * g.W * g.YCol
		want, got, wide := make([]int8, n), make([]int8, n), make([]int8, n)
		words := make([][4]uint64, g.K)
		convDirect(g, x, want, l.W, l.Q, 16)
		Conv16(g, x, got, l.W, l.Q, words)
		for j := range want {
			if got[j] != want[j] {
				t.Fatalf("layer %d: Conv16: element %d is %d, want %d", i, j, got[j], want[j])
			}
		}
		if l.Q.Preload == nil {
			Conv32(g, x, wide, l.W, l.Q, words)
			for j := range want {
				if wide[j] != want[j] {
					t.Fatalf("layer %d: Conv32: element %d is %d, want %d", i, j, wide[j], want[j])
				}
			}
		}
	}
}

// faulty computes a convolution one product at a time in the manner of a kernel
// with a given fault.
func faulty(step func(acc, product int32) int32, late bool) func(g *Conv, x, y []int8, w string, q *Requant, words [][4]uint64) {
	return func(g *Conv, x, y []int8, w string, q *Requant, _ [][4]uint64) {
		for col := range g.W {
			for c := range g.C {
				var sum, acc int32
				k, due := 0, false
				for i, p := range g.Pieces {
					for j := range p.Len {
						acc = step(acc, int32(x[col*g.XCol+p.At+j])*int32(int8(w[k*block+c])))
						k++
						if due {
							sum, acc, due = sum+acc, 0, false
						}
					}
					if p.Flush || i == len(g.Pieces)-1 {
						if late && i < len(g.Pieces)-1 {
							due = true
							continue
						}
						if q.Preload != nil { // where it is wanted: behind the sum
							acc = step(acc, int32(q.Preload[c]))
						}
						sum, acc = sum+acc, 0
					}
				}
				y[col*g.YCol+c] = q.apply(sum, c)
			}
		}
	}
}

func wrapping(acc, p int32) int32   { return int32(int16(acc + p)) }
func saturating(acc, p int32) int32 { return min(max(acc+p, -32768), 32767) }

// TestCheckLayerNotices holds the check itself: a right kernel passes, one that
// saturates or that flushes one product late does not.
func TestCheckLayerNotices(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	wide := &Layer{Name: "wide", Lo: 0, Hi: 127, Conv: &Conv{H: 1, W: 9, Groups: 1, C: 2, K: 40, XGroup: 40, Pieces: []Piece{{0, 40, true}}}}
	row := make([]byte, 40)
	for i := range row { // all of one sign: the sum reaches 60960, beyond int16
		row[i] = 12
	}
	wide.W = inBlocks(wide.Conv, append(row, row...))
	wide.Q = &Requant{Bias: []int32{28193, 28193}, Mul: []int16{1 << 14, 1 << 14}, Shift: []int8{7, 7}, Preload: []int16{-28193, -28193}, Lo: -128, Hi: 127, Zero: -128}

	flushed := &Layer{Name: "flushed", Lo: 0, Hi: 127, Conv: &Conv{H: 1, W: 9, Groups: 1, C: 2, XGroup: 64}}
	k, sum, first := 0, 0, 0
	var w []byte
	for k < 64 {
		v := 60 + r.IntN(60)
		if sum+v*127 > 32767 { // the longest segment that fits
			flushed.Conv.Pieces = append(flushed.Conv.Pieces, Piece{At: first, Len: k - first, Flush: true})
			first, sum = k, 0
		}
		sum += v * 127
		w = append(w, byte(v))
		k++
	}
	flushed.Conv.Pieces = append(flushed.Conv.Pieces, Piece{At: first, Len: k - first, Flush: true})
	flushed.Conv.K = k
	flushed.W = inBlocks(flushed.Conv, append(w, w...))
	flushed.Q = &Requant{Bias: []int32{-200000, -200000}, Mul: []int16{1 << 14, 1 << 14}, Shift: []int8{10, 10}, Lo: -128, Hi: 127}

	tests := []struct {
		name  string
		layer *Layer
		run   func(g *Conv, x, y []int8, w string, q *Requant, words [][4]uint64)
		want  bool
	}{
		{"ours", wide, Conv16, true},
		{"wraps", wide, faulty(wrapping, false), true},
		{"saturates", wide, faulty(saturating, false), false},
		{"ours, flushed", flushed, Conv16, true},
		{"wraps, flushed", flushed, faulty(wrapping, false), true},
		{"flushes one product late", flushed, faulty(wrapping, true), false},
	}
	for _, test := range tests {
		l := *test.layer
		l.Run = test.run
		_, wrong := CheckLayer(&l)
		if (wrong == "") != test.want {
			t.Errorf("%s: check says %q", test.name, wrong)
		}
	}
}

// TestDepthwiseTwins compares sums of 16 bits with those of 32, and both with plain
// sums at the ends of windows.
func TestDepthwiseTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	state := uint32(1)
	for i := range 200 {
		c, taps := 1+r.IntN(40), 1+r.IntN(25)
		g := &Depthwise{H: 1 + r.IntN(4), W: 1 + r.IntN(12), C: c, XCol: c * (1 + r.IntN(2)), YCol: c}
		g.XRow, g.YRow = g.W*g.XCol+c*r.IntN(2), g.W*c
		flushed := i%3 == 0
		for k := range taps {
			g.Taps = append(g.Taps, Piece{At: k * c, Len: 1, Flush: flushed && (r.IntN(3) == 0 || k == taps-1)})
		}
		q := &Requant{Bias: make([]int32, c), Mul: make([]int16, c), Shift: make([]int8, c), Zero: int32(r.IntN(20) - 10), Lo: -128, Hi: 127, Half: i%2 == 0}
		w := make([]byte, taps*c)
		for ch := range c {
			row := make([]byte, taps)
			for k := range row {
				row[k] = byte(int8(r.IntN(255) - 127))
			}
			shrink(row, g.Taps, -128, 127, true)
			for k, v := range row {
				w[k*c+ch] = v
			}
			q.Bias[ch], q.Mul[ch], q.Shift[ch] = int32(r.IntN(2001)-1000), int16(1<<14+r.IntN(1<<14)), int8(r.IntN(9))
		}
		if q.Half && !flushed {
			q.Narrow = 2
		}
		for _, run := range []func(g *Depthwise, x, y []int8, w string, q *Requant){DepthwiseConv, DepthwiseConv16} {
			l := &Layer{Name: "random", Depthwise: g, Narrow: true, RunDepthwise: run, W: string(w), Q: q, Lo: -128, Hi: 127}
			if _, wrong := CheckLayer(l); wrong != "" {
				t.Fatal(i, wrong)
			}
			var wrong string
			if state, wrong = CheckTwins(l, state); wrong != "" {
				t.Fatal(i, wrong)
			}
		}
	}
}

// TestAdd compares with the definition, where runs fill vectors and where not, and
// where an operand is repeated.
func TestAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 300 {
		g := &Plane{H: 1 + r.IntN(4), W: 1 + r.IntN(6), C: 1 + r.IntN(70), Shift: uint8(r.IntN(24)),
			AZero: int32(r.IntN(256) - 128), BZero: int32(r.IntN(256) - 128), Zero: int32(r.IntN(256) - 128), Lo: -128, Hi: 127,
			AMul: int32(r.IntN(1<<16) - 1<<15), BMul: int32(r.IntN(1<<16) - 1<<15)}
		if i%4 == 0 {
			g.Lo, g.Hi = int32(-r.IntN(100)), int32(r.IntN(100))
		}
		if i%8 == 0 {
			g.AMul = 1 << 15
		}
		g.ACol, g.BCol, g.YCol = g.C, g.C, g.C
		if i%3 == 0 {
			g.YCol += r.IntN(3)
		}
		g.ARow, g.BRow, g.YRow = g.W*g.ACol, g.W*g.BCol, g.W*g.YCol
		if i%5 == 0 {
			g.BRow, g.BCol = 0, 0
		}
		x := make([]int8, g.H*g.ARow)
		z := make([]int8, g.H*g.W*g.C)
		for _, v := range [][]int8{x, z} {
			for j := range v {
				v[j] = int8(r.IntN(256) - 128)
			}
		}
		y := make([]int8, g.H*g.YRow)
		Add(g, x, z, y)
		for at := range g.H * g.W * g.C {
			row, col, c := at/g.C/g.W, at/g.C%g.W, at%g.C
			sum := int64(int32(x[row*g.ARow+col*g.ACol+c])-g.AZero)*int64(g.AMul) + int64(int32(z[row*g.BRow+col*g.BCol+c])-g.BZero)*int64(g.BMul)
			want := min(max((sum+int64(1)<<g.Shift>>1)>>g.Shift+int64(g.Zero), int64(g.Lo)), int64(g.Hi))
			if got := y[row*g.YRow+col*g.YCol+c]; int64(got) != want {
				t.Fatalf("plane %d, element %d: %d, want %d", i, at, got, want)
			}
		}
	}
}

// TestQuotient compares long division with the processor's.
func TestQuotient(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 10000 {
		b := 1 + r.Int64N(1<<33)
		a := r.Int64N(512 * b)
		if got := quotient(a, b); got != a/b {
			t.Fatalf("quotient(%d, %d) = %d, want %d", a, b, got, a/b)
		}
	}
}

func BenchmarkConv16(b *testing.B) {
	g := &Conv{H: 32, W: 32, XRow: 34 * 16, XCol: 16, YRow: 32 * 16, YCol: 16, Groups: 1, C: 16, K: 144,
		Pieces: []Piece{{0, 48, false}, {34 * 16, 48, false}, {2 * 34 * 16, 48, true}}}
	q := &Requant{Bias: make([]int32, 16), Mul: make([]int16, 16), Shift: make([]int8, 16), Lo: -128, Hi: 127}
	x, y, w, words := make([]int8, 34*34*16), make([]int8, 32*32*16), string(make([]byte, 16*144)), make([][4]uint64, 144)
	for b.Loop() {
		Conv16(g, x, y, w, q, words)
	}
	b.ReportMetric(float64(b.N)*32*32*16*144/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkDepthwise(b *testing.B) {
	g := &Depthwise{H: 32, W: 32, XRow: 34 * 16, XCol: 16, YRow: 32 * 16, YCol: 16, C: 16}
	for i := range 9 {
		g.Taps = append(g.Taps, Piece{At: (i/3*34 + i%3) * 16, Len: 1, Flush: i == 8})
	}
	q := &Requant{Bias: make([]int32, 16), Mul: make([]int16, 16), Shift: make([]int8, 16), Lo: -128, Hi: 127}
	x, y, w := make([]int8, 34*34*16), make([]int8, 32*32*16), string(make([]byte, 16*9))
	for b.Loop() {
		DepthwiseConv(g, x, y, w, q)
	}
	b.ReportMetric(float64(b.N)*32*32*16*9/b.Elapsed().Seconds()/1e9, "GMAC/s")
}
