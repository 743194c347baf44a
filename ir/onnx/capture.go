package onnx

import (
	"fmt"
	"slices"

	onnxgo "github.com/owulveryck/onnx-go"
	gonum "gonum.org/v1/gonum/graph"
	gorgonia "gorgonia.org/tensor"
)

// A capture is the backend that onnx-go decodes into. It runs nothing: it
// keeps the operations and tensors as onnx-go hands them over. The embedded
// interface is nil, for onnx-go calls only the methods below while decoding.
type capture struct {
	gonum.DirectedWeightedBuilder
	ops     []operation
	tensors map[string]gorgonia.Tensor
	edges   []captureEdge // of the operation that comes next
	values  int64
}

// An operation is one call of ApplyOperation.
type operation struct {
	op      string
	attrs   map[string]interface{}
	in, out []string
}

// A captureValue is a node of onnx-go's graph: a named value.
type captureValue struct {
	id    int64
	name  string
	owner *capture
}

// The methods by which onnx-go names a value and hands over its tensor.

func (v *captureValue) ID() int64                  { return v.id }
func (v *captureValue) SetName(name string)        { v.name = name }
func (v *captureValue) GetName() string            { return v.name }
func (v *captureValue) GetTensor() gorgonia.Tensor { return v.owner.tensors[v.name] }
func (v *captureValue) SetTensor(t gorgonia.Tensor) error {
	v.owner.tensors[v.name] = t
	return nil
}

// A captureEdge leads from an output of an operation to its input of index
// weight.
type captureEdge struct {
	from, to gonum.Node
	weight   float64
}

// The methods of a weighted edge.

func (e captureEdge) From() gonum.Node         { return e.from }
func (e captureEdge) To() gonum.Node           { return e.to }
func (e captureEdge) Weight() float64          { return e.weight }
func (e captureEdge) ReversedEdge() gonum.Edge { return captureEdge{e.to, e.from, e.weight} }

// NewNode gives each value an ID that is its own, which onnx-go relies on.
func (c *capture) NewNode() gonum.Node {
	c.values++
	return &captureValue{id: c.values, owner: c}
}

// AddNode has nothing to keep: operations name the values.
func (c *capture) AddNode(gonum.Node) {}

func (c *capture) NewWeightedEdge(from, to gonum.Node, weight float64) gonum.WeightedEdge {
	return captureEdge{from, to, weight}
}

// SetWeightedEdge keeps edges as a list: a graph would merge the two of
// Mul(x, x).
func (c *capture) SetWeightedEdge(e gonum.WeightedEdge) {
	c.edges = append(c.edges, e.(captureEdge))
}

// ApplyOperation closes the operation whose edges were just set: its inputs
// in order, once for each output.
func (c *capture) ApplyOperation(op onnxgo.Operation, outs ...gonum.Node) error {
	o := operation{op: op.Name, attrs: op.Attributes}
	for _, v := range outs {
		o.out = append(o.out, v.(*captureValue).name)
	}
	if len(outs) > 0 {
		for _, e := range c.edges[:len(c.edges)/len(outs)] {
			o.in = append(o.in, e.to.(*captureValue).name)
		}
	}
	c.edges = c.edges[:0] // the next operation's follow
	c.ops = append(c.ops, o)
	return nil
}

// decode runs onnx-go over a model in normal form. It was written for files
// that are right, so a panic of it is an error here.
func decode(b []byte) (c *capture, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("onnx-go cannot decode the graph: %v", p)
		}
	}()
	c = &capture{tensors: map[string]gorgonia.Tensor{}}
	if err := onnxgo.NewModel(c).UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("onnx-go cannot decode the graph: %w", err)
	}
	return c, nil
}

// agree checks that both readers saw the same nodes in the same order.
func (c *capture) agree(g *graph) error {
	if len(c.ops) != len(g.nodes) {
		return fmt.Errorf("onnx-go decoded %d nodes of %d", len(c.ops), len(g.nodes))
	}
	for i, n := range g.nodes {
		o := c.ops[i]
		in := o.in
		if len(n.in) == 0 {
			in = nil // onnx-go invents one
		}
		if o.op != n.op || !slices.Equal(in, n.in) || !slices.Equal(o.out, n.out) || len(o.attrs) != len(n.attrs) {
			return fmt.Errorf("onnx-go decoded node %s (%s) as another, %s", show(n.title()), show(n.op), show(o.op))
		}
	}
	return nil
}
