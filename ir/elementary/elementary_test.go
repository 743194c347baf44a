package elementary

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAgainstMath holds every function to package math's within a few units in
// the last place, and to its special cases.
func TestAgainstMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name      string
		got, want func(float64) float64
		arg       func() float64
	}{
		{"Exp", Exp, math.Exp, func() float64 { return 1400*r.Float64() - 700 }},
		{"Exp near 0", Exp, math.Exp, func() float64 { return r.NormFloat64() }},
		{"Expm1", Expm1, math.Expm1, func() float64 { return 3 * r.NormFloat64() }},
		{"Expm1 near 0", func(x float64) float64 { return Expm1(x) / x }, func(x float64) float64 { return math.Expm1(x) / x }, func() float64 { return 1e-5 * r.NormFloat64() }},
		{"Tanh", Tanh, math.Tanh, func() float64 { return 3 * r.NormFloat64() }},
		{"Erf", Erf, math.Erf, func() float64 { return 2 * r.NormFloat64() }},
		{"Log", Log, math.Log, func() float64 { return math.Exp(50 * r.NormFloat64()) }},
		{"Log near 1", Log, math.Log, func() float64 { return 1 + 1e-3*r.NormFloat64() }},
		{"Log2", Log2, math.Log2, func() float64 { return math.Exp(50 * r.NormFloat64()) }},
		{"Log10", Log10, math.Log10, func() float64 { return math.Exp(50 * r.NormFloat64()) }},
		{"Pow 0.37", func(x float64) float64 { return Pow(x, 0.37) }, func(x float64) float64 { return math.Pow(x, 0.37) }, func() float64 { return math.Exp(9 * r.NormFloat64()) }},
		{"Pow -2.5", func(x float64) float64 { return Pow(x, -2.5) }, func(x float64) float64 { return math.Pow(x, -2.5) }, func() float64 { return math.Exp(9 * r.NormFloat64()) }},
		{"Pow 3", func(x float64) float64 { return Pow(x, 3) }, func(x float64) float64 { return math.Pow(x, 3) }, r.NormFloat64},
	}
	const units = 8
	for _, test := range tests {
		for range 20000 {
			x := test.arg()
			got, want := test.got(x), test.want(x)
			if math.Abs(got-want) > 1e-15+units*math.Abs(math.Nextafter(want, math.Inf(1))-want) {
				t.Fatalf("%s(%v) = %v, want %v", test.name, x, got, want)
			}
		}
		for _, x := range []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), 1e-300, -800, 800} {
			got, want := test.got(x), test.want(x)
			if got != want && !(got != got && want != want) && !(math.Abs(got-want) <= 1e-12*math.Abs(want)) {
				t.Errorf("%s(%v) = %v, want %v", test.name, x, got, want)
			}
		}
	}
	for k := -1000; k <= 1000; k++ {
		if got := Log2(math.Ldexp(1, k)); got != float64(k) {
			t.Errorf("Log2(2^%d) = %v", k, got)
		}
	}
}
