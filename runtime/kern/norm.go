package kern

// A Norm is a local response normalisation across channels: every element is
// multiplied by a factor f that falls with the sum of squares of the channels
// around it, c-Before to c+After, and divided by 2^Shift. Factor[i] is f for the
// sum i below 64, and then for 32 sums in each octave: f goes straight from one to
// the next. The table has one entry more than the greatest sum needs.
type Norm struct {
	H, W, C                int
	XRow, XCol, YRow, YCol int
	Before, After          int
	XZero                  int32
	Factor                 []int32
	Shift                  uint8
	Zero, Lo, Hi           int32
}

// Normalize rounds the product to nearest, ties up, and cuts the factor off.
func Normalize(g *Norm, x, y []int8) {
	round := int32(1) << g.Shift >> 1
	square := func(v int8) int32 { return (int32(v) - g.XZero) * (int32(v) - g.XZero) }
	for row := 0; row < g.H; row++ {
		for col := 0; col < g.W; col++ {
			xp, yp := x[row*g.XRow+col*g.XCol:][:g.C], y[row*g.YRow+col*g.YCol:][:g.C]
			sum := int32(0)
			for c := 0; c < min(g.After, g.C); c++ {
				sum += square(xp[c])
			}
			for c, q := range xp {
				if c+g.After < g.C {
					sum += square(xp[c+g.After])
				}
				octave := uint(0) // how often the sum is halved until it is below 64
				for sum>>octave > 63 {
					octave++
				}
				at := g.Factor[32*int(octave)+int(sum>>octave):][:2]
				f := at[0] - (at[0]-at[1])*(sum&(1<<octave-1))>>octave
				v := ((int32(q)-g.XZero)*f + round) >> g.Shift
				yp[c] = int8(max(min(v+g.Zero, g.Hi), g.Lo))
				if c >= g.Before {
					sum -= square(xp[c-g.Before])
				}
			}
		}
	}
}
