//go:build !arm64

package eval

import "math"

// mulAdd returns x*y+z, rounded once. In float64 the product is exact and the sum is
// rounded; to round that again is wrong only when the sum lies in the middle of two
// float32 and what it lost says on which side it was, or where float32 has fewer
// bits than usual.
func mulAdd(x, y, z float32) float32 {
	p, w := float64(x)*float64(y), float64(z)
	s := p + w
	const middle = 1 << 28 // of the 29 bits that float32 has not
	bits := math.Float64bits(s)
	if bits&(2*middle-1) == middle || math.Abs(s) < 0x1p-126 {
		s = toOdd(p, w, s)
	}
	return float32(s)
}

// toOdd returns s, the rounded sum of p and w, with its last bit set when it is not
// exact: no later rounding can take it for a number that it is not.
func toOdd(p, w, s float64) float64 {
	part := float64(s - p)
	lost := float64(p-float64(s-part)) + float64(w-part)
	bits := math.Float64bits(s)
	if lost == 0 || lost != lost || bits&1 == 1 {
		return s
	}
	if (lost > 0) == (s > 0) {
		return math.Float64frombits(bits + 1)
	}
	return math.Float64frombits(bits - 1)
}
