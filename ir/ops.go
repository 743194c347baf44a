package ir

// An Op names an operator of ONNX's default domain, or Quant or BipolarQuant of
// QONNX (arXiv 2206.07527, section 5), which quantize and dequantize in one node, or
// Function, which no file has: legalize makes one of nodes that share a variable.
type Op string

// An OpRow is what every step has to know of an operator.
type OpRow struct {
	Op          Op
	In, InMax   int // least and greatest number of inputs; InMax < 0: any
	Out         int // greatest number of outputs that are used
	Elementwise bool
	Shape       func(n *Node) ([][]int, error) // shapes of the outputs, from those of the inputs
}

// Ops is the table of operators that snug reads, sorted by name. The float
// reference is the row of the same name in ir/eval; an operator that may stay
// in a network that is compiled, rather than be folded away, also has a row in
// quant's legalize table.
var Ops = []OpRow{
	{"Abs", 1, 1, 1, true, sameShape},
	{"Add", 2, 2, 1, true, broadcastShape},
	{"And", 2, 2, 1, true, broadcastShape},
	{"AveragePool", 1, 1, 1, false, poolShape},
	{"BatchNormalization", 5, 5, 1, false, channelShape},
	{"BipolarQuant", 2, 2, 1, true, broadcastShape},
	{"Cast", 1, 1, 1, true, sameShape},
	{"Ceil", 1, 1, 1, true, sameShape},
	{"Clip", 1, 3, 1, true, sameShape},
	{"Concat", 1, -1, 1, false, concatShape},
	{"Constant", 0, 0, 1, false, constantShape},
	{"ConstantOfShape", 1, 1, 1, false, constantOfShape},
	{"Conv", 2, 3, 1, false, convShape},
	{"ConvTranspose", 2, 3, 1, false, convTransposeShape},
	{"DepthToSpace", 1, 1, 1, false, depthToSpaceShape},
	{"DequantizeLinear", 2, 3, 1, false, scaleShape},
	{"Div", 2, 2, 1, true, broadcastShape},
	{"Dropout", 1, 3, 1, false, sameShape},
	{"Elu", 1, 1, 1, true, sameShape},
	{"Equal", 2, 2, 1, true, broadcastShape},
	{"Erf", 1, 1, 1, true, sameShape},
	{"Exp", 1, 1, 1, true, sameShape},
	{"Expand", 2, 2, 1, false, expandShape},
	{"Flatten", 1, 1, 1, false, flattenShape},
	{"Floor", 1, 1, 1, true, sameShape},
	{"Function", 1, 1, 1, true, sameShape},
	{"Gather", 2, 2, 1, false, gatherShape},
	{"Gemm", 2, 3, 1, false, gemmShape},
	{"GlobalAveragePool", 1, 1, 1, false, globalPoolShape},
	{"GlobalMaxPool", 1, 1, 1, false, globalPoolShape},
	{"Greater", 2, 2, 1, true, broadcastShape},
	{"HardSigmoid", 1, 1, 1, true, sameShape},
	{"HardSwish", 1, 1, 1, true, sameShape},
	{"Identity", 1, 1, 1, true, sameShape},
	{"LRN", 1, 1, 1, false, sameShape},
	{"LeakyRelu", 1, 1, 1, true, sameShape},
	{"Less", 2, 2, 1, true, broadcastShape},
	{"Log", 1, 1, 1, true, sameShape},
	{"LogSoftmax", 1, 1, 1, false, softmaxShape},
	{"MatMul", 2, 2, 1, false, matMulShape},
	{"Max", 1, -1, 1, true, broadcastShape},
	{"MaxPool", 1, 1, 1, false, poolShape},
	{"Min", 1, -1, 1, true, broadcastShape},
	{"Mul", 2, 2, 1, true, broadcastShape},
	{"Neg", 1, 1, 1, true, sameShape},
	{"Not", 1, 1, 1, true, sameShape},
	{"PRelu", 2, 2, 1, true, slopeShape},
	{"Pad", 2, 4, 1, false, padShape},
	{"Pow", 2, 2, 1, true, broadcastShape},
	{"Quant", 4, 4, 1, false, quantShape},
	{"QuantizeLinear", 2, 3, 1, false, scaleShape},
	{"Range", 3, 3, 1, false, rangeShape},
	{"Reciprocal", 1, 1, 1, true, sameShape},
	{"ReduceMean", 1, 2, 1, false, reduceShape},
	{"Relu", 1, 1, 1, true, sameShape},
	{"Reshape", 2, 2, 1, false, reshapeShape},
	{"Resize", 1, 4, 1, false, resizeShape},
	{"Selu", 1, 1, 1, true, sameShape},
	{"Shape", 1, 1, 1, false, shapeShape},
	{"Sigmoid", 1, 1, 1, true, sameShape},
	{"Sign", 1, 1, 1, true, sameShape},
	{"Size", 1, 1, 1, false, scalarShape},
	{"Slice", 3, 5, 1, false, sliceShape},
	{"Softmax", 1, 1, 1, false, softmaxShape},
	{"Softplus", 1, 1, 1, true, sameShape},
	{"Softsign", 1, 1, 1, true, sameShape},
	{"SpaceToDepth", 1, 1, 1, false, spaceToDepthShape},
	{"Split", 1, 2, -1, false, splitShape},
	{"Sqrt", 1, 1, 1, true, sameShape},
	{"Squeeze", 1, 2, 1, false, squeezeShape},
	{"Sub", 2, 2, 1, true, broadcastShape},
	{"Sum", 1, -1, 1, true, broadcastShape},
	{"Tanh", 1, 1, 1, true, sameShape},
	{"Tile", 2, 2, 1, false, tileShape},
	{"Transpose", 1, 1, 1, false, transposeShape},
	{"Unsqueeze", 2, 2, 1, false, unsqueezeShape},
	{"Upsample", 1, 3, 1, false, resizeShape},
	{"Where", 3, 3, 1, true, broadcastShape},
}

// Row returns the operator's row in Ops, nil when it has none.
func (op Op) Row() *OpRow {
	for i := range Ops {
		if Ops[i].Op == op {
			return &Ops[i]
		}
	}
	return nil
}
