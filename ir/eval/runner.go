package eval

import (
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A Runner runs one graph, one image at a time, in memory that it keeps. It is
// for one goroutine.
type Runner struct {
	g       *ir.Graph
	tensors map[*ir.Value]*ir.Tensor
	steps   []step
	scratch scratch
}

type step struct {
	node    *ir.Node
	in, out []*ir.Tensor
}

// NewRunner returns a runner of g, all of whose shapes are known.
func NewRunner(g *ir.Graph) (*Runner, error) {
	r := &Runner{g: g, tensors: map[*ir.Value]*ir.Tensor{}}
	for _, v := range g.In {
		r.tensors[v] = ir.NewTensor(ir.Float32, v.Shape)
	}
	for _, n := range g.Nodes {
		s := step{node: n}
		for _, v := range n.In {
			t := r.tensors[v]
			if v != nil && v.Const != nil {
				t = v.Const
			}
			if v != nil && t == nil {
				return nil, fmt.Errorf("%s: run: %s has no value", n.Name, v.Name)
			}
			s.in = append(s.in, t)
		}
		elem := elemOf(n, s.in)
		for _, v := range n.Out {
			var t *ir.Tensor
			if v != nil {
				t = ir.NewTensor(elem, v.Shape)
				r.tensors[v] = t
			}
			s.out = append(s.out, t)
		}
		r.steps = append(r.steps, s)
	}
	return r, nil
}

// Run runs the graph on one tensor for each of its inputs.
func (r *Runner) Run(in ...*ir.Tensor) error {
	if len(in) != len(r.g.In) {
		return fmt.Errorf("run: %d inputs, want %d", len(in), len(r.g.In))
	}
	for i, v := range r.g.In {
		if !slices.Equal(in[i].Shape, v.Shape) {
			return fmt.Errorf("run: input %s has shape %v, want %v", v.Name, in[i].Shape, v.Shape)
		}
		copy(r.tensors[v].Real, in[i].Real)
	}
	for _, s := range r.steps {
		if err := apply(s.node, s.in, s.out, &r.scratch); err != nil {
			return fmt.Errorf("%s: run: %w", s.node.Name, err)
		}
	}
	return nil
}

// Tensor returns what v was in the last run; it is valid until the next.
func (r *Runner) Tensor(v *ir.Value) *ir.Tensor {
	if v.Const != nil {
		return v.Const
	}
	return r.tensors[v]
}

// Output returns the graph's first output.
func (r *Runner) Output() *ir.Tensor { return r.Tensor(r.g.Out[0]) }
