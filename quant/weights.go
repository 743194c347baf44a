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
	s.progress("weights", 0, len(s.g.Nodes))
	if err := r.input(); err != nil {
		return err
	}
	for i, n := range s.g.Nodes {
		s.progress("weights", i+1, len(s.g.Nodes))
		var err error
		if n.Op == "Conv" {
			err = r.conv(n)
		} else {
			err = r.other(n)
		}
		if err != nil {
			return &ir.Error{Pass: "weights", Place: n.Name, Err: err}
		}
		r.release(n)
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
	values map[*ir.Value][][]int8
	last   map[*ir.Value]*ir.Node
	done   map[*ir.Node]bool
}

func newRun(s *state) *intRun {
	r := &intRun{s: s, values: map[*ir.Value][][]int8{}, last: map[*ir.Value]*ir.Node{}, done: map[*ir.Node]bool{}}
	for _, n := range s.g.Nodes {
		for _, v := range n.In {
			r.last[v] = n
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
	if err := r.settle(in, sample); err != nil {
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

// other gives a node that sums no products the format of its output, and runs
// it.
func (r *intRun) other(n *ir.Node) error {
	if !movers[n.Op] {
		if err := r.settle(n.Out[0], func() (realOf, error) { return r.exact(n) }); err != nil {
			return err
		}
	}
	if isUnary(n) {
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
