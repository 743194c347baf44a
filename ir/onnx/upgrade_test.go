package onnx

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestUpgrade reads one node in an old and in a new form: its arguments and
// attributes have to come out in the newest.
func TestUpgrade(t *testing.T) {
	ints := func(v ...int) []int { return v }
	tests := []struct {
		opset int
		expr  string
		attrs [][]byte
		args  string
		want  ir.Attrs
	}{
		{7, "y = Clip(x)", [][]byte{attr("min", float32(0)), attr("max", float32(6))}, "x, 0, 6", ir.Attrs{}},
		{7, "y = Clip(x)", [][]byte{attr("max", float32(6))}, "x, -, 6", ir.Attrs{}},
		{13, "y = Clip(x, -, s)", nil, "x, -, 3", ir.Attrs{}},
		{13, "y = Clip(x, -, -)", nil, "x", ir.Attrs{}},
		{9, "y = Pad(x)", [][]byte{attr("pads", ints(0, 0, 1, 1)), attr("value", float32(2))}, "x, [0 0 1 1], 2", ir.Attrs{Mode: "constant"}},
		{9, "y = Pad(x)", [][]byte{attr("pads", ints(0, 0, 1, 1)), attr("mode", "edge")}, "x, [0 0 1 1]", ir.Attrs{Mode: "edge"}},
		{18, "y = Pad(x, i, -, i)", [][]byte{attr("mode", "wrap")}, "x, [0 1], -, [0 1]", ir.Attrs{Mode: "wrap"}},
		{9, "y = Slice(x)", [][]byte{attr("starts", ints(1)), attr("ends", ints(-1)), attr("axes", ints(2))}, "x, [1], [-1], [2]", ir.Attrs{}},
		{9, "y = Slice(x)", [][]byte{attr("ends", ints(3)), attr("starts", ints(0))}, "x, [0], [3]", ir.Attrs{}},
		{13, "y = Slice(x, i, i, -, i)", nil, "x, [0 1], [0 1], -, [0 1]", ir.Attrs{}},
		{7, "y = Squeeze(x)", [][]byte{attr("axes", ints(0, -1))}, "x, [0 -1]", ir.Attrs{}},
		{13, "y = Squeeze(x)", nil, "x", ir.Attrs{}},
		{7, "y = Unsqueeze(x)", [][]byte{attr("axes", ints(0))}, "x, [0]", ir.Attrs{}},
		{7, "y = Split(x)", [][]byte{attr("split", ints(1)), attr("axis", 1)}, "x, [1]", ir.Attrs{Axis: 1}},
		{18, "y = Split(x)", [][]byte{attr("num_outputs", 1)}, "x", ir.Attrs{}},
		{7, "y = ReduceMean(x)", [][]byte{attr("axes", ints(2, 3)), attr("keepdims", 0)}, "x, [2 3]", ir.Attrs{}},
		{18, "y = ReduceMean(x, i)", [][]byte{attr("noop_with_empty_axes", 1)}, "x, [0 1]", ir.Attrs{KeepDims: true, NoopEmptyAxes: true}},
		{7, "y = Dropout(x)", [][]byte{attr("ratio", float32(0.5))}, "x", ir.Attrs{}},
		{13, "y = Dropout(x, s, no)", [][]byte{attr("seed", 1)}, "x", ir.Attrs{}},
		{12, "y = Softmax(x)", nil, "x", ir.Attrs{Axis: 1, FlattenToAxis: true}},
		{12, "y = LogSoftmax(x)", [][]byte{attr("axis", 2)}, "x", ir.Attrs{Axis: 2, FlattenToAxis: true}},
		{13, "y = Softmax(x)", nil, "x", ir.Attrs{Axis: -1}},
		{13, "y = LogSoftmax(x)", [][]byte{attr("axis", 1)}, "x", ir.Attrs{Axis: 1}},
		{7, "y = BatchNormalization(x, s, s, s, s)", [][]byte{attr("spatial", 1), attr("momentum", float32(1))}, "x, 3, 3, 3, 3", ir.Attrs{Epsilon: 1e-5}},
		{21, "y = QuantizeLinear(x, s)", [][]byte{attr("output_dtype", 3)}, "x, 3, 0", ir.Attrs{Axis: 1}},
		{21, "y = QuantizeLinear(x, s)", nil, "x, 3", ir.Attrs{Axis: 1}},
		{13, "y = DequantizeLinear(x, s)", [][]byte{attr("axis", 0)}, "x, 3", ir.Attrs{}},

		{13, "y = Conv(x, w)", nil, "x, [1 1 2 2][1 1 1]",
			ir.Attrs{Kernel: ints(2, 2), Strides: ints(1, 1), Dilations: ints(1, 1), Pads: ints(0, 0, 0, 0), Group: 1}},
		{13, "y = Conv(x, w)", [][]byte{attr("auto_pad", "SAME_UPPER"), attr("strides", ints(2, 1))}, "x, [1 1 2 2][1 1 1]",
			ir.Attrs{Kernel: ints(2, 2), Strides: ints(2, 1), Dilations: ints(1, 1), AutoPad: "SAME_UPPER", Group: 1}},
		{13, "y = Conv(x, v)", [][]byte{attr("group", 2)}, "x, v", ir.Attrs{Group: 2}},
		{13, "y = Conv(x, v)", [][]byte{attr("auto_pad", "NOTSET"), attr("pads", ints(1, 2))}, "x, v",
			ir.Attrs{Strides: ints(1), Dilations: ints(1), Pads: ints(1, 2), Group: 1}},
		{7, "y = MaxPool(x)", [][]byte{attr("kernel_shape", ints(3)), attr("storage_order", 0)}, "x",
			ir.Attrs{Kernel: ints(3), Strides: ints(1), Dilations: ints(1), Pads: ints(0, 0)}},
		{10, "y = AveragePool(x)", [][]byte{attr("kernel_shape", ints(3)), attr("count_include_pad", 1), attr("ceil_mode", 1), attr("auto_pad", "VALID")}, "x",
			ir.Attrs{Kernel: ints(3), Strides: ints(1), Dilations: ints(1), AutoPad: "VALID", CeilMode: true, CountIncludePad: true}},
		{13, "y = Gemm(x, w)", [][]byte{attr("transB", 1), attr("alpha", float32(0.5))}, "x, [1 1 2 2][1 1 1]", ir.Attrs{TransB: true, Alpha: 0.5, Beta: 1}},
		{13, "y = Gather(x, i)", nil, "x, [0 1]", ir.Attrs{}},
		{13, "y = Flatten(x)", nil, "x", ir.Attrs{Axis: 1}},
		{13, "y = Shape(x)", nil, "x", ir.Attrs{End: math.MaxInt}},
		{15, "y = Shape(x)", [][]byte{attr("start", 1), attr("end", -1)}, "x", ir.Attrs{Start: 1, End: -1}},
		{14, "y = Reshape(x, i)", [][]byte{attr("allowzero", 1)}, "x, [0 1]", ir.Attrs{AllowZero: true}},
		{13, "y = Transpose(x)", [][]byte{attr("perm", ints(1, 0))}, "x", ir.Attrs{Perm: ints(1, 0)}},
		{13, "y = Transpose(x)", nil, "x", ir.Attrs{}},
		{13, "y = LeakyRelu(x)", nil, "x", ir.Attrs{Alpha: 0.01}},
		{13, "y = Elu(x)", nil, "x", ir.Attrs{Alpha: 1}},
		{13, "y = HardSigmoid(x)", nil, "x", ir.Attrs{Alpha: 0.2, Beta: 0.5}},
		{13, "y = LRN(x)", [][]byte{attr("size", 5)}, "x", ir.Attrs{Size: 5, Alpha: 1e-4, Beta: 0.75, Bias: 1}},
		{13, "y = Cast(x)", [][]byte{attr("to", 7)}, "x", ir.Attrs{To: ir.Int64}},
		{13, "y = Concat(x, x)", [][]byte{attr("axis", -1)}, "x, x", ir.Attrs{Axis: -1}},
		{13, "y = ConstantOfShape(i)", nil, "[0 1]", ir.Attrs{Value: &ir.Tensor{Elem: ir.Float32, Shape: ints(1), Real: []float32{0}}}},
		{13, "y = ConstantOfShape(i)", [][]byte{attr("value", int64s("", ints(1), 7))}, "[0 1]",
			ir.Attrs{Value: &ir.Tensor{Elem: ir.Int64, Shape: ints(1), Int: []int64{7}}}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s in %d", test.expr, test.opset), func(t *testing.T) {
			g, err := Read("m.onnx", file(test.opset, input("x", 2),
				initializer(floats("s", nil, 3)), initializer(int64s("i", []int{2}, 0, 1)),
				initializer(stored("no", 9, nil, raw(0))), initializer(floats("w", []int{1, 1, 2, 2}, ones(4)...)),
				call("v = Neg(x)"), call(test.expr, test.attrs...), output("y")), Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := g.Nodes[len(g.Nodes)-1]
			if got := arguments(n); got != test.args {
				t.Errorf("arguments %s, want %s", got, test.args)
			}
			if !reflect.DeepEqual(n.Attrs, test.want) {
				t.Errorf("got  %+v\nwant %+v", n.Attrs, test.want)
			}
		})
	}
}

// TestZeroPointType reads a QuantizeLinear that says its type by an attribute.
func TestZeroPointType(t *testing.T) {
	g, err := Read("m.onnx", file(21, input("x", 2), initializer(floats("s", []int{2}, 1, 1)),
		call("y = QuantizeLinear(x, s)", attr("output_dtype", 22)), output("y")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if zero := g.Nodes[0].In[2]; zero.Elem != ir.Int4 || literal(zero.Const) != "[0 0]" {
		t.Errorf("got %s %s", zero.Elem, literal(zero.Const))
	}
}

// TestConvOfComputedWeights takes a kernel's size through the operators that
// exporters put before weights.
func TestConvOfComputedWeights(t *testing.T) {
	g, err := Read("m.onnx", file(13, input("x", 1, 1, 4), initializer(int64s("shape", []int{3}, 1, 1, 3)),
		call("a = ConstantOfShape(shape)"), call("b = Identity(a)"), call("y = Conv(x, b)"), output("y")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Nodes[2].Attrs.Kernel; len(got) != 1 || got[0] != 3 {
		t.Errorf("kernel %v", got)
	}
}

// TestRows keeps the table in step with that of the operators.
func TestRows(t *testing.T) {
	for _, row := range ir.Ops {
		if rowOf(row.Op) == nil && row.Op != "Function" { // which no file has
			t.Errorf("%s has no row in attrRows", row.Op)
		}
	}
	for i, row := range attrRows {
		if row.op.Row() == nil {
			t.Errorf("%s is no operator", row.op)
		}
		if i > 0 && attrRows[i-1].op >= row.op {
			t.Errorf("%s is out of order", row.op)
		}
	}
	for _, m := range moved {
		if row := m.op.Row(); row == nil || m.input >= row.InMax {
			t.Errorf("%s has no input %d", m.op, m.input)
		}
	}
}
