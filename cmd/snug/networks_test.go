package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

// TestNetworks compiles testdata/networks.txtar: each network is refused with
// the words of its first line, or compiles and then gives, after all rewriting,
// the reals that it gave in the file.
func TestNetworks(t *testing.T) {
	a, err := txtar.ParseFile("testdata/networks.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		t.Run(f.Name, func(t *testing.T) {
			text := string(f.Data)
			head, _, _ := strings.Cut(text, "\n")
			want := strings.TrimPrefix(head, "# ")
			parent := t.TempDir()
			b := encode(t, text)
			err, defect := damage(parent, b)
			if err := os.RemoveAll(parent); err != nil {
				t.Fatal(err)
			}
			switch {
			case defect != "":
				t.Fatalf("%s: %v", defect, err)
			case want != "compiles":
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want one with %q", err, want)
				}
			case err != nil:
				t.Error(err)
			default:
				before, after := reals(t, b, false), reals(t, b, true)
				for i := range before {
					if d := math.Abs(float64(before[i]) - float64(after[i])); d > 1e-4 {
						t.Fatalf("element %d: %g became %g", i, before[i], after[i])
					}
				}
			}
		})
	}
}

// TestOperatorSets compiles one network in every operator set that is read. What
// became an input of an operator over time is an attribute before.
func TestOperatorSets(t *testing.T) {
	const oldest, newest = 7, 26
	for opset := oldest - 1; opset <= newest+1; opset++ {
		clip, axes, squeeze := "Clip(b) min=0.0 max=6.0", "", "Squeeze(g) axes=2,3"
		if opset >= 11 {
			clip = "Clip(b, lo, hi)"
		}
		if opset >= 13 {
			squeeze, axes = "Squeeze(g, axes)", "init axes int64[2] 2 3\n"
		}
		text := fmt.Sprintf(`
opset %d
input x float[batch,2,6,6]
init w float[3,2,3,3] random 1 0.5
init s float[3] 1 2 0.5
init v float[4,3] random 2 0.5
init lo float[] 0
init hi float[] 6
%sa = Conv(x, w) auto_pad=SAME_LOWER
b = BatchNormalization(a, s, s, s, s)
c = %s
d = MaxPool(c) kernel_shape=2,2 strides=2,2
g = GlobalAveragePool(d)
f = %s
y0 = Gemm(f, v) transB=1
y = Softmax(y0) axis=1
output y
`, opset, axes, clip, squeeze)
		parent := t.TempDir()
		err, defect := damage(parent, encode(t, text))
		if defect != "" || (err == nil) != (opset >= oldest && opset <= newest) {
			t.Errorf("opset %d: %s: %v", opset, defect, err)
		}
	}
}

// TestQuantizedNetwork holds the integers of networks that came with their own
// against what ONNX and QONNX say of the files, to a level of the output: their
// rounding is of ties to even and divides, a requantizer does neither.
func TestQuantizedNetwork(t *testing.T) {
	for _, c := range []struct {
		name, acc string
		greatest  int64 // weight of the first layer
	}{{"residual", "16:32", 127}, {"moved", "16:32", 100}, {"upsampled", "16:32", 100}, {"qonnx", "16", 7}, {"clipped", "16", 7}} {
		t.Run(c.name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/found/quantized-" + c.name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			ownIntegers(t, encode(t, strings.ReplaceAll(string(text), prefixMark, "")), c.acc, c.greatest)
		})
	}
}

func ownIntegers(t *testing.T, b []byte, acc string, greatest int64) {
	model := filepath.Join(t.TempDir(), "q.onnx")
	if err := os.WriteFile(model, b, 0o644); err != nil {
		t.Fatal(err)
	}
	o := newFlags("compile")
	o.network()
	if _, _, err := o.parse([]string{model, "--calib", "random", "--calib-limit", "4", "--acc", acc}, "", io.Discard); err != nil {
		t.Fatal(err)
	}
	q, err := o.quantize(context.Background(), model)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := codegen.NewSim(q.prog)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(q.graph.Nodes, func(n *ir.Node) bool { return n.Op == "Conv" })
	if w := q.graph.Nodes[i].In[1].Const.Int; slices.Max(w) > greatest || slices.Min(w) < -greatest || slices.Max(w) < 2 {
		t.Errorf("weights of the first layer in [%d,%d], its own in +-%d", slices.Min(w), slices.Max(w), greatest)
	}
	f := &q.prog.Out.Format
	worst, off, all := 0.0, 0, 0
	for i := range 20 {
		x := ir.NewTensor(ir.Float32, q.graph.In[0].Shape)
		if err := dataset.Random(20, x.Shape, 7, -1, 1).Sample(i, x.Real); err != nil {
			t.Fatal(err)
		}
		want := interpret(t, readNetwork(t, b), x)
		y := make([]int8, q.prog.Out.Len())
		sim.Run(stored(quantizeInput(x.Real, &q.prog.In), &q.prog.In), y)
		distinct := map[int8]bool{}
		for j, v := range y {
			distinct[v] = true
			d := math.Abs(f.Real(int64(v))-float64(want.Real[outer(q.prog.Out.Shape, j)])) / f.Scale()
			worst = max(worst, d)
			if d > 0.5 {
				off++
			}
		}
		all += len(y)
		if len(distinct) < 4 {
			t.Errorf("sample %d: only %d different outputs, which shows nothing", i, len(distinct))
		}
	}
	t.Logf("%d of %d outputs differ, by at most %.2f levels", off, all, worst)
	if worst > 1.01 || 5*off > all {
		t.Errorf("%d of %d outputs differ, by %.2f levels", off, all, worst)
	}
}

// outer returns where element i of an output that is stored with its channels last
// is in the tensor.
func outer(shape []int, i int) int {
	if len(shape) != 4 {
		return i
	}
	c, plane := shape[1], shape[2]*shape[3]
	return i%c*plane + i/c
}

// reals runs a network on a ramp, as it is in the file or prepared.
func reals(t *testing.T, b []byte, prepared bool) []float32 {
	t.Helper()
	g := readNetwork(t, b)
	in := g.In[0]
	x := ir.NewTensor(in.Elem, in.Shape)
	for i := range x.Len() {
		if in.Elem.IsReal() {
			x.Real[i] = float32(i%7) - 2.5
		} else {
			x.Int[i] = int64(i % 7)
		}
	}
	if prepared {
		if err := quant.Prepare(g, true); err != nil {
			t.Fatal(err)
		}
		if !x.Elem.IsReal() { // a network of bytes is given what they stand for
			x = asReals(x, in.Format)
		}
	}
	return interpret(t, g, x).Real
}

func readNetwork(t *testing.T, b []byte) *ir.Graph {
	t.Helper()
	g, err := onnx.Read("net.onnx", b, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// interpret runs a graph as it is, node by node.
func interpret(t *testing.T, g *ir.Graph, x *ir.Tensor) *ir.Tensor {
	t.Helper()
	tensors := map[*ir.Value]*ir.Tensor{g.In[0]: x}
	for _, n := range g.Nodes {
		shapes, err := ir.OutShapes(n)
		if err != nil {
			t.Fatal(err)
		}
		args := make([]*ir.Tensor, len(n.In))
		for i, v := range n.In {
			if v != nil && v.Const != nil {
				args[i] = v.Const
			} else if v != nil {
				args[i] = tensors[v]
			}
		}
		out, err := eval.Node(n, args)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range n.Out {
			if v != nil {
				v.Shape, tensors[v] = shapes[i], out[i]
			}
		}
	}
	return tensors[g.Out[0]]
}

// asReals returns the reals that unsigned bytes stand for: themselves, or what
// a format says, whose integers are lower by 128.
func asReals(x *ir.Tensor, f *ir.Format) *ir.Tensor {
	y := ir.NewTensor(ir.Float32, x.Shape)
	for i, q := range x.Int {
		y.Real[i] = float32(q)
		if f != nil {
			y.Real[i] = float32(f.Real(q - 128))
		}
	}
	return y
}
