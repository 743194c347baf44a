package quant

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// network builds small graphs of one path.
type network struct {
	g *ir.Graph
	r *rand.Rand
	v *ir.Value
}

func newNetwork(c, size int) *network {
	x := &ir.Value{Name: "x", Elem: ir.Float32, Shape: []int{1, c, size, size}}
	return &network{g: &ir.Graph{Name: "net", Opset: 13, In: []*ir.Value{x}}, r: rand.New(rand.NewPCG(3, 3)), v: x}
}

// conv appends a k x k convolution with random weights that keeps the size, and
// a Relu when asked.
func (b *network) conv(m, k, group int, relu bool) *ir.Value {
	c := b.v.Shape[1]
	w := make([]float32, m*c/group*k*k)
	for i := range w {
		w[i] = float32(b.r.NormFloat64())
	}
	bias := make([]float32, m)
	for i := range bias {
		bias[i] = float32(b.r.NormFloat64())
	}
	b.apply(&ir.Node{Op: "Conv", Attrs: ir.Attrs{Kernel: []int{k, k}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{k / 2, k / 2, k / 2, k / 2}, Group: group},
		In: []*ir.Value{b.v, constant("w", []int{m, c / group, k, k}, w), constant("b", []int{m}, bias)}})
	if relu {
		b.apply(&ir.Node{Op: "Relu", In: []*ir.Value{b.v}})
	}
	return b.v
}

// apply appends n, and gives it its output.
func (b *network) apply(n *ir.Node) *ir.Value {
	b.v = &ir.Value{Name: string(n.Op) + string(rune('a'+len(b.g.Nodes))), Elem: ir.Float32}
	n.Name, n.Out = b.v.Name, []*ir.Value{b.v}
	shapes, err := ir.OutShapes(n)
	if err != nil {
		panic(err)
	}
	b.v.Shape = shapes[0]
	b.g.Nodes = append(b.g.Nodes, n)
	b.g.Out = []*ir.Value{b.v}
	return b.v
}

// run quantizes the graph, and returns it.
func (b *network) run(t *testing.T, o Options) *ir.Graph {
	t.Helper()
	if o.Rung == "" {
		o.Rung = "window"
	}
	o.Workers = max(o.Workers, 1)
	if o.Calib == nil {
		o.Calib = noise{16}
	}
	if err := Prepare(b.g, false); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), b.g, &o); err != nil {
		t.Fatal(err)
	}
	return b.g
}

// TestSpare holds that windows leave free what Spare asks for, convolution by
// convolution, and that integers which the network came with stay as they are
// and spare what they can.
func TestSpare(t *testing.T) {
	b := newNetwork(4, 8)
	b.conv(8, 3, 1, true)
	b.conv(8, 1, 1, false)
	winograd := func(n *ir.Node) int {
		if n.Attrs.Kernel[0] == 3 {
			return 2
		}
		return 0
	}
	g := b.run(t, Options{Accum: ir.Accum{Bits: 16}, Spare: winograd})
	for i, n := range g.Nodes {
		most := 0
		for _, c := range n.Sum.Channels {
			most = max(most, c.Window.BitsFor())
		}
		if want := winograd(n); n.Sum.Spare != want || most != 16-want {
			t.Errorf("node %d spares %d, its windows need %d bits; want %d and %d", i, n.Sum.Spare, most, want, 16-want)
		}
	}

	weights := make([]int64, 72)
	for i := range weights {
		weights[i] = int64(i%5 - 2) // a window of 14 bits
	}
	for _, acc := range []struct {
		ir.Accum
		spare int
	}{{ir.Accum{Bits: 20}, 2}, {ir.Accum{Bits: 15}, 1}, {ir.Accum{Bits: 16, Wide: 32}, 0}} {
		g := qdq(slices.Clone(weights))
		o := &Options{Accum: acc.Accum, Rung: "window", Calib: noise{8}, Workers: 2, Spare: winograd}
		if err := Prepare(g, false); err != nil {
			t.Fatal(err)
		}
		if err := Run(context.Background(), g, o); err != nil {
			t.Fatal(err)
		}
		n := g.Nodes[0]
		if n.Sum.Spare != acc.spare || !slices.Equal(n.In[1].Const.Int, weights) {
			t.Errorf("%s: spares %d, want %d; weights %v", acc, n.Sum.Spare, acc.spare, n.In[1].Const.Int)
		}
	}
}
