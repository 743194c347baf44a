package ir

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// nearest is the definition that everything is compared with: the integer
// nearest to num / 2^shift, of two the greater. Big integers cannot overflow,
// and a negative shift multiplies.
func nearest(num *big.Int, shift int) int64 {
	x := new(big.Rat).SetInt(num)
	power := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(shift, -shift))))
	if shift < 0 {
		power.Inv(power)
	}
	x.Quo(x, power).Add(x, big.NewRat(1, 2))
	// Euclidean division is the floor, since the denominator is positive.
	floor := new(big.Int).Div(x.Num(), x.Denom())
	if !floor.IsInt64() {
		panic("result of " + floor.String())
	}
	return floor.Int64()
}

func product(a, b int32) *big.Int {
	return new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(int64(b)))
}

// sums are the int32 at which arithmetic could go wrong: extremes, signs, and
// the neighbours of every power of two, which ties are made of.
func sums() []int32 {
	all := []int32{math.MinInt32, math.MinInt32 + 1, math.MaxInt32 - 1, math.MaxInt32, -3, -2, -1, 0, 1, 2, 3}
	for s := 1; s < 31; s++ {
		for d := int32(-1); d <= 1; d++ {
			all = append(all, 1<<s+d, -1<<s+d, 3<<(s-1)+d, -3<<(s-1)+d)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		all = append(all, int32(r.Uint32()), int32(r.Uint32())>>r.IntN(31))
	}
	return all
}

// multipliers are those that ScaleFor makes.
func multipliers() []int32 {
	all := []int32{1 << 14, 1<<14 + 1, 3 << 13, 1<<15 - 2, 1<<15 - 1}
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		all = append(all, 1<<14+r.Int32N(1<<14))
	}
	return all
}

func TestMulHigh(t *testing.T) {
	for _, v := range sums() {
		for _, m := range multipliers() {
			got := MulHigh(v, m)
			if want := nearest(product(v, m), 15); int64(got) != want {
				t.Fatalf("MulHigh(%d, %d) = %d, want %d", v, m, got, want)
			}
			// SQRDMULH doubles, adds half of what it drops, and takes the high
			// half: of 32 bits with the multiplier moved up, and of 16.
			p := product(v, m<<16)
			if want := nearest(p.Lsh(p, 1), 32); int64(got) != want {
				t.Fatalf("MulHigh(%d, %d) = %d, the 32-bit instruction gives %d", v, m, got, want)
			}
			if v != int32(int16(v)) {
				continue
			}
			p = product(v, m)
			if want := nearest(p.Lsh(p, 1), 16); int64(got) != want || want != int64(int16(want)) {
				t.Fatalf("MulHigh(%d, %d) = %d, the 16-bit instruction gives %d", v, m, got, want)
			}
		}
	}
}

func TestRoundShift(t *testing.T) {
	for _, v := range sums() {
		for s := range int8(32) {
			if got, want := RoundShift(v, s), nearest(big.NewInt(int64(v)), int(s)); int64(got) != want {
				t.Fatalf("RoundShift(%d, %d) = %d, want %d", v, s, got, want)
			}
		}
	}
}

// TestTies has numbers that a reader can check: halves go up, also below zero.
func TestTies(t *testing.T) {
	shifts := []struct {
		v    int32
		s    int8
		want int32
	}{
		{1, 1, 1}, {-1, 1, 0}, {3, 1, 2}, {-3, 1, -1}, {5, 1, 3}, {-5, 1, -2},
		{2, 2, 1}, {-2, 2, 0}, {6, 2, 2}, {-6, 2, -1}, {-7, 2, -2},
		{1 << 30, 31, 1}, {-1 << 30, 31, 0}, {-1<<30 - 1, 31, -1}, {math.MinInt32, 31, -1},
		{math.MaxInt32, 1, 1 << 30}, {math.MaxInt32, 0, math.MaxInt32}, {math.MinInt32, 0, math.MinInt32},
	}
	for _, c := range shifts {
		if got := RoundShift(c.v, c.s); got != c.want {
			t.Errorf("RoundShift(%d, %d) = %d, want %d", c.v, c.s, got, c.want)
		}
	}
	const half = 1 << 14 // of 2^15
	products := []struct{ v, m, want int32 }{
		{1, half, 1}, {-1, half, 0}, {3, half, 2}, {-3, half, -1},
		{math.MaxInt32, half, 1 << 30}, {math.MinInt32, half, -1 << 30}, {math.MinInt32, 1<<15 - 1, -1<<31 + 1<<16},
	}
	for _, c := range products {
		if got := MulHigh(c.v, c.m); got != c.want {
			t.Errorf("MulHigh(%d, %d) = %d, want %d", c.v, c.m, got, c.want)
		}
	}
}

func TestRequantize(t *testing.T) {
	for i, v := range sums() {
		// Nine of the 45 multipliers for each sum: rational numbers are slow.
		for _, m := range append(multipliers()[i%5*9:][:9], 0) {
			for s := int8(-31); s <= 31; s++ {
				if s < 0 && v != v<<-s>>-s {
					continue // it would overflow on the way left
				}
				// The two steps, each in exact arithmetic.
				want := int64(v) << max(-s, 0)
				if m != 0 {
					want = nearest(product(int32(want), m), 15)
				}
				want = nearest(big.NewInt(want), int(max(s, 0)))
				got := Requantize(v, m, s)
				if int64(got) != want {
					t.Fatalf("Requantize(%d, %d, %d) = %d, want %d", v, m, s, got, want)
				}
				// Two roundings are less than one level from the real result,
				// 1/2 for the last one and 1/2^(s+1) for the other.
				exact := float64(v) * Scale{m, s}.Real()
				if diff := math.Abs(float64(got) - exact); diff > 0.5+math.Ldexp(0.5, -int(max(s, 0)))+1e-6 {
					t.Fatalf("Requantize(%d, %d, %d) = %d, %g from %g", v, m, s, got, diff, exact)
				}
			}
		}
	}
}

func TestScaleReal(t *testing.T) {
	tests := []struct {
		s    Scale
		want float64
	}{
		{Scale{1 << 14, 0}, 0.5}, {Scale{3 << 13, 1}, 0.375}, {Scale{1 << 14, -3}, 4}, {Scale{0, 2}, 0.25}, {Scale{0, -2}, 4}, {Scale{0, 0}, 1},
	}
	for _, c := range tests {
		if got := c.s.Real(); got != c.want {
			t.Errorf("%+v stands for %g, want %g", c.s, got, c.want)
		}
	}
}

// TestScaleFor verifies that no other multiplier is nearer, in exact numbers.
func TestScaleFor(t *testing.T) {
	factors := []float64{0.5, 1, 2, 1 - 1e-9, 1 + 1e-9, 2 - 1e-9, math.Pi, 1e-6, 0.0123, 700, 0x1p-32, 0x1.8p-32, 0x1.ffffp-33 * 2, 0x1p30,
		// Halfway between two multipliers, and from the last one to the next power.
		(1<<14 + 0.5) / (1 << 15), (1<<15 - 0.5) / (1 << 15), (1<<15 - 0.51) / (1 << 15)}
	r := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		factors = append(factors, math.Ldexp(1+r.Float64(), r.IntN(62)-32))
	}
	distance := func(s Scale, f float64) *big.Rat {
		d := new(big.Rat).SetFloat64(s.Real())
		return d.Abs(d.Sub(d, new(big.Rat).SetFloat64(f)))
	}
	for _, f := range factors {
		s := ScaleFor(f)
		if s.Mul < 1<<14 || s.Mul >= 1<<15 || s.Shift > 31 {
			t.Fatalf("ScaleFor(%g) = %+v, out of range", f, s)
		}
		own := distance(s, f)
		down, up := Scale{s.Mul - 1, s.Shift}, Scale{s.Mul + 1, s.Shift}
		if s.Mul == 1<<14 { // below, multipliers are half as far apart
			down = Scale{1<<15 - 1, s.Shift + 1}
			if s.Shift == 31 {
				down = up // there is no shift by 32
			}
		}
		if own.Cmp(distance(down, f)) > 0 || own.Cmp(distance(up, f)) > 0 {
			t.Fatalf("ScaleFor(%g) = %+v, a neighbour is nearer", f, s)
		}
	}
}

// TestScaleForInverts: what a scale stands for gives this scale again.
func TestScaleForInverts(t *testing.T) {
	for m := int32(1 << 14); m < 1<<15; m += 7 {
		for s := int8(-31); s <= 31; s++ {
			if got := ScaleFor(Scale{m, s}.Real()); got != (Scale{m, s}) {
				t.Fatalf("%+v became %+v", Scale{m, s}, got)
			}
		}
	}
}

// TestScaleForTiny: a factor that no shift reaches makes zeros of all sums, but
// for the one int32 that rounds up to the half in the first step.
func TestScaleForTiny(t *testing.T) {
	for _, f := range []float64{0x1p-33, 1e-20, 0x1p-1074} {
		s := ScaleFor(f)
		if s.Mul < 1<<14 || s.Mul >= 1<<15 || s.Shift != 31 {
			t.Fatalf("ScaleFor(%g) = %+v", f, s)
		}
		for _, v := range sums() {
			if got := Requantize(v, s.Mul, s.Shift); got != 0 && v != math.MaxInt32 {
				t.Errorf("%d times %g is %d", v, f, got)
			}
		}
	}
}
