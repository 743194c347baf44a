package codegen_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// A layer of a chain; spare bits of its windows are free.
type chained struct{ spare, channels, kernel, stride, pad, groups int }

// ringNets are chains of layers in sizes that no tile fits, with channel counts
// that fill no vector; how many bits windows leave free decides whether a form that
// loses bits can run a layer whole, in parts or not at all. Strides that no form has
// are left to phases.
var ringNets = []struct {
	in     []int
	layers []chained
}{
	{[]int{1, 24, 21, 21}, []chained{
		{2, 40, 3, 1, 1, 1}, {0, 35, 3, 1, 1, 1}, {1, 64, 3, 1, 1, 1}, {2, 64, 3, 1, 0, 1}, {0, 93, 3, 1, 0, 1}, // 17 x 17
		{2, 120, 3, 2, 0, 1}, {1, 64, 3, 1, 1, 1}, {0, 64, 3, 2, 1, 1}, // 8 x 8, 4 x 4
		{2, 37, 3, 1, 1, 1},
	}},
	{[]int{1, 3, 47, 47}, []chained{
		{2, 24, 11, 4, 0, 1}, {2, 48, 5, 1, 2, 2}, {0, 38, 5, 1, 2, 1}, {1, 36, 3, 1, 1, 2}, // 10 x 10
		{2, 21, 7, 2, 3, 1},
	}},
}

// ringNet is one of them with random weights.
func ringNet(net int, seed uint64) *ir.Graph {
	b := &builder{r: rand.New(rand.NewPCG(seed, 9)), g: &ir.Graph{Name: "rings"}, acc: ir.Accum{Bits: 16}}
	x := &ir.Value{Name: "input", Shape: ringNets[net].in, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 99}, Zero: -20, Scales: []float64{0.02}}}
	b.g.In = []*ir.Value{x}
	for _, l := range ringNets[net].layers {
		b.spare = l.spare
		x = b.conv(x, l.channels, l.kernel, l.stride, l.pad, l.groups, 1)
	}
	b.g.Out = []*ir.Value{x}
	return b.g
}

// cores are the emulated cores that NEON kernels run on, and how code for them
// is built.
var cores = []struct{ name, target, build, run string }{
	{"host, portable twins", "cortex-a53", "gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover", ""},
	{"a35 gcc -O3", "cortex-a53", "aarch64-linux-gnu-gcc -O3 -mcpu=cortex-a35", "qemu-aarch64 -cpu cortex-a35 -L /usr/aarch64-linux-gnu"},
	{"a53 clang -O2", "cortex-a53", "clang --target=aarch64-linux-gnu -O2 -mcpu=cortex-a53", "qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu"},
	{"a57 clang -O3", "cortex-a72", "clang --target=aarch64-linux-gnu -O3 -mcpu=cortex-a57", "qemu-aarch64 -cpu cortex-a57 -L /usr/aarch64-linux-gnu"},
	{"a72 gcc -O2", "cortex-a72", "aarch64-linux-gnu-gcc -O2 -mcpu=cortex-a72", "qemu-aarch64 -cpu cortex-a72 -L /usr/aarch64-linux-gnu"},
	{"a76 gcc -O2", "cortex-a53", "aarch64-linux-gnu-gcc -O2 -mcpu=cortex-a76", "qemu-aarch64 -cpu cortex-a76 -L /usr/aarch64-linux-gnu"},
	{"n1 clang -O2", "cortex-a53", "clang --target=aarch64-linux-gnu -O2 -mcpu=neoverse-n1", "qemu-aarch64 -cpu neoverse-n1 -L /usr/aarch64-linux-gnu"},
	{"a7 gcc -O3", "cortex-a7", "arm-linux-gnueabihf-gcc -O3 -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard", "qemu-arm -cpu cortex-a7 -L /usr/arm-linux-gnueabihf"},
	{"a15 clang -O2", "cortex-a7", "clang --target=arm-linux-gnueabihf -O2 -mcpu=cortex-a15 -mfpu=neon-vfpv4 -mfloat-abi=hard", "qemu-arm -cpu cortex-a15 -L /usr/arm-linux-gnueabihf"},
}

// TestRing runs ring forms on every core against the simulator, which sums one
// product after the other. Together the networks have to use every form, whole
// and in parts, with phases and with groups of channels.
func TestRing(t *testing.T) {
	used := map[string]int{}
	for i, core := range cores {
		for net := range ringNets {
			t.Run(fmt.Sprint(core.name, net), func(t *testing.T) {
				g := ringNet(net, uint64(i))
				p, err := codegen.Lower(g, codegen.FindTarget(core.target), &codegen.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range p.Calls {
					r, ok := c.Geometry.(*codegen.RingConv)
					if !ok {
						continue
					}
					used[r.Form.Name]++
					used["parts"] += min(r.Split-1, 1)
					used["groups"] += r.Groups - 1
					used[fmt.Sprintf("%s by %d phases", r.Form.Name, r.Phase)]++
				}
				proveAndRun(t, p, known(t, g), core.build, core.run)
			})
		}
	}
	for _, name := range []string{"ring43", "ring33", "ring33x", "ring42", "ring22", "ring25", "ring34", "parts", "groups", "ring33 by 4 phases", "ring34 by 2 phases"} {
		if used[name] == 0 {
			t.Errorf("no layer uses %s: %v", name, used)
		}
	}
}

// TestRingWindows holds that verify refuses an offset that moves a group out of
// its register.
func TestRingWindows(t *testing.T) {
	g := ringNet(0, 3)
	p, err := codegen.Lower(g, codegen.FindTarget("cortex-a53"), &codegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := known(t, g)
	tried := 0
	for _, c := range p.Calls {
		r, ok := c.Geometry.(*codegen.RingConv)
		if !ok || r.Form.Lost == 0 || r.Offset == nil {
			continue
		}
		good := slices.Clone(r.Offset)
		for i := range r.Offset[:r.Split*r.C] {
			if i%7 != 0 {
				continue
			}
			// Moved by more than the register is wide, and taken off again behind it.
			r.Offset[i] += 1 << 14
			r.Offset[r.Split*r.C+i%r.C] -= 1 << 14
			files, err := cgen.Print(p, k)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify.Folder(memory(files)); err == nil {
				t.Fatalf("%s: offset %d moved out of the register is accepted", c.Name, i)
			}
			tried++
			copy(r.Offset, good)
		}
		break // one layer prints the whole folder often enough
	}
	if tried == 0 {
		t.Error("no layer has offsets")
	}
}
