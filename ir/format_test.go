package ir

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bounds returns windows of every width that 64 bits can tell: extremes, and
// random ones at every scale and on either side of zero.
func bounds() []Bound {
	all := []Bound{{0, 0}, {-1, -1}, {1, 1}, {-128, 127}, {0, 255}, {-129, 127}, {-128, 128}, {0, 65535}, {0, 65536}, {-65535, 0},
		{-32768, 32767}, {-32769, 32766}, {-32767, 32768}, {-1 << 31, 1<<31 - 1}, {0, 1<<32 - 1}, {0, 1 << 32},
		{0, math.MaxInt64}, {-math.MaxInt64, 0}, {math.MaxInt64, math.MaxInt64}, {math.MinInt64, math.MinInt64},
		{math.MinInt64, -1}, {-1 << 62, 1<<62 - 1}}
	r := rand.New(rand.NewPCG(9, 10))
	for range 5000 {
		lo := int64(r.Uint64()) >> (1 + r.IntN(62))
		all = append(all, Bound{lo, lo + r.Int64()>>(1+r.IntN(62))})
	}
	return all
}

func TestBoundArithmetic(t *testing.T) {
	b := Bound{-128, 127}
	tests := []struct{ got, want Bound }{
		{b.Product(3), Bound{-384, 381}},
		{b.Product(-3), Bound{-381, 384}},
		{b.Product(0), Bound{}},
		{Bound{2, 5}.Product(-1), Bound{-5, -2}},
		{b.Plus(Bound{-1, 2}), Bound{-129, 129}},
		{b.Plus(Bound{}), b},
	}
	for _, c := range tests {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if b.Width() != 255 || b.String() != "[-128,127]" {
		t.Errorf("width %d, text %s", b.Width(), b)
	}
	for v, want := range map[int64]int64{-129: -128, -128: -128, 5: 5, 127: 127, math.MaxInt64: 127, math.MinInt64: -128} {
		if got := b.Clamp(v); got != want {
			t.Errorf("Clamp(%d) = %d, want %d", v, got, want)
		}
	}
}

// TestBoundContains: the intervals hold every product and sum, and their ends
// are reached.
func TestBoundContains(t *testing.T) {
	small := []Bound{{-3, 2}, {0, 4}, {-5, -2}, {1, 1}}
	for _, a := range small {
		for w := int64(-3); w <= 3; w++ {
			least, most := int64(math.MaxInt64), int64(math.MinInt64)
			for x := a.Lo; x <= a.Hi; x++ {
				least, most = min(least, w*x), max(most, w*x)
			}
			if got := a.Product(w); got != (Bound{least, most}) {
				t.Errorf("%d times %s = %s", w, a, got)
			}
		}
		for _, b := range small {
			least, most := int64(math.MaxInt64), int64(math.MinInt64)
			for x := a.Lo; x <= a.Hi; x++ {
				for y := b.Lo; y <= b.Hi; y++ {
					least, most = min(least, x+y), max(most, x+y)
				}
			}
			if got := a.Plus(b); got != (Bound{least, most}) {
				t.Errorf("%s plus %s = %s", a, b, got)
			}
		}
	}
}

func TestBitsFor(t *testing.T) {
	tests := []struct {
		b    Bound
		want int
	}{
		{Bound{0, 0}, 1}, {Bound{0, 1}, 1}, {Bound{0, 2}, 2}, {Bound{-128, 127}, 8}, {Bound{0, 256}, 9},
		{Bound{-1 << 15, 1<<15 - 1}, 16}, {Bound{-1 << 15, 1 << 15}, 17}, {Bound{1000, 1000 + 65535}, 16}, {Bound{0, 1 << 16}, 17},
		{Bound{-1 << 31, 1<<31 - 1}, 32}, {Bound{0, math.MaxInt64}, 63},
	}
	for _, c := range tests {
		if got := c.b.BitsFor(); got != c.want {
			t.Errorf("%s needs %d bits, want %d", c.b, got, c.want)
		}
	}
	for _, b := range bounds() {
		if b.Width() < 0 {
			t.Fatalf("%s is wider than a test can be", b)
		}
		n := b.BitsFor()
		if !b.Fits(n) || n > 1 && b.Fits(n-1) {
			t.Fatalf("%s: %d bits are not the least", b, n)
		}
	}
}

// TestPreload: the constant moves every window that fits into the signed
// register, and no further than it has to.
func TestPreload(t *testing.T) {
	for _, b := range bounds() {
		for bits := b.BitsFor(); bits <= 63; bits++ {
			lo := int64(-1) << (bits - 1)
			hi := -(lo + 1)
			p := b.Preload(bits)
			if b.Lo >= lo && b.Hi <= hi {
				if p != 0 {
					t.Fatalf("%s is in %d bits as it is, preload %d", b, bits, p)
				}
				continue
			}
			from, to := b.Lo+p, b.Hi+p
			if from < lo || to > hi {
				t.Fatalf("%s with preload %d is [%d,%d], outside %d bits", b, p, from, to, bits)
			}
			if p > 0 && from != lo || p < 0 && to != hi || p == 0 {
				t.Fatalf("%s: preload %d for %d bits is not the least", b, p, bits)
			}
		}
	}
	// In 16 bits, a sum that starts from the preload and wraps on the way ends
	// up right: what runs in the emitted code.
	b := Bound{-20000, 45535}
	sum := int16(b.Preload(16))
	for _, step := range []int64{30000, 30000, -14465} {
		sum += int16(step)
	}
	if got := int64(sum) - b.Preload(16); got != b.Hi {
		t.Errorf("the wrapped sum is %d, want %d", got, b.Hi)
	}
}

func TestAccum(t *testing.T) {
	tests := []struct {
		a     Accum
		text  string
		total int
	}{{Accum{Bits: 32}, "32", 32}, {Accum{Bits: 16, Wide: 32}, "16:32", 32}, {Accum{Bits: 16}, "16", 16}}
	for _, c := range tests {
		if c.a.String() != c.text || c.a.Total() != c.total {
			t.Errorf("%+v: got %s of %d bits, want %s of %d", c.a, c.a, c.a.Total(), c.text, c.total)
		}
	}
}

func TestFormat(t *testing.T) {
	f := Format{Levels: Bound{-128, 127}, Zero: -10, Scales: []float64{0.25}}
	for q, want := range map[int64]float64{-10: 0, -128: -29.5, 127: 34.25} {
		if got := f.Real(q); got != want {
			t.Errorf("level %d stands for %g, want %g", q, got, want)
		}
	}
	if f.Scale() != 0.25 {
		t.Errorf("scale %g", f.Scale())
	}
}
