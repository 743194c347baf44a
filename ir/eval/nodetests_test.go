package eval_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
	"github.com/snug-nn/snug/ir/onnx"
)

// testdataFolder is where Debian's libonnx-testdata has ONNX's backend tests;
// SNUG_ONNX_TESTDATA names another place.
const testdataFolder = "/usr/share/libonnx-testdata/data"

// floors are the least numbers of tests that match, by folder of the suite: a
// change that loses one fails. Raise them when more match.
var floors = map[string]int{"node": 373, "pytorch-operator": 25, "pytorch-converted": 72, "simple": 6}

// differ names the tests that are known not to match, and why. They count as
// supported, and fail the test when they match after all.
var differ = map[string]string{
	"test_cast_FLOAT_to_BFLOAT16":                        truncates,
	"test_castlike_FLOAT_to_BFLOAT16_expanded":           truncates,
	"test_resize_downsample_scales_linear_align_corners": "the expected are of a length of 2.4, and a whole number by the text",
	"test_PReLU_1d_multiparam":                           oldSlope,
	"test_PReLU_2d_multiparam":                           oldSlope,
	"test_PReLU_3d_multiparam":                           oldSlope,
}

const (
	truncates = "the expected bfloat16 are cut off instead of rounded"
	oldSlope  = "before operator set 7 a slope was one number a channel, not broadcast"
)

// TestNodes runs ONNX's own tests of operators: every model that can be read,
// node by node, since shapes and axes are inputs there.
func TestNodes(t *testing.T) {
	root := os.Getenv("SNUG_ONNX_TESTDATA")
	if root == "" {
		root = testdataFolder
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("ONNX's tests are not in %s: install libonnx-testdata or set SNUG_ONNX_TESTDATA", root)
	}
	for _, suite := range []string{"node", "pytorch-operator", "pytorch-converted", "simple"} {
		models, err := filepath.Glob(filepath.Join(root, suite, "*", "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		matched, supported := 0, 0
		for _, path := range models {
			name := filepath.Base(filepath.Dir(path))
			g, err := readTest(path)
			if err != nil {
				if testing.Verbose() {
					fmt.Printf("%s: left out: %v\n", name, err)
				}
				continue
			}
			supported++
			err = runTest(g, filepath.Dir(path))
			why := differ[name]
			switch {
			case err == nil && why == "":
				matched++
			case err == nil:
				t.Errorf("%s matches, although %s", name, why)
			case why == "":
				t.Errorf("%s: %v", name, err)
			case testing.Verbose():
				fmt.Printf("%s: differs: %s: %v\n", name, why, err)
			}
		}
		fmt.Printf("%s tests: %d matched of %d supported of %d\n", suite, matched, supported, len(models))
		if matched < floors[suite] {
			t.Errorf("%s: %d tests match, there were %d", suite, matched, floors[suite])
		}
	}
}

func readTest(path string) (*ir.Graph, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return onnx.Read("model.onnx", raised(b), onnx.Options{})
}

// raised returns a model of an operator set before 7, the oldest that is read,
// as one of 7. What changed until then is arithmetic with attributes for
// broadcasting, which are refused in the newer set: no test passes by luck.
func raised(b []byte) []byte {
	const opsets, version = 8, 2 // fields of ModelProto and OperatorSetIdProto
	b = slices.Clone(b)
	fields(b, func(num uint64, _ uint64, at []byte) {
		if num == opsets {
			fields(at, func(num, v uint64, at []byte) {
				if num == version && v < 7 {
					at[0] = 7
				}
			})
		}
	})
	return b
}

// fields calls f for the varints and the parts of a message that is known to be
// right; what it gets of b is the value's own bytes.
func fields(b []byte, f func(num, v uint64, at []byte)) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		v, m := binary.Uvarint(b[n:])
		at, size := b[n:n+m], n+m
		if tag&7 == 2 {
			size += int(v)
			at = b[n+m : size]
		}
		f(tag>>3, v, at)
		b = b[size:]
	}
}

// runTest compares g with every data set of its folder.
func runTest(g *ir.Graph, folder string) error {
	sets, err := filepath.Glob(filepath.Join(folder, "test_data_set_*"))
	if err != nil {
		return err
	}
	for _, set := range sets {
		in, err := readTensors(set, "input", len(g.In))
		if err != nil {
			return err
		}
		want, err := readTensors(set, "output", len(g.Out))
		if err != nil {
			return err
		}
		for i, v := range g.In {
			in[i] = declared(in[i], v.Elem)
		}
		got, err := runNodes(g, in)
		if err != nil {
			return err
		}
		for i := range want {
			want[i] = declared(want[i], got[i].Elem)
			if err := compare(got[i], want[i]); err != nil {
				return fmt.Errorf("output %d: %w", i, err)
			}
		}
	}
	return nil
}

func readTensors(folder, kind string, n int) ([]*ir.Tensor, error) {
	list := make([]*ir.Tensor, n)
	for i := range list {
		name := fmt.Sprintf("%s_%d.pb", kind, i)
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		if list[i], err = parseTensorProto(b); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return list, nil
}

// declared returns t in the type that the model declares: the data files hold
// bfloat16, which numpy lacks, as the uint16 of the same bits.
func declared(t *ir.Tensor, e ir.Elem) *ir.Tensor {
	if e != ir.BFloat16 || t.Elem != ir.Uint16 {
		return t
	}
	real := ir.NewTensor(e, t.Shape)
	for i, v := range t.Int {
		real.Real[i] = realOf(e, uint64(v))
	}
	return real
}

// runNodes evaluates the nodes in order, on shapes as they come.
func runNodes(g *ir.Graph, in []*ir.Tensor) ([]*ir.Tensor, error) {
	tensors := map[*ir.Value]*ir.Tensor{}
	for i, v := range g.In {
		tensors[v] = in[i]
	}
	at := func(v *ir.Value) *ir.Tensor {
		if v != nil && v.Const != nil {
			return v.Const
		}
		return tensors[v]
	}
	for _, n := range g.Nodes {
		args := make([]*ir.Tensor, len(n.In))
		for i, v := range n.In {
			args[i] = at(v)
		}
		results, err := eval.Node(n, args)
		if err != nil {
			return nil, err
		}
		for i, v := range n.Out {
			if v != nil {
				tensors[v] = results[i]
			}
		}
	}
	out := make([]*ir.Tensor, len(g.Out))
	for i, v := range g.Out {
		out[i] = at(v)
	}
	return out, nil
}

// compare holds reals to ONNX's own tolerance, and integers to equality.
func compare(got, want *ir.Tensor) error {
	if got == nil {
		return fmt.Errorf("is missing")
	}
	if !slices.Equal(got.Shape, want.Shape) {
		return fmt.Errorf("shape %v, want %v", got.Shape, want.Shape)
	}
	if got.Elem != want.Elem && !(got.Elem.IsReal() && want.Elem.IsReal()) {
		return fmt.Errorf("type %s, want %s", got.Elem, want.Elem)
	}
	for i, w := range want.Int {
		if got.Int[i] != w {
			return fmt.Errorf("element %d is %d, want %d", i, got.Int[i], w)
		}
	}
	for i, w := range want.Real {
		g := got.Real[i]
		same := g == w || g != g && w != w
		if !same && !(math.Abs(float64(g)-float64(w)) <= 1e-5+1e-3*math.Abs(float64(w))) {
			return fmt.Errorf("element %d is %g, want %g", i, g, w)
		}
	}
	return nil
}
