package quant

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// weights turns weights into integers, node by node in graph order, and runs
// the integers over the calibration set as it goes: the bias of a layer takes
// off the mean error that its own rounding and that of all layers before it
// leave. Above effort 0 it also chooses the levels of an activation again once
// what computes it is known: by the error that is left at the sums that read it.
func weights(s *state) error {
	r := newRun(s)
	s.progress("weights", 0, len(r.groups))
	if err := r.input(); err != nil {
		return err
	}
	for i, group := range r.groups {
		if err := r.group(group); err != nil {
			return err
		}
		s.progress("weights", i+1, len(r.groups))
	}
	if s.o.Search == "layerwise" && s.o.Note != nil {
		s.o.Note(fmt.Sprintf("layer-wise search: tried %d of %d^%d configurations", s.search.tried, operands*operands, s.search.layers))
	}
	return nil
}

// intRun holds the integers of the values that later nodes still read, for
// every calibration image.
type intRun struct {
	s      *state
	groups [][]*ir.Node // the nodes, in the order that they get their integers
	values map[*ir.Value][][]int8
	last   map[*ir.Value]*ir.Node
	done   map[*ir.Node]bool
}

func newRun(s *state) *intRun {
	r := &intRun{s: s, groups: s.groups(), values: map[*ir.Value][][]int8{}, last: map[*ir.Value]*ir.Node{}, done: map[*ir.Node]bool{}}
	for _, group := range r.groups {
		for _, n := range group {
			for _, v := range n.In {
				r.last[v] = n
			}
		}
	}
	return r
}

// release drops what nothing reads after n.
func (r *intRun) release(n *ir.Node) {
	r.done[n] = true
	for _, v := range n.In {
		if r.last[v] == n {
			delete(r.values, v)
		}
	}
}

func (r *intRun) images() int { return r.s.o.Calib.Len() }

// input chooses the levels of the network's input, and rounds the calibration
// set to them.
func (r *intRun) input() error {
	in := r.s.g.In[0]
	sample := func() (realOf, error) {
		x := make([]float32, ir.NumElements(in.Shape))
		return func(i int) ([]float32, error) { return x, r.s.o.Calib.Sample(i, x) }, nil
	}
	if err := r.settle([]writing{{in, sample}}); err != nil {
		return err
	}
	return r.quantizeInput()
}

func (r *intRun) quantizeInput() error {
	in := r.s.g.In[0]
	out := make([][]int8, r.images())
	r.values[in] = out
	return r.s.parallel("", r.images(), func() (func(int) error, error) {
		x := make([]float32, ir.NumElements(in.Shape))
		return func(i int) error {
			if err := r.s.o.Calib.Sample(i, x); err != nil {
				return err
			}
			out[i] = Quantize(x, in.Format)
			return nil
		}, nil
	})
}

// Quantize rounds reals to the stored integers of format f.
func Quantize(x []float32, f *ir.Format) []int8 {
	q := make([]int8, len(x))
	inv := 1 / f.Scale()
	for i, v := range x {
		q[i] = int8(f.Levels.Clamp(int64(math.RoundToEven(float64(v)*inv)) + f.Zero))
	}
	return q
}

// units returns stored integers less the zero point, as reals.
func units(dst []float32, q []int8, zero int64) {
	for i, v := range q {
		dst[i] = float32(int64(v) - zero)
	}
}

// table computes what an operator of one variable does to each stored integer.
func table(n *ir.Node) error {
	in, out := formatIn(n), n.Out[0].Format
	x := ir.NewTensor(ir.Float32, []int{256})
	for i := range x.Real {
		x.Real[i] = float32(in.Real(in.Levels.Clamp(int64(int8(i)))))
	}
	args := make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		switch {
		case v == nil:
		case v.Const != nil:
			args[i] = &ir.Tensor{Elem: v.Const.Elem, Shape: nil, Real: v.Const.Real, Int: v.Const.Int}
		default:
			args[i] = x
		}
	}
	y, err := eval.Node(n, args)
	if err != nil {
		return err
	}
	n.Table = Quantize(y[0].Real, out)
	return nil
}

// formatIn returns the format of the variable input.
func formatIn(n *ir.Node) *ir.Format {
	for _, v := range n.In {
		if v != nil && v.Const == nil {
			return v.Format
		}
	}
	return nil
}

// group gives the nodes of one group their integers, and the class that they
// write its format in between: sums are decided before it, requantizers after.
func (r *intRun) group(group []*ir.Node) error {
	var parts []writing
	at := func(n *ir.Node, err error) error { return &ir.Error{Pass: "weights", Place: n.Name, Err: err} }
	for _, n := range group {
		reals := func() (realOf, error) { return r.exact(n) }
		if n.Op == "Conv" {
			if err := r.conv(n); err != nil {
				return at(n, err)
			}
			reals = func() (realOf, error) { return r.reals(n) }
		}
		parts = append(parts, writing{n.Out[0], reals})
	}
	if first := group[0]; !movers[first.Op] {
		if err := r.settle(parts); err != nil {
			return at(first, err)
		}
	}
	for _, n := range group {
		if err := r.finish(n); err != nil {
			return at(n, err)
		}
		r.release(n)
	}
	return nil
}

// finish computes the integers of what n computes, whose format is settled.
func (r *intRun) finish(n *ir.Node) error {
	switch {
	case n.Op == "Conv":
		r.requantizer(n)
		return r.run(n)
	case isUnary(n):
		if err := table(n); err != nil {
			return err
		}
	}
	return r.rounded(n)
}

// exact returns what n computes of the reals that its inputs' integers stand
// for.
func (r *intRun) exact(n *ir.Node) (realOf, error) {
	args := make([]*ir.Tensor, len(n.In))
	for j, v := range n.In {
		if v != nil && v.Const != nil {
			args[j] = v.Const
		} else if v != nil {
			args[j] = ir.NewTensor(ir.Float32, v.Shape)
		}
	}
	return func(i int) ([]float32, error) {
		for j, v := range n.In {
			if v == nil || v.Const != nil {
				continue
			}
			for k, q := range r.values[v][i] {
				args[j].Real[k] = float32(v.Format.Real(int64(q)))
			}
		}
		y, err := eval.Node(n, args)
		if err != nil {
			return nil, err
		}
		return y[0].Real, nil
	}, nil
}

// rounded runs n, rounded to its output's format.
func (r *intRun) rounded(n *ir.Node) error {
	out := n.Out[0]
	dst := make([][]int8, r.images())
	r.values[out] = dst
	return r.s.parallel("", r.images(), func() (func(int) error, error) {
		f, err := r.exact(n)
		return func(i int) error {
			y, err := f(i)
			if err != nil {
				return err
			}
			dst[i] = Quantize(y, out.Format)
			return nil
		}, err
	})
}
