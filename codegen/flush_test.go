package codegen_test

import (
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// flushNet is a chain of layers whose windows are some bits wider than the narrow
// register, or fit it: a flush comes after a few products, after hundreds or never,
// pieces of one to forty products end with the register half full, tiles of pixels
// and blocks of channels are full and not.
func flushNet(seed uint64) *ir.Graph {
	b := &builder{r: rand.New(rand.NewPCG(seed, 13)), g: &ir.Graph{Name: "flush"}, acc: ir.Accum{Bits: 16, Wide: 32}}
	x := &ir.Value{Name: "input", Shape: []int{1, 3, 19, 17}, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 99}, Zero: -20, Scales: []float64{0.02}}}
	b.g.In = []*ir.Value{x}
	for i, l := range []struct{ channels, kernel, stride, pad, groups int }{
		{20, 3, 1, 1, 1}, {9, 1, 1, 0, 1}, {33, 3, 2, 1, 1}, {42, 3, 1, 0, 3}, {16, 5, 2, 2, 1},
		{7, 3, 1, 1, 1}, {31, 2, 1, 0, 1}, {48, 3, 1, 0, 1}, // 3, then one pixel
	} {
		b.spare = [...]int{9, 12, 15, 17}[(i+int(seed))%4]
		x = b.conv(x, l.channels, l.kernel, l.stride, l.pad, l.groups, 1)
	}
	b.g.Out = []*ir.Value{x}
	return b.g
}

// TestFlush runs kernels that flush, and those that add pairs, on every core against
// the simulator.
func TestFlush(t *testing.T) {
	used := map[string]int{}
	for i, core := range cores {
		t.Run(core.name, func(t *testing.T) {
			g := flushNet(uint64(i))
			p, err := codegen.Lower(g, codegen.FindTarget(core.target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range p.Calls {
				used[core.target+" "+c.Kernel]++
				if c.Kernel == "conv_s8_a16_saddw" && c.Segment == (ir.Bound{}) {
					used[core.target+" whole"]++
				}
			}
			proveAndRun(t, p, known(t, g), core.build, core.run)
		})
	}
	for _, target := range []string{"cortex-a53", "cortex-a7"} {
		for _, k := range []string{"conv_s8_a16_saddw", "conv_s8_a32_sadalp", "whole"} {
			if n := used[target+" "+k]; n < 3 {
				t.Errorf("%s: %d layers are %s", target, n, k)
			}
		}
	}
}

// TestPairs holds that two products of -128 by -128, whose sum no 16 bits hold, are
// not left to a kernel that adds them in 16 bits: networks may bring such weights.
func TestPairs(t *testing.T) {
	for _, w := range []int64{-128, -127} {
		b := &builder{r: rand.New(rand.NewPCG(1, 2)), g: &ir.Graph{Name: "pairs"}, acc: ir.Accum{Bits: 32}}
		x := &ir.Value{Name: "input", Shape: []int{1, 16, 1, 1}, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Scales: []float64{0.02}}}
		b.g.In = []*ir.Value{x}
		y := b.conv(x, 8, 1, 1, 0, 1, 1)
		n := b.g.Nodes[0]
		for c := range n.Sum.Channels {
			row := n.In[1].Const.Int[16*c : 16*c+16]
			for i := range row {
				row[i] = w
			}
			n.Sum.Channels[c] = channel(row, inputLevels(x.Format, 0, 16, 1))
		}
		b.g.Out = []*ir.Value{y}
		p, err := codegen.Lower(b.g, codegen.FindTarget("cortex-a7"), &codegen.Options{Kernels: "best32"})
		if err != nil {
			t.Fatal(err)
		}
		paired := false
		for _, c := range p.Calls {
			paired = paired || c.Kernel == "conv_s8_a32_sadalp"
		}
		if paired != (w == -127) {
			t.Errorf("weights of %d: pairs: %v", w, paired)
		}
		files, err := cgen.Print(p, known(t, b.g))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verify.Folder(memory(files)); err != nil {
			t.Errorf("weights of %d: %v", w, err)
		}
	}
}
