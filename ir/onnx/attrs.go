package onnx

import (
	"cmp"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// An attrRow says how the attributes of one operator are read.
type attrRow struct {
	op    ir.Op
	attrs string // the names that may appear; another one is refused
	read  func(r *reader, to *ir.Attrs)
}

// attrRows has a row for each operator of ir.Ops, sorted by name. A name in
// attrs that read does not ask for has no meaning for inference, or is moved
// to an input (upgrade.go).
var attrRows = []attrRow{
	{"Abs", "", nil},
	{"Add", "", nil},
	{"And", "", nil},
	{"AveragePool", "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", readPool},
	{"BatchNormalization", "epsilon momentum spatial training_mode", func(r *reader, to *ir.Attrs) {
		to.Epsilon = r.float("epsilon", 1e-5)
	}},
	{"BipolarQuant", "", nil},
	{"Cast", "to saturate round_mode", func(r *reader, to *ir.Attrs) { to.To = r.elem("to") }},
	{"Ceil", "", nil},
	{"Clip", "min max", nil},
	{"Concat", "axis", func(r *reader, to *ir.Attrs) { to.Axis = r.mustInt("axis") }},
	{"Constant", "value value_float value_floats value_int value_ints", nil},
	{"ConstantOfShape", "value", func(r *reader, to *ir.Attrs) { to.Value = r.fill() }},
	{"Conv", "auto_pad dilations group kernel_shape pads strides", readConv},
	{"ConvTranspose", "auto_pad dilations group kernel_shape output_padding output_shape pads strides", readConvTranspose},
	{"DepthToSpace", "blocksize mode", func(r *reader, to *ir.Attrs) {
		readBlock(r, to)
		to.Mode = r.oneOf("mode", "DCR", "CRD")
	}},
	{"DequantizeLinear", "axis block_size output_dtype", readQuantAxis},
	{"Div", "", nil},
	{"Dropout", "ratio seed", nil},
	{"Elu", "alpha", func(r *reader, to *ir.Attrs) { to.Alpha = r.float("alpha", 1) }},
	{"Equal", "", nil},
	{"Erf", "", nil},
	{"Exp", "", nil},
	{"Expand", "", nil},
	{"Flatten", "axis", func(r *reader, to *ir.Attrs) { to.Axis = r.int("axis", 1) }},
	{"Floor", "", nil},
	{"Gather", "axis", func(r *reader, to *ir.Attrs) { to.Axis = r.int("axis", 0) }},
	{"Gemm", "alpha beta transA transB", readGemm},
	{"GlobalAveragePool", "", nil},
	{"GlobalMaxPool", "", nil},
	{"Greater", "", nil},
	{"HardSigmoid", "alpha beta", func(r *reader, to *ir.Attrs) {
		to.Alpha, to.Beta = r.float("alpha", 0.2), r.float("beta", 0.5)
	}},
	{"HardSwish", "", nil},
	{"Identity", "", nil},
	{"LRN", "alpha beta bias size", readLRN},
	{"LeakyRelu", "alpha", func(r *reader, to *ir.Attrs) { to.Alpha = r.float("alpha", 0.01) }},
	{"Less", "", nil},
	{"Log", "", nil},
	{"LogSoftmax", "axis", readSoftmax},
	{"MatMul", "", nil},
	{"Max", "", nil},
	{"MaxPool", "auto_pad ceil_mode dilations kernel_shape pads storage_order strides", readPool},
	{"Min", "", nil},
	{"Mul", "", nil},
	{"Neg", "", nil},
	{"Not", "", nil},
	{"PRelu", "", nil},
	{"Pad", "mode pads value", func(r *reader, to *ir.Attrs) { to.Mode = r.oneOf("mode", "constant", "reflect", "edge", "wrap") }},
	{"Pow", "", nil},
	{"Quant", "narrow rounding_mode signed", func(r *reader, to *ir.Attrs) {
		to.Signed, to.Narrow = r.flag("signed", true), r.flag("narrow", false)
		to.Mode = r.oneOf("rounding_mode", "ROUND", "FLOOR", "CEIL", "ROUND_TO_ZERO")
	}},
	{"QuantizeLinear", "axis block_size output_dtype precision saturate", readQuantAxis},
	{"Range", "", nil},
	{"Reciprocal", "", nil},
	{"ReduceMean", "axes keepdims noop_with_empty_axes", func(r *reader, to *ir.Attrs) {
		to.KeepDims, to.NoopEmptyAxes = r.flag("keepdims", true), r.flag("noop_with_empty_axes", false)
	}},
	{"Relu", "", nil},
	{"Reshape", "allowzero", func(r *reader, to *ir.Attrs) { to.AllowZero = r.flag("allowzero", false) }},
	{"Resize", "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy mode nearest_mode", readResize},
	{"Selu", "alpha gamma", func(r *reader, to *ir.Attrs) {
		to.Alpha, to.Beta = r.float("alpha", 1.67326319217681884765625), r.float("gamma", 1.05070102214813232421875)
	}},
	{"Shape", "start end", func(r *reader, to *ir.Attrs) {
		to.Start, to.End = r.int("start", 0), r.int("end", math.MaxInt)
	}},
	{"Sigmoid", "", nil},
	{"Sign", "", nil},
	{"Size", "", nil},
	{"Slice", "axes ends starts", nil},
	{"Softmax", "axis", readSoftmax},
	{"Softplus", "", nil},
	{"Softsign", "", nil},
	{"SpaceToDepth", "blocksize", readBlock},
	{"Split", "axis num_outputs split", readSplit},
	{"Sqrt", "", nil},
	{"Squeeze", "axes", nil},
	{"Sub", "", nil},
	{"Sum", "", nil},
	{"Tanh", "", nil},
	{"Tile", "", nil},
	{"Transpose", "perm", readTranspose},
	{"Unsqueeze", "axes", nil},
	{"Upsample", "mode scales", readResize},
	{"Where", "", nil},
}

// rowOf returns the row of an operator, nil when it has none.
func rowOf(op ir.Op) *attrRow {
	i, ok := slices.BinarySearchFunc(attrRows, op, func(r attrRow, op ir.Op) int { return cmp.Compare(r.op, op) })
	if !ok {
		return nil
	}
	return &attrRows[i]
}

func readGemm(r *reader, to *ir.Attrs) {
	to.Alpha, to.Beta = r.float("alpha", 1), r.float("beta", 1)
	to.TransA, to.TransB = r.flag("transA", false), r.flag("transB", false)
}

func readLRN(r *reader, to *ir.Attrs) {
	to.Alpha, to.Beta, to.Bias = r.float("alpha", 1e-4), r.float("beta", 0.75), r.float("bias", 1)
	to.Size = r.mustInt("size")
	if to.Size < 1 {
		r.fail("attribute size is %d, it has to be positive", to.Size)
	}
}

func readBlock(r *reader, to *ir.Attrs) {
	size := r.mustInt("blocksize")
	to.Kernel = []int{size, size}
}

// readQuantAxis reads the axis of the scales; a scale for the whole tensor
// leaves it without meaning.
func readQuantAxis(r *reader, to *ir.Attrs) { to.Axis = r.int("axis", 1) }

// readSoftmax is the one reader whose result depends on the operator set:
// before 13 the input is flattened to two dimensions at the axis.
func readSoftmax(r *reader, to *ir.Attrs) {
	if r.opset < 13 {
		to.Axis, to.FlattenToAxis = r.int("axis", 1), true
		return
	}
	to.Axis = r.int("axis", -1)
}

// readResize leaves out what only the modes that are not supported look at.
func readResize(r *reader, to *ir.Attrs) {
	r.oneOf("keep_aspect_ratio_policy", "stretch")
	to.Axes = r.ints("axes")
	linear := r.oneOf("mode", "nearest", "linear") == "linear"
	if r.opset < 11 || r.node.Op == "Upsample" {
		to.Places, to.Mode = "asymmetric", "floor"
	} else {
		to.Places = r.oneOf("coordinate_transformation_mode", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn")
		to.Mode = r.oneOf("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
	}
	if linear {
		to.Mode = "linear"
	}
}

// readSplit keeps no count: the outputs themselves are it.
func readSplit(r *reader, to *ir.Attrs) {
	to.Axis = r.int("axis", 0)
	if n := r.int("num_outputs", len(r.node.Out)); n != len(r.node.Out) {
		r.fail("attribute num_outputs is %d, the node has %d outputs", n, len(r.node.Out))
	}
}

// readTranspose leaves Perm nil when the file does: the axes are reversed.
func readTranspose(r *reader, to *ir.Attrs) {
	to.Perm = r.ints("perm")
	seen := make([]bool, len(to.Perm))
	for _, axis := range to.Perm {
		if axis < 0 || axis >= len(seen) || seen[axis] {
			r.fail("attribute perm is %v, which is no permutation", to.Perm)
			return
		}
		seen[axis] = true
	}
}
