package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// realOf gives the reals of a value for calibration image i, before they are
// rounded to levels; they are valid until the next call.
type realOf = func(i int) ([]float32, error)

// searchSamples is about how many samples a format is judged on.
const searchSamples = 6000

// A writing is what one node writes of a class, and how its reals are computed.
type writing struct {
	v     *ir.Value
	reals func() (realOf, error)
}

// settle chooses the format of the class of parts again, now that what computes
// them is known: levels and clipping that leave the least error at the sums that
// read the class, with the weights that those levels get. Where other nodes
// write the class too, the real network's values have to do.
func (r *intRun) settle(parts []writing) error {
	c := r.s.classOf[parts[0].v]
	if c.settled || c.fixed != nil || c.output || len(c.convs) == 0 {
		return nil
	}
	if r.s.o.Search == "layerwise" {
		c.settled = true
		return r.layerwise(c, parts[0].v, parts[0].reals)
	}
	if !r.s.recipe.settle {
		return nil
	}
	c.settled = true
	t := &trial{s: r.s, c: c, lo: c.lo, hi: c.hi}
	var ranges *profile
	var err error
	if t.readers, ranges, err = r.readers(c, parts); err != nil {
		return err
	}
	whole := len(parts) == len(c.writers) // else nothing is known of some channels
	if whole && c.topped(r.s.o.Rung) {
		t.limits = ranges
	}
	if whole && r.s.recipe.steps && c.stepped() {
		if err := t.step(ranges); err != nil {
			return err
		}
	}
	at, err := climb([]point{c.at}, []int{3, 1}, t.scores)
	if err != nil {
		return err
	}
	if r.s.recipe.answers && whole && len(parts) == 1 {
		if at, err = r.refine(t, parts[0], at); err != nil {
			return err
		}
	}
	c.give(t.format(at))
	return nil
}

// A trial is a search for the format of one class.
type trial struct {
	s       *state
	c       *class
	readers []reader
	steps   []float64 // of channels, nil for none
	lo, hi  float64   // range in units of the steps
	limits  *profile  // of channels that have maxima of their own; nil: they have none
}

func (t *trial) format(p point) ir.Format {
	f := formatFor(levelCounts[p.x], clipRatios[p.r], t.lo, t.hi)
	f.Steps = t.steps
	if t.limits != nil {
		f.Tops = t.limits.tops(&f)
	}
	return f
}

// scores judges formats, several at a time.
func (t *trial) scores(points []point) ([]float64, error) {
	scores := make([]float64, len(points))
	err := t.s.parallel("", len(points), func() (func(int) error, error) {
		return func(i int) error {
			f := t.format(points[i])
			scores[i] = t.s.judge(t.c, t.readers, &f)
			return nil
		}, nil
	})
	return scores, err
}

// step chooses the steps of the channels: at the levels that the climb will
// start from, those of least error.
func (t *trial) step(p *profile) error {
	tries := []*trial{t}
	if t.c.depthwise() {
		tries = append(tries, t.with(p.reach(1), p))
	} else {
		for _, b := range balances {
			tries = append(tries, t.with(t.c.balanced(t.readers, p, b), p))
		}
		for _, r := range reaches {
			tries = append(tries, t.with(t.c.reaching(p, r), p))
		}
	}
	scores := make([]float64, len(tries))
	err := t.s.parallel("", len(tries), func() (func(int) error, error) {
		return func(i int) error {
			f := tries[i].format(t.c.at)
			scores[i] = t.s.judge(t.c, t.readers, &f)
			return nil
		}, nil
	})
	best := 0
	for i, e := range scores {
		if e < scores[best] {
			best = i
		}
	}
	*t = *tries[best]
	return err
}

// with is t with other steps.
func (t *trial) with(steps []float64, p *profile) *trial {
	u := *t
	u.steps = steps
	u.lo, u.hi = p.scaled(steps)
	return &u
}

// A reader is a convolution that reads a class, with its inputs at samples.
type reader struct {
	node   *ir.Node
	first  int // channel of the class that is the first of the input
	target *target
	x      []float32 // reals
}

// readers gathers what the convolutions of c read, and the ranges of the class's
// channels when parts are all of it.
func (r *intRun) readers(c *class, parts []writing) ([]reader, *profile, error) {
	var all []reader
	for _, n := range c.convs {
		t := r.s.stats.targets[n]
		t.compensate(r.values)
		t = t.thin(searchSamples)
		all = append(all, reader{n, c.first[n.In[0]], t, make([]float32, t.at.rows*t.at.n)})
	}
	if len(parts) != len(c.writers) {
		for i := range all {
			p := r.s.stats.sums[all[i].node]
			all[i] = reader{p.node, all[i].first, newTarget(p), p.x}
			sumPatches(all[i].target.y, p, p.node.In[1].Const.Real, p.node.Attrs.Group, p.x)
			all[i].target.centre()
		}
		return all, nil, nil
	}
	lows, highs := make([]float32, r.images()*c.channels), make([]float32, r.images()*c.channels)
	err := r.s.parallel("", r.images(), func() (func(int) error, error) {
		reals := make([]realOf, len(parts))
		for j, p := range parts {
			var err error
			if reals[j], err = p.reals(); err != nil {
				return nil, err
			}
		}
		return func(i int) error {
			tensors := map[*ir.Value]*ir.Tensor{}
			for j, p := range parts {
				x, err := reals[j](i)
				if err != nil {
					return err
				}
				tensors[p.v] = &ir.Tensor{Elem: ir.Float32, Shape: p.v.Shape, Real: x}
				if c.first != nil {
					at := i*c.channels + c.first[p.v]
					rangesOf(x, channelsOf(p.v.Shape), lows[at:], highs[at:])
				}
			}
			for _, n := range c.movers {
				if err := move(n, tensors, nil, nil); err != nil {
					return err
				}
			}
			for _, rd := range all {
				p := rd.target.at
				p.gather(rd.x, p.n, i*p.perImage, tensors[rd.node.In[0]].Real, i)
			}
			return nil
		}, nil
	})
	return all, newProfile(lows, highs, c.channels), err
}

// rangesOf widens lows and highs by each of the channels of x.
func rangesOf(x []float32, channels int, lows, highs []float32) {
	for ch := range channels {
		own := x[ch*len(x)/channels : (ch+1)*len(x)/channels]
		lows[ch], highs[ch] = min(lows[ch], slices.Min(own)), max(highs[ch], slices.Max(own))
	}
}

// quantize rounds the inputs of r to the level numbers of f.
func (r *reader) quantize(dst []float32, f *ir.Format) {
	if f.Steps == nil && f.Tops == nil {
		quantize32(dst, r.x, f)
		return
	}
	channels := r.node.In[0].Shape[1]
	row := len(r.x) / channels
	for ch := range channels {
		own := f.Of(ch)
		quantize32(dst[ch*row:(ch+1)*row], r.x[ch*row:(ch+1)*row], &own)
	}
}

// move runs n on reals, with weights and bias in place of its own unless they are nil.
func move(n *ir.Node, tensors map[*ir.Value]*ir.Tensor, weights, bias *ir.Tensor) error {
	in := make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		switch {
		case v == nil:
		case v.Const != nil:
			in[i] = v.Const
		default:
			in[i] = tensors[v]
		}
	}
	if weights != nil {
		in[1] = weights
	}
	if bias != nil {
		in[2] = bias
	}
	y, err := eval.Node(n, in)
	if err != nil {
		return err
	}
	for i, v := range n.Out {
		tensors[v] = y[i]
	}
	return nil
}

// judge is the error of format f for class c: at each convolution that reads it
// the power of the sums' error over theirs, and the format's own error where
// anything else reads it.
func (s *state) judge(c *class, readers []reader, f *ir.Format) float64 {
	total := c.ownError(s, f)
	for _, rd := range readers {
		x := make([]float32, len(rd.x))
		own := c.part(f, rd.node.In[0])
		rd.quantize(x, &own)
		noise, power := 0.0, 0.0
		if isGiven(rd.node.In[1]) {
			continue
		}
		products, ok := s.products(rd.node, &own, rd.target, x)
		if !ok {
			return math.Inf(1)
		}
		for _, p := range products {
			ch := s.choose(p, quickMultipliers)
			noise += ch.noise
			power += ch.power
		}
		total += noise / max(power, 1e-12)
	}
	return total
}
