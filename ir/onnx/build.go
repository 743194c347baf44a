package onnx

import (
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A builder joins what both readers found into an ir.Graph.
type builder struct {
	g         *ir.Graph
	values    map[string]*ir.Value
	producers map[*ir.Value]*ir.Node
	names     map[string]bool // of the file and of what was added
}

// build returns the graph of m, whose nodes are sorted, live and supported,
// with the attributes and tensors of c. sizes has the shape of each input.
func build(name string, m *model, c *capture, sizes [][]int) (*ir.Graph, error) {
	b := &builder{
		g:         &ir.Graph{Name: name, Opset: int(m.opsets[""])},
		values:    map[string]*ir.Value{},
		producers: map[*ir.Value]*ir.Node{},
		names:     map[string]bool{},
	}
	// All names of the file are taken before one is invented.
	for _, n := range m.graph.nodes {
		for _, out := range n.out {
			b.names[out] = true
		}
	}
	for _, t := range m.graph.inits {
		decoded, err := t.decoded(c.tensors[t.name])
		if err != nil {
			return nil, fmt.Errorf("tensor %q %w", t.name, err)
		}
		b.constant(t.name, decoded)
	}
	for i, v := range m.graph.inputs {
		if err := b.input(v, sizes[i]); err != nil {
			return nil, err
		}
	}
	for i, side := range m.graph.nodes {
		if err := b.node(side, c.ops[i]); err != nil {
			return nil, fmt.Errorf("node %s (%s): %w, export the model again", show(side.title()), side.op, err)
		}
	}
	for _, out := range m.graph.outputs {
		b.g.Out = append(b.g.Out, b.values[out.name])
	}
	return b.g, b.checkWeights()
}

// constant defines a value that holds t.
func (b *builder) constant(name string, t *ir.Tensor) *ir.Value {
	v := &ir.Value{Name: name, Elem: t.Elem, Shape: append([]int{}, t.Shape...), Const: t}
	b.values[name], b.names[name] = v, true
	return v
}

// input defines an input of the graph.
func (b *builder) input(v *valueInfo, shape []int) error {
	e, err := elemOf(v.code)
	if err != nil {
		return fmt.Errorf("input %q has %w", v.name, err)
	}
	value := &ir.Value{Name: v.name, Elem: e.elem, Shape: shape}
	b.values[v.name], b.names[v.name] = value, true
	b.g.In = append(b.g.In, value)
	return nil
}

// node adds one node; a Constant is a value instead.
func (b *builder) node(side *node, o operation) error {
	op := ir.Op(side.op)
	n := &ir.Node{Name: side.title(), Op: op}
	r := &reader{node: n, attrs: o.attrs, side: side, opset: b.g.Opset, b: b}
	if op == "Constant" {
		t := r.constantNode()
		if r.err == nil {
			b.constant(side.out[0], t)
		}
		return r.err
	}
	for _, name := range o.in {
		n.In = append(n.In, b.values[name]) // nil for "", which has no entry
	}
	// Outputs are values before anything can fail, for the nodes after this one.
	row := op.Row()
	for i, name := range o.out {
		if row.Out >= 0 && i >= row.Out {
			break // refuse has seen to it that the others are not used
		}
		if name == "" { // a part of a Split that nobody wants
			name = b.fresh(fmt.Sprintf("%s/%d", n.Name, i))
		}
		v := &ir.Value{Name: name}
		b.values[name], b.names[name], b.producers[v] = v, true, n
		n.Out = append(n.Out, v)
	}
	// Arity is that of the newest form, so it is looked at after the upgrade.
	r.upgrade()
	if r.err == nil {
		r.arity(row)
	}
	if read := rowOf(op).read; read != nil && r.err == nil {
		read(r, &n.Attrs)
	}
	b.g.Nodes = append(b.g.Nodes, n)
	return r.err
}

// arity checks the number of inputs of the upgraded node.
func (r *reader) arity(row *ir.OpRow) {
	in := r.node.In
	if len(in) < row.In || row.InMax >= 0 && len(in) > row.InMax {
		takes := fmt.Sprint(row.In)
		if row.InMax < 0 {
			takes += " or more"
		} else if row.InMax > row.In {
			takes = fmt.Sprintf("%d to %d", row.In, row.InMax)
		}
		r.fail("it has %d inputs, the operator takes %s", len(in), takes)
	}
	for i, v := range in {
		if v == nil && (i < row.In || row.InMax < 0) {
			r.fail("its input %d is missing", i)
		}
	}
}

// fresh returns a name like base that no value has.
func (b *builder) fresh(base string) string {
	name := base
	for i := 2; b.names[name]; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	return name
}

// origin follows input i back through operators that keep the shape, since
// exporters put them before weights: Identity to share them, the two of QDQ.
func (b *builder) origin(in []*ir.Value, i int) *ir.Value {
	if i >= len(in) {
		return nil
	}
	v := in[i]
	for {
		p := b.producers[v]
		if p == nil || len(p.In) == 0 || !slices.Contains([]ir.Op{"BipolarQuant", "DequantizeLinear", "Identity", "Quant", "QuantizeLinear"}, p.Op) {
			return v
		}
		v = p.In[0]
	}
}

// shape returns the shape of input i when the file states it, else nil.
func (b *builder) shape(in []*ir.Value, i int) []int {
	v := b.origin(in, i)
	if v == nil {
		return nil
	}
	if p := b.producers[v]; p != nil && p.Op == "ConstantOfShape" {
		if dims := b.origin(p.In, 0); dims != nil && dims.Const != nil {
			return cast[int](dims.Const.Int)
		}
	}
	return v.Shape
}
