package eval_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// A net builds networks of random weights: those that speeds are stated for.
type net struct {
	t   testing.TB
	g   *ir.Graph
	rng *rand.Rand
}

func newNet(t testing.TB, shape ...int) (*net, *ir.Value) {
	x := &ir.Value{Name: "x", Elem: ir.Float32, Shape: shape}
	return &net{t, &ir.Graph{Name: "net", In: []*ir.Value{x}}, rand.New(rand.NewPCG(1, 2))}, x
}

// add appends a node with one output, whose shape follows.
func (b *net) add(op ir.Op, a ir.Attrs, in ...*ir.Value) *ir.Value {
	n := &ir.Node{Name: fmt.Sprintf("%s%d", op, len(b.g.Nodes)), Op: op, Attrs: a, In: in}
	shapes, err := ir.OutShapes(n)
	if err != nil {
		b.t.Fatal(err)
	}
	y := &ir.Value{Name: n.Name, Elem: ir.Float32, Shape: shapes[0]}
	n.Out = []*ir.Value{y}
	b.g.Nodes = append(b.g.Nodes, n)
	b.g.Out = []*ir.Value{y}
	return y
}

// weights returns a constant with standard deviation 1/sqrt(fan-in).
func (b *net) weights(shape ...int) *ir.Value {
	t := random(b.rng, shape...)
	scale := 1 / float32(max(ir.NumElements(shape[1:]), 1))
	for i := range t.Real {
		t.Real[i] *= scale
	}
	return &ir.Value{Name: "w", Elem: ir.Float32, Shape: t.Shape, Const: t}
}

func (b *net) conv(x *ir.Value, out, k, stride, group int) *ir.Value {
	w := b.weights(out, x.Shape[1]/group, k, k)
	a := ir.Attrs{Strides: []int{stride, stride}, Pads: []int{k / 2, k / 2, k / 2, k / 2}, Group: group}
	return b.add("Conv", a, x, w, b.weights(out))
}

func (b *net) convRelu(x *ir.Value, out, k, stride, group int) *ir.Value {
	return b.add("Relu", ir.Attrs{}, b.conv(x, out, k, stride, group))
}

// resnet20 is He et al.'s network of 20 layers for CIFAR: 41 million products.
func resnet20(t testing.TB) *ir.Graph {
	b, x := newNet(t, 1, 3, 32, 32)
	x = b.convRelu(x, 16, 3, 1, 1)
	for _, width := range []int{16, 32, 64} {
		for i := range 3 {
			stride := 1
			if i == 0 && width > 16 {
				stride = 2
			}
			short := x
			if stride == 2 {
				short = b.conv(x, width, 1, 2, 1)
			}
			y := b.conv(b.convRelu(x, width, 3, stride, 1), width, 3, 1, 1)
			x = b.add("Relu", ir.Attrs{}, b.add("Add", ir.Attrs{}, y, short))
		}
	}
	x = b.add("Flatten", ir.Attrs{Axis: 1}, b.add("GlobalAveragePool", ir.Attrs{}, x))
	b.add("Gemm", ir.Attrs{Alpha: 1, Beta: 1, TransB: true}, x, b.weights(10, 64), b.weights(10))
	return b.g
}

// allCNN is Springenberg et al.'s All-CNN-C for CIFAR: 281 million products.
func allCNN(t testing.TB) *ir.Graph {
	b, x := newNet(t, 1, 3, 32, 32)
	for _, l := range [][3]int{{96, 3, 1}, {96, 3, 1}, {96, 3, 2}, {192, 3, 1}, {192, 3, 1}, {192, 3, 2}, {192, 3, 1}, {192, 1, 1}, {10, 1, 1}} {
		x = b.convRelu(x, l[0], l[1], l[2], 1)
	}
	b.add("GlobalAveragePool", ir.Attrs{}, x)
	return b.g
}

// separable is the shape of a MobileNet: depthwise and pointwise layers.
func separable(t testing.TB) *ir.Graph {
	b, x := newNet(t, 1, 3, 96, 96)
	x = b.convRelu(x, 32, 3, 2, 1)
	for _, l := range [][2]int{{64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}} {
		x = b.convRelu(x, x.Shape[1], 3, l[1], x.Shape[1])
		x = b.convRelu(x, l[0], 1, 1, 1)
	}
	x = b.add("Flatten", ir.Attrs{Axis: 1}, b.add("GlobalAveragePool", ir.Attrs{}, x))
	b.add("Gemm", ir.Attrs{Alpha: 1, Beta: 1, TransB: true}, x, b.weights(1000, 512), b.weights(1000))
	return b.g
}

func random(rng *rand.Rand, shape ...int) *ir.Tensor {
	t := ir.NewTensor(ir.Float32, shape)
	for i := range t.Real {
		t.Real[i] = float32(rng.NormFloat64())
	}
	return t
}
