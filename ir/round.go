package ir

import "math"

// MulHigh returns (t*m + 2^14) >> 15: the rounding doubling high half of
// ARM's SQRDMULH for a 15-bit multiplier m in [2^14, 2^15). The 16-bit and the
// 32-bit instruction (m << 16) give this same integer when t fits them. Ties
// go to plus infinity.
func MulHigh(t, m int32) int32 { return int32((int64(t)*int64(m) + 1<<14) >> 15) }

// RoundShift returns v / 2^s rounded to nearest, ties to plus infinity, for
// 0 <= s <= 31: ARM's SRSHL by -s.
func RoundShift(v int32, s int8) int32 {
	if s == 0 {
		return v
	}
	return int32((int64(v) + int64(1)<<(s-1)) >> s)
}

// Requantize scales a sum to the next tensor's levels, before its zero point
// is added and it is clamped. A negative shift s moves t left first (it must
// not overflow; ScaleFor and the bounds pass see to that); m == 0 stands for
// a multiplier of one, so that the scale is the power of two 2^-s alone.
func Requantize(t, m int32, s int8) int32 {
	if s < 0 {
		t <<= uint(-s)
		s = 0
	}
	if m != 0 {
		t = MulHigh(t, m)
	}
	return RoundShift(t, s)
}

// A Scale is the multiplier and shift that Requantize applies.
type Scale struct {
	Mul   int32
	Shift int8
}

// Real returns the real factor that s stands for.
func (s Scale) Real() float64 {
	m := 1.0
	if s.Mul != 0 {
		m = float64(s.Mul) / (1 << 15)
	}
	return math.Ldexp(m, -int(s.Shift))
}

// ScaleFor returns the Scale nearest to the positive factor r with a 15-bit
// multiplier. A factor below 2^-31 scales every sum to zero; one above 2^127 has
// a shift that no sum survives, which the bounds pass refuses.
func ScaleFor(r float64) Scale {
	frac, exp := math.Frexp(r) // r = frac * 2^exp, frac in [0.5, 1)
	mul := int32(math.Round(frac * (1 << 15)))
	if mul == 1<<15 {
		mul, exp = 1<<14, exp+1
	}
	if exp < -31 {
		return Scale{Mul: 1 << 14, Shift: 31}
	}
	return Scale{Mul: mul, Shift: int8(-min(exp, 127))}
}

// Clamp returns v limited to b.
func (b Bound) Clamp(v int64) int64 { return min(max(v, b.Lo), b.Hi) }
