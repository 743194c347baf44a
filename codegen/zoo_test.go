package codegen_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// builder makes integer graphs by hand, with weights that fill their
// accumulators.
type builder struct {
	r     *rand.Rand
	g     *ir.Graph
	acc   ir.Accum
	spare int // bits that windows leave free
}

// format gives a value random levels that hold zero.
func (b *builder) format() *ir.Format {
	levels := []ir.Bound{{Lo: 0, Hi: 127}, {Lo: -128, Hi: 127}, {Lo: 0, Hi: 23}, {Lo: -64, Hi: 63}, {Lo: -128, Hi: 31}}
	l := levels[b.r.IntN(len(levels))]
	zero := int64(0)
	if l.Lo == -128 {
		zero = -128
	}
	return &ir.Format{Levels: l, Zero: zero, Scales: []float64{0.01 + b.r.Float64()*0.05}}
}

// topped gives about half of the formats greatest levels for their channels.
func (b *builder) topped(f *ir.Format, channels int) *ir.Format {
	if b.r.IntN(2) == 0 {
		return f
	}
	for range channels {
		f.Tops = append(f.Tops, f.Zero+b.r.Int64N(f.Levels.Hi-f.Zero+1))
	}
	return f
}

func (b *builder) value(f *ir.Format, shape ...int) *ir.Value {
	return &ir.Value{Name: fmt.Sprintf("v%d", len(b.g.Nodes)), Shape: shape, Format: f}
}

func (b *builder) node(op ir.Op, out *ir.Value, a ir.Attrs, in ...*ir.Value) *ir.Value {
	b.g.Nodes = append(b.g.Nodes, &ir.Node{Name: fmt.Sprintf("%s %d", op, len(b.g.Nodes)), Op: op, In: in, Out: []*ir.Value{out}, Attrs: a})
	return out
}

// last is the node that was added last.
func (b *builder) last() *ir.Node { return b.g.Nodes[len(b.g.Nodes)-1] }

// conv adds a convolution of m channels, kernel k, stride s, padding p, in
// groups.
func (b *builder) conv(x *ir.Value, m, k, s, p, groups, dilation int) *ir.Value {
	c := x.Shape[1] / groups
	side := func(n int) int { return (n+2*p-(k-1)*dilation-1)/s + 1 }
	y := b.value(b.topped(b.format(), m), 1, m, side(x.Shape[2]), side(x.Shape[3]))
	w := &ir.Value{Name: y.Name + ".w", Shape: []int{m, c, k, k}, Const: ir.NewTensor(ir.Int8, []int{m, c, k, k})}
	sum := &ir.Sum{Acc: b.acc, K: c * k * k, Rung: "window", Channels: make([]ir.Channel, m), Bias: make([]int32, m), Mul: make([]int32, m), Shift: make([]int8, m)}
	for ch := range m {
		row := w.Const.Int[ch*sum.K : (ch+1)*sum.K]
		for i := range row {
			row[i] = b.r.Int64N(255) - 127
		}
		info := &sum.Channels[ch]
		levels := inputLevels(x.Format, ch/(m/groups), c, k*k)
		for *info = channel(row, levels); !info.Window.Fits(b.acc.Total() - b.spare); *info = channel(row, levels) {
			for i := range row { // toward zero, one weight in two at a time
				if b.r.IntN(2) == 0 {
					row[i] = row[i] * 7 / 8
				}
			}
		}
		sum.Bias[ch] = int32(b.r.IntN(201)-100) - int32(x.Format.Zero*info.Sum)
		sc := ir.ScaleFor(float64(y.Format.Levels.Width()) * 2 / float64(info.Window.Width()+1))
		sum.Mul[ch], sum.Shift[ch] = sc.Mul, sc.Shift
	}
	b.node("Conv", y, ir.Attrs{Kernel: []int{k, k}, Strides: []int{s, s}, Dilations: []int{dilation, dilation}, Pads: []int{p, p, p, p}, Group: groups}, x, w)
	b.last().Sum = sum
	return y
}

// inputLevels are those of the products of a group of c channels.
func inputLevels(f *ir.Format, group, c, taps int) []ir.Bound {
	var all []ir.Bound
	for i := range c * taps {
		b := f.Channel(group*c + i/taps)
		all = append(all, ir.Bound{Lo: b.Lo, Hi: max(b.Hi, 0)}) // any part of a sum may be missing
	}
	return all
}

func channel(row []int64, levels []ir.Bound) ir.Channel {
	var c ir.Channel
	for i, w := range row {
		c.Window = c.Window.Plus(levels[i].Product(w))
		c.L1 += max(w, -w)
		c.Sum += w
	}
	return c
}

func ints(v ...int) *ir.Value {
	t := ir.NewTensor(ir.Int64, []int{len(v)})
	for i, x := range v {
		t.Int[i] = int64(x)
	}
	return &ir.Value{Name: "ints", Shape: t.Shape, Const: t}
}

func pool(k, s, p int) ir.Attrs {
	return ir.Attrs{Kernel: []int{k, k}, Strides: []int{s, s}, Dilations: []int{1, 1}, Pads: []int{p, p, p, p}}
}

// zoo is a network of every kernel in odd sizes: channels that fill no vector,
// odd widths, strides, groups, dilation, a concatenation within one, views.
func zoo(seed uint64, acc ir.Accum) *ir.Graph {
	b := &builder{r: rand.New(rand.NewPCG(seed, 7)), g: &ir.Graph{Name: "zoo"}, acc: acc}
	in := &ir.Value{Name: "input", Shape: []int{1, 3, 13, 11}, Format: &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 99}, Zero: -20, Scales: []float64{0.02}}}
	b.g.In = []*ir.Value{in}
	x := b.conv(in, 19, 3, 1, 1, 1, 1)
	x = b.conv(x, 19, 3, 2, 1, 19, 1) // depthwise: 7 x 6
	y := b.conv(x, 24, 3, 1, 2, 1, 2) // dilated
	f := b.topped(b.format(), 21)
	left, right := b.conv(y, 9, 1, 1, 0, 1, 1), b.conv(y, 12, 3, 1, 1, 3, 1)
	l, r := *f, *f
	if f.Tops != nil {
		l.Tops, r.Tops = f.Tops[:9], f.Tops[9:]
	}
	left.Format, right.Format = &l, &r
	cat := b.node("Concat", b.value(f, 1, 21, 7, 6), ir.Attrs{Axis: 1}, left, right)
	z := b.conv(cat, 21, 5, 1, 2, 1, 1)
	x = b.node("Add", b.value(b.format(), 1, 21, 7, 6), ir.Attrs{}, z, cat)
	x = b.node("Sub", b.value(b.format(), 1, 21, 7, 6), ir.Attrs{}, x, z)
	x = b.node("MaxPool", b.value(x.Format, 1, 21, 7, 6), pool(3, 1, 1), x)
	x = b.node("LRN", b.value(b.format(), 1, 21, 7, 6), ir.Attrs{Size: 5, Alpha: 3, Beta: 0.75, Bias: 1}, x)
	gate := b.node("AveragePool", b.value(b.format(), 1, 21, 1, 1), ir.Attrs{Kernel: []int{7, 6}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}}, x)
	x = b.node("Mul", b.value(b.format(), 1, 21, 7, 6), ir.Attrs{}, x, gate)
	s := b.node("Slice", b.value(x.Format, 1, 21, 4, 3), ir.Attrs{}, x, ints(0, 0, 0, 0), ints(1, 21, 7, 5), ints(0, 1, 2, 3), ints(1, 1, 2, 2))
	s = b.node("Pad", b.value(x.Format, 1, 25, 4, 3), ir.Attrs{Pads: []int{0, 2, 0, 0, 0, 2, 0, 0}}, s, ints(0, 2, 0, 0, 0, 2, 0, 0))
	s = b.conv(s, 16, 3, 1, 1, 1, 1)
	t := b.node("Relu", b.value(b.format(), 1, 16, 4, 3), ir.Attrs{}, s)
	n := b.last()
	for i := range 256 { // any table will do
		n.Table = append(n.Table, int8(t.Format.Levels.Clamp(int64(int8(i)*3/4))))
	}
	t = b.node("AveragePool", b.value(b.format(), 1, 16, 2, 2), pool(3, 2, 1), t)
	t = b.node("Transpose", b.value(t.Format, 1, 2, 2, 16), ir.Attrs{Perm: []int{0, 2, 3, 1}}, t)
	t = b.node("Reshape", b.value(t.Format, 1, 64), ir.Attrs{}, t, ints(1, 64))
	t = b.node("Reshape", b.value(t.Format, 1, 64, 1, 1), ir.Attrs{}, t, ints(1, 64, 1, 1))
	t = b.conv(t, 150, 1, 1, 0, 1, 1)
	t = b.conv(t, 17, 1, 1, 0, 1, 1)
	t = b.node("Reshape", b.value(t.Format, 1, 17), ir.Attrs{}, t, ints(1, 17))
	t = b.node("Softmax", b.value(&ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Zero: -128, Scales: []float64{1. / 256}}, 1, 17), ir.Attrs{Axis: 1}, t)
	b.g.Out = []*ir.Value{t}
	return b.g
}

var accums = []ir.Accum{{Bits: 16}, {Bits: 16, Wide: 32}, {Bits: 12}, {Bits: 24}, {Bits: 8}}

// known lowers a zoo for the simulator and asks it for the answers.
func known(t *testing.T, g *ir.Graph) *codegen.KnownAnswer {
	t.Helper()
	p, err := codegen.Lower(g, codegen.FindTarget("go"), &codegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := make([]int8, p.In.Len())
	for i := range in {
		in[i] = int8(i * 37)
	}
	k, err := codegen.Answer(p, [][]int8{in}, 4)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// flags that emitted C has to be clean under.
const warnings = "-std=c99 -Wall -Wextra -Werror -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wvla"

// installed skips t when a tool is not there.
func installed(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip("skipped: " + tool + " is not installed; scripts/tools.sh says what to install")
	}
}

// build compiles an emitted test, with every warning an error, and returns the
// program's path; it skips what is not installed.
func build(t *testing.T, dir, name, cc string) string {
	t.Helper()
	if _, err := exec.LookPath("clang"); err != nil { // as Debian names it
		cc = strings.Replace(cc, "clang ", "clang-19 ", 1)
	}
	installed(t, strings.Fields(cc)[0])
	exe := filepath.Join(dir, "test.exe")
	weights, err := filepath.Glob(filepath.Join(dir, name+"_weights*.c"))
	if err != nil {
		t.Fatal(err)
	}
	args := append(strings.Fields(cc+" "+warnings), "-o", exe, filepath.Join(dir, name+"_test.c"))
	args = append(args, weights...)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// buildAndRun compiles an emitted test and runs it.
func buildAndRun(t *testing.T, dir, name, cc, run string) {
	t.Helper()
	installed(t, strings.Fields(run + " true")[0])
	args := append(strings.Fields(run), build(t, dir, name, cc))
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// proveAndRun emits the C of p, verifies the folder and runs its test.
func proveAndRun(t *testing.T, p *codegen.Program, k *codegen.KnownAnswer, cc, run string) {
	t.Helper()
	files, err := cgen.Print(p, k)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.Folder(memory(files)); err != nil {
		t.Fatal(err)
	}
	buildAndRun(t, write(t, files), p.Name, cc, run)
}

// TestZooGo does the same for the emitted Go package; the network of depthwise layers
// has blocks of eight channels, which have assembly of their own.
func TestZooGo(t *testing.T) {
	type subject struct {
		name  string
		graph *ir.Graph
	}
	subjects := []subject{{"depthwise", mobileNet("sevens", 0)}, {"planes", planesNet(20, 15)}, {"line", planesNet(1, 300)}}
	for i, acc := range accums {
		subjects = append(subjects, subject{acc.String(), zoo(uint64(i), acc)})
	}
	for _, s := range subjects {
		g := s.graph
		k := known(t, g)
		p, err := codegen.Lower(g, codegen.FindTarget("go"), &codegen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := gogen.Print(p, k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verify.Folder(memory(files)); err != nil {
			t.Fatal(err)
		}
		files = append(files, codegen.File{Name: "go.mod", Data: []byte("module zoo\n\ngo 1.21\n")})
		dir := write(t, files)
		if out, err := exec.Command("gofmt", "-l", dir).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("gofmt: %v %s", err, out)
		}
		for _, arch := range []struct{ goarch, tags, run string }{{"amd64", "", ""}, {"arm64", "", "qemu-aarch64"}, {"arm64", "purego", "qemu-aarch64"}, {"arm", "", "qemu-arm"}} {
			t.Run(s.name+"/"+arch.goarch+arch.tags, func(t *testing.T) {
				run := func(args ...string) {
					cmd := exec.Command("go", args...)
					cmd.Dir = dir
					cmd.Env = append(os.Environ(), "GOARCH="+arch.goarch, "CGO_ENABLED=0", "GOFLAGS=-tags="+arch.tags)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Fatalf("go %s: %v\n%s", args[0], err, out)
					}
				}
				run("vet", ".")
				if arch.run != "" {
					if _, err := exec.LookPath(arch.run); err != nil {
						t.Skip("skipped: " + arch.run + " is not installed; scripts/tools.sh says what to install")
					}
				}
				if arch.run == "" {
					run("test", ".")
				} else {
					run("test", "-exec", arch.run, ".")
				}
			})
		}
	}
}

func write(t *testing.T, files []codegen.File) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func memory(files []codegen.File) fs.FS {
	m := fstest.MapFS{}
	for _, f := range files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return m
}
