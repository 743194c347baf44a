package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A Runner runs one graph, one image at a time, in memory that it keeps. It is
// for one goroutine.
type Runner struct {
	g       *ir.Graph
	tensors map[*ir.Value]*ir.Tensor
	steps   []step
	in      []own
	scratch scratch
}

type step struct {
	node    *ir.Node
	in, out []*ir.Tensor
	own     []own
}

// own is a tensor that the network itself rounds.
type own struct {
	t *ir.Tensor
	f *ir.Format
}

// owns lists those of values.
func (r *Runner) owns(values []*ir.Value) []own {
	var all []own
	for _, v := range values {
		if v != nil && v.Own && v.Format != nil && r.tensors[v].Real != nil {
			all = append(all, own{r.tensors[v], v.Format})
		}
	}
	return all
}

// round is a QuantizeLinear and its DequantizeLinear, of one scale.
func (o own) round() {
	scale, zero, x := float32(o.f.Scale()), float64(o.f.Zero), o.t.Real
	lo, hi := float64(o.f.Levels.Lo), float64(o.f.Levels.Hi)
	for i, v := range x {
		x[i] = float32(min(max(math.RoundToEven(float64(v/scale))+zero, lo), hi)-zero) * scale
	}
}

// NewRunner returns a runner of g, all of whose shapes are known. g is read
// only, so that several may be made at once.
func NewRunner(g *ir.Graph) (*Runner, error) {
	r := &Runner{g: g, tensors: map[*ir.Value]*ir.Tensor{}}
	for i, v := range g.In {
		if v == nil || v.Const != nil || r.tensors[v] != nil {
			return nil, fmt.Errorf("run: input %d of the graph is absent, constant or comes twice", i)
		}
		t, err := inputOf(v)
		if err != nil {
			return nil, err
		}
		r.tensors[v] = t
	}
	r.in = r.owns(g.In)
	for _, n := range g.Nodes {
		s, err := r.step(n)
		if err != nil {
			return nil, fmt.Errorf("%s: run: %w", n.Name, err)
		}
		s.own = r.owns(n.Out)
		r.steps = append(r.steps, s)
	}
	if len(g.Out) == 0 {
		return nil, errors.New("run: the graph has no output")
	}
	for i, v := range g.Out {
		if v == nil || r.Tensor(v) == nil {
			return nil, fmt.Errorf("run: output %d of the graph is not defined", i)
		}
	}
	return r, nil
}

// inputOf returns the tensor of an input; where no type is known it is float32.
func inputOf(v *ir.Value) (*ir.Tensor, error) {
	if v.Shape == nil {
		return nil, fmt.Errorf("run: input %s has no shape", v.Name)
	}
	// The rules for a shape are those of any node that reads it.
	shapes, err := ir.OutShapes(&ir.Node{Op: "Identity", In: []*ir.Value{v}})
	if err != nil {
		return nil, fmt.Errorf("run: input %s: %w", v.Name, err)
	}
	if ir.NumElements(shapes[0]) > maxOutput {
		return nil, fmt.Errorf("run: input %s of shape %v takes too much memory", v.Name, v.Shape)
	}
	elem := v.Elem
	if elem == "" {
		elem = ir.Float32
	}
	return ir.NewTensor(elem, shapes[0]), nil
}

// step binds n to the tensors of its values.
func (r *Runner) step(n *ir.Node) (step, error) {
	bound := *n
	s := step{node: &bound, in: make([]*ir.Tensor, len(n.In))}
	for i, v := range n.In {
		if v == nil {
			continue
		}
		if s.in[i] = r.Tensor(v); s.in[i] == nil {
			return s, fmt.Errorf("%s is not defined before it", v.Name)
		}
	}
	var err error
	if s.out, err = outputs(&bound, s.in); err != nil {
		return s, err
	}
	if len(n.Out) > len(s.out) {
		return s, fmt.Errorf("has %d outputs, want %d", len(n.Out), len(s.out))
	}
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		if v.Const != nil || r.tensors[v] != nil {
			return s, fmt.Errorf("%s is defined twice", v.Name)
		}
		if v.Shape != nil && !slices.Equal(v.Shape, s.out[i].Shape) {
			return s, fmt.Errorf("%s has shape %v, computed %v", v.Name, v.Shape, s.out[i].Shape)
		}
		r.tensors[v] = s.out[i]
	}
	return s, nil
}

// Run runs the graph on one tensor for each of its inputs. What it computes
// does not depend on earlier runs.
func (r *Runner) Run(in ...*ir.Tensor) error {
	if len(in) != len(r.g.In) {
		return fmt.Errorf("run: %d inputs, want %d", len(in), len(r.g.In))
	}
	for i, v := range r.g.In {
		t := r.tensors[v]
		if in[i] == nil || !slices.Equal(in[i].Shape, t.Shape) {
			return fmt.Errorf("run: input %s does not have shape %v", v.Name, t.Shape)
		}
		if len(in[i].Real) != len(t.Real) || len(in[i].Int) != len(t.Int) {
			return fmt.Errorf("run: input %s does not hold elements of type %s", v.Name, t.Elem)
		}
		copy(t.Real, in[i].Real)
		copy(t.Int, in[i].Int)
	}
	for _, o := range r.in {
		o.round()
	}
	for _, s := range r.steps {
		if err := apply(s.node, s.in, s.out, &r.scratch); err != nil {
			return fmt.Errorf("%s: run: %w", s.node.Name, err)
		}
		for _, o := range s.own {
			o.round()
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
