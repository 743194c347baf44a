package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// A rule rewrites one node into operators that codegen has a kernel for. It
// returns a refusal when that cannot be done.
type rule func(l *legalizer, n *ir.Node) error

// legal is the table of rules. What is not here is folded when its inputs are
// constant, and refused otherwise.
var legal = map[ir.Op]rule{
	"Abs":                unary,
	"Add":                affineOr(addTensors),
	"AveragePool":        averagePool,
	"BatchNormalization": batchNorm,
	"BipolarQuant":       bipolarQuant,
	"Cast":               cast,
	"Clip":               activation,
	"Concat":             concat,
	"Conv":               conv,
	"ConvTranspose":      convTranspose,
	"DepthToSpace":       keep,
	"DequantizeLinear":   dequantize,
	"Div":                affineOr(nil),
	"Dropout":            passThrough,
	"Elu":                unary,
	"Erf":                unary,
	"Exp":                unary,
	"Flatten":            reshape,
	"Gemm":               gemm,
	"GlobalAveragePool":  globalPool,
	"GlobalMaxPool":      globalPool,
	"HardSigmoid":        unary,
	"HardSwish":          unary,
	"Identity":           passThrough,
	"LRN":                localNorm,
	"LeakyRelu":          unary,
	"Log":                unary,
	"LogSoftmax":         softmax,
	"MatMul":             matMul,
	"Max":                unary,
	"MaxPool":            maxPool,
	"Min":                unary,
	"Mul":                affineOr(keep),
	"Neg":                unary,
	"PRelu":              prelu,
	"Pad":                pad,
	"Pow":                unary,
	"Quant":              quantNode,
	"QuantizeLinear":     quantize,
	"Reciprocal":         unary,
	"ReduceMean":         reduceMean,
	"Relu":               activation,
	"Reshape":            reshape,
	"Resize":             resize,
	"Selu":               unary,
	"Sigmoid":            unary,
	"Sign":               unary,
	"Slice":              slice,
	"Softmax":            softmax,
	"Softplus":           unary,
	"Softsign":           unary,
	"SpaceToDepth":       spaceToDepth,
	"Split":              split,
	"Sqrt":               unary,
	"Squeeze":            reshape,
	"Sub":                affineOr(keep),
	"Sum":                sum,
	"Tanh":               unary,
	"Transpose":          transpose,
	"Unsqueeze":          reshape,
	"Upsample":           resize,
}

// legalizer rebuilds the node list.
type legalizer struct {
	s         *state
	nodes     []*ir.Node
	now       map[*ir.Value]*ir.Value // what stands for a value of the old graph
	producer  map[*ir.Value]*ir.Node
	uses      map[*ir.Value]int
	users     map[*ir.Value][]*ir.Node // in the old graph
	quantized map[*ir.Value]*quantizer
	absorbed  map[*ir.Node]*ir.Value // additions that are part of the product before them, which is the value
	fresh     int
}

// legalize refuses what cannot be compiled, all of it at once, before any work
// is done.
func legalize(s *state) error {
	l := &legalizer{
		s:         s,
		now:       map[*ir.Value]*ir.Value{},
		producer:  map[*ir.Value]*ir.Node{},
		uses:      map[*ir.Value]int{},
		users:     s.g.Consumers(),
		quantized: map[*ir.Value]*quantizer{},
		absorbed:  map[*ir.Node]*ir.Value{},
	}
	refusals := ports(s.g)
	for v, users := range l.users {
		l.uses[v] = len(users)
	}
	for _, v := range s.g.Out {
		l.uses[v]++
	}
	for _, n := range s.g.Nodes {
		for i, v := range n.In {
			n.In[i] = l.resolve(v)
		}
		if err := l.node(n); err != nil {
			refusals = append(refusals, fmt.Sprintf("%s (%s, opset %d): %v", n.Name, n.Op, s.g.Opset, err))
			for _, v := range n.Out { // so that what follows is judged too
				if v != nil {
					l.producer[v] = n
				}
			}
		}
	}
	if len(refusals) > 0 {
		return fmt.Errorf("legalize: %d not supported: %s", len(refusals), strings.Join(refusals, "; "))
	}
	for i, v := range s.g.Out {
		s.g.Out[i] = l.resolve(v)
	}
	s.g.Nodes = l.nodes
	prune(s.g)
	fuse(s.g)
	if s.g.Out[0].Const != nil {
		return errors.New("legalize: the output does not depend on the input")
	}
	if !slices.ContainsFunc(s.g.Nodes, func(n *ir.Node) bool { return n.Op == "Conv" }) {
		return errors.New("legalize: the network has no convolution and no product of matrices, there is no sum to prove")
	}
	return nil
}

func (l *legalizer) node(n *ir.Node) error {
	moves := len(n.In) > 0 && n.In[0] != nil && n.In[0].Const != nil && reshapes[n.Op] // quantized weights
	for _, v := range n.Out {
		if v != nil && len(v.Shape) > 1 && v.Shape[0] != 1 && !isQuantized(n) && !moves && len(l.users[v]) > 0 && !reshapes[l.users[v][0].Op] {
			return fmt.Errorf("the batch is %d, want 1", v.Shape[0])
		}
		if v != nil && slices.Contains(v.Shape, 0) {
			return fmt.Errorf("output %s is empty: shape %v", v.Name, v.Shape)
		}
	}
	r := legal[n.Op]
	if moves {
		r = moveConstant
	}
	if r == nil {
		return errors.New("is supported on constants only")
	}
	if err := l.elements(n); err != nil {
		return err
	}
	return r(l, n)
}

// reshapes are the operators that only rename the shape.
var reshapes = map[ir.Op]bool{"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Transpose": true}

// ports refuses networks that are not one tensor in, one tensor out.
func ports(g *ir.Graph) []string {
	var refusals []string
	for _, side := range []struct {
		what, remedy string
		values       []*ir.Value
	}{{"inputs", "export the network with one of them", g.In}, {"outputs", "--until NAME takes one of them", g.Out}} {
		var names []string
		for _, v := range side.values {
			names = append(names, v.Name)
		}
		switch {
		case len(names) == 0:
			refusals = append(refusals, fmt.Sprintf("no %s, want 1", side.what))
		case len(names) > 1:
			refusals = append(refusals, fmt.Sprintf("%d %s (%s), want 1: %s", len(names), side.what, strings.Join(names, ", "), side.remedy))
		}
	}
	for _, v := range g.In {
		if len(v.Shape) == 0 || v.Shape[0] != 1 && len(v.Shape) > 1 || ir.NumElements(v.Shape) == 0 {
			refusals = append(refusals, fmt.Sprintf("input %s has shape %v, want a batch of 1", v.Name, v.Shape))
		}
	}
	return refusals
}

// resolve returns what stands for v now.
func (l *legalizer) resolve(v *ir.Value) *ir.Value {
	for l.now[v] != nil {
		v = l.now[v]
	}
	return v
}

// replace lets v stand for old, which is an output of the node at hand.
func (l *legalizer) replace(old, v *ir.Value) {
	l.now[old] = v
	l.uses[v] += l.uses[old] - 1
}

// emit appends n as it is.
func (l *legalizer) emit(n *ir.Node) {
	l.nodes = append(l.nodes, n)
	for _, v := range n.Out {
		if v != nil {
			l.producer[v] = n
		}
	}
}

// value makes a new value of the given shape; its name tells where it is from.
func (l *legalizer) value(name string, shape ...int) *ir.Value {
	l.fresh++
	return &ir.Value{Name: fmt.Sprintf("%s.%d", name, l.fresh), Elem: ir.Float32, Shape: shape}
}

// constant makes a real constant.
func constant(name string, shape []int, real []float32) *ir.Value {
	return &ir.Value{Name: name, Elem: ir.Float32, Shape: shape, Const: &ir.Tensor{Elem: ir.Float32, Shape: shape, Real: real}}
}

func ints(name string, v []int) *ir.Value {
	t := ir.NewTensor(ir.Int64, []int{len(v)})
	for i, x := range v {
		t.Int[i] = int64(x)
	}
	return &ir.Value{Name: name, Elem: ir.Int64, Shape: t.Shape, Const: t}
}

// behind are the operators that the limits of an activation may move across: they
// only move elements.
var behind = map[ir.Op]bool{"DepthToSpace": true, "Reshape": true, "Slice": true}

// sole returns the node that computes v when nothing else reads v, looking through
// those that move elements and that nothing else reads; none otherwise. across is the
// DepthToSpace among these, whose blocks several nodes may compute.
func (l *legalizer) sole(v *ir.Value) (nodes []*ir.Node, across *ir.Node) {
	for l.uses[v] == 1 && v.Format == nil {
		p := l.producer[v]
		switch {
		case p == nil:
			return nil, nil
		case p.Op == "Concat" && across != nil:
			for _, part := range p.In {
				if l.uses[part] != 1 || part.Format != nil || l.producer[part] == nil {
					return nil, nil
				}
				nodes = append(nodes, l.producer[part])
			}
			return nodes, across
		case !behind[p.Op] || p.Op == "DepthToSpace" && across != nil:
			return []*ir.Node{p}, across
		case p.Op == "DepthToSpace":
			across = p
		}
		v = p.In[0]
	}
	return nil, nil
}

func keep(l *legalizer, n *ir.Node) error {
	l.emit(n)
	return nil
}

func passThrough(l *legalizer, n *ir.Node) error {
	l.replace(n.Out[0], n.In[0])
	return nil
}

// isUnary reports whether n is a function of one variable, elementwise: then
// it is a table.
func isUnary(n *ir.Node) bool {
	if row := n.Op.Row(); row == nil || !row.Elementwise {
		return false
	}
	vars := 0
	for _, v := range n.In {
		if v == nil {
			continue
		}
		if v.Const == nil {
			vars++
		} else if v.Const.Len() != 1 {
			return false
		}
	}
	return vars == 1
}

// commutes are the elementwise operators whose operands may change places.
var commutes = map[ir.Op]bool{"Add": true, "Max": true, "Min": true, "Mul": true}

func unary(l *legalizer, n *ir.Node) error {
	if !isUnary(n) {
		return errors.New("is supported for one tensor and scalar constants")
	}
	if n.In[0].Const != nil { // the table is that of the first input
		at := slices.IndexFunc(n.In, func(v *ir.Value) bool { return v != nil && v.Const == nil })
		if !commutes[n.Op] {
			return errors.New("has a constant as its first operand")
		}
		n.In = slices.Clone(n.In)
		n.In[0], n.In[at] = n.In[at], n.In[0]
	}
	if len(n.In) == 1 || n.Op == "PRelu" {
		l.emit(n)
		return nil
	}
	for _, v := range n.In { // a scalar constant must not add dimensions
		if v != nil && v.Const == nil && !slices.Equal(v.Shape, n.Out[0].Shape) {
			return fmt.Errorf("shape %v becomes %v", v.Shape, n.Out[0].Shape)
		}
	}
	l.emit(n)
	return nil
}

// fusable are the operators whose result codegen clamps anyway.
var fusable = map[ir.Op]bool{"Conv": true, "Add": true, "Sub": true, "Mul": true, "AveragePool": true}

// activation fuses a Relu or Clip into the node before it, else it is a table.
func activation(l *legalizer, n *ir.Node) error {
	if !isUnary(n) {
		return errors.New("has limits that are not constant scalars")
	}
	if q := l.quantized[n.In[0]]; q != nil {
		return l.clipIntegers(n, q)
	}
	lo, hi := clampOf(n)
	if lo > hi {
		return fmt.Errorf("limits [%g, %g] are empty", lo, hi)
	}
	nodes, _ := l.sole(n.In[0])
	if len(nodes) == 0 || slices.ContainsFunc(nodes, func(p *ir.Node) bool { return !fusable[p.Op] && !isUnary(p) }) {
		l.emit(n)
		return nil
	}
	for _, p := range nodes {
		own := [2]float32{lo, hi}
		if c := p.Attrs.Clamp; c != nil {
			own = [2]float32{min(max(lo, c[0]), c[1]), min(max(hi, c[0]), c[1])}
		}
		p.Attrs.Clamp = &own
	}
	l.replace(n.Out[0], n.In[0])
	return nil
}

// prune drops nodes that no output depends on.
func prune(g *ir.Graph) {
	live := map[*ir.Value]bool{}
	for _, v := range g.Out {
		live[v] = true
	}
	var kept []*ir.Node
	for _, n := range slices.Backward(g.Nodes) {
		if !slices.ContainsFunc(n.Out, func(v *ir.Value) bool { return live[v] }) {
			continue
		}
		for _, v := range n.In {
			live[v] = true
		}
		kept = append(kept, n)
	}
	slices.Reverse(kept)
	g.Nodes = kept
}

// clampOf returns the limits of a Relu or Clip.
func clampOf(n *ir.Node) (lo, hi float32) {
	lo, hi = -math.MaxFloat32, math.MaxFloat32
	if n.Op == "Relu" {
		return 0, hi
	}
	if len(n.In) > 1 && n.In[1] != nil {
		lo = n.In[1].Const.Real[0]
	}
	if len(n.In) > 2 && n.In[2] != nil {
		hi = n.In[2].Const.Real[0]
	}
	return lo, hi
}
