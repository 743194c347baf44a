package quant

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// noise is a calibration set of uniform inputs.
type noise struct{ n int }

func (s noise) Len() int { return s.n }

func (s noise) Sample(i int, dst []float32) error {
	r := rand.New(rand.NewPCG(9, uint64(i)))
	for j := range dst {
		dst[j] = float32(r.Float64()*2 - 1)
	}
	return nil
}

func scalar(name string, v float32) *ir.Value {
	return &ir.Value{Name: name, Elem: ir.Float32, Const: &ir.Tensor{Elem: ir.Float32, Real: []float32{v}}}
}

func integers(name string, e ir.Elem, shape []int, v ...int64) *ir.Value {
	return &ir.Value{Name: name, Elem: e, Shape: shape, Const: &ir.Tensor{Elem: e, Shape: shape, Int: v}}
}

// qdq is input -> Q -> DQ -> Conv with DQ weights -> Relu -> Q -> DQ -> output, as
// exporters of quantized networks write it.
func qdq(weights []int64) *ir.Graph {
	value := func(name string) *ir.Value { return &ir.Value{Name: name, Elem: ir.Float32} }
	x, y := value("x"), value("y")
	x.Shape = []int{1, 4, 6, 6}
	g := &ir.Graph{Name: "qdq", Opset: 13, In: []*ir.Value{x}, Out: []*ir.Value{y}}
	zero := func() *ir.Value { return integers("zero", ir.Uint8, nil, 128) }
	node := func(op ir.Op, out *ir.Value, in ...*ir.Value) *ir.Value {
		g.Nodes = append(g.Nodes, &ir.Node{Name: string(op) + " of " + out.Name, Op: op, In: in, Out: []*ir.Value{out}})
		return out
	}
	xs := node("DequantizeLinear", value("xd"), node("QuantizeLinear", value("xq"), x, scalar("xs", 1./127), zero()), scalar("xs", 1./127), zero())
	ws := &ir.Value{Name: "ws", Elem: ir.Float32, Shape: []int{2}, Const: &ir.Tensor{Elem: ir.Float32, Shape: []int{2}, Real: []float32{0.01, 0.02}}}
	w := node("DequantizeLinear", value("wd"), integers("w", ir.Int8, []int{2, 4, 3, 3}, weights...), ws, integers("wz", ir.Int8, []int{2}, 0, 0))
	g.Nodes[len(g.Nodes)-1].Attrs.Axis = 0
	c := node("Conv", value("c"), xs, w)
	r := node("Relu", value("r"), c)
	q := node("QuantizeLinear", value("q"), r, scalar("ys", 0.02), integers("yz", ir.Uint8, nil, 0))
	node("DequantizeLinear", y, q, scalar("ys", 0.02), integers("yz", ir.Uint8, nil, 0))
	return g
}

// TestQDQ holds that a quantized network keeps its integers and formats, and
// that one that does not fit is refused with the channel and the bits.
func TestQDQ(t *testing.T) {
	weights := make([]int64, 72)
	for i := range weights {
		weights[i] = int64(i%7 - 3)
	}
	g := qdq(slices.Clone(weights))
	o := &Options{Accum: ir.Accum{Bits: 16}, Rung: "window", Calib: noise{8}, Workers: 2}
	if err := Prepare(g, false); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), g, o); err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 1 || g.Nodes[0].Op != "Conv" {
		t.Fatalf("left:\n%s", g)
	}
	n := g.Nodes[0]
	if !slices.Equal(n.In[1].Const.Int, weights) {
		t.Errorf("weights %v", n.In[1].Const.Int)
	}
	in, out := n.In[0].Format, n.Out[0].Format
	if in.Zero != 0 || in.Levels != (ir.Bound{Lo: -128, Hi: 127}) || out.Zero != -128 || out.Levels != (ir.Bound{Lo: -128, Hi: 127}) {
		t.Errorf("formats %v, %v", in, out)
	}

	for i := range weights[:36] {
		weights[i] = 100
	}
	g = qdq(weights)
	if err := Prepare(g, false); err != nil {
		t.Fatal(err)
	}
	err := Run(context.Background(), g, o)
	if err == nil || !strings.Contains(err.Error(), "channel 0: window [-460800,457200] needs 20 bits, the accumulator has 16") {
		t.Errorf("error %v", err)
	}
	o.Accum = ir.Accum{Bits: 16, Wide: 32}
	g = qdq(weights)
	if err := Prepare(g, false); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), g, o); err != nil {
		t.Errorf("flushed: %v", err)
	}
}
