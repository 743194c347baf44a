package kern

// A Requant takes a sum to the levels of the next tensor, channel by channel:
// y = clamp(Zero + round((sum+Bias) * Mul/2^15 / 2^Shift), Lo, Hi), of half of
// sum+Bias, rounded up, when Half is set.
type Requant struct {
	Bias         []int32
	Mul          []int16 // in [2^14, 2^15), or nil: the factor is 2^-Shift alone
	Shift        []int8  // below zero the sum is moved left first
	Preload      []int16 // added to a 16-bit sum modulo 2^16; Bias takes it off again. nil: zeros
	Half         bool
	Narrow       int // 2: no shift is negative and 16 bits are enough, every step saturating; see narrow in runtime/c
	Zero, Lo, Hi int32
	Tops         []int8 // the greatest result of each channel, up to Hi; nil: Hi
}

// apply requantizes the sum of channel c.
func (q *Requant) apply(sum int32, c int) int8 {
	t, s := sum+q.Bias[c], q.Shift[c]
	if q.Half {
		t = (t + 1) >> 1
	}
	if s < 0 {
		t <<= uint(-s)
		s = 0
	}
	v := int64(t)
	if q.Mul != nil {
		v = (v*int64(q.Mul[c]) + 1<<14) >> 15
	}
	v = (v + (int64(1)<<uint(s))>>1) >> uint(s)
	return int8(max(min(int32(v)+q.Zero, q.top(c)), q.Lo))
}

// top is the greatest result of channel c.
func (q *Requant) top(c int) int32 {
	if q.Tops == nil {
		return q.Hi
	}
	return int32(q.Tops[c])
}
