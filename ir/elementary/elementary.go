// Package elementary computes functions of reals with the same bits on every host.
// Those of package math do not: some are instructions or assembly of one CPU, and
// where a CPU can, Go fuses x*y+z, also inside math. Here every product is rounded
// before it is added. Errors are within a few units in the last place.
package elementary

import "math"

// The logarithm of two in two parts: k*ln2High is exact for any exponent k.
const (
	ln2High = 0x1.62e42fefa0000p-1
	ln2Low  = 0x1.cf79abc9e3b3ap-40
)

// terms is how many terms of a Taylor series are left when they stop to count.
const terms = 14

// tail returns the sum of r^i/i! from i = first on, over r^first, for |r| under 0.35.
func tail(r float64, first int) float64 {
	sum := 0.0
	for i := first + terms; i > first; i-- {
		sum = float64((1+sum)*r) / float64(i)
	}
	return 1 + sum
}

// reduce splits x into k*ln2 + r with |r| at most half of ln2.
func reduce(x float64) (k int, r float64) {
	n := math.Round(x / math.Ln2)
	return int(n), x - float64(n*ln2High) - float64(n*ln2Low)
}

// Exp returns e^x.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 710:
		return math.Inf(1)
	case x < -750:
		return 0
	}
	k, r := reduce(x)
	return math.Ldexp(1+float64(r*tail(r, 1)), k)
}

// Expm1 returns e^x - 1.
func Expm1(x float64) float64 {
	if math.Abs(x) < 0.35 {
		return x * tail(x, 1)
	}
	return Exp(x) - 1
}

// Tanh returns the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	if math.Abs(x) > 20 {
		return math.Copysign(1, x)
	}
	e := Expm1(2 * x)
	return e / (e + 2)
}

// Erf returns the error function of x: the series 2/sqrt(pi) e^-xx sum of
// x (2xx)^i / (2i+1)!!, whose terms have one sign.
func Erf(x float64) float64 {
	switch {
	case x != x:
		return x
	case math.Abs(x) > 6:
		return math.Copysign(1, x)
	}
	square := x * x
	term, sum := x, x
	for i := 3.0; sum+term != sum; i += 2 {
		term = float64(term*square) * 2 / i
		sum += term
	}
	return 2 / math.Sqrt(math.Pi) * Exp(-square) * sum
}

// split returns x = m * 2^k with m between sqrt(1/2) and sqrt(2).
func split(x float64) (m float64, k float64) {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	return m, float64(e)
}

// logNearOne sums the series of 2*atanh((m-1)/(m+1)).
func logNearOne(m float64) float64 {
	s := (m - 1) / (m + 1)
	square := s * s
	sum := 0.0
	for i := 23; i > 1; i -= 2 {
		sum = float64((1/float64(i) + sum) * square)
	}
	return 2 * float64(s*(1+sum))
}

// Log returns the natural logarithm of x.
func Log(x float64) float64 {
	switch {
	case x != x || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	m, k := split(x)
	return float64(k*ln2High) + (float64(k*ln2Low) + logNearOne(m))
}

// Log2 returns the logarithm of x to base two, exactly when that is an integer.
func Log2(x float64) float64 {
	if x > 0 && !math.IsInf(x, 1) {
		m, k := split(x)
		return k + logNearOne(m)/math.Ln2
	}
	return Log(x)
}

// Log10 returns the logarithm of x to base ten.
func Log10(x float64) float64 { return Log(x) / math.Ln10 }

// Pow returns x^y. Where y is an integer math.Pow multiplies, which is the same
// everywhere, and it knows the special cases.
func Pow(x, y float64) float64 {
	whole, part := math.Modf(y)
	if part == 0 || part != part || x <= 0 || x != x || math.IsInf(x, 1) || math.IsInf(y, 0) {
		return math.Pow(x, y)
	}
	switch part {
	case 0.5:
		return math.Pow(x, whole) * math.Sqrt(x)
	case -0.5:
		return math.Pow(x, whole) / math.Sqrt(x)
	}
	return math.Pow(x, whole) * Exp(float64(part*Log(x)))
}
