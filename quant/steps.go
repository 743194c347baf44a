package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
)

// balances are the exponents that are tried for the steps of a class: a channel
// gets the step (rms of its values / rms of the weights that read it)^balance,
// so that the rounding of levels and that of weights cost the same at each
// (cross-layer equalization of arXiv 1906.04721 is 1/2 with ranges).
var balances = []float64{0.25, 0.5}

// reaches are the exponents of the other steps that are tried, reach^exponent:
// at 1 the levels of each channel end where its range does.
var reaches = []float64{0.5, 1}

// maxStep bounds a step, in both directions from the median.
const maxStep = 10

// A profile is what is known of the channels of a value.
type profile struct {
	lo, hi []float64 // ranges; both hold zero
}

// newProfile merges the ranges of every image, one row of channels each.
func newProfile(lows, highs []float32, channels int) *profile {
	p := &profile{make([]float64, channels), make([]float64, channels)}
	for i := range lows {
		c := i % channels
		p.lo[c], p.hi[c] = min(p.lo[c], float64(lows[i])), max(p.hi[c], float64(highs[i]))
	}
	return p
}

// stepped reports whether the channels of c may have steps: convolutions write
// it, whose requantizers have a factor for each channel, and with one clamp; only
// convolutions read it, and what lies between looks at each channel for itself.
func (c *class) stepped() bool {
	if c.first == nil || c.others || c.output {
		return false
	}
	for _, n := range c.writers {
		if n == nil || n.Op != "Conv" || !sameClamp(n, c.writers[0]) {
			return false
		}
	}
	if k := c.writers[0].Attrs.Clamp; k != nil && k[0] != 0 && k[0] > -math.MaxFloat32 {
		return false // levels end at one real for all channels, which is not one level
	}
	return !slices.ContainsFunc(c.convs, func(n *ir.Node) bool { return isGiven(n.In[1]) })
}

func sameClamp(a, b *ir.Node) bool {
	x, y := a.Attrs.Clamp, b.Attrs.Clamp
	return x == y || x != nil && y != nil && *x == *y
}

// depthwise reports whether each convolution that reads c sums one channel.
func (c *class) depthwise() bool {
	return !slices.ContainsFunc(c.convs, func(n *ir.Node) bool { return n.In[1].Shape[1] != 1 })
}

// balanced returns the steps of c for an exponent.
func (c *class) balanced(readers []reader, p *profile, balance float64) []float64 {
	channels := len(p.lo)
	steps := make([]float64, channels)
	for ch := range steps {
		var x, w float64
		for _, rd := range readers {
			if own := ch - rd.first; own >= 0 && own < channelsOf(rd.node.In[0].Shape) {
				x += rd.power(own)
				w += weightPower(rd.node, own)
			}
		}
		steps[ch] = elementary.Pow(max(x, 1e-12)/max(w, 1e-12), balance/2)
	}
	c.bound(steps, p)
	return steps
}

// reaching returns the steps of c for a power of the channels' reach.
func (c *class) reaching(p *profile, power float64) []float64 {
	steps := p.reach(power)
	c.bound(steps, p)
	return steps
}

// reach returns a power of the width of each channel's range; a channel that is
// hardly ever used keeps a factor that 32 bits hold.
func (p *profile) reach(power float64) []float64 {
	steps := make([]float64, len(p.lo))
	least := (slices.Max(p.hi) - slices.Min(p.lo)) / (maxStep * maxStep)
	for ch := range steps {
		steps[ch] = elementary.Pow(max(p.hi[ch]-p.lo[ch], least, minRange), power)
	}
	return steps
}

// bound brings steps near one, and lets channels that have a limit meet it.
func (c *class) bound(steps []float64, p *profile) {
	middle := slices.Sorted(slices.Values(steps))[len(steps)/2]
	for ch := range steps {
		steps[ch] = min(max(steps[ch]/middle, 1/float64(maxStep)), maxStep)
	}
	c.hold(steps, p)
}

// hold sees to it that a channel whose activation has an upper limit, such as
// Relu6, meets it: the levels end at one multiple of the steps, so the steps of
// all channels that reach the limit are one, and no other channel's levels end
// below its range.
func (c *class) hold(steps []float64, p *profile) {
	k := c.writers[0].Attrs.Clamp
	if k == nil || k[1] >= math.MaxFloat32 {
		return
	}
	limit := float64(k[1])
	sum, n := 0.0, 0
	for ch, hi := range p.hi {
		if hi >= limit*(1-1e-3) {
			sum += elementary.Log(steps[ch])
			n++
		}
	}
	if n == 0 {
		return
	}
	mean := elementary.Exp(sum / float64(n))
	for ch, hi := range p.hi {
		if hi >= limit*(1-1e-3) {
			steps[ch] = 1
		} else {
			steps[ch] = max(steps[ch]/mean, hi/limit)
		}
	}
}

// power is the variance of channel ch at the samples of r.
func (r *reader) power(ch int) float64 {
	taps, n := r.node.Attrs.Kernel[0]*r.node.Attrs.Kernel[1], r.target.at.n
	return variance(r.x[ch*taps*n : (ch+1)*taps*n])
}

// weightPower is the mean square of the weights of n that read channel ch.
func weightPower(n *ir.Node, ch int) float64 {
	w := n.In[1]
	cg, taps := w.Shape[1], w.Shape[2]*w.Shape[3]
	mg := w.Shape[0] / n.Attrs.Group
	sum := 0.0
	for m := ch / cg * mg; m < (ch/cg+1)*mg; m++ {
		for _, v := range w.Const.Real[(m*cg+ch%cg)*taps:][:taps] {
			sum += float64(float64(v) * float64(v))
		}
	}
	return sum / float64(mg*taps)
}

// scaled returns the range of all channels in units of their steps.
func (p *profile) scaled(steps []float64) (lo, hi float64) {
	for ch, s := range steps {
		lo, hi = min(lo, p.lo[ch]/s), max(hi, p.hi[ch]/s)
	}
	return lo, hi
}

// topped reports whether the channels of c may have maxima of their own, which is
// the argument of rung clamp: convolutions write it, whose requantizers clamp, and
// what lies between looks at each channel for itself.
func (c *class) topped(rung string) bool {
	if rung != "clamp" || c.first == nil || c.output {
		return false
	}
	return !slices.ContainsFunc(c.writers, func(n *ir.Node) bool { return n == nil || n.Op != "Conv" })
}

// tops returns the greatest level that each channel reaches in format f.
func (p *profile) tops(f *ir.Format) []int64 {
	tops := make([]int64, len(p.hi))
	for ch, hi := range p.hi {
		q := f.Zero + int64(math.Round(hi/(f.Scale()*f.Step(ch))))
		tops[ch] = max(f.Levels.Clamp(q), f.Zero)
	}
	return tops
}
