package codegen_test

import (
	"math/rand/v2"

	"github.com/snug-nn/snug/ir"
)

// planesNet has products of two tensors and by constants, averages, maxima and a table, of 61
// channels: whole vectors, halves of them and single elements. Half of the channels are constant
// at an end of their levels, so that a product is 255 * 255 times the greatest factor, and the
// average of h x w elements, more than 16 bits hold, sums the least or the greatest there is.
func planesNet(h, w int) *ir.Graph {
	const c = 61
	b := &builder{r: rand.New(rand.NewPCG(uint64(h), 5)), g: &ir.Graph{Name: "zoo"}, acc: ir.Accum{Bits: 16}}
	format := func(scale float64) *ir.Format {
		return &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Zero: -128, Scales: []float64{scale}}
	}
	in := b.value(&ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Scales: []float64{1}}, 1, 3, h, w)
	in.Name = "input"
	b.g.In = []*ir.Value{in}
	sum := func(scale float64, end int32) *ir.Value {
		y := b.conv(in, c, 1, 1, 0, 1, 1)
		y.Format = format(scale)
		for ch, bias := range b.last().Sum.Bias {
			switch ch % 4 {
			case 0:
				bias += end
			case 1:
				bias -= end
			}
			b.last().Sum.Bias[ch] = bias
		}
		return y
	}
	const greatest = (1<<15 - 1.) / (1 << 15) // factor of a product
	x := b.node("Mul", b.value(format(1), 1, c, h, w), ir.Attrs{}, sum(greatest, 1<<24), sum(1./256, 1<<24))
	whole := ir.Attrs{Kernel: []int{h, w}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}}
	gate := b.node("AveragePool", b.value(format(1.25), 1, c, 1, 1), whole, x)
	x = b.node("Mul", b.value(format(200), 1, c, h, w), ir.Attrs{}, gate, sum(1, 0))
	x = b.node("Relu", b.value(format(1), 1, c, h, w), ir.Attrs{}, x)
	for range 256 {
		b.last().Table = append(b.last().Table, int8(b.r.IntN(256)-128))
	}
	x = b.conv(x, c, 1, 1, 0, c, 1) // a scale for each channel, in 16 bits
	for ch, shift := range b.last().Sum.Shift {
		b.last().Sum.Shift[ch] = max(shift, 0)
	}
	x = b.node("MaxPool", b.value(x.Format, 1, c, h, w), pool(3, 1, 1), x)
	x = b.node("AveragePool", b.value(format(0.75), 1, c, (h+1)/2, (w+1)/2), pool(3, 2, 1), x)
	b.g.Out = []*ir.Value{x}
	return b.g
}
