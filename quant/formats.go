package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// formats chooses levels and scale of every activation: per class the number
// of levels and the clipping that give the least error at the outputs of the
// convolutions that read it, with the weights that fit those levels. More
// levels leave a smaller budget for the weights; the best split depends on
// both (arXiv 2004.11783, section 3.2, searches the same trade).
func formats(s *state) error {
	separate(s.g)
	classes := classesOf(s)
	if s.o.Search == "layerwise" {
		if err := s.startLayerwise(classes); err != nil {
			return err
		}
		return nil
	}
	if err := s.chooseFormats(classes); err != nil {
		return err
	}
	if err := s.chooseFormats(s.fork(classes)); err != nil {
		return err
	}
	for _, n := range s.g.Nodes {
		limit(n)
	}
	return nil
}

// chooseFormats gives every class a format.
func (s *state) chooseFormats(classes []*class) error {
	return s.parallel("formats", len(classes), func() (func(i int) error, error) {
		return func(i int) error {
			c := classes[i]
			f := c.fixed
			if f == nil {
				best, err := s.searchFormat(c)
				if err != nil {
					return err
				}
				f = &best
			}
			c.give(*f)
			return nil
		}, nil
	})
}

// softmaxFormat is that of probabilities.
var softmaxFormat = ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Zero: -128, Scales: []float64{1.0 / 256}}

// separate puts a change of format before a concatenation whose operands were
// given different ones by the network.
func separate(g *ir.Graph) {
	var nodes []*ir.Node
	for _, n := range g.Nodes {
		if n.Op == "Softmax" {
			f := softmaxFormat
			n.Out[0].Format = &f
		}
		if movers[n.Op] {
			out := n.Out[0]
			if out.Format == nil && n.In[0].Format != nil {
				f := *n.In[0].Format
				out.Format = &f
			}
			for i, v := range n.In {
				if v.Const != nil || v.Format == nil || out.Format == nil || sameFormat(v.Format, out.Format) {
					continue
				}
				f := *out.Format
				w := &ir.Value{Name: v.Name + ".rescaled", Elem: v.Elem, Shape: v.Shape, Range: v.Range, Format: &f}
				nodes = append(nodes, &ir.Node{Name: w.Name, Op: "Identity", In: []*ir.Value{v}, Out: []*ir.Value{w}})
				n.In[i] = w
			}
		}
		nodes = append(nodes, n)
	}
	g.Nodes = nodes
}

// limit narrows the levels of a format that the network gave to what a fused
// activation lets through.
func limit(n *ir.Node) {
	c := n.Attrs.Clamp
	if c == nil {
		return
	}
	f := n.Out[0].Format
	lo := float64(f.Zero) + math.Ceil(float64(c[0])/f.Scale()-1e-6)
	hi := float64(f.Zero) + math.Floor(float64(c[1])/f.Scale()+1e-6)
	f.Levels.Lo = f.Levels.Clamp(int64(max(lo, -1e6)))
	f.Levels.Hi = f.Levels.Clamp(int64(min(hi, 1e6)))
}

// searchFormat climbs from the number of levels that splits the bits evenly.
func (s *state) searchFormat(c *class) (ir.Format, error) {
	if len(c.convs) == 0 {
		return s.bestClip(c), nil
	}
	scratch := s.newScratch(c)
	best := func(own bool) (point, float64, error) {
		least := math.Inf(1)
		at, err := climb(starts(slices.Index(levelCounts, startLevels(s.o.Accum, c))), []int{4, 2, 1}, func(points []point) ([]float64, error) {
			scores := make([]float64, len(points))
			for i, p := range points {
				f := formatFor(levelCounts[p.x], clipRatios[p.r], c.lo, c.hi)
				scores[i] = scratch.score(&f)
				if own {
					scores[i] += c.ownError(s, &f)
				}
				least = min(least, scores[i])
			}
			return scores, s.ctx.Err()
		})
		return at, least, err
	}
	at, together, err := best(true)
	if err != nil {
		return ir.Format{}, err
	}
	if c.others && s.recipe.fork {
		_, apart, err := best(false)
		if err != nil {
			return ir.Format{}, err
		}
		f := s.bestClip(c)
		if c.forked = apart+c.ownError(s, &f) < forkGain*together; c.forked {
			return f, nil
		}
	}
	c.at = at
	return formatFor(levelCounts[at.x], clipRatios[at.r], c.lo, c.hi), nil
}

// startLevels guesses X: with k products of Gaussian operands a budget of 2^P is
// spent evenly near X = sqrt(2^P / k) * 4.
func startLevels(acc ir.Accum, c *class) int {
	k := 1
	for _, n := range c.convs {
		k = max(k, n.In[1].Const.Len()/n.In[1].Shape[0])
	}
	want := 4 * math.Sqrt(math.Ldexp(1, acc.Total())/float64(k))
	for _, x := range levelCounts {
		if float64(x) >= want {
			return x
		}
	}
	return levelCounts[len(levelCounts)-1]
}

// bestClip chooses the clipping of a class that no convolution reads, by its
// own error. The greatest outputs are those that matter: none may meet at a clamp. And
// behind an average over many elements rounding is gone while what was clipped is
// missing, mostly of the greatest.
func (s *state) bestClip(c *class) ir.Format {
	if c.output || c.window >= averaging {
		lo, hi := c.lo, c.hi*(1+margin)
		if lo < 0 {
			lo *= 1 + margin
		}
		return formatFor(maxLevels, 1, lo, hi)
	}
	var best ir.Format
	least := math.Inf(1)
	for _, r := range clipRatios {
		f := formatFor(maxLevels, r, c.lo, c.hi)
		if e := c.ownError(s, &f); e < least {
			best, least = f, e
		}
	}
	return best
}

const maxLevels = 255

const (
	// averaging is how many elements an average has that rounding is gone behind.
	averaging = 16
	// margin widens a range that is not clipped beyond what calibration saw.
	margin = 0.05
)

// ownError is the mean over the members of the error of f, 0 when only
// convolutions read the class.
func (c *class) ownError(s *state, f *ir.Format) float64 {
	if !c.others {
		return 0
	}
	e := 0.0
	for _, v := range c.values {
		if sp := s.stats.values[v]; sp != nil {
			e += ownError(sp.samples, f) / float64(len(c.values))
		}
	}
	return e
}

// ownError is the mean squared error of x in format f over its variance.
func ownError(x []float32, f *ir.Format) float64 {
	q := make([]float32, len(x))
	quantize32(q, x, f)
	var e, sum, sq float64
	for i, v := range x {
		d := float64(v) - float64(float64(q[i])*f.Scale())
		e += float64(d * d)
		sum += float64(v)
		sq += float64(float64(v) * float64(v))
	}
	n := float64(len(x))
	return e / n / max(sq/n-sum*sum/n/n, 1e-12)
}
