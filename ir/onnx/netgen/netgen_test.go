package netgen_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/ir/onnx/netgen"
	"github.com/snug-nn/snug/quant"
)

// TestValid holds that every network is one, and that together they have every
// operator that codegen lowers but a softmax inside.
func TestValid(t *testing.T) {
	ops := map[ir.Op]int{}
	for seed := range uint64(2000) {
		text := netgen.Random(rand.New(rand.NewPCG(seed, 3))).Text("v")
		b, err := modeltext.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		g, err := onnx.Read("net.onnx", b, onnx.Options{})
		if err == nil {
			err = quant.Prepare(g, true)
		}
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		for _, n := range g.Nodes {
			ops[n.Op]++
		}
	}
	for _, op := range []ir.Op{"Add", "AveragePool", "Concat", "Conv", "DepthToSpace", "LRN", "MaxPool", "Mul", "Pad", "Reshape", "Resize", "Slice", "Softmax", "Sub", "Transpose", "Relu", "Sigmoid"} {
		if ops[op] < 20 {
			t.Errorf("%d of %s", ops[op], op)
		}
	}
}

// TestShrink shrinks to the one operator that is asked for.
func TestShrink(t *testing.T) {
	shrunk := 0
	for seed := range uint64(100) {
		n := netgen.Random(rand.New(rand.NewPCG(seed, 3)))
		fails := func(c *netgen.Net) bool { return strings.Contains(c.Text(""), " MaxPool(") }
		if !fails(n) {
			continue
		}
		small := n.Shrink(fails)
		text := small.Text("")
		if !fails(small) || strings.Count(text, " = ") != 2 || !strings.Contains(text, "float[N,1,1,1]") {
			t.Errorf("seed %d: left\n%s", seed, text)
		}
		shrunk++
	}
	if shrunk == 0 {
		t.Error("none has a MaxPool")
	}
}
