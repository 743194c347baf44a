package verify_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
	"github.com/snug-nn/snug/quant/verify"
)

const network = `
input x float[N,2,5,5]
init w0 float[3,2,3,3] random 1 0.6
init w1 float[3,1,3,3] random 2 0.6
init w2 float[4,3] random 3 0.6
a = Conv(x, w0) pads=1,1,1,1
b = Relu(a)
c = Conv(b, w1) group=3
d = GlobalAveragePool(c)
e = Flatten(d)
y = Gemm(e, w2) transB=1
output y
`

// emitted returns folders of one network: C and Go, whole and flushed sums, and with
// greatest levels of channels.
func emitted(t testing.TB) []fstest.MapFS {
	t.Helper()
	b, err := modeltext.Encode(network)
	if err != nil {
		t.Fatal(err)
	}
	var all []fstest.MapFS
	for _, o := range []quant.Options{
		{Accum: ir.Accum{Bits: 16}, Rung: "window"},
		{Accum: ir.Accum{Bits: 9, Wide: 32}, Rung: "window"},
		{Accum: ir.Accum{Bits: 12}, Rung: "clamp", Effort: 2, Without: []string{"steps"}}, // steps leave all channels one top
	} {
		g, err := onnx.Read("net.onnx", b, onnx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := quant.Prepare(g, false); err != nil {
			t.Fatal(err)
		}
		o.Calib, o.Workers = dataset.Random(2, g.In[0].Shape, 1, -1, 1), 1
		if err := quant.Run(context.Background(), g, &o); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"cortex-a53", "go"} {
			p, err := codegen.Lower(g, codegen.FindTarget(target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			print := cgen.Print
			if target == "go" {
				print = gogen.Print
			}
			files, err := print(p, &codegen.KnownAnswer{})
			if err != nil {
				t.Fatal(err)
			}
			folder := fstest.MapFS{}
			for _, f := range files {
				folder[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			all = append(all, folder)
		}
	}
	return all
}

// read are the files of a folder that verify looks at.
func read(folder fstest.MapFS) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(folder)), func(name string) bool {
		return name != "certificate.json" && !strings.HasSuffix(name, "model.go") && !strings.HasSuffix(name, "weights.go") &&
			!strings.HasSuffix(name, "net.c") && !strings.HasSuffix(name, "_weights.c")
	})
}

// FuzzFolder replaces one file of an emitted folder. Whatever it holds, an error
// is the worst that may come of it, with memory in proportion.
func FuzzFolder(f *testing.F) {
	all := emitted(f)
	for i, folder := range all {
		if _, err := verify.Folder(folder); err != nil {
			f.Fatal(err)
		}
		for j, name := range read(folder) {
			f.Add(uint8(i), uint8(j), folder[name].Data)
		}
	}
	f.Fuzz(func(t *testing.T, which, file uint8, data []byte) {
		folder := maps.Clone(all[int(which)%len(all)])
		names := read(folder)
		folder[names[int(file)%len(names)]] = &fstest.MapFile{Data: data}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := verify.Folder(folder)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4*(1<<26)+2000*uint64(len(data)) {
			t.Errorf("%d bytes allocated for %d", used, len(data))
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("the error is not one line: %q", err)
		}
	})
}
