package report_test

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/codegen/report"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

const network = `
input x float[N,8,6,6]
init w0 float[3,8,3,3] random 1 0.6
init w1 float[3,1,3,3] random 2 0.6
a = Conv(x, w0) pads=1,1,1,1
b = Relu(a)
c = Conv(b, w1) group=3
output c
`

// emitted returns folders of one network: C with a ring form and with flushed sums,
// and Go, with what bench and eval might say of them.
func emitted(f *testing.F) []fstest.MapFS {
	f.Helper()
	b, err := modeltext.Encode(network)
	if err != nil {
		f.Fatal(err)
	}
	var all []fstest.MapFS
	for i, acc := range []ir.Accum{{Bits: 16}, {Bits: 9, Wide: 32}, {Bits: 16}} {
		g, err := onnx.Read("net.onnx", b, onnx.Options{})
		if err != nil {
			f.Fatal(err)
		}
		if err := quant.Prepare(g, false); err != nil {
			f.Fatal(err)
		}
		if err := quant.Run(context.Background(), g, &quant.Options{Accum: acc, Rung: "window", Calib: dataset.Random(2, g.In[0].Shape, 1, -1, 1), Workers: 1}); err != nil {
			f.Fatal(err)
		}
		target, print := "cortex-a53", cgen.Print
		if i == 2 {
			target, print = "go", gogen.Print
		}
		p, err := codegen.Lower(g, codegen.FindTarget(target), &codegen.Options{})
		if err != nil {
			f.Fatal(err)
		}
		files, err := print(p, &codegen.KnownAnswer{})
		if err != nil {
			f.Fatal(err)
		}
		folder := fstest.MapFS{
			"bench.json": {Data: []byte(`{"network":"net","language":"c","runs":[{"cpu":"cortex-a53","compiler":"gcc","layers":[{"name":"t_x_frame","kernel":"frame_s8","instructions":7}],"total":{"instructions":7}}]}`)},
			"eval.json":  {Data: []byte(`{"float":{"top1":0.5},"quantized":{"top1":0.5},"agreement":1,"images":2,"layers":[]}`)},
		}
		for _, file := range files {
			folder[file.Name] = &fstest.MapFile{Data: file.Data}
		}
		all = append(all, folder)
	}
	return all
}

// FuzzOpen replaces one file of an emitted folder. What can be opened can be printed
// and compared, with the folder as it was and with itself; an error is the worst.
func FuzzOpen(f *testing.F) {
	all := emitted(f)
	var before []*report.Folder
	read := []string{"bench.json", "certificate.json", "eval.json", "net_weights.c", "report.json", "weights.go"}
	for i, folder := range all {
		o, err := report.Open(folder)
		if err != nil {
			f.Fatal(err)
		}
		before = append(before, o)
		for j, name := range read {
			if file := folder[name]; file != nil {
				f.Add(uint8(i), uint8(j), file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, file uint8, data []byte) {
		n := int(which) % len(all)
		folder := maps.Clone(all[n])
		names := slices.DeleteFunc(slices.Clone(read), func(name string) bool { return folder[name] == nil })
		folder[names[int(file)%len(names)]] = &fstest.MapFile{Data: data}
		o, err := report.Open(folder)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error is not one line: %q", err)
			}
			return
		}
		if html, err := report.Page(o); err != nil || len(html) == 0 {
			t.Errorf("a page of %d bytes: %v", len(html), err)
		}
		d, err := report.Compare(before[n], o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Page(); err != nil {
			t.Error(err)
		}
		if err := d.WriteText(io.Discard, true); err != nil {
			t.Error(err)
		}
		if same, err := report.Compare(o, o); err != nil || !same.Equal {
			t.Errorf("a folder is not equal to itself: %v", err)
		}
	})
}
