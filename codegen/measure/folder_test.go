package measure_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/codegen/measure"
	"github.com/snug-nn/snug/ir"
)

// channels is how many the tiny network has everywhere.
const channels = 16

// tiny is two convolutions, 3 x 3 and 1 x 1, on 6 x 5 pixels.
func tiny() *ir.Graph {
	format := &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Zero: -3, Scales: []float64{0.05}}
	g := &ir.Graph{Name: "tiny"}
	x := &ir.Value{Name: "input", Shape: []int{1, channels, 6, 5}, Format: format}
	g.In = []*ir.Value{x}
	for i, k := range []int{3, 1} {
		name := []string{"wide", "narrow"}[i]
		shape := []int{channels, channels, k, k}
		w := &ir.Value{Name: name + ".w", Shape: shape, Const: ir.NewTensor(ir.Int8, shape)}
		s := &ir.Sum{Acc: ir.Accum{Bits: 16}, K: channels * k * k, Rung: "window", Channels: make([]ir.Channel, channels),
			Bias: make([]int32, channels), Mul: make([]int32, channels), Shift: make([]int8, channels)}
		for c := range channels {
			info := &s.Channels[c]
			for i := range s.K {
				v := int64((i*7+c)%4) - 1
				w.Const.Int[c*s.K+i] = v
				info.Window = info.Window.Plus(format.Levels.Product(v))
				info.L1 += max(v, -v)
				info.Sum += v
			}
			scale := ir.ScaleFor(255 / float64(info.Window.Width()+1))
			s.Mul[c], s.Shift[c] = scale.Mul, scale.Shift
		}
		y := &ir.Value{Name: name, Shape: []int{1, channels, 6, 5}, Format: format}
		p := k / 2
		g.Nodes = append(g.Nodes, &ir.Node{Name: name, Op: "Conv", In: []*ir.Value{x, w}, Out: []*ir.Value{y}, Sum: s,
			Attrs: ir.Attrs{Kernel: []int{k, k}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{p, p, p, p}, Group: 1}})
		x = y
	}
	g.Out = []*ir.Value{x}
	return g
}

// emit writes the tiny network for a target.
func emit(t *testing.T, target string) string {
	t.Helper()
	lower := func(name string) *codegen.Program {
		p, err := codegen.Lower(tiny(), codegen.FindTarget(name), &codegen.Options{Kernels: "direct"}) // tables are weights as they are
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	known, err := codegen.Answer(lower("go"), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	print := cgen.Print
	if target == "go" {
		print = gogen.Print
	}
	files, err := print(lower(target), known)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func quiet(int, int) {}

// bench measures a folder, or skips the test and names the tools that it needs.
func bench(t *testing.T, dir string, o measure.Options) *measure.Report {
	t.Helper()
	o.Opt = "-O3"
	r, err := measure.Folder(context.Background(), dir, o, quiet)
	var missing *measure.MissingError
	if errors.As(err, &missing) {
		t.Skipf("needs %s (Debian: %s)", strings.Join(missing.Tools, ", "), strings.Join(missing.Packages, " "))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFolder measures the tiny network in C and in Go, on 64-bit and 32-bit
// ARM: every layer is there, sums what its shape says, and touches its tables as a
// whole; another input gives another output and the same counts.
func TestFolder(t *testing.T) {
	var output []uint32
	for _, test := range []struct{ target, cpu string }{
		{"cortex-a53", "cortex-a53"}, {"cortex-a72", ""}, {"cortex-a7", ""}, {"go", ""}, {"go", "cortex-a7"},
	} {
		t.Run(test.target+" on "+test.cpu, func(t *testing.T) {
			dir := emit(t, test.target)
			o := measure.Options{Seed: 1}
			want := test.cpu
			if want != "" {
				o.CPUs = []string{want}
			} else if want = test.target; want == "go" {
				want = "cortex-a53"
			}
			r := bench(t, dir, o)
			o.Seed = 2
			other := bench(t, dir, o)
			for i := range r.Runs {
				if r.Runs[i].CPU != want {
					t.Errorf("measures %s, want %s", r.Runs[i].CPU, want)
				}
				check(t, &r.Runs[i], test.target == "go" && test.cpu == "cortex-a7")
				output = append(output, r.Runs[i].Output)
				if r.Runs[i].Output == other.Runs[i].Output {
					t.Errorf("%s: two inputs have one output", r.Runs[i].Compiler)
				}
				if test.target == "go" { // whose clamps are branches
					like(t, r.Runs[i].Layers, other.Runs[i].Layers)
				} else if !reflect.DeepEqual(r.Runs[i].Layers, other.Runs[i].Layers) {
					t.Errorf("%s: counts depend on the input:\n%+v\n%+v", r.Runs[i].Compiler, r.Runs[i].Layers, other.Runs[i].Layers)
				}
			}
		})
	}
	if len(slices.Compact(output)) > 1 {
		t.Errorf("outputs differ: %v", output)
	}
}

// like holds that no layer's count moves by more than one in a hundred.
func like(t *testing.T, a, b []measure.Layer) {
	t.Helper()
	for i := range a {
		if d := a[i].Instructions - b[i].Instructions; max(d, -d) > a[i].Instructions/100+20 {
			t.Errorf("%s: %d and %d instructions for two inputs", a[i].Name, a[i].Instructions, b[i].Instructions)
		}
	}
}

func check(t *testing.T, r *measure.Run, scalar bool) {
	t.Helper()
	const pixels = 6 * 5
	want := map[string]int{"wide": pixels * channels * channels * 9, "narrow": pixels * channels * channels}
	var sum int64
	for _, l := range r.Layers {
		sum += l.Instructions
		if l.Loads.Sum()+l.Stores.Sum()+l.Multiplies+l.SIMD+l.Branches > l.Instructions || l.Unknown > 0 || l.Silent > 0 {
			t.Errorf("%s %s: classes %+v", r.Compiler, l.Name, l)
		}
		if l.Stores.Sum() == 0 || (l.Cycles == 0) != (r.Model == "") {
			t.Errorf("%s %s: %d stores, %v cycles by %q", r.Compiler, l.Name, l.Stores.Sum(), l.Cycles, r.Model)
		}
		macs, summed := want[l.Layer]
		if !summed {
			continue
		}
		delete(want, l.Layer)
		// Weights of int8, biases of four bytes, multipliers of two, shifts of one.
		// A compiler may load what is small and constant before the layer begins.
		tables := int64(macs/pixels + channels*(4+2+1))
		if l.MACs != macs || l.TableBytes < tables-3*channels || l.TableBytes > tables+2*channels {
			t.Errorf("%s %s: %d MACs, %d bytes of tables, want %d and %d or a preload more", r.Compiler, l.Name, l.MACs, l.TableBytes, macs, tables)
		}
		if l.ArenaBytes < pixels*channels {
			t.Errorf("%s %s: touches %d bytes of the arena, its input has %d", r.Compiler, l.Name, l.ArenaBytes, pixels*channels)
		}
		if scalar != (l.Multiplies == 0) {
			t.Errorf("%s %s: %d SIMD multiplies", r.Compiler, l.Name, l.Multiplies)
		}
	}
	if len(want) > 0 || sum != r.Total.Instructions {
		t.Errorf("%s: layers %v are missing; total %d, the sum is %d", r.Compiler, want, r.Total.Instructions, sum)
	}
}

// TestMissing takes all tools away: the error names each, and its package.
func TestMissing(t *testing.T) {
	dir := emit(t, "cortex-a53")
	t.Setenv("PATH", t.TempDir())
	_, err := measure.Folder(context.Background(), dir, measure.Options{CPUs: []string{"cortex-a53", "cortex-a7"}, Opt: "-O3"}, quiet)
	var missing *measure.MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"gcc-aarch64-linux-gnu", "gcc-arm-linux-gnueabihf", "qemu-user", "llvm-19"} {
		if !slices.Contains(missing.Packages, want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is not one line", err)
	}
}

// TestFolderRefuses damages an emitted folder.
func TestFolderRefuses(t *testing.T) {
	if _, err := exec.LookPath("qemu-aarch64"); err != nil {
		t.Skip("needs qemu-aarch64 (Debian: qemu-user)")
	}
	for _, test := range []struct{ name, target, file, old, new, want string }{
		{"no certificate", "cortex-a53", "certificate.json", "", "", "certificate.json is missing"},
		{"a call without a hook", "cortex-a53", "tiny.c", "    TINY_MARK(layer_narrow);\n", "", "compile the network again"},
		{"a report of another", "cortex-a53", "report.json", `"kernel":"conv`, `"kernel":"cnv`, "is not the one of report.json"},
		{"no JSON", "cortex-a53", "report.json", "{", "", "report.json"},
		{"another language", "go", "certificate.json", `"language":"go"`, `"language":"ada"`, `language "ada"`},
		{"C that does not compile", "cortex-a53", "tiny.c", "return -1;", "return -1", "error: expected"},
		{"Go that does not compile", "go", "model.go", "t := m.arena", "t := m.area", "exit status 1"},
		{"a crash", "cortex-a53", "tiny.c", "    TINY_MARK(BEGIN);\n", "    __builtin_trap();\n", "signal"},
		{"an endless path", "cortex-a53", "certificate.json", `"network":"tiny"`, `"network":"../tiny"`, "network"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := emit(t, test.target)
			file := filepath.Join(dir, test.file)
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), test.old) {
				t.Fatalf("%s does not hold %q: %v", test.file, test.old, err)
			}
			if test.old == "" {
				err = os.Remove(file)
			} else {
				err = os.WriteFile(file, []byte(strings.Replace(string(text), test.old, test.new, 1)), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = measure.Folder(context.Background(), dir, measure.Options{CPUs: []string{"cortex-a53"}, Opt: "-O3"}, quiet)
			var missing *measure.MissingError
			if errors.As(err, &missing) {
				t.Skipf("needs %s", missing.Tools)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one about %q", err, test.want)
			}
		})
	}
}

// TestHookIsFree compiles the network with the empty hook and without any: the
// object files are the same.
func TestHookIsFree(t *testing.T) {
	gcc, err := exec.LookPath("aarch64-linux-gnu-gcc")
	if err != nil {
		t.Skip("needs aarch64-linux-gnu-gcc (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)")
	}
	dir := emit(t, "cortex-a53")
	source, object := filepath.Join(dir, "tiny.c"), filepath.Join(dir, "tiny.o")
	compile := func() []byte {
		if out, err := exec.Command(gcc, "-std=c99", "-O3", "-mcpu=cortex-a53", "-c", "-o", object, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(object)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	with := compile()
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	bare := slices.DeleteFunc(strings.SplitAfter(string(text), "\n"), func(line string) bool { return strings.Contains(line, "TINY_MARK(") })
	if err := os.WriteFile(source, []byte(strings.Join(bare, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	if strings.Join(bare, "") == string(text) || !slices.Equal(with, compile()) {
		t.Error("the empty hook changes the object file")
	}
}
