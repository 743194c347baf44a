package eval

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// exactMulAdd rounds x*y+z once, by way of numbers that hold all of it.
func exactMulAdd(x, y, z float32) float32 {
	wide := func(v float32) *big.Float { return new(big.Float).SetPrec(700).SetFloat64(float64(v)) }
	s := wide(x)
	s.Mul(s, wide(y)).Add(s, wide(z))
	f, _ := s.Float32()
	return f
}

// TestMulAdd tries numbers of all sizes, and those whose sum is the middle of two
// float32 but for a bit far behind.
func TestMulAdd(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	check := func(x, y, z float32) {
		t.Helper()
		want := exactMulAdd(x, y, z)
		if got := mulAdd(x, y, z); got != want && !(want != want && got != got) {
			t.Errorf("%g*%g+%g is %g, want %g", x, y, z, got, want)
		}
	}
	for range 200000 {
		scale := func() float32 { return float32(math.Ldexp(2*rng.Float64()-1, rng.IntN(60)-30)) }
		check(scale(), scale(), scale())
	}
	for range 20000 {
		// (1+2^-12)*(1+2^-12) has a bit at 2^-24, the middle; z is far below it, or is the
		// even or odd neighbour above it.
		x := 1 + float32(rng.IntN(1<<11)*2+1)*0x1p-12
		y := 1 + float32(rng.IntN(1<<11)*2+1)*0x1p-12
		check(x, y, float32(math.Ldexp(float64(rng.IntN(3)-1), -60)))
		check(x, y, float32(math.Ldexp(1+rng.Float64(), rng.IntN(30)-15)))
		check(float32(math.Ldexp(rng.NormFloat64(), -70)), float32(math.Ldexp(rng.NormFloat64(), -72)), float32(math.Ldexp(rng.NormFloat64(), -140)))
	}
}

// TestSameBits holds what this machine runs to plain Go, bit by bit, on reals whose
// sums depend on the order and on each rounding.
func TestSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	reals := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	for n := range 300 {
		x, y := reals(n), reals(n)
		wide := n &^ 7
		if got, want := dot(x, y), dotWide(x[:wide], y[:wide])+dotGeneric(x[wide:], y[wide:]); got != want {
			t.Errorf("dot of %d is %g, want %g", n, got, want)
		}
		got, want := slices.Clone(y), slices.Clone(y)
		axpy(-0.3, x, got)
		axpyWide(-0.3, x[:wide], want[:wide])
		axpyGeneric(-0.3, x[wide:], want[wide:])
		if !slices.Equal(got, want) {
			t.Errorf("axpy of %d is %v, want %v", n, got, want)
		}
		if n == 0 {
			continue
		}
		a, b, c := reals(tileM*n), reals(tileN*n), reals(tileM*tileN)
		got, want = slices.Clone(c), slices.Clone(c)
		multiplyTile(n, a, b, got, tileN)
		tileGeneric(n, a, b, want, tileN)
		if !slices.Equal(got, want) {
			t.Errorf("tile of %d products is %v, want %v", n, got, want)
		}
	}
}
