package kern

// A Softmax turns rows of C levels into probabilities: q stands for
// (q + 128) / 256. Exp[d] is exp(-d*scale) in 1/2^23, for the distance d from
// the row's greatest level.
type Softmax struct {
	Rows, C    int
	XRow, YRow int
	Exp        []int32
}

// SoftmaxRows rounds each probability to nearest.
func SoftmaxRows(g *Softmax, x, y []int8) {
	for r := 0; r < g.Rows; r++ {
		xp, yp := x[r*g.XRow:][:g.C], y[r*g.YRow:][:g.C]
		top := xp[0]
		for _, v := range xp {
			if v > top {
				top = v
			}
		}
		sum := int64(0)
		for _, v := range xp {
			sum += int64(g.Exp[int(top)-int(v)])
		}
		for i, v := range xp {
			p := quotient(int64(g.Exp[int(top)-int(v)])*512+sum, 2*sum)
			yp[i] = int8(min(p, 255) - 128)
		}
	}
}

// quotient returns a / b for a quotient below 512, by long division: the
// targets have no divider.
func quotient(a, b int64) int64 {
	q := int64(0)
	for bit := 8; bit >= 0; bit-- {
		if d := b << uint(bit); a >= d {
			a -= d
			q |= 1 << uint(bit)
		}
	}
	return q
}
