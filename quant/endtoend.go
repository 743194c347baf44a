package quant

import (
	"math"

	"github.com/snug-nn/snug/ir"
)

// An attempt is a format of a class, with the real weights and biases of the
// convolutions that read it; what it has none of keeps the network's own.
type attempt struct {
	round           func(v *ir.Value, x []float32)
	weights, biases map[*ir.Node]*ir.Tensor
}

// A result is how often the network answered as the real one does, and the
// squared error of its outputs.
type result struct {
	same int
	loss float64
}

// better reports whether more answers are the same, or as many with less error.
func (a result) better(b result) bool {
	return a.same > b.same || a.same == b.same && a.loss < b.loss
}

// refineMACs is about how many products judge one format by what the network answers:
// networks that need more for all calibration inputs are judged on some of them, at
// least refineImages.
const refineMACs, refineImages = 1 << 36, 64

// refine climbs once more from point at of t, by the squared error of the network's
// outputs, which is real behind the convolutions that read the class. (The search by
// accuracy of arXiv 2004.11783, on levels and clipping, from where the error of sums
// alone has led.)
func (r *intRun) refine(t *trial, p writing, at point) (point, error) {
	macs := 1
	for _, n := range r.s.g.Nodes {
		if n.Op == "Conv" && !r.done[n] {
			macs += n.In[1].Const.Len() / n.In[1].Shape[0] * ir.NumElements(n.Out[0].Shape)
		}
	}
	images := min(max(refineMACs/macs, refineImages), r.images())
	return climb([]point{at}, []int{1}, func(points []point) ([]float64, error) {
		scores := make([]float64, len(points))
		for i, at := range points {
			f := t.format(at)
			a, ok := t.attempt(&f)
			if !ok {
				scores[i] = math.Inf(1)
				continue
			}
			got, err := r.answers(t.c, p.v, p.reals, a, images)
			if err != nil {
				return nil, err
			}
			scores[i] = got.loss
		}
		return scores, nil
	})
}

// attempt gives the readers of t's class their integers for format f, and returns what
// these stand for; false when the budget leaves nothing.
func (t *trial) attempt(f *ir.Format) (*attempt, bool) {
	a := &attempt{weights: map[*ir.Node]*ir.Tensor{}, biases: map[*ir.Node]*ir.Tensor{}}
	for _, rd := range t.readers {
		n := rd.node
		if isGiven(n.In[1]) {
			continue
		}
		own := t.c.part(f, n.In[0])
		x := make([]float32, len(rd.x))
		rd.quantize(x, &own)
		products, ok := t.s.products(n, &own, rd.target, x)
		if !ok {
			return nil, false
		}
		w, b := ir.NewTensor(ir.Float32, n.In[1].Shape), ir.NewTensor(ir.Float32, n.In[2].Shape)
		taps := w.Shape[2] * w.Shape[3]
		for g, p := range products {
			c := t.s.choose(p, quickMultipliers)
			means := make([]float64, p.k) // of the inputs of the products
			for k := range means {
				for _, v := range p.x[k*p.n : (k+1)*p.n] {
					means[k] += float64(v)
				}
				means[k] /= float64(p.n)
			}
			for i := range p.m {
				row := g*p.m + i
				off := rd.target.mean[row]
				for k, mean := range means {
					q := float64(float64(c.q[i*p.k+k]) * c.scales[i])
					off -= float64(q * mean)
					w.Real[row*p.k+k] = float32(q / float64(own.Scale()*own.Step((g*p.k+k)/taps)))
				}
				b.Real[row] = n.In[2].Const.Real[row] + float32(off)
			}
		}
		a.weights[n], a.biases[n] = w, b
	}
	a.round = func(v *ir.Value, x []float32) {
		own := t.c.part(f, v)
		channels := channelsOf(v.Shape)
		for ch := range channels {
			one := own.Of(ch)
			roundReals(x[ch*len(x)/channels:(ch+1)*len(x)/channels], &one)
		}
	}
	return a, true
}

// roundReals rounds reals to those that a format has.
func roundReals(x []float32, f *ir.Format) {
	quantize32(x, x, f)
	for i := range x {
		x[i] *= float32(f.Scale())
	}
}

// answers runs the network on some of the calibration inputs, evenly spaced, from class
// c on, whose first member is v: with real numbers, but for attempt a.
func (r *intRun) answers(c *class, v *ir.Value, real func() (realOf, error), a *attempt, images int) (result, error) {
	results := make([]result, images)
	err := r.s.parallel("", images, func() (func(int) error, error) {
		f, err := real()
		return func(i int) error {
			image := i * r.images() / images
			x, err := f(image)
			if err != nil {
				return err
			}
			a.round(v, x)
			live := r.live(image)
			live[v] = &ir.Tensor{Elem: ir.Float32, Shape: v.Shape, Real: x}
			for _, n := range r.s.g.Nodes {
				if live[n.Out[0]] != nil || r.done[n] {
					continue
				}
				if err := move(n, live, a.weights[n], a.biases[n]); err != nil {
					return err
				}
				if out := n.Out[0]; r.s.classOf[out] == c && !movers[n.Op] {
					a.round(out, live[out].Real)
				}
			}
			out, want := live[r.s.g.Out[0]].Real, r.s.stats.outputs[image]
			if greatest(out) == greatest(want) {
				results[i].same = 1
			}
			for j, t := range out {
				results[i].loss += float64(float64(t-want[j]) * float64(t-want[j]))
			}
			return nil
		}, err
	})
	var sum result
	for _, one := range results {
		sum.same += one.same
		sum.loss += one.loss
	}
	return sum, err
}

// live returns the reals that the integers of image i stand for, of the values that
// are still read.
func (r *intRun) live(i int) map[*ir.Value]*ir.Tensor {
	live := map[*ir.Value]*ir.Tensor{}
	for v, images := range r.values {
		if images == nil || images[i] == nil {
			continue
		}
		t := ir.NewTensor(ir.Float32, v.Shape)
		channels := channelsOf(v.Shape)
		for j, q := range images[i] {
			t.Real[j] = float32(v.Format.Real(int64(q)) * v.Format.Step(j*channels/len(t.Real)))
		}
		live[v] = t
	}
	return live
}

// greatest returns the index of the greatest element, the first of equals.
func greatest(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
