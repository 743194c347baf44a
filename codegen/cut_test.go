package codegen_test

import (
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/quant/verify"
)

// TestCut emits the zoo with layers cut into calls of few weights and tables in
// several files: the answers are those of the simulator, which runs whole layers,
// and verify finds all tables.
func TestCut(t *testing.T) {
	g := zoo(0, accums[0])
	k := known(t, g)
	for _, pl := range []struct{ target, build, run string }{
		{"generic-c", twins["generic-c"], ""},
		{"cortex-a53", "aarch64-linux-gnu-gcc -O2 -mcpu=cortex-a53", "qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu"},
	} {
		t.Run(pl.target, func(t *testing.T) {
			p, err := codegen.Lower(g, codegen.FindTarget(pl.target), &codegen.Options{MaxTable: 2400})
			if err != nil {
				t.Fatal(err)
			}
			files, err := cgen.Print(p, k)
			if err != nil {
				t.Fatal(err)
			}
			tables, parts := 0, 0
			for _, f := range files {
				if strings.Contains(f.Name, "_weights") && strings.HasSuffix(f.Name, ".c") {
					tables++
				}
			}
			for _, l := range codegen.Layers(p) {
				if strings.HasSuffix(l.Name, "]") {
					parts++
				}
			}
			if tables < 4 || parts < 6 {
				t.Errorf("%d files of tables, %d parts of layers", tables, parts)
			}
			r, err := verify.Folder(memory(files))
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := codegen.Lower(g, codegen.FindTarget(pl.target), &codegen.Options{}); err != nil || r.Layers <= len(codegen.Layers(whole)) {
				t.Errorf("%d layers proven, of %d before the cut (%v)", r.Layers, len(codegen.Layers(whole)), err)
			}
			buildAndRun(t, write(t, files), "zoo", pl.build, pl.run)
		})
	}
}
