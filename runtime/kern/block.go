package kern

// A blockTable is a Requant for one block of channels: what every pixel of the
// block needs again. The assembly reads it by its layout.
type blockTable struct {
	bias  [block]int32
	mul   [block]int32 // times 2^16
	right [block]int32 // minus the shift, where that goes right
	left  [block]int32
	zero  [8]int16
	lo    [block]int8
	hi    [block]int8
	start [block]int16 // of the sums
	steps [3]int32     // not zero: halve, move left, multiply
	n     int32        // channels that there are

	// The same for scale and scale32, when every channel allows that.
	simple bool
	factor [block]int64 // mul
	plus   [block]int64 // bias, and one to halve
	round  [block]int64 // half of the first shift; nothing where there is no other
	shift  [block]uint8 // both shifts but one bit
}

// channels are n channels of a layer, from the first on.
type channels struct {
	q        *Requant
	first, n int
}

func (t *blockTable) set(at channels) {
	q, c, n := at.q, at.first, at.n
	*t = blockTable{n: int32(n)}
	bias, shift := q.Bias[c:][:n], q.Shift[c:][:n]
	for i := range bias {
		t.bias[i&(block-1)] = bias[i]
		if s := int32(shift[i]); s < 0 {
			t.left[i&(block-1)] = -s
			t.steps[1] = 1
		} else {
			t.right[i&(block-1)] = -s
		}
	}
	if q.Mul != nil {
		t.steps[2] = 1
		for i, m := range q.Mul[c:][:n] {
			t.mul[i&(block-1)] = int32(m) << 16
		}
	}
	if q.Preload != nil {
		copy(t.start[:n], q.Preload[c:])
	}
	if q.Half {
		t.steps[0] = 1
	}
	t.simple = t.steps[1] == 0 && t.steps[2] != 0
	for i := range bias {
		c := i & (block - 1)
		t.factor[c] = int64(t.mul[c])
		t.plus[c] = int64(t.bias[c] + t.steps[0])
		t.shift[c] = uint8(30 - t.right[c])
		if t.right[c] < 0 {
			t.round[c] = 1 << 30
		} else if wordBits == 32 {
			t.simple = false
		}
	}
	for i := range t.zero {
		t.zero[i] = int16(q.Zero)
	}
	for i := range t.lo {
		t.lo[i], t.hi[i] = int8(q.Lo), int8(q.Hi)
	}
	if q.Tops != nil {
		copy(t.hi[:n], q.Tops[c:])
	}
}

// put requantizes the sums of one pixel, as Requant.apply does.
func (t *blockTable) put(y []int8, sums *[block]int32) {
	y = y[:t.n]
	zero, lo := int64(t.zero[0]), int64(t.lo[0])
	if t.simple && wordBits == 32 {
		scale32(y, sums, &t.bias, &t.mul, &t.right, &t.hi, uint(t.steps[0]), int32(2*zero+1), int32(lo))
		return
	}
	if t.simple {
		scale(y, sums, &t.plus, &t.factor, &t.round, &t.shift, &t.hi, uint(t.steps[0]), 2*zero+1, lo)
		return
	}
	for i := range y {
		c := i & (block - 1)
		v := sums[c] + t.bias[c]
		if t.steps[0] != 0 {
			v = (v + 1) >> 1
		}
		r := int64(v << uint(t.left[c]))
		if t.steps[2] != 0 {
			r = (r*int64(t.mul[c]) + 1<<30) >> 31
		}
		s := uint(-t.right[c]) & 63
		r = (r+int64(1)<<s>>1)>>s + zero
		y[i] = int8(max(min(r, int64(t.hi[c])), lo))
	}
}

// scale is put where every channel multiplies and none shifts left: the two shifts
// are one that leaves a bit to round, where zero is added as well. Without a
// second shift that bit, with the one added to round it, has to come to nothing:
// less half of the first shift it is one less. That sum and bias stay inside 32 bits
// is part of the proof. Constants are arguments so that they stay in registers.
func scale(y []int8, sums *[block]int32, plus, factor, round *[block]int64, shift *[block]uint8, hi *[block]int8, half uint, zero, lo int64) {
	s, p, f, d, r, h := sums[:len(y)], plus[:len(y)], factor[:len(y)], round[:len(y)], shift[:len(y)], hi[:len(y)]
	for c := range y {
		v := (int64(s[c]) + p[c]) >> (half & 63)
		v = (v*f[c] + d[c]) >> (r[c] & 63)
		y[c] = int8(max(min((v+zero)>>1, int64(h[c])), lo))
	}
}

// scale32 is scale without 64-bit products: of (t*mul + 2^14) >> 15 the multiples of
// 2^15 in t come apart.
func scale32(y []int8, sums, bias, mul, right *[block]int32, hi *[block]int8, half uint, zero, lo int32) {
	s, p, f, r, h := sums[:len(y)], bias[:len(y)], mul[:len(y)], right[:len(y)], hi[:len(y)]
	for c := range y {
		t, m := (s[c]+p[c]+int32(half))>>(half&31), f[c]>>16
		v := t>>15*m + (t&(1<<15-1)*m+1<<14)>>15
		v = (v>>(uint32(-1-r[c])&31) + zero) >> 1
		y[c] = int8(max(min(v, int32(h[c])), lo))
	}
}
