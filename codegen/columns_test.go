package codegen_test

import (
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
)

// columnsNet is a chain of 3x3 layers without ring forms, of strides one and two,
// in rows that eights fill, nearly fill and do not, with blocks of channels that
// are full and not.
func columnsNet(seed uint64) *ir.Graph {
	b := &builder{r: rand.New(rand.NewPCG(seed, 11)), g: &ir.Graph{Name: "columns"}, acc: ir.Accum{Bits: 16}}
	x := &ir.Value{Name: "input", Shape: []int{1, 8, 32, 32}, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 99}, Zero: -20, Scales: []float64{0.02}}}
	b.g.In = []*ir.Value{x}
	for _, l := range []struct{ channels, stride, pad int }{
		{24, 1, 1}, {40, 1, 0}, // 32, 30
		{32, 2, 1}, {48, 1, 1}, // 15, 15
		{21, 1, 1}, {16, 1, 1}, // 15 of 21 channels
		{64, 2, 1}, {72, 1, 1}, {16, 2, 1}, // 8, 8, 4
	} {
		x = b.conv(x, l.channels, 3, l.stride, l.pad, 1, 1)
	}
	b.g.Out = []*ir.Value{x}
	return b.g
}

// TestColumns runs the MLA kernel where pixels share columns, and beside it
// where they do not, on every core against the simulator.
func TestColumns(t *testing.T) {
	for i, core := range cores {
		t.Run(core.name, func(t *testing.T) {
			g := columnsNet(uint64(i))
			p, err := codegen.Lower(g, codegen.FindTarget(core.target), &codegen.Options{Kernels: "direct"})
			if err != nil {
				t.Fatal(err)
			}
			mla := 0
			for _, c := range p.Calls {
				if c.Kernel == "conv_s8_a16_mla" && c.Requant.Mul != nil && c.Narrow == 2 {
					mla++
				}
			}
			if core.target == "cortex-a53" && mla == 0 {
				t.Error("no layer runs in the MLA kernel with a fast requantizer")
			}
			proveAndRun(t, p, known(t, g), core.build, core.run)
		})
	}
}
