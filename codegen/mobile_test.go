package codegen_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

type mobile struct {
	name  string
	width int
	build func(b *builder, in *ir.Value) *ir.Value
	wants []string // kernels
}

// mobiles are networks of first, depthwise and pointwise layers: stride one and
// two, windows of three and of five rows, blocks of seven and of four columns, channels that fill no block.
var mobiles = []mobile{
	{"sevens", 28, func(b *builder, in *ir.Value) *ir.Value {
		x := b.conv(in, 8, 3, 2, 1, 1, 1) // 9 x 14
		x = b.conv(x, 8, 3, 1, 1, 8, 1)
		x = b.conv(x, 24, 1, 1, 0, 1, 1)
		x = b.conv(x, 24, 3, 1, 1, 24, 1)
		x = b.conv(x, 24, 3, 2, 1, 24, 1) // 5 x 7
		x = b.conv(x, 32, 1, 1, 0, 1, 1)
		x = b.conv(x, 16, 1, 1, 0, 1, 1)
		x = b.conv(x, 16, 3, 1, 1, 16, 1)
		return b.conv(x, 40, 1, 1, 0, 1, 1)
	}, []string{"conv_s8_a16_first", "conv_s8_a16_point", "dw3_s8_a16_smlal"}},
	{"fours", 28, func(b *builder, in *ir.Value) *ir.Value {
		x := b.conv(in, 24, 3, 1, 0, 1, 1) // 15 x 26
		x = b.conv(x, 24, 3, 1, 0, 24, 1)
		x = b.conv(x, 24, 3, 2, 0, 24, 1) // 6 x 11
		return b.conv(x, 64, 1, 1, 0, 1, 1)
	}, []string{"conv_s8_a16_first", "conv_s8_a16_point", "dw3_s8_a16_smlal"}},
	{"fives", 28, func(b *builder, in *ir.Value) *ir.Value {
		x := b.conv(in, 21, 3, 1, 0, 1, 1) // 15 x 26
		x = b.conv(x, 21, 5, 1, 2, 21, 1)
		x = b.conv(x, 21, 5, 2, 2, 21, 1) // 8 x 13
		x = b.conv(x, 40, 1, 1, 0, 1, 1)
		return b.conv(x, 40, 5, 1, 0, 40, 1) // 4 x 9
	}, []string{"dw5_s8_a16_smlal"}},
	{"blocks", 32, func(b *builder, in *ir.Value) *ir.Value {
		return b.conv(in, 24, 3, 2, 1, 1, 1)
	}, []string{"conv_s8_a16_first"}},
}

// mobileNet is one of them with random weights.
func mobileNet(name string, seed uint64) *ir.Graph {
	m := &mobiles[slices.IndexFunc(mobiles, func(m mobile) bool { return m.name == name })]
	b := &builder{r: rand.New(rand.NewPCG(seed, 11)), g: &ir.Graph{Name: "zoo"}, acc: ir.Accum{Bits: 16}}
	in := &ir.Value{Name: "input", Shape: []int{1, 3, 17, m.width}, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 99}, Zero: -20, Scales: []float64{0.02}}}
	b.g.In = []*ir.Value{in}
	b.g.Out = []*ir.Value{m.build(b, in)}
	return b.g
}

// halved has every second sum of g halved before it is scaled, which ones the seed says.
func halved(g *ir.Graph, seed uint64) *ir.Graph {
	for i, n := range g.Nodes {
		if (i+int(seed))%2 == 0 {
			halve(n.Sum)
		}
	}
	return g
}

// mobilePlatforms are how such networks are built and run.
var mobilePlatforms = []struct{ name, target, build, run string }{
	{"host gcc", "generic-c", "gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover", ""},
	{"host gcc, twins", "cortex-a53", "gcc -O2 -fsanitize=address,undefined -fno-sanitize-recover", ""},
	{"aarch64 A53", "cortex-a53", "aarch64-linux-gnu-gcc -O2 -mcpu=cortex-a53", "qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu"},
	{"aarch64 A53 clang", "cortex-a53", "clang --target=aarch64-linux-gnu -O3 -mcpu=cortex-a53", "qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu"},
}

// TestMobileC holds the kernels of such networks against the simulator: some of
// their requantizers halve sums, some need 32 bits, some sit behind a ReLU.
func TestMobileC(t *testing.T) {
	for _, m := range mobiles {
		for seed := range uint64(2) {
			g := halved(mobileNet(m.name, seed), seed)
			k := known(t, g)
			for _, pl := range mobilePlatforms {
				if seed > 0 && pl.name != "aarch64 A53" {
					continue
				}
				t.Run(m.name+"/"+pl.name, func(t *testing.T) {
					p, err := codegen.Lower(g, codegen.FindTarget(pl.target), &codegen.Options{Kernels: "direct"})
					if err != nil {
						t.Fatal(err)
					}
					for _, want := range m.wants {
						if pl.target == "cortex-a53" && !runs(p, want) {
							t.Errorf("no layer runs as %s", want)
						}
					}
					files, err := cgen.Print(p, k)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := verify.Folder(memory(files)); err != nil {
						t.Fatal(err)
					}
					buildAndRun(t, write(t, files), "zoo", pl.build, pl.run)
				})
			}
		}
	}
}

func runs(p *codegen.Program, kernel string) bool {
	for _, c := range p.Calls {
		if c.Kernel == kernel {
			return true
		}
	}
	return false
}

// halve lets a sum be halved before it is scaled, where all its shifts allow.
func halve(s *ir.Sum) {
	for _, v := range s.Shift {
		if v < 1 {
			return
		}
	}
	s.Half = true
	for c := range s.Shift {
		s.Shift[c]--
	}
}
