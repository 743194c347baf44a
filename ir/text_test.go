package ir

import "testing"

func TestGraphString(t *testing.T) {
	levels := Bound{-128, 127}
	x := &Value{Name: "image", Shape: []int{1, 2, 4, 4}, Format: &Format{Levels: levels, Zero: -3, Scales: []float64{0.0078125}}}
	w := &Value{Name: "w", Shape: []int{4, 1, 3, 3}, Const: NewTensor(Int8, []int{4, 1, 3, 3})}
	c := &Value{Name: "conv", Shape: []int{1, 4, 4, 4}, Format: &Format{Levels: Bound{0, 127}, Scales: []float64{1. / 3}}}
	a, b := &Value{Name: "a", Shape: []int{1, 2, 4, 4}}, &Value{Name: "b", Shape: []int{1, 2, 4, 4}}
	p, y := &Value{Name: "pool", Shape: []int{1, 2, 2, 2}}, &Value{Name: "y"}
	g := &Graph{Name: "small", In: []*Value{x}, Out: []*Value{y, b}, Nodes: []*Node{
		{Op: "Conv", In: []*Value{x, w, nil}, Out: []*Value{c},
			Attrs: Attrs{Kernel: []int{3, 3}, Strides: []int{1, 1}, Pads: []int{1, 1, 1, 1}, Group: 2, Clamp: &[2]float32{0, 6}},
			// The first of the widest windows is the one to look at.
			Sum: &Sum{Acc: Accum{Bits: 16, Wide: 32}, K: 9, Rung: "window", Channels: []Channel{
				{Window: Bound{-10, 10}}, {Window: Bound{-30000, 2}}, {Window: Bound{0, 30002}}}}},
		{Op: "Split", In: []*Value{c}, Out: []*Value{a, b}},
		{Op: "MaxPool", In: []*Value{a}, Out: []*Value{p},
			Attrs: Attrs{Kernel: []int{2, 2}, Strides: []int{2, 2}, Pads: []int{0, 0, 0, 0}, Group: 1}},
		// Before the bounds pass a sum has no channels, and before the shapes
		// pass a value has no shape.
		{Op: "Relu", In: []*Value{p}, Out: []*Value{y}, Sum: &Sum{}},
	}}
	const want = `graph small
in  image[1 2 4 4] levels [-128,127] zero -3 scale 0.0078125
conv[1 4 4 4] levels [0,127] zero 0 scale 0.333333 = Conv(image, const[4 1 3 3], -) kernel=[3 3] strides=[1 1] pads=[1 1 1 1] group=2 clamp=[0,6]
    K=9 acc=16:32 window: worst channel 1 of 3, window [-30000,2]
a[1 2 4 4], b[1 2 4 4] = Split(conv)
pool[1 2 2 2] = MaxPool(a) kernel=[2 2] strides=[2 2] pads=[0 0 0 0]
y[] = Relu(pool)
out y
out b
`
	if got := g.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
