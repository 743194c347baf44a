package ir

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// of returns a value of the given shape, as a network's input is.
func of(dims ...int) *Value {
	return &Value{Name: "x", Elem: Float32, Shape: append([]int{}, dims...)}
}

// ints returns a constant list of integers.
func ints(v ...int64) *Value { return constant(&Tensor{Elem: Int64, Shape: []int{len(v)}, Int: v}) }

// whole and real return constant scalars.
func whole(v int64) *Value {
	return constant(&Tensor{Elem: Int64, Shape: []int{}, Int: []int64{v}})
}
func real(v float32) *Value {
	return constant(&Tensor{Elem: Float32, Shape: []int{}, Real: []float32{v}})
}

func constant(t *Tensor) *Value {
	return &Value{Name: "k", Elem: t.Elem, Shape: slices.Clone(t.Shape), Const: t}
}

// in collects inputs; nil is one that is absent.
func in(v ...*Value) []*Value { return v }

// outs returns n outputs.
func outs(n int) []*Value {
	out := make([]*Value, n)
	for i := range out {
		out[i] = &Value{Name: fmt.Sprint("y", i)}
	}
	return out
}

type shapeCase struct {
	name  string
	op    Op
	attrs Attrs
	in    []*Value
	outs  int // 0 stands for 1
	want  string
}

func (c *shapeCase) node() *Node {
	return &Node{Name: "n", Op: c.op, Attrs: c.attrs, In: c.in, Out: outs(max(c.outs, 1))}
}

// shapeCases are nodes that are right, with the shapes that ONNX gives them.
var shapeCases = []shapeCase{
	{"add", "Add", Attrs{}, in(of(2, 3), of(3)), 0, "[[2 3]]"},
	{"add both ways", "Add", Attrs{}, in(of(4, 1, 3), of(5, 1)), 0, "[[4 5 3]]"},
	{"add scalars", "Add", Attrs{}, in(of(), real(1)), 0, "[[]]"},
	{"add nothing", "Add", Attrs{}, in(of(0, 3), of(1, 3)), 0, "[[0 3]]"},
	{"max of three", "Max", Attrs{}, in(of(2, 1), of(1, 3), of()), 0, "[[2 3]]"},
	{"where", "Where", Attrs{}, in(of(2, 1), of(3), of(1)), 0, "[[2 3]]"},
	{"cast", "Cast", Attrs{To: Int8}, in(of(2, 3)), 0, "[[2 3]]"},
	{"batch norm", "BatchNormalization", Attrs{}, in(of(1, 3, 4, 4), of(3), of(3), of(3), of(3)), 0, "[[1 3 4 4]]"},
	{"prelu by channel", "PRelu", Attrs{}, in(of(1, 3, 4, 4), of(3, 1, 1)), 0, "[[1 3 4 4]]"},
	{"softmax", "Softmax", Attrs{Axis: -2}, in(of(2, 3)), 0, "[[2 3]]"},
	{"log softmax", "LogSoftmax", Attrs{Axis: 1}, in(of(2, 3)), 0, "[[2 3]]"},
	{"quantize by a scalar", "QuantizeLinear", Attrs{Axis: 1}, in(of(5), real(1)), 0, "[[5]]"},
	{"quantize by a list of one", "QuantizeLinear", Attrs{Axis: 9}, in(of(5, 2), of(1), of()), 0, "[[5 2]]"},
	{"dequantize by axis", "DequantizeLinear", Attrs{Axis: -2}, in(of(5, 2), of(5), of(5)), 0, "[[5 2]]"},

	{"conv", "Conv", Attrs{}, in(of(1, 3, 8, 8), of(4, 3, 3, 3), of(4)), 0, "[[1 4 6 6]]"},
	{"conv 1d, strided", "Conv", Attrs{Strides: []int{2}, Pads: []int{1, 1}}, in(of(2, 1, 9), of(4, 1, 3)), 0, "[[2 4 5]]"},
	{"conv depthwise, dilated", "Conv", Attrs{Group: 6, Dilations: []int{2, 1}}, in(of(1, 6, 8, 8), of(6, 1, 3, 3)), 0, "[[1 6 4 6]]"},
	{"conv same", "Conv", Attrs{AutoPad: "SAME_UPPER", Strides: []int{2, 3}}, in(of(1, 1, 7, 7), of(1, 1, 4, 4)), 0, "[[1 1 4 3]]"},
	{"conv valid", "Conv", Attrs{AutoPad: "VALID", Pads: []int{9, 9, 9, 9}}, in(of(1, 1, 7, 7), of(1, 1, 4, 4)), 0, "[[1 1 4 4]]"},
	{"conv of no image", "Conv", Attrs{}, in(of(0, 3, 8, 8), of(4, 3, 3, 3)), 0, "[[0 4 6 6]]"},
	{"max pool", "MaxPool", Attrs{Kernel: []int{2, 2}, Strides: []int{2, 2}}, in(of(1, 3, 5, 6)), 0, "[[1 3 2 3]]"},
	{"max pool, ceil", "MaxPool", Attrs{Kernel: []int{2, 2}, Strides: []int{2, 2}, CeilMode: true}, in(of(1, 3, 5, 6)), 0, "[[1 3 3 3]]"},
	{"ceil, last window would start behind", "MaxPool", Attrs{Kernel: []int{1}, Strides: []int{3}, Pads: []int{0, 0}, CeilMode: true}, in(of(1, 1, 3)), 0, "[[1 1 1]]"},
	{"ceil, window larger than the input", "AveragePool", Attrs{Kernel: []int{4}, Strides: []int{2}, CeilMode: true}, in(of(1, 1, 3)), 0, "[[1 1 1]]"},
	{"global", "GlobalAveragePool", Attrs{}, in(of(2, 3, 4, 5)), 0, "[[2 3 1 1]]"},

	{"gemm", "Gemm", Attrs{TransB: true}, in(of(2, 3), of(4, 3), of(4)), 0, "[[2 4]]"},
	{"gemm transposed", "Gemm", Attrs{TransA: true}, in(of(3, 2), of(3, 4), of(2, 1)), 0, "[[2 4]]"},
	{"matmul", "MatMul", Attrs{}, in(of(5, 1, 2, 3), of(6, 3, 4)), 0, "[[5 6 2 4]]"},
	{"matmul of vectors", "MatMul", Attrs{}, in(of(3), of(3)), 0, "[[]]"},
	{"matmul by a vector", "MatMul", Attrs{}, in(of(7, 2, 3), of(3)), 0, "[[7 2]]"},
	{"reduce", "ReduceMean", Attrs{KeepDims: true}, in(of(1, 3, 4, 5), ints(-1, 2)), 0, "[[1 3 1 1]]"},
	{"reduce all", "ReduceMean", Attrs{}, in(of(3, 4)), 0, "[[]]"},
	{"reduce none", "ReduceMean", Attrs{NoopEmptyAxes: true}, in(of(3, 4), ints()), 0, "[[3 4]]"},

	{"constant", "Constant", Attrs{Value: NewTensor(Int64, []int{2, 2})}, nil, 0, "[[2 2]]"},
	{"constant scalar", "Constant", Attrs{Value: NewTensor(Int64, nil)}, nil, 0, "[[]]"},
	{"constant of shape", "ConstantOfShape", Attrs{}, in(ints(2, 0, 3)), 0, "[[2 0 3]]"},
	{"range", "Range", Attrs{}, in(whole(1), whole(10), whole(4)), 0, "[[3]]"},
	{"range down", "Range", Attrs{}, in(whole(10), whole(0), whole(-5)), 0, "[[2]]"},
	{"range of large integers", "Range", Attrs{}, in(whole(1<<60), whole(1<<60+3), whole(1)), 0, "[[3]]"},
	{"range of nothing", "Range", Attrs{}, in(whole(3), whole(1), whole(1)), 0, "[[0]]"},
	{"range of reals", "Range", Attrs{}, in(real(0), real(1), real(0.3)), 0, "[[4]]"},
	{"shape", "Shape", Attrs{Start: -2, End: math.MaxInt}, in(of(2, 3, 4)), 0, "[[2]]"},
	{"shape, crossed", "Shape", Attrs{Start: 2, End: 1}, in(of(2, 3, 4)), 0, "[[0]]"},
	{"size", "Size", Attrs{}, in(of(2, 3)), 0, "[[]]"},

	{"concat", "Concat", Attrs{Axis: -1}, in(of(2, 3), of(2, 0), of(2, 4)), 0, "[[2 7]]"},
	{"expand", "Expand", Attrs{}, in(of(3, 1), ints(2, 1, 6)), 0, "[[2 3 6]]"},
	{"flatten", "Flatten", Attrs{Axis: 2}, in(of(2, 3, 4, 5)), 0, "[[6 20]]"},
	{"flatten at the end", "Flatten", Attrs{Axis: 2}, in(of(2, 3)), 0, "[[6 1]]"},
	{"flatten a scalar", "Flatten", Attrs{}, in(of()), 0, "[[1 1]]"},
	{"gather", "Gather", Attrs{Axis: 1}, in(of(2, 3, 4), of(5, 6)), 0, "[[2 5 6 4]]"},
	{"gather one", "Gather", Attrs{}, in(of(3), whole(1)), 0, "[[]]"},
	{"pad", "Pad", Attrs{}, in(of(2, 3), ints(0, 1, 2, -1), real(0)), 0, "[[4 3]]"},
	{"pad an axis", "Pad", Attrs{}, in(of(2, 3), ints(1, 1), nil, ints(-1)), 0, "[[2 5]]"},
	{"pad by reflection", "Pad", Attrs{Mode: "reflect"}, in(of(1, 3), ints(0, 2, 0, 2)), 0, "[[1 7]]"},
	{"pad by repetition", "Pad", Attrs{Mode: "wrap"}, in(of(2), ints(5, 0)), 0, "[[7]]"},
	{"reshape", "Reshape", Attrs{}, in(of(2, 3, 4), ints(0, -1)), 0, "[[2 12]]"},
	{"reshape, zero allowed", "Reshape", Attrs{AllowZero: true}, in(of(0, 3), ints(3, 0)), 0, "[[3 0]]"},
	{"reshape to a scalar", "Reshape", Attrs{}, in(of(1, 1), ints()), 0, "[[]]"},
	{"reshape nothing", "Reshape", Attrs{}, in(of(0, 3), ints(3, -1)), 0, "[[3 0]]"},
	{"slice", "Slice", Attrs{}, in(of(5, 6), ints(1), ints(math.MaxInt64), ints(-1)), 0, "[[5 5]]"},
	{"slice, first axes", "Slice", Attrs{}, in(of(5, 6, 7), ints(1, 2), ints(3, -1)), 0, "[[2 3 7]]"},
	{"split", "Split", Attrs{Axis: 1}, in(of(2, 7), ints(3, 0, 4)), 3, "[[2 3] [2 0] [2 4]]"},
	{"split equally", "Split", Attrs{}, in(of(6)), 3, "[[2] [2] [2]]"},
	{"split, last smaller", "Split", Attrs{}, in(of(7)), 3, "[[3] [3] [1]]"},
	{"split nothing", "Split", Attrs{}, in(of(0, 2)), 2, "[[0 2] [0 2]]"},
	{"squeeze", "Squeeze", Attrs{}, in(of(1, 3, 1, 1)), 0, "[[3]]"},
	{"squeeze an axis", "Squeeze", Attrs{}, in(of(1, 3, 1), ints(-1)), 0, "[[1 3]]"},
	{"unsqueeze", "Unsqueeze", Attrs{}, in(of(3, 4), ints(0, -1)), 0, "[[1 3 4 1]]"},
	{"tile", "Tile", Attrs{}, in(of(2, 3), ints(2, 0)), 0, "[[4 0]]"},
	{"transpose", "Transpose", Attrs{}, in(of(2, 3, 4)), 0, "[[4 3 2]]"},
	{"transpose by a permutation", "Transpose", Attrs{Perm: []int{1, 2, 0}}, in(of(2, 3, 4)), 0, "[[3 4 2]]"},
}

func TestOutShapes(t *testing.T) {
	for _, c := range shapeCases {
		t.Run(c.name, func(t *testing.T) {
			n := c.node()
			got, err := OutShapes(n)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if slices.ContainsFunc(got, func(s []int) bool { return s == nil }) {
				t.Error("a shape is nil, which stands for one that is not known")
			}
		})
	}
}

// TestOutShapesFresh scribbles over the result: nothing that the node holds may
// change, and once filled attributes give the same shapes again.
func TestOutShapesFresh(t *testing.T) {
	for _, c := range shapeCases {
		t.Run(c.name, func(t *testing.T) {
			n := c.node()
			first, err := OutShapes(n)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range first {
				for i := range s {
					s[i] = -7
				}
				_ = append(s, -7)
			}
			if again, err := OutShapes(n); err != nil || fmt.Sprint(again) != c.want {
				t.Errorf("second call: %v, %v, want %s", again, err, c.want)
			}
		})
	}
}

func TestOutShapesFills(t *testing.T) {
	conv := &Node{Op: "Conv", In: in(of(1, 2, 7, 7), of(4, 2, 4, 2))}
	pool := func(pad string) *Node {
		return &Node{Op: "MaxPool", In: in(of(1, 2, 7)), Attrs: Attrs{Kernel: []int{4}, Strides: []int{2}, AutoPad: pad}}
	}
	tests := []struct {
		name string
		n    *Node
		want Attrs
	}{
		{"conv", conv, Attrs{Kernel: []int{4, 2}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}, Group: 1}},
		{"upper", pool("SAME_UPPER"), Attrs{Kernel: []int{4}, Strides: []int{2}, Dilations: []int{1}, Pads: []int{1, 2}}},
		{"lower", pool("SAME_LOWER"), Attrs{Kernel: []int{4}, Strides: []int{2}, Dilations: []int{1}, Pads: []int{2, 1}}},
		{"valid", pool("VALID"), Attrs{Kernel: []int{4}, Strides: []int{2}, Dilations: []int{1}, Pads: []int{0, 0}}},
		{"not set", pool("NOTSET"), Attrs{Kernel: []int{4}, Strides: []int{2}, Dilations: []int{1}, Pads: []int{0, 0}}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if _, err := OutShapes(c.n); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c.n.Attrs, c.want) {
				t.Errorf("got %+v, want %+v", c.n.Attrs, c.want)
			}
		})
	}
	// A kernel that came from the weights must not be their shape.
	conv.Attrs.Kernel[0] = 99
	if conv.In[1].Shape[2] != 4 {
		t.Error("Kernel shares memory with the weights' shape")
	}
}

// wide is a shape of n dimensions of 1.
func wide(n int) *Value { return of(slices.Repeat([]int{1}, n)...) }

// TestOutShapesRefuses has files that are wrong or hostile; want is a part of
// the message, and the attributes stay as they were.
func TestOutShapesRefuses(t *testing.T) {
	const huge = math.MaxInt64
	image := of(1, 3, 8, 8)
	tests := []shapeCase{
		{"unknown operator", "Frobnicate", Attrs{}, in(of(1)), 0, "not known"},
		{"no inputs", "Add", Attrs{}, nil, 0, "want at least 2"},
		{"too many inputs", "Relu", Attrs{}, in(of(1), of(1)), 0, "want at most 1"},
		{"absent input", "Add", Attrs{}, in(of(1), nil), 0, "lacks input 1"},
		{"absent input of many", "Max", Attrs{}, in(of(1), nil, of(1)), 0, "lacks input 1"},
		{"no shape yet", "Relu", Attrs{}, in(&Value{Name: "x"}), 0, "no shape"},
		{"constant of another shape", "Relu", Attrs{}, in(&Value{Shape: []int{2}, Const: NewTensor(Int8, []int{3})}), 0, "its constant"},
		{"negative dimension", "Relu", Attrs{}, in(of(2, -1)), 0, "negative"},
		{"least dimension", "Flatten", Attrs{}, in(of(math.MinInt64, 2)), 0, "negative"},
		{"too many elements", "Relu", Attrs{}, in(of(1<<16, 1<<16)), 0, "elements"},
		{"product that wraps to zero", "Flatten", Attrs{Axis: 2}, in(of(1<<32, 1<<32)), 0, "elements"},
		{"overflow behind a zero", "Flatten", Attrs{}, in(of(0, huge, huge)), 0, "elements"},
		{"too many dimensions", "Relu", Attrs{}, in(wide(65)), 0, "65 dimensions"},
		{"result of too many elements", "Add", Attrs{}, in(of(1<<20, 1), of(1, 1<<20)), 0, "elements"},

		{"shapes do not match", "Mul", Attrs{}, in(of(2, 3), of(2)), 0, "do not match"},
		{"batch norm of a vector", "BatchNormalization", Attrs{}, in(of(3), of(3), of(3), of(3), of(3)), 0, "no channels"},
		{"batch norm, three of four", "BatchNormalization", Attrs{}, in(image, of(3), of(3), of(3), of(4)), 0, "3 channels"},
		{"batch norm, column", "BatchNormalization", Attrs{}, in(image, of(3, 1), of(3), of(3), of(3)), 0, "3 channels"},
		{"slope larger than x", "PRelu", Attrs{}, in(of(1, 3), of(2, 3)), 0, "slope"},
		{"slope of more dimensions", "PRelu", Attrs{}, in(of(3), of(1, 3)), 0, "slope"},
		{"softmax axis", "Softmax", Attrs{Axis: 2}, in(of(2, 3)), 0, "axis 2"},
		{"softmax axis from the end", "LogSoftmax", Attrs{Axis: math.MinInt64}, in(of(2, 3)), 0, "axis"},
		{"softmax of a scalar", "Softmax", Attrs{Axis: -1}, in(of()), 0, "axis"},
		{"scales for another axis", "QuantizeLinear", Attrs{}, in(of(2, 3), of(3)), 0, "3 scales for axis 0"},
		{"no scales", "QuantizeLinear", Attrs{}, in(of(2, 3), of(0)), 0, "0 scales"},
		{"scales in blocks", "DequantizeLinear", Attrs{}, in(of(4, 3), of(2, 3)), 0, "one dimension"},
		{"scale axis", "DequantizeLinear", Attrs{Axis: 2}, in(of(2, 3), of(3)), 0, "axis 2"},
		{"zero points", "DequantizeLinear", Attrs{}, in(of(2, 3), of(2), of()), 0, "zero points"},

		{"conv of a matrix", "Conv", Attrs{}, in(of(1, 3), of(4, 3)), 0, "no spatial"},
		{"conv of an empty image", "Conv", Attrs{Pads: []int{3, 3, 3, 3}}, in(of(1, 3, 0, 8), of(4, 3, 3, 3)), 0, "empty"},
		{"conv, rank of the weights", "Conv", Attrs{}, in(image, of(4, 3, 3)), 0, "weights"},
		{"conv, channels", "Conv", Attrs{}, in(image, of(4, 2, 3, 3)), 0, "3 channels"},
		{"conv, no channels", "Conv", Attrs{}, in(of(1, 0, 8, 8), of(4, 0, 3, 3)), 0, "0 channels"},
		{"conv, no output channels", "Conv", Attrs{}, in(image, of(0, 3, 3, 3)), 0, "weights"},
		{"conv, groups", "Conv", Attrs{Group: 2}, in(image, of(4, 1, 3, 3)), 0, "2 groups"},
		{"conv, negative groups", "Conv", Attrs{Group: -1}, in(image, of(4, 3, 3, 3)), 0, "-1 groups"},
		{"conv, huge groups", "Conv", Attrs{Group: huge}, in(image, of(4, 3, 3, 3)), 0, "groups"},
		{"conv, kernel", "Conv", Attrs{Kernel: []int{5, 5}}, in(image, of(4, 3, 3, 3)), 0, "kernel"},
		{"conv, empty kernel", "Conv", Attrs{}, in(image, of(4, 3, 0, 3)), 0, "want 2 numbers"},
		{"conv, bias", "Conv", Attrs{}, in(image, of(4, 3, 3, 3), of(3)), 0, "bias"},
		{"conv, window too large", "Conv", Attrs{}, in(image, of(4, 3, 9, 3)), 0, "larger than"},
		{"conv, auto_pad", "Conv", Attrs{AutoPad: "SAME"}, in(image, of(4, 3, 3, 3)), 0, "auto_pad"},
		{"strides of one axis", "Conv", Attrs{Strides: []int{1}}, in(image, of(4, 3, 3, 3)), 0, "strides"},
		{"stride zero", "Conv", Attrs{Strides: []int{1, 0}}, in(image, of(4, 3, 3, 3)), 0, "strides"},
		{"huge stride", "Conv", Attrs{Strides: []int{1, huge}}, in(image, of(4, 3, 3, 3)), 0, "strides"},
		{"huge dilation", "Conv", Attrs{Dilations: []int{1, huge}}, in(image, of(4, 3, 3, 3)), 0, "dilations"},
		{"huge automatic pads", "Conv", Attrs{Dilations: []int{1 << 20, 1 << 20}, AutoPad: "SAME_LOWER"}, in(image, of(4, 3, 9, 9)), 0, "pads"},
		{"pads of one side", "Conv", Attrs{Pads: []int{1, 1}}, in(image, of(4, 3, 3, 3)), 0, "pads"},
		{"negative pads", "Conv", Attrs{Pads: []int{0, 0, 0, -1}}, in(image, of(4, 3, 3, 3)), 0, "pads"},
		{"huge pads", "Conv", Attrs{Pads: []int{0, 0, 0, huge}}, in(image, of(4, 3, 3, 3)), 0, "pads"},
		{"pool without a kernel", "MaxPool", Attrs{}, in(image), 0, "kernel"},
		{"pool of an empty image", "MaxPool", Attrs{Kernel: []int{1, 1}}, in(of(1, 3, 8, 0)), 0, "empty"},
		{"pool in the begin padding", "MaxPool", Attrs{Kernel: []int{2}, Pads: []int{2, 0}}, in(of(1, 1, 4)), 0, "padding alone"},
		{"pool in the end padding", "AveragePool", Attrs{Kernel: []int{2}, Pads: []int{0, 2}}, in(of(1, 1, 4)), 0, "padding alone"},
		{"pool steps over the input", "MaxPool", Attrs{Kernel: []int{2}, Dilations: []int{3}, Pads: []int{2, 1}}, in(of(1, 1, 1)), 0, "padding alone"},
		{"ceil does not reach", "MaxPool", Attrs{Kernel: []int{5}, Strides: []int{2}, CeilMode: true}, in(of(1, 1, 3)), 0, "larger than"},
		{"global pool of an empty image", "GlobalMaxPool", Attrs{}, in(of(1, 3, 0)), 0, "empty"},

		{"gemm of images", "Gemm", Attrs{}, in(image, of(8, 8)), 0, "two dimensions"},
		{"gemm, inner", "Gemm", Attrs{}, in(of(2, 3), of(4, 3)), 0, "inner"},
		{"gemm, bias", "Gemm", Attrs{}, in(of(2, 3), of(3, 4), of(3, 2, 4)), 0, "bias"},
		{"matmul of a scalar", "MatMul", Attrs{}, in(of(), of(2)), 0, "scalar"},
		{"matmul, inner", "MatMul", Attrs{}, in(of(2, 3), of(2)), 0, "inner"},
		{"reduce twice", "ReduceMean", Attrs{}, in(of(2, 3), ints(1, -1)), 0, "twice"},
		{"reduce, many axes", "ReduceMean", Attrs{}, in(of(2, 3), ints(0, 1, 0)), 0, "3 axes"},

		{"constant without a value", "Constant", Attrs{}, nil, 0, "no value"},
		{"constant, hostile shape", "Constant", Attrs{Value: &Tensor{Shape: []int{huge, huge}}}, nil, 0, "elements"},
		{"shape that is computed", "ConstantOfShape", Attrs{}, in(of(2)), 0, "must be constant"},
		{"shape of reals", "ConstantOfShape", Attrs{}, in(real(2)), 0, "integers"},
		{"shape in two dimensions", "Reshape", Attrs{}, in(of(4), constant(NewTensor(Int64, []int{1, 1}))), 0, "list of integers"},
		{"negative shape", "ConstantOfShape", Attrs{}, in(ints(2, -1)), 0, "negative"},
		{"huge shape", "ConstantOfShape", Attrs{}, in(ints(1<<32, 1<<32)), 0, "elements"},
		{"fill of two", "ConstantOfShape", Attrs{Value: NewTensor(Int8, []int{2})}, in(ints(2)), 0, "one element"},
		{"range by zero", "Range", Attrs{}, in(whole(1), whole(2), whole(0)), 0, "by 0"},
		{"range by nothing", "Range", Attrs{}, in(real(1), real(1), real(0)), 0, "by 0"},
		{"endless range", "Range", Attrs{}, in(whole(0), whole(1<<40), whole(1)), 0, "elements"},
		{"range that overflows", "Range", Attrs{}, in(whole(math.MinInt64), whole(huge), whole(1)), 0, "from"},
		{"range from infinity", "Range", Attrs{}, in(real(float32(math.Inf(1))), real(0), real(1)), 0, "from"},
		{"range of both types", "Range", Attrs{}, in(real(0), whole(1), real(1)), 0, "type"},
		{"range of a list", "Range", Attrs{}, in(ints(0, 1), whole(1), whole(1)), 0, "not a scalar"},
		{"range that is computed", "Range", Attrs{}, in(of(), whole(1), whole(1)), 0, "constant"},

		{"concat of ranks", "Concat", Attrs{}, in(of(2, 3), of(2)), 0, "differ"},
		{"concat beside the axis", "Concat", Attrs{}, in(of(2, 3), of(2, 4)), 0, "beside axis 0"},
		{"concat axis", "Concat", Attrs{Axis: 2}, in(of(2, 3)), 0, "axis 2"},
		{"expand", "Expand", Attrs{}, in(of(3), ints(2)), 0, "do not match"},
		{"expand to less than nothing", "Expand", Attrs{}, in(of(1), ints(-2)), 0, "negative"},
		{"flatten", "Flatten", Attrs{Axis: 3}, in(of(2, 3)), 0, "axis 3"},
		{"flatten from the end", "Flatten", Attrs{Axis: math.MinInt64}, in(of(2, 3)), 0, "axis"},
		{"gather of a scalar", "Gather", Attrs{}, in(of(), of(1)), 0, "axis"},
		{"pads for another rank", "Pad", Attrs{}, in(of(2, 3), ints(1, 1)), 0, "2 pads for 2 axes"},
		{"pad takes more than there is", "Pad", Attrs{}, in(of(2), ints(-2, -1)), 0, "negative"},
		{"pads that overflow", "Pad", Attrs{}, in(of(2), ints(huge, huge)), 0, "pads"},
		{"least pads", "Pad", Attrs{}, in(of(2), ints(math.MinInt64, 0)), 0, "pads"},
		{"pad axes", "Pad", Attrs{}, in(of(2, 3), ints(1, 1), nil, ints(2)), 0, "axis 2"},
		{"pad value", "Pad", Attrs{}, in(of(2), ints(1, 1), of(0)), 0, "one element"},
		{"pad mode", "Pad", Attrs{Mode: "mirror"}, in(of(2), ints(1, 1)), 0, "mode"},
		{"reflection of all", "Pad", Attrs{Mode: "reflect"}, in(of(2), ints(0, 2)), 0, "reflect of 2"},
		{"edge of nothing", "Pad", Attrs{Mode: "edge"}, in(of(0), ints(1, 0)), 0, "edge of 1"},
		{"reshape", "Reshape", Attrs{}, in(of(2, 3), ints(4, -1)), 0, "6 elements"},
		{"reshape of another size", "Reshape", Attrs{}, in(of(2, 3), ints(7)), 0, "6 elements"},
		{"reshape, two free", "Reshape", Attrs{}, in(of(2, 3), ints(-1, -1)), 0, "shape"},
		{"reshape keeps what is not there", "Reshape", Attrs{}, in(of(6), ints(6, 0)), 0, "keeps"},
		{"reshape, free beside zero", "Reshape", Attrs{AllowZero: true}, in(of(0), ints(0, -1)), 0, "0 elements"},
		{"reshape that overflows", "Reshape", Attrs{}, in(of(1), ints(1<<32, 1<<32)), 0, "elements"},
		{"reshape to the least", "Reshape", Attrs{}, in(of(1), ints(math.MinInt64)), 0, "shape"},
		{"slice by zero", "Slice", Attrs{}, in(of(4), ints(0), ints(1), ints(0), ints(0)), 0, "step 0"},
		{"slice lists", "Slice", Attrs{}, in(of(4), ints(0), ints(1, 2)), 0, "length"},
		{"slice axes", "Slice", Attrs{}, in(of(4), ints(0), ints(1), ints(1)), 0, "axis 1"},
		{"slice more axes than there are", "Slice", Attrs{}, in(of(4), ints(0, 0), ints(1, 1)), 0, "2 axes"},
		{"split sizes", "Split", Attrs{}, in(of(4), ints(1, 2)), 2, "parts"},
		{"split, negative size", "Split", Attrs{}, in(of(4), ints(-1, 5)), 2, "part of -1"},
		{"split into other parts", "Split", Attrs{}, in(of(4), ints(4)), 2, "1 parts for 2"},
		{"split of which one is empty", "Split", Attrs{}, in(of(4)), 3, "do not make 3"},
		{"split of which one is less", "Split", Attrs{}, in(of(5)), 4, "do not make 4"},
		{"split a scalar", "Split", Attrs{}, in(of()), 2, "axis"},
		{"squeeze", "Squeeze", Attrs{}, in(of(2, 1), ints(0)), 0, "not 1"},
		{"unsqueeze twice", "Unsqueeze", Attrs{}, in(of(2), ints(0, -3)), 0, "twice"},
		{"unsqueeze far", "Unsqueeze", Attrs{}, in(of(2), ints(2)), 0, "axis 2"},
		{"unsqueeze often", "Unsqueeze", Attrs{}, in(of(2), ints(slices.Repeat([]int64{0}, 100)...)), 0, "100 axes"},
		{"tile", "Tile", Attrs{}, in(of(2, 3), ints(2)), 0, "1 repeats"},
		{"tile backwards", "Tile", Attrs{}, in(of(2), ints(-1)), 0, "repeats"},
		{"huge tile", "Tile", Attrs{}, in(of(1<<16), ints(1<<16)), 0, "elements"},
		{"transpose", "Transpose", Attrs{Perm: []int{0}}, in(of(2, 3)), 0, "permutation"},
		{"transpose, one axis twice", "Transpose", Attrs{Perm: []int{0, 0}}, in(of(2, 3)), 0, "permutation"},
		{"transpose from the end", "Transpose", Attrs{Perm: []int{0, -1}}, in(of(2, 3)), 0, "permutation"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			n := c.node()
			got, err := OutShapes(n)
			if err == nil {
				t.Fatalf("got %v, want an error", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			if !reflect.DeepEqual(n.Attrs, c.attrs) {
				t.Errorf("attributes became %+v", n.Attrs)
			}
		})
	}
	// Without outputs there is nothing to split into.
	if _, err := OutShapes(&Node{Op: "Split", In: in(of(4))}); err == nil {
		t.Error("Split without outputs is taken")
	}
}

// TestOutShapesHostile feeds every operator with numbers at which arithmetic
// breaks: it may refuse or not, but gives only shapes that are within bounds.
func TestOutShapesHostile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := []int{math.MinInt64, -1 << 32, -2, -1, 0, 1, 2, 3, 5, 1 << 20, 1<<31 - 1, 1 << 31, 1 << 62, math.MaxInt64}
	number := func() int { // small ones often, or nothing is ever taken
		if r.IntN(5) > 0 {
			return r.IntN(5) - 1
		}
		return numbers[r.IntN(len(numbers))]
	}
	list := func() []int {
		out := make([]int, r.IntN(5))
		for i := range out {
			out[i] = number()
		}
		return out
	}
	value := func() *Value {
		switch r.IntN(11) {
		case 0:
			return nil
		case 1, 2, 3:
			var l []int64
			for _, v := range list() {
				l = append(l, int64(v))
			}
			return ints(l...)
		case 4:
			return whole(int64(number()))
		case 5:
			return real(float32(number()))
		case 6:
			return of(1, 1, number())
		case 7:
			return of(1, 4, 2, number())
		case 8:
			return of(number(), 2)
		}
		return of(list()...)
	}
	for _, row := range Ops {
		taken := 0
		for range 5000 {
			n := &Node{Op: row.Op, Out: outs(r.IntN(4)), Attrs: Attrs{
				Strides: list(), Dilations: list(), Pads: list(), Group: number(), Axis: number(), OutPads: [][]int{nil, list()}[r.IntN(2)], OutShape: [][]int{nil, list()}[r.IntN(2)], Start: number(), End: number(),
				CeilMode: r.IntN(2) == 0, KeepDims: r.IntN(2) == 0, AllowZero: r.IntN(2) == 0, TransA: r.IntN(2) == 0,
				AutoPad: []string{"", "", "VALID", "SAME_LOWER", "?"}[r.IntN(5)], Mode: []string{"", "reflect", "wrap", "?"}[r.IntN(4)],
				Value: []*Tensor{nil, {Shape: list()}, NewTensor(Int8, nil)}[r.IntN(3)]}}
			if r.IntN(2) == 0 {
				n.Attrs.Kernel, n.Attrs.Perm = list(), list()
			}
			if r.IntN(2) == 0 {
				n.Attrs.Strides, n.Attrs.Dilations, n.Attrs.Pads, n.Attrs.Group = nil, nil, nil, 1
			}
			for len(n.In) < row.In || r.IntN(3) == 0 {
				n.In = append(n.In, value())
			}
			n.In = n.In[:min(len(n.In), max(row.InMax, row.In+1))]
			shapes, err := OutShapes(n)
			if err != nil {
				continue
			}
			taken++
			for _, s := range shapes {
				if s == nil || checkShape(s) != nil {
					t.Fatalf("%s of %v with %+v gives %v", n.Op, n.In, n.Attrs, shapes)
				}
			}
		}
		// A generator whose every node is refused would test nothing.
		if taken == 0 && row.Op != "Constant" && row.Op != "BatchNormalization" && row.Op != "Range" {
			t.Errorf("%s: every node was refused", row.Op)
		}
	}
}

// TestPoolWindows compares the number of windows with ONNX's formula, and what
// is refused with a look at every element of every window.
func TestPoolWindows(t *testing.T) {
	const most = 4
	for code := range 2 * 6 * most * most * most * most * most {
		rest := code
		pick := func(n int) int { v := rest % n; rest /= n; return v }
		ceil, size := pick(2) == 1, 1+pick(6)
		kernel, stride, dilation, begin, end := 1+pick(most), 1+pick(most), 1+pick(most), pick(most), pick(most)
		reach := (kernel-1)*dilation + 1
		quotient := float64(size+begin+end-reach) / float64(stride)
		want := int(math.Floor(quotient)) + 1
		if ceil {
			want = int(math.Ceil(quotient)) + 1
			if (want-1)*stride >= size+begin {
				want--
			}
		}
		refused := want < 1
		for i := range max(want, 0) {
			inside := 0
			for k := range kernel {
				if at := i*stride + k*dilation - begin; at >= 0 && at < size {
					inside++
				}
			}
			refused = refused || inside == 0
		}
		n := &Node{Op: "MaxPool", In: in(of(1, 1, size)), Attrs: Attrs{Kernel: []int{kernel}, Strides: []int{stride},
			Dilations: []int{dilation}, Pads: []int{begin, end}, CeilMode: ceil}}
		got, err := OutShapes(n)
		if (err != nil) != refused || err == nil && got[0][2] != want {
			t.Fatalf("%d elements, %+v: got %v, %v, want %d, refused %t", size, n.Attrs, got, err, want, refused)
		}
	}
}

// TestSame verifies what automatic padding promises: ceil(in/stride) windows.
func TestSame(t *testing.T) {
	for size := 1; size < 12; size++ {
		for kernel := 1; kernel < 6; kernel++ {
			for stride := 1; stride < 5; stride++ {
				for dilation := 1; dilation < 4; dilation++ {
					for _, pad := range []string{"SAME_UPPER", "SAME_LOWER"} {
						n := &Node{Op: "Conv", In: in(of(1, 1, size), of(1, 1, kernel)),
							Attrs: Attrs{Strides: []int{stride}, Dilations: []int{dilation}, AutoPad: pad}}
						got, err := OutShapes(n)
						if err != nil || got[0][2] != (size+stride-1)/stride {
							t.Fatalf("%d elements, kernel %d, stride %d, dilation %d: %v, %v", size, kernel, stride, dilation, got, err)
						}
						few, many := n.Attrs.Pads[0], n.Attrs.Pads[1]
						if pad == "SAME_LOWER" {
							few, many = many, few
						}
						if many != few && many != few+1 {
							t.Fatalf("%s: pads %v", pad, n.Attrs.Pads)
						}
					}
				}
			}
		}
	}
}

// TestSliceSpans has the answers of Python, list(range(dim))[start:end:step].
func TestSliceSpans(t *testing.T) {
	tests := []struct {
		dim, start, end, step int
		want                  string
	}{
		{7, 1, 5, 1, "[1 2 3 4]"},
		{7, 1, 5, 2, "[1 3]"},
		{7, -3, math.MaxInt64, 1, "[4 5 6]"},
		{7, 0, -1, 1, "[0 1 2 3 4 5]"},
		{7, 5, 2, 1, "[]"},
		{7, 9, 20, 1, "[]"},
		{7, -100, 3, 1, "[0 1 2]"},
		{7, -100, 100, 3, "[0 3 6]"},
		{7, 6, 0, -1, "[6 5 4 3 2 1]"},
		{7, 100, -100, -2, "[6 4 2 0]"},
		{7, -1, -math.MaxInt64, -1, "[6 5 4 3 2 1 0]"},
		{7, 2, 5, -1, "[]"},
		{7, 5, -7, -2, "[5 3 1]"},
		{7, 0, -8, -1, "[0]"},
		{7, 0, 7, math.MaxInt64, "[0]"},
		{7, 6, -100, math.MinInt64, "[6]"},
		{7, 3, 7, 1 << 40, "[3]"},
		{1, 0, 1, 5, "[0]"},
		{0, 0, 5, 1, "[]"},
		{0, -1, -5, -1, "[]"},
		// Here ONNX differs from Python, which takes nothing: the start is
		// limited to [0, dim-1].
		{7, -8, -100, -1, "[0]"},
		{7, math.MinInt64, math.MinInt64, -1, "[0]"},
	}
	for _, c := range tests {
		name := fmt.Sprintf("%d[%d:%d:%d]", c.dim, c.start, c.end, c.step)
		n := &Node{Op: "Slice", In: in(of(2, c.dim), ints(int64(c.start)), ints(int64(c.end)), ints(1), ints(int64(c.step)))}
		spans, err := SliceSpans(n)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if spans[0] != (Span{0, 1, 2}) {
			t.Errorf("%s: the other axis is %v", name, spans[0])
		}
		got := []int{}
		for i := range spans[1].Len {
			got = append(got, spans[1].Start+i*spans[1].Step)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s takes %v, want %s", name, got, c.want)
		}
	}
}

// TestSpanInside: whatever the numbers, a slice takes elements that exist.
func TestSpanInside(t *testing.T) {
	numbers := []int{math.MinInt64, math.MinInt64 + 1, -1 << 32, -9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9, 1 << 32, math.MaxInt64}
	for _, dim := range []int{0, 1, 2, 3, 4, 1<<31 - 1} {
		for _, start := range numbers {
			for _, end := range numbers {
				for _, step := range numbers {
					s, err := span(start, end, step, dim)
					if (err != nil) != (step == 0) {
						t.Fatalf("step %d: %v", step, err)
					}
					if last := s.Start + (s.Len-1)*s.Step; s.Len < 0 || s.Len > 0 && (min(s.Start, last) < 0 || max(s.Start, last) >= dim) {
						t.Fatalf("%d[%d:%d:%d] = %+v", dim, start, end, step, s)
					}
				}
			}
		}
	}
}

func TestShapeRange(t *testing.T) {
	tests := []struct{ start, end, lo, hi int }{
		{0, math.MaxInt, 0, 4}, {1, math.MaxInt, 1, 4}, {-1, math.MaxInt, 3, 4}, {1, -1, 1, 3},
		{-9, 9, 0, 4}, {9, 9, 4, 4}, {math.MinInt, math.MinInt, 0, 0},
	}
	for _, c := range tests {
		if lo, hi := ShapeRange(&Attrs{Start: c.start, End: c.end}, 4); lo != c.lo || hi != c.hi {
			t.Errorf("%d to %d of 4: got [%d, %d), want [%d, %d)", c.start, c.end, lo, hi, c.lo, c.hi)
		}
	}
}

// TestOps checks the table itself, which is easy to break when a row is added.
func TestOps(t *testing.T) {
	for i, row := range Ops {
		if i > 0 && Ops[i-1].Op >= row.Op {
			t.Errorf("%s is out of order", row.Op)
		}
		if row.Op.Row() != &Ops[i] || row.Shape == nil || row.InMax >= 0 && row.InMax < row.In {
			t.Errorf("%s has a broken row", row.Op)
		}
	}
	if Op("Frobnicate").Row() != nil {
		t.Error("an operator that is not known has a row")
	}
}
