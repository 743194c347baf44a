package kern

// A Depthwise is the geometry of a convolution in which every channel is
// its own group: tap t of channel c weighs w[t*C+c] and reads the input at
// Taps[t].At + c. Flush ends a segment, as in Conv.
type Depthwise struct {
	H, W       int
	XRow, XCol int
	YRow, YCol int
	C          int
	Taps       []Piece // Len is 1
}

// DepthwiseConv sums the taps of each channel. There is no gain from narrow
// lanes in plain Go here, so it sums in 32 bits; the certificate makes 16-bit
// sums equal to these.
func DepthwiseConv(g *Depthwise, x, y []int8, w string, q *Requant) {
	var at [maxTaps]int
	var wc [maxTaps]int32
	for i := range g.Taps {
		at[i] = g.Taps[i].At
	}
	taps := at[:len(g.Taps)]
	for c := 0; c < g.C; c++ {
		for i := range taps {
			wc[i] = int32(int8(w[i*g.C+c]))
		}
		preload := int32(0)
		if q.Preload != nil {
			preload = int32(q.Preload[c])
		}
		for row := 0; row < g.H; row++ {
			for col := 0; col < g.W; col++ {
				xp := x[row*g.XRow+col*g.XCol+c:]
				sum := preload
				for i, a := range taps {
					sum += int32(xp[a]) * wc[i&(maxTaps-1)]
				}
				y[row*g.YRow+col*g.YCol+c] = q.apply(sum, c)
			}
		}
	}
}

// maxTaps bounds the window of a depthwise convolution; wider ones are lowered
// to a grouped Conv.
const maxTaps = 64
