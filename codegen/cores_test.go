package codegen_test

import (
	"flag"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

var product = flag.Bool("product", false, "TestZooC builds every network by every compiler and level for every target, and runs each binary on every core")

// A core is emulated by QEMU, which knows it by this name.
type core struct {
	name string
	has  codegen.Feature
}

// emulated are the cores that NEON kernels have to be bit-exact on.
var emulated = []core{
	{"cortex-a35", codegen.A64}, {"cortex-a53", codegen.A64}, {"cortex-a57", codegen.A64}, {"cortex-a72", codegen.A64},
	{"cortex-a76", codegen.A64 | codegen.DOT}, {"neoverse-n1", codegen.A64 | codegen.DOT},
	{"cortex-a7", codegen.A32}, {"cortex-a15", codegen.A32},
}

// levels are of optimization.
var levels = []string{"-O2", "-O3"}

// crosses are compilers, as they are called for the 64-bit and for the 32-bit form.
var crosses = []struct{ name, a64, a32 string }{
	{"gcc", "aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc"},
	{"clang", "clang --target=aarch64-linux-gnu", "clang --target=arm-linux-gnueabihf"},
}

// twins build portable C on the host, where there are no intrinsics.
var twins = map[string]string{
	"generic-c":  "gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover",
	"cortex-a53": "gcc -O2 -fsanitize=address,undefined -fno-sanitize-recover",
	"cortex-a72": "gcc -O2",
	"cortex-a7":  "clang -O2",
	"cortex-a55": "gcc -O2 -fsanitize=address,undefined -fno-sanitize-recover",
}

// A subject is a network with a choice of kernels.
type subject struct {
	name, kernels string
	graph         *ir.Graph
	// slice lists the targets it is run for without -product; rings and the like have
	// tests of their own that run a part of the product.
	slice string
}

// subjects together use every kernel of the registry.
func subjects() []subject {
	const wide, narrow = "generic-c cortex-a53 cortex-a55 cortex-a72 cortex-a7", "cortex-a53 cortex-a7"
	all := []subject{
		{"16", "best", zoo(0, ir.Accum{Bits: 16}), wide},
		{"16:32", "best", zoo(1, ir.Accum{Bits: 16, Wide: 32}), wide},
		{"12", "best", zoo(2, ir.Accum{Bits: 12}), narrow},
		{"24", "best", zoo(3, ir.Accum{Bits: 24}), wide},
		{"8", "best", zoo(4, ir.Accum{Bits: 8}), "generic-c cortex-a55 cortex-a72"},
		{"8:32", "best", zoo(5, ir.Accum{Bits: 8, Wide: 32}), "generic-c"}, // one product leaves the segment
		{"classical32", "classical32", zoo(6, ir.Accum{Bits: 16}), narrow},
		{"best32", "best32", zoo(7, ir.Accum{Bits: 16}), narrow},
		{"direct", "direct", zoo(8, ir.Accum{Bits: 16}), ""},
		{"columns", "direct", columnsNet(1), ""},
		{"planes", "direct", planesNet(20, 15), narrow},
		{"line", "direct", planesNet(1, 300), narrow},
	}
	for i := range ringNets {
		all = append(all, subject{fmt.Sprint("rings", i), "best", ringNet(i, 1), ""})
	}
	for _, m := range mobiles {
		all = append(all, subject{m.name, "direct", halved(mobileNet(m.name, 0), 0), ""})
	}
	return all
}

// TestZooC holds emitted C against the simulator, on the host and on every core:
// the emitted known-answer test has to pass, and the folder to verify. Compilers
// and levels take turns; with -product nothing is left out.
func TestZooC(t *testing.T) {
	reached := map[string]bool{}
	builds, runs := 0, 0
	for si, s := range subjects() {
		var k *codegen.KnownAnswer
		if s.slice != "" || *product {
			k = known(t, s.graph)
		}
		for ti := range codegen.Targets {
			target := &codegen.Targets[ti]
			if target.Has&codegen.C == 0 {
				continue
			}
			p, err := codegen.Lower(s.graph, target, &codegen.Options{Kernels: s.kernels})
			if err != nil {
				t.Fatalf("%s for %s: %v", s.name, target.Name, err)
			}
			for _, c := range p.Calls {
				reached[c.Kernel] = true
			}
			if !*product && !slices.Contains(strings.Fields(s.slice), target.Name) {
				continue
			}
			files, err := cgen.Print(p, k)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify.Folder(memory(files)); err != nil {
				t.Fatalf("%s for %s: %v", s.name, target.Name, err)
			}
			t.Run(s.name+"/"+target.Name+"/host", func(t *testing.T) {
				buildAndRun(t, write(t, files), p.Name, twins[target.Name], "")
			})
			if target.Has&codegen.NEON == 0 {
				continue
			}
			for b := range len(crosses) * len(levels) {
				if !*product && b != (si+ti)%(len(crosses)*len(levels)) {
					continue
				}
				cross, level := crosses[b%len(crosses)], levels[b/len(crosses)]
				t.Run(s.name+"/"+target.Name+"/"+cross.name+level, func(t *testing.T) {
					runs += onCores(t, p, files, cross.a64, cross.a32, level)
					builds++
				})
			}
		}
	}
	for _, k := range codegen.Kernels {
		if k.Needs&codegen.GoWord == 0 && !reached[k.Name] {
			t.Errorf("no network uses %s", k.Name)
		}
	}
	t.Logf("%d binaries, %d runs on emulated cores", builds, runs)
}

// onCores builds the test of p once and runs it on every core that has what the
// target needs. It returns the number of runs.
func onCores(t *testing.T, p *codegen.Program, files []codegen.File, a64, a32, level string) int {
	cc, emulator := a64, "qemu-aarch64 -L /usr/aarch64-linux-gnu"
	if p.Target.Has&codegen.A32 != 0 {
		cc, emulator = a32, "qemu-arm -L /usr/arm-linux-gnueabihf"
	}
	dir := write(t, files)
	exe := build(t, dir, p.Name, strings.Join([]string{cc, level, p.Target.CFlags}, " "))
	args := strings.Fields(emulator)
	installed(t, args[0])
	runs := 0
	for _, c := range emulated {
		if need := p.Target.Has & (codegen.A64 | codegen.A32 | codegen.DOT); need&^c.has != 0 {
			continue
		}
		if out, err := exec.Command(args[0], append(args[1:], "-cpu", c.name, exe)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		runs++
	}
	return runs
}
