package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
)

var (
	inf = float32(math.Inf(1))
	nan = float32(math.NaN())
)

// dims is a shape, to tell it from values.
func dims(d ...int) []int { return append([]int{}, d...) }

func floats(shape []int, v ...float32) *ir.Tensor {
	return &ir.Tensor{Elem: ir.Float32, Shape: shape, Real: v}
}

func typed(e ir.Elem, shape []int, v ...int64) *ir.Tensor {
	return &ir.Tensor{Elem: e, Shape: shape, Int: v}
}

// list is a vector of reals, ints one of int64.
func list(v ...float32) *ir.Tensor { return floats(dims(len(v)), v...) }
func ints(v ...int64) *ir.Tensor   { return typed(ir.Int64, dims(len(v)), v...) }
func whole(v int64) *ir.Tensor     { return typed(ir.Int64, dims(), v) }

type nodeCase struct {
	name  string
	op    ir.Op
	attrs ir.Attrs
	in    []*ir.Tensor
	want  []*ir.Tensor // as many as the node has outputs
}

type in = []*ir.Tensor

// count fills a shape with 1, 2, 3 and so on.
func count(shape ...int) *ir.Tensor {
	t := ir.NewTensor(ir.Float32, shape)
	for i := range t.Real {
		t.Real[i] = float32(i + 1)
	}
	return t
}

// nodeCases are results to check by hand, where operators are easily wrong.
var nodeCases = []nodeCase{
	// Arithmetic: broadcasting, and what integers do.
	{"add row and column", "Add", ir.Attrs{}, in{floats(dims(2, 1), 10, 20), list(1, 2, 3)},
		in{floats(dims(2, 3), 11, 12, 13, 21, 22, 23)}},
	{"add channel", "Add", ir.Attrs{}, in{count(1, 2, 1, 2), floats(dims(2, 1, 1), 10, 20)}, in{floats(dims(1, 2, 1, 2), 11, 12, 23, 24)}},
	{"sub from scalar", "Sub", ir.Attrs{}, in{floats(dims(), 1), list(1, 2)}, in{list(0, -1)}},
	{"uint8 wraps", "Add", ir.Attrs{}, in{typed(ir.Uint8, dims(2), 250, 1), typed(ir.Uint8, dims(), 10)}, in{typed(ir.Uint8, dims(2), 4, 11)}},
	{"int8 wraps", "Mul", ir.Attrs{}, in{typed(ir.Int8, dims(2), 100, -128), typed(ir.Int8, dims(2), 2, -1)}, in{typed(ir.Int8, dims(2), -56, -128)}},
	{"integers divide toward zero", "Div", ir.Attrs{}, in{ints(7, -7, 7, -7), ints(2, 2, -2, -2)}, in{ints(3, -3, -3, 3)}},
	{"reals divide by zero", "Div", ir.Attrs{}, in{list(1, -1, 0), list(0, 0, 0)}, in{list(inf, -inf, nan)}},
	{"pow of reals", "Pow", ir.Attrs{}, in{list(2, 9, 2), floats(dims(), 0.5)}, in{list(math.Sqrt2, 3, math.Sqrt2)}},
	{"pow by an integer", "Pow", ir.Attrs{}, in{list(2, -3), ints(3, 2)}, in{list(8, 9)}},
	{"pow of integers is exact", "Pow", ir.Attrs{}, in{ints(3, -2, 10), ints(39, 63, 0)}, in{ints(4052555153018976267, math.MinInt64, 1)}},
	{"pow of integers by a real", "Pow", ir.Attrs{}, in{ints(2, 16), list(3.5, -1)}, in{ints(11, 0)}},
	{"max of three", "Max", ir.Attrs{}, in{list(1, 5, 3), list(4, 2, nan), floats(dims(), 3)}, in{list(4, 5, nan)}},
	{"min of integers", "Min", ir.Attrs{}, in{ints(1, 5), ints(4, 2)}, in{ints(1, 2)}},
	{"sum of one", "Sum", ir.Attrs{}, in{list(1, 2)}, in{list(1, 2)}},
	{"sum of three, broadcast", "Sum", ir.Attrs{}, in{floats(dims(), 1), floats(dims(2, 1), 10, 20), list(100, 200)},
		in{floats(dims(2, 2), 111, 211, 121, 221)}},
	{"neg of the least", "Neg", ir.Attrs{}, in{typed(ir.Int8, dims(2), -128, 5)}, in{typed(ir.Int8, dims(2), -128, -5)}},
	{"prelu by channel", "PRelu", ir.Attrs{}, in{floats(dims(1, 2, 2), -1, 2, -3, 4), floats(dims(2, 1), 0.5, 2)},
		in{floats(dims(1, 2, 2), -0.5, 2, -6, 4)}},
	{"empty", "Add", ir.Attrs{}, in{floats(dims(0, 3)), list(1, 2, 3)}, in{floats(dims(0, 3))}},

	// Comparisons and logic give bool.
	{"equal of integers", "Equal", ir.Attrs{}, in{ints(1, 2), whole(2)}, in{typed(ir.Bool, dims(2), 0, 1)}},
	{"less of reals", "Less", ir.Attrs{}, in{list(1, nan, 3), list(2, 2, 3)}, in{typed(ir.Bool, dims(3), 1, 0, 0)}},
	{"greater", "Greater", ir.Attrs{}, in{floats(dims(2, 1), 1, 3), list(2, 0)}, in{typed(ir.Bool, dims(2, 2), 0, 1, 1, 1)}},
	{"and", "And", ir.Attrs{}, in{typed(ir.Bool, dims(2), 1, 0), typed(ir.Bool, dims(), 1)}, in{typed(ir.Bool, dims(2), 1, 0)}},
	{"not", "Not", ir.Attrs{}, in{typed(ir.Bool, dims(2), 1, 0)}, in{typed(ir.Bool, dims(2), 0, 1)}},
	{"where, all broadcast", "Where", ir.Attrs{}, in{typed(ir.Bool, dims(2, 1), 1, 0), list(1, 2), floats(dims(), 9)},
		in{floats(dims(2, 2), 1, 2, 9, 9)}},

	// Functions of one variable.
	{"relu", "Relu", ir.Attrs{}, in{list(-1, 0, 2, nan, -inf)}, in{list(0, 0, 2, nan, 0)}},
	{"relu of integers", "Relu", ir.Attrs{}, in{ints(-1, 2)}, in{ints(0, 2)}},
	{"clip", "Clip", ir.Attrs{}, in{list(-9, 0, 9, nan), floats(dims(), -1), floats(dims(), 6)}, in{list(-1, 0, 6, nan)}},
	{"clip above only", "Clip", ir.Attrs{}, in{list(-9, 9), nil, floats(dims(), 6)}, in{list(-9, 6)}},
	{"clip with limits crossed", "Clip", ir.Attrs{}, in{list(0, 9), floats(dims(), 5), floats(dims(), 3)}, in{list(3, 3)}},
	{"clip of integers", "Clip", ir.Attrs{}, in{ints(-9, 9), whole(-1)}, in{ints(-1, 9)}},
	{"fused clamp", "Add", ir.Attrs{Clamp: &[2]float32{0, 6}}, in{list(-9, 2, 9), list(1, 1, 1)}, in{list(0, 3, 6)}},
	{"leaky relu", "LeakyRelu", ir.Attrs{Alpha: 0.5}, in{list(-2, 2)}, in{list(-1, 2)}},
	{"elu", "Elu", ir.Attrs{Alpha: 2}, in{list(-1, 3)}, in{list(2*(1/math.E-1), 3)}},
	{"hard sigmoid", "HardSigmoid", ir.Attrs{Alpha: 0.25, Beta: 0.5}, in{list(-9, 1, 9)}, in{list(0, 0.75, 1)}},
	{"hard swish", "HardSwish", ir.Attrs{}, in{list(-4, -1.5, 3, 6)}, in{list(0, -0.375, 3, 6)}},
	{"sigmoid", "Sigmoid", ir.Attrs{}, in{list(0, -inf, inf)}, in{list(0.5, 0, 1)}},
	{"abs", "Abs", ir.Attrs{}, in{list(-2, 3, nan)}, in{list(2, 3, nan)}},
	{"abs of the least", "Abs", ir.Attrs{}, in{typed(ir.Int8, dims(2), -128, -5)}, in{typed(ir.Int8, dims(2), -128, 5)}},
	{"erf", "Erf", ir.Attrs{}, in{list(0, 1, -9)}, in{list(0, 0.8427008, -1)}},
	{"log", "Log", ir.Attrs{}, in{list(1, math.E, 0, -1)}, in{list(0, 1, -inf, nan)}},
	{"reciprocal", "Reciprocal", ir.Attrs{}, in{list(4, 0)}, in{list(0.25, inf)}},
	{"selu", "Selu", ir.Attrs{Alpha: 2, Beta: 3}, in{list(-1, 2)}, in{list(6*(1/math.E-1), 6)}},
	{"sign", "Sign", ir.Attrs{}, in{list(-2, 0, 3, nan)}, in{list(-1, 0, 1, nan)}},
	{"sign of integers", "Sign", ir.Attrs{}, in{ints(-2, 0, 3)}, in{ints(-1, 0, 1)}},
	{"softplus", "Softplus", ir.Attrs{}, in{list(0, 99, -999)}, in{list(math.Ln2, 99, 0)}},
	{"softsign", "Softsign", ir.Attrs{}, in{list(-1, 3)}, in{list(-0.5, 0.75)}},
	{"floor", "Floor", ir.Attrs{}, in{list(-1.5, 1.5)}, in{list(-2, 1)}},
	{"ceil", "Ceil", ir.Attrs{}, in{list(-1.5, 1.5)}, in{list(-1, 2)}},

	// Casts.
	{"cast truncates", "Cast", ir.Attrs{To: ir.Int32}, in{list(-1.9, 1.9, nan)}, in{typed(ir.Int32, dims(3), -1, 1, 0)}},
	{"cast wraps", "Cast", ir.Attrs{To: ir.Uint8}, in{ints(-1, 256, 300)}, in{typed(ir.Uint8, dims(3), 255, 0, 44)}},
	{"cast to int4", "Cast", ir.Attrs{To: ir.Int4}, in{ints(7, 8, -9)}, in{typed(ir.Int4, dims(3), 7, -8, 7)}},
	{"cast to bool", "Cast", ir.Attrs{To: ir.Bool}, in{list(0, 0.1, -3)}, in{typed(ir.Bool, dims(3), 0, 1, 1)}},
	{"cast from bool", "Cast", ir.Attrs{To: ir.Float32}, in{typed(ir.Bool, dims(2), 1, 0)}, in{list(1, 0)}},
	{"cast to half", "Cast", ir.Attrs{To: ir.Float16}, in{list(2049, 2051, 65519, 65520, 1e-8)},
		in{{Elem: ir.Float16, Shape: dims(5), Real: []float32{2048, 2052, 65504, inf, 0}}}},
	{"cast to bfloat16", "Cast", ir.Attrs{To: ir.BFloat16}, in{list(257, 259, 1, inf)},
		in{{Elem: ir.BFloat16, Shape: dims(4), Real: []float32{256, 260, 1, inf}}}},

	// Quantization: ties to even, then the zero point, then saturation.
	{"quantize", "QuantizeLinear", ir.Attrs{}, in{list(1, 3, 5, -1, 600, -600, nan), floats(dims(), 2), typed(ir.Uint8, dims(), 128)},
		in{typed(ir.Uint8, dims(7), 128, 130, 130, 128, 255, 0, 128)}},
	{"quantize, no zero point", "QuantizeLinear", ir.Attrs{}, in{list(-1, 300), floats(dims(), 1)}, in{typed(ir.Uint8, dims(2), 0, 255)}},
	{"quantize by axis", "QuantizeLinear", ir.Attrs{Axis: -2}, in{count(1, 2, 2), list(1, 2), typed(ir.Int8, dims(2), 0, 1)},
		in{typed(ir.Int8, dims(1, 2, 2), 1, 2, 3, 3)}},
	{"quantize to int4", "QuantizeLinear", ir.Attrs{}, in{list(-20, 2.5, 20), floats(dims(), 1), typed(ir.Int4, dims(), 0)},
		in{typed(ir.Int4, dims(3), -8, 2, 7)}},
	{"quantize to uint2", "QuantizeLinear", ir.Attrs{}, in{list(-20, 1.5, 20), floats(dims(), 1), typed(ir.Uint2, dims(), 0)},
		in{typed(ir.Uint2, dims(3), 0, 2, 3)}},
	{"dequantize by axis", "DequantizeLinear", ir.Attrs{Axis: 0}, in{typed(ir.Int8, dims(2, 2), 1, 2, 3, 4), list(0.5, 2), typed(ir.Int8, dims(2), 1, -1)},
		in{floats(dims(2, 2), 0, 0.5, 8, 10)}},
	{"dequantize int32", "DequantizeLinear", ir.Attrs{}, in{typed(ir.Int32, dims(1), 1000000), floats(dims(), 0.5)}, in{list(500000)}},
	{"quant, signed and narrow", "Quant", ir.Attrs{Mode: "ROUND", Signed: true, Narrow: true}, in{list(-9, -0.75, 0.25, 0.75, 9, nan), floats(dims(), 0.5), floats(dims(), 0), floats(dims(), 3)},
		in{list(-1.5, -1, 0, 1, 1.5, 0)}},
	{"quant, unsigned, toward zero", "Quant", ir.Attrs{Mode: "ROUND_TO_ZERO"}, in{list(-3, 1.9, 9), floats(dims(), 1), floats(dims(), 1), floats(dims(), 2)},
		in{list(-1, 1, 2)}},
	{"quant by channel, down", "Quant", ir.Attrs{Mode: "FLOOR", Signed: true}, in{floats(dims(2, 2), 1.5, -1.5, 1.5, -1.5), floats(dims(2, 1), 1, 0.5), floats(dims(), 0), floats(dims(1), 8)},
		in{floats(dims(2, 2), 1, -2, 1.5, -1.5)}},
	{"bipolar quant", "BipolarQuant", ir.Attrs{}, in{list(-2, 0, 3), floats(dims(), 0.5)}, in{list(-0.5, 0.5, 0.5)}},
	{"function", "Function", ir.Attrs{Body: hardSwishBody()}, in{list(-4, -1, 2, 6)}, in{list(0, -1.0/3, 5.0/3, 6)}},

	// Shapes.
	{"reshape", "Reshape", ir.Attrs{}, in{count(2, 3), ints(0, -1, 1)}, in{count(2, 3, 1)}},
	{"transpose", "Transpose", ir.Attrs{}, in{count(2, 3)}, in{floats(dims(3, 2), 1, 4, 2, 5, 3, 6)}},
	{"transpose of three", "Transpose", ir.Attrs{Perm: []int{1, 0, 2}}, in{count(2, 2, 2)}, in{floats(dims(2, 2, 2), 1, 2, 5, 6, 3, 4, 7, 8)}},
	{"depth to space", "DepthToSpace", ir.Attrs{Kernel: []int{2, 2}, Mode: "DCR"}, in{count(1, 8, 1, 1)}, in{floats(dims(1, 2, 2, 2), 1, 3, 5, 7, 2, 4, 6, 8)}},
	{"depth to space, channels first", "DepthToSpace", ir.Attrs{Kernel: []int{2, 2}, Mode: "CRD"}, in{count(1, 8, 1, 1)}, in{count(1, 2, 2, 2)}},
	{"space to depth", "SpaceToDepth", ir.Attrs{Kernel: []int{2, 2}}, in{floats(dims(1, 2, 2, 2), 1, 3, 5, 7, 2, 4, 6, 8)}, in{count(1, 8, 1, 1)}},
	{"resize to twice", "Resize", ir.Attrs{Places: "asymmetric", Mode: "floor"}, in{count(1, 2), nil, list(2, 2)},
		in{floats(dims(2, 4), 1, 1, 2, 2, 1, 1, 2, 2)}},
	{"resize by corners", "Resize", ir.Attrs{Places: "align_corners", Mode: "round_prefer_ceil", Axes: []int{-1}}, in{count(1, 5), nil, nil, ints(3)},
		in{floats(dims(1, 3), 1, 3, 5)}},
	{"resize down, ties to the lower", "Resize", ir.Attrs{Places: "half_pixel", Mode: "round_prefer_floor"}, in{count(6), nil, list(0.5)}, in{list(1, 3, 5)}},
	{"resize between", "Resize", ir.Attrs{Places: "half_pixel", Mode: "linear"}, in{floats(dims(2, 1), 0, 8), nil, list(2, 1)},
		in{floats(dims(4, 1), 0, 2, 6, 8)}},
	{"resize between corners", "Resize", ir.Attrs{Places: "align_corners", Mode: "linear"}, in{floats(dims(1, 2), 0, 8), nil, nil, ints(2, 5)},
		in{floats(dims(2, 5), 0, 2, 4, 6, 8, 0, 2, 4, 6, 8)}},
	{"upsample", "Upsample", ir.Attrs{Places: "asymmetric", Mode: "floor"}, in{count(3), nil, list(1.5)}, in{list(1, 1, 2, 3)}},
	{"slice backwards", "Slice", ir.Attrs{}, in{list(0, 1, 2, 3, 4), ints(-1), ints(math.MinInt64), ints(0), ints(-2)}, in{list(4, 2, 0)}},
	{"slice of an axis", "Slice", ir.Attrs{}, in{count(2, 3), ints(1), ints(math.MaxInt64), ints(-1)}, in{floats(dims(2, 2), 2, 3, 5, 6)}},
	{"slice of nothing", "Slice", ir.Attrs{}, in{list(0, 1), ints(2), ints(1)}, in{list()}},
	{"split, uneven", "Split", ir.Attrs{Axis: 1}, in{count(2, 3), ints(1, 2)}, in{floats(dims(2, 1), 1, 4), floats(dims(2, 2), 2, 3, 5, 6)}},
	{"split in half", "Split", ir.Attrs{Axis: -1}, in{list(1, 2, 3)}, in{list(1, 2), list(3)}},
	{"concat", "Concat", ir.Attrs{Axis: -1}, in{count(2, 1), count(2, 2)}, in{floats(dims(2, 3), 1, 1, 2, 2, 3, 4)}},
	{"gather from the end", "Gather", ir.Attrs{Axis: 1}, in{count(2, 3), ints(-1, 0)}, in{floats(dims(2, 2), 3, 1, 6, 4)}},
	{"gather one", "Gather", ir.Attrs{}, in{count(2, 3), whole(1)}, in{list(4, 5, 6)}},
	{"expand", "Expand", ir.Attrs{}, in{floats(dims(2, 1), 1, 2), ints(2, 1, 2)}, in{floats(dims(2, 2, 2), 1, 1, 2, 2, 1, 1, 2, 2)}},
	{"tile", "Tile", ir.Attrs{}, in{floats(dims(1, 2), 1, 2), ints(2, 2)}, in{floats(dims(2, 4), 1, 2, 1, 2, 1, 2, 1, 2)}},
	{"range of integers", "Range", ir.Attrs{}, in{whole(5), whole(0), whole(-2)}, in{ints(5, 3, 1)}},
	{"range of reals", "Range", ir.Attrs{}, in{floats(dims(), 1), floats(dims(), 2), floats(dims(), 0.4)}, in{list(1, 1.4, 1.8)}},
	{"shape from the end", "Shape", ir.Attrs{Start: -2, End: math.MaxInt}, in{count(2, 3, 4)}, in{ints(3, 4)}},
	{"size", "Size", ir.Attrs{}, in{count(2, 3)}, in{whole(6)}},
	{"constant of shape", "ConstantOfShape", ir.Attrs{Value: ints(7)}, in{ints(2)}, in{ints(7, 7)}},
	{"squeeze", "Squeeze", ir.Attrs{}, in{count(1, 2, 1), ints(-1)}, in{count(1, 2)}},
	{"unsqueeze", "Unsqueeze", ir.Attrs{}, in{count(2), ints(0, -1)}, in{count(1, 2, 1)}},
	{"pad crops and fills", "Pad", ir.Attrs{Mode: "constant"}, in{list(1, 2, 3), ints(-1, 2), floats(dims(), 9)}, in{list(2, 3, 9, 9)}},
	{"pad of an axis", "Pad", ir.Attrs{}, in{count(1, 2), ints(1, 0), nil, ints(-1)}, in{floats(dims(1, 3), 0, 1, 2)}},
	{"pad by reflection", "Pad", ir.Attrs{Mode: "reflect"}, in{list(1, 2, 3), ints(2, 2)}, in{list(3, 2, 1, 2, 3, 2, 1)}},
	{"pad by the edge", "Pad", ir.Attrs{Mode: "edge"}, in{list(1, 2, 3), ints(2, 1)}, in{list(1, 1, 1, 2, 3, 3)}},
	{"pad around", "Pad", ir.Attrs{Mode: "wrap"}, in{list(1, 2, 3), ints(2, 4)}, in{list(2, 3, 1, 2, 3, 1, 2, 3, 1)}},

	// Products.
	{"gemm", "Gemm", ir.Attrs{Alpha: 2, Beta: 10, TransA: true, TransB: true}, in{floats(dims(2, 1), 1, 2), floats(dims(2, 2), 1, 2, 3, 4), list(1, 2)},
		in{floats(dims(1, 2), 20, 42)}},
	{"gemm, bias by row", "Gemm", ir.Attrs{Alpha: 1, Beta: 1}, in{floats(dims(2, 1), 1, 2), floats(dims(1, 2), 1, 10), floats(dims(2, 1), 100, 200)},
		in{floats(dims(2, 2), 101, 110, 202, 220)}},
	{"matmul of vectors", "MatMul", ir.Attrs{}, in{list(1, 2), list(3, 4)}, in{floats(dims(), 11)}},
	{"matmul of a vector", "MatMul", ir.Attrs{}, in{list(1, 2), count(2, 2)}, in{list(7, 10)}},
	{"matmul, batch broadcast", "MatMul", ir.Attrs{}, in{count(2, 1, 1, 2), count(2, 2, 1)}, in{floats(dims(2, 2, 1, 1), 5, 11, 11, 25)}},
	{"conv, same below", "Conv", ir.Attrs{AutoPad: "SAME_LOWER"}, in{floats(dims(1, 1, 3), 1, 2, 3), floats(dims(1, 1, 2), 1, 10), nil},
		in{floats(dims(1, 1, 3), 10, 21, 32)}},
	{"conv, same above", "Conv", ir.Attrs{AutoPad: "SAME_UPPER"}, in{floats(dims(1, 1, 3), 1, 2, 3), floats(dims(1, 1, 2), 1, 10), list(100)},
		in{floats(dims(1, 1, 3), 121, 132, 103)}},
	{"conv, batch and groups", "Conv", ir.Attrs{Group: 2}, in{count(2, 2, 1), floats(dims(2, 1, 1), 10, 100)},
		in{floats(dims(2, 2, 1), 10, 200, 30, 400)}},
	{"conv transpose", "ConvTranspose", ir.Attrs{Strides: []int{2}}, in{floats(dims(1, 1, 2), 1, 2), floats(dims(1, 1, 3), 1, 10, 100), list(1000)},
		in{floats(dims(1, 1, 5), 1001, 1010, 1102, 1020, 1200)}},
	{"conv transpose, cut and padded", "ConvTranspose", ir.Attrs{Strides: []int{2}, Pads: []int{1, 1}, OutPads: []int{1}}, in{floats(dims(1, 1, 2), 1, 2), floats(dims(1, 1, 3), 1, 10, 100), nil},
		in{floats(dims(1, 1, 4), 10, 102, 20, 200)}},
	{"conv transpose, odd rest below", "ConvTranspose", ir.Attrs{Strides: []int{2}, OutShape: []int{4}}, in{floats(dims(1, 1, 2), 1, 2), floats(dims(1, 1, 3), 1, 10, 100)},
		in{floats(dims(1, 1, 4), 10, 102, 20, 200)}},
	{"conv transpose, same above", "ConvTranspose", ir.Attrs{Strides: []int{2}, AutoPad: "SAME_UPPER"}, in{floats(dims(1, 1, 2), 1, 2), floats(dims(1, 1, 3), 1, 10, 100)},
		in{floats(dims(1, 1, 4), 1, 10, 102, 20)}},
	{"conv transpose, groups and dilation", "ConvTranspose", ir.Attrs{Group: 2, Dilations: []int{2}}, in{floats(dims(1, 2, 1), 1, 2), floats(dims(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)},
		in{floats(dims(1, 4, 3), 1, 0, 2, 3, 0, 4, 10, 0, 12, 14, 0, 16)}},

	// Pools.
	{"max pool, padding never wins", "MaxPool", ir.Attrs{Kernel: []int{2}, Pads: []int{1, 1}}, in{floats(dims(1, 1, 2), -3, -5)},
		in{floats(dims(1, 1, 3), -3, -3, -5)}},
	{"max pool of integers", "MaxPool", ir.Attrs{Kernel: []int{2}}, in{typed(ir.Uint8, dims(1, 1, 3), 3, 1, 2)}, in{typed(ir.Uint8, dims(1, 1, 2), 3, 2)}},
	{"max pool, dilated", "MaxPool", ir.Attrs{Kernel: []int{2}, Dilations: []int{2}}, in{count(1, 1, 4)}, in{floats(dims(1, 1, 2), 3, 4)}},
	{"average pool", "AveragePool", ir.Attrs{Kernel: []int{2}, Pads: []int{1, 0}}, in{floats(dims(1, 1, 2), 4, 8)}, in{floats(dims(1, 1, 2), 4, 6)}},
	{"average pool, padding counts", "AveragePool", ir.Attrs{Kernel: []int{2}, Pads: []int{1, 0}, CountIncludePad: true}, in{floats(dims(1, 1, 2), 4, 8)},
		in{floats(dims(1, 1, 2), 2, 6)}},
	{"average pool, rounded up", "AveragePool", ir.Attrs{Kernel: []int{2}, Strides: []int{2}, CeilMode: true, CountIncludePad: true}, in{floats(dims(1, 1, 3), 2, 4, 9)},
		in{floats(dims(1, 1, 2), 3, 9)}},
	{"global average", "GlobalAveragePool", ir.Attrs{}, in{count(1, 2, 2)}, in{floats(dims(1, 2, 1), 1.5, 3.5)}},
	{"global max", "GlobalMaxPool", ir.Attrs{}, in{count(1, 2, 2)}, in{floats(dims(1, 2, 1), 2, 4)}},

	// Normalizations.
	{"batch normalization", "BatchNormalization", ir.Attrs{Epsilon: 1}, in{floats(dims(1, 2, 1), 5, 7), list(2, 3), list(1, 0), list(3, 4), list(3, 8)},
		in{floats(dims(1, 2, 1), 3, 3)}},
	{"lrn of even size", "LRN", ir.Attrs{Size: 2, Alpha: 2, Beta: 1, Bias: 1}, in{floats(dims(1, 3, 1), 1, 2, 3)},
		in{floats(dims(1, 3, 1), 1.0/6, 2.0/14, 3.0/10)}},
	{"lrn with 3/4", "LRN", ir.Attrs{Size: 1, Alpha: 15, Beta: 0.75, Bias: 1}, in{floats(dims(1, 1, 1), 1)}, in{floats(dims(1, 1, 1), 0.125)}},
	{"softmax of large numbers", "Softmax", ir.Attrs{Axis: -1}, in{floats(dims(2, 2), 1000, 1000, -1000, -1000)}, in{floats(dims(2, 2), 0.5, 0.5, 0.5, 0.5)}},
	{"softmax of one axis", "Softmax", ir.Attrs{Axis: 0}, in{floats(dims(2, 2), 0, 5, 0, 5)}, in{floats(dims(2, 2), 0.5, 0.5, 0.5, 0.5)}},
	{"softmax of all from an axis", "Softmax", ir.Attrs{Axis: 1, FlattenToAxis: true}, in{floats(dims(1, 2, 2), 3, 3, 3, 3)},
		in{floats(dims(1, 2, 2), 0.25, 0.25, 0.25, 0.25)}},
	{"log softmax", "LogSoftmax", ir.Attrs{Axis: -1}, in{list(2000, 2000)}, in{list(-math.Ln2, -math.Ln2)}},
	{"mean of an axis", "ReduceMean", ir.Attrs{}, in{count(2, 3), ints(-1)}, in{list(2, 5)}},
	{"mean of all", "ReduceMean", ir.Attrs{KeepDims: true}, in{count(2, 3)}, in{floats(dims(1, 1), 3.5)}},
	{"mean of nothing", "ReduceMean", ir.Attrs{NoopEmptyAxes: true}, in{count(2), ints()}, in{count(2)}},
}

// hardSwishBody is x * Clip(x + 3, 0, 6) / 6.
func hardSwishBody() *ir.Graph {
	scalar := func(x float32) *ir.Value { return &ir.Value{Const: floats(dims(), x)} }
	x, a, m, y := &ir.Value{}, &ir.Value{}, &ir.Value{}, &ir.Value{}
	return &ir.Graph{In: []*ir.Value{x}, Out: []*ir.Value{y}, Nodes: []*ir.Node{
		{Op: "Add", In: []*ir.Value{x, scalar(3)}, Out: []*ir.Value{a}, Attrs: ir.Attrs{Clamp: &[2]float32{0, 6}}},
		{Op: "Mul", In: []*ir.Value{x, a}, Out: []*ir.Value{m}},
		{Op: "Div", In: []*ir.Value{m, scalar(6)}, Out: []*ir.Value{y}},
	}}
}

func TestNodeCases(t *testing.T) {
	seen := map[ir.Op]bool{}
	for _, c := range nodeCases {
		seen[c.op] = true
		t.Run(c.name, func(t *testing.T) {
			n := &ir.Node{Op: c.op, Attrs: c.attrs, Out: make([]*ir.Value, len(c.want))}
			out, err := Node(n, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != len(c.want) {
				t.Fatalf("%d outputs, want %d", len(out), len(c.want))
			}
			for i, y := range out {
				if want := c.want[i]; !near(y, want) {
					t.Errorf("output %d is %s%v %v%v, want %s%v %v%v", i, y.Elem, y.Shape, y.Real, y.Int, want.Elem, want.Shape, want.Real, want.Int)
				}
			}
		})
	}
	// What needs no case: they copy, or are one function of the library.
	for _, op := range []ir.Op{"Constant", "Dropout", "Exp", "Flatten", "Identity", "Sqrt", "Tanh"} {
		seen[op] = true
	}
	for _, r := range rows {
		if !seen[r.op] {
			t.Errorf("%s has no case", r.op)
		}
	}
}

// near allows reals a few units of rounding; NaN equals itself.
func near(got, want *ir.Tensor) bool {
	if got.Elem != want.Elem || !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Int, want.Int) || len(got.Real) != len(want.Real) {
		return false
	}
	for i, w := range want.Real {
		g := got.Real[i]
		if g != w && !(g != g && w != w) && !(math.Abs(float64(g-w)) <= 1e-6*math.Abs(float64(w))) {
			return false
		}
	}
	return true
}

func TestNodeErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		op    ir.Op
		attrs ir.Attrs
		in    in
		want  string
	}{
		{"no such operator", "Frobnicate", ir.Attrs{}, in{list(1)}, "operator Frobnicate cannot be run"},
		{"kinds differ", "Add", ir.Attrs{}, in{list(1), ints(1)}, "Add: input 1 is of type int64, input 0 of type float32"},
		{"kind of integers", "Sigmoid", ir.Attrs{}, in{ints(1)}, "Sigmoid: input 0 is of type int64, want reals"},
		{"kind of reals", "Gather", ir.Attrs{}, in{list(1), list(0)}, "Gather: input 1 is of type float32, want integers"},
		{"division", "Div", ir.Attrs{}, in{ints(1), ints(0)}, "Div: divides by zero"},
		{"index", "Gather", ir.Attrs{}, in{list(1, 2), ints(-3)}, "Gather: index -3 of 2"},
		{"limits", "Clip", ir.Attrs{}, in{list(1), list(1, 2)}, "Clip: limits are not scalars"},
		{"elements are missing", "Relu", ir.Attrs{}, in{floats(dims(3), 1, 2)}, "Relu: input 0 of type float32 and shape [3] does not hold its elements"},
		{"an operand is missing", "Add", ir.Attrs{}, in{list(1), nil}, "Add: lacks input 1"},
		{"target of a cast", "Cast", ir.Attrs{To: "string"}, in{list(1)}, `Cast: to type "string"`},
		{"target of a quantization", "QuantizeLinear", ir.Attrs{}, in{list(1), list(1), ints(0)}, "QuantizeLinear: to type int64"},
		{"value of a fill", "ConstantOfShape", ir.Attrs{Value: &ir.Tensor{Elem: ir.Float32, Shape: dims(), Int: []int64{1}}}, in{ints(2)},
			"ConstantOfShape: value of type float32 and shape [] does not hold its elements"},
		{"fused clamp of integers", "Add", ir.Attrs{Clamp: &[2]float32{0, 6}}, in{ints(1), ints(1)}, "Add: limits a result of type int64 by reals"},
		{"too large a result", "Expand", ir.Attrs{}, in{list(1), ints(1 << 29)}, "Expand: output 0 of shape [536870912] takes too much memory"},
		{"four spatial axes", "MaxPool", ir.Attrs{Kernel: []int{1, 1, 1, 1}}, in{count(1, 1, 1, 1, 1, 1)}, "MaxPool: has more than three spatial dimensions"},
		{"slopes of integers", "PRelu", ir.Attrs{}, in{ints(1), ints(1)}, "PRelu: input 0 is of type int64, want reals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Node(&ir.Node{Op: c.op, Attrs: c.attrs}, c.in)
			if fmt.Sprint(err) != c.want {
				t.Errorf("error is %v, want %s", err, c.want)
			}
		})
	}
}

// TestNodeKeeps: neither the node nor its inputs are changed, and a second call
// gives the same.
func TestNodeKeeps(t *testing.T) {
	for _, c := range nodeCases {
		n := &ir.Node{Op: c.op, Attrs: c.attrs, Out: make([]*ir.Value, len(c.want))}
		before, attrs := fmt.Sprint(values(c.in)), fmt.Sprintf("%+v", n.Attrs)
		first, err := Node(n, c.in)
		if err != nil {
			t.Fatal(err)
		}
		kept := fmt.Sprint(values(first))
		for _, y := range first { // writing to a result must not reach an input
			clear(y.Real)
			clear(y.Int)
		}
		if now := fmt.Sprint(values(c.in)); now != before {
			t.Errorf("%s: inputs were %s, are %s", c.name, before, now)
		}
		if now := fmt.Sprintf("%+v", n.Attrs); now != attrs {
			t.Errorf("%s: attributes were %s, are %s", c.name, attrs, now)
		}
		second, err := Node(n, c.in)
		if err != nil {
			t.Fatal(err)
		}
		if now := fmt.Sprint(values(second)); now != kept {
			t.Errorf("%s: gave %s, then %s", c.name, kept, now)
		}
	}
}

func values(list []*ir.Tensor) (out []ir.Tensor) {
	for _, t := range list {
		if t != nil {
			out = append(out, *t)
		}
	}
	return out
}

// TestHalves holds rounding to the definition: the nearest of all halves, and
// of two that are as near the one with the even code.
func TestHalves(t *testing.T) {
	var halves []float64 // positive, by code
	for code := range 0x7c00 {
		exp, frac := code>>10, float64(code&1023)
		if exp == 0 {
			halves = append(halves, math.Ldexp(frac, -24))
		} else {
			halves = append(halves, math.Ldexp(1+frac/1024, exp-15))
		}
	}
	for code := range len(halves) - 1 {
		lo, hi := halves[code], halves[code+1]
		middle := lo
		if code%2 == 1 {
			middle = hi
		}
		for _, c := range []struct{ x, want float64 }{
			{lo, lo}, {lo + 0.5*(hi-lo), middle}, {lo + 0.499*(hi-lo), lo}, {lo + 0.501*(hi-lo), hi},
		} {
			for _, sign := range []float64{1, -1} {
				if got := roundTo(float32(sign*c.x), ir.Float16); float64(got) != sign*c.want {
					t.Fatalf("%g becomes %g, want %g", sign*c.x, got, sign*c.want)
				}
			}
		}
	}
}

// TestHostile gives every operator inputs and attributes at random: it may
// refuse them, and has to return what its shapes say when it does not.
func TestHostile(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	elems := []ir.Elem{ir.Float32, ir.Float32, ir.Float16, ir.Int64, ir.Int64, ir.Int8, ir.Uint8, ir.Int4, ir.Bool}
	small := func() int { return rng.IntN(6) - 2 }
	someInts := func() (v []int) {
		for range rng.IntN(5) {
			v = append(v, small())
		}
		return v
	}
	tensor := func() *ir.Tensor {
		shape := []int{}
		for range rng.IntN(5) {
			shape = append(shape, rng.IntN(4))
		}
		x := ir.NewTensor(elems[rng.IntN(len(elems))], shape)
		for i := range x.Real {
			x.Real[i] = []float32{0, 1, -1, 2.5, inf, nan, 1e30}[rng.IntN(7)]
		}
		for i := range x.Int {
			x.Int[i] = []int64{0, 1, -1, 2, 3, math.MinInt64, math.MaxInt64}[rng.IntN(7)]
		}
		switch rng.IntN(60) {
		case 0:
			x.Real, x.Int = x.Real[:len(x.Real)/2], x.Int[:len(x.Int)/2]
		case 1:
			x.Elem = elems[rng.IntN(len(elems))]
		}
		return x
	}
	ran := map[ir.Op]int{}
	for _, r := range ir.Ops {
		for range 6000 {
			a := ir.Attrs{
				Kernel: someInts(), Strides: someInts(), Dilations: someInts(), Pads: someInts(), Group: small(),
				AutoPad: []string{"", "", "VALID", "SAME_UPPER", "x"}[rng.IntN(5)], CeilMode: rng.IntN(2) == 0, CountIncludePad: rng.IntN(2) == 0,
				Axis: small(), FlattenToAxis: rng.IntN(2) == 0, Perm: someInts(), KeepDims: rng.IntN(2) == 0, Start: small(), End: small(),
				TransA: rng.IntN(2) == 0, TransB: rng.IntN(2) == 0, Size: small(), Alpha: 1, Beta: 1,
				Mode: []string{"", "reflect", "edge", "wrap", "x", "ROUND"}[rng.IntN(6)], To: elems[rng.IntN(len(elems))],
			}
			if rng.IntN(2) == 0 {
				a.Value = tensor()
			}
			if rng.IntN(2) == 0 {
				a.Kernel, a.Strides, a.Dilations, a.Pads, a.Group, a.Perm = nil, nil, nil, nil, 0, nil
			}
			if rng.IntN(4) == 0 {
				a.Clamp = &[2]float32{0, 6}
			}
			inputs := max(r.In, rng.IntN(7))
			if r.InMax >= 0 && rng.IntN(8) > 0 {
				inputs = min(inputs, r.InMax)
			}
			args := make(in, inputs)
			for i := range args {
				switch k := rng.IntN(4); {
				case rng.IntN(20) == 0:
				case i > 0 && k == 0 && args[0] != nil: // of one shape, so that more is run
					args[i] = ir.NewTensor(args[0].Elem, args[0].Shape)
				case i > 0 && k == 1:
					args[i] = ints(make([]int64, rng.IntN(4))...)
				default:
					args[i] = tensor()
				}
			}
			if r.Op == "Function" && rng.IntN(2) == 0 {
				a.Body = hardSwishBody()
			}
			if r.Op == "Quant" && inputs > 3 && rng.IntN(2) == 0 {
				args[3] = list(4)
			}
			if rng.IntN(2) == 0 && inputs > 0 && args[0] != nil && len(args[0].Shape) >= 3 {
				fit(rng, &a, args)
			}
			n := &ir.Node{Op: r.Op, Attrs: a, Out: make([]*ir.Value, rng.IntN(4))}
			out, err := try(n, args)
			if err != nil {
				continue
			}
			ran[r.Op]++
			for i, y := range out {
				if y.Elem.IsReal() && len(y.Real) != y.Len() || !y.Elem.IsReal() && len(y.Int) != y.Len() {
					t.Fatalf("%s: output %d of type %s and shape %v has %d and %d elements", r.Op, i, y.Elem, y.Shape, len(y.Real), len(y.Int))
				}
			}
		}
		if ran[r.Op] == 0 {
			t.Errorf("%s was never run", r.Op)
		}
	}
}

// fit makes a window of the right rank, and parameters of one number a channel,
// which nothing hits by chance.
func fit(rng *rand.Rand, a *ir.Attrs, args in) {
	a.Kernel, a.Strides, a.Dilations, a.Pads = nil, nil, nil, nil
	for range args[0].Shape[2:] {
		a.Kernel = append(a.Kernel, 1+rng.IntN(2))
	}
	for i := range args[1:] {
		args[1+i] = ir.NewTensor(args[0].Elem, args[0].Shape[1:2])
	}
}

// try reports a panic together with what caused it.
func try(n *ir.Node, args []*ir.Tensor) ([]*ir.Tensor, error) {
	defer func() {
		if p := recover(); p != nil {
			text := fmt.Sprintf("%v: %s %+v", p, n.Op, n.Attrs)
			for i, x := range args {
				if x != nil {
					text += fmt.Sprintf("; input %d %+v", i, *x)
				}
			}
			panic(text)
		}
	}()
	return Node(n, args)
}
