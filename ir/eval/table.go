package eval

import "github.com/snug-nn/snug/ir"

// An op computes a node's outputs, which have their shapes and zeros or an
// earlier image's numbers. An absent input is nil.
type op func(n *ir.Node, in, out []*ir.Tensor, s *scratch) error

// ops has one row for every operator of ir.Ops.
var ops map[ir.Op]op

func init() {
	ops = map[ir.Op]op{
		"Add":                arith(func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b }),
		"And":                arith(nil, func(a, b int64) int64 { return a & b }),
		"AveragePool":        averagePool,
		"BatchNormalization": batchNorm,
		"Cast":               cast,
		"Ceil":               unary(ceil),
		"Clip":               clip,
		"Concat":             concat,
		"Constant":           constant,
		"ConstantOfShape":    constantOfShape,
		"Conv":               conv,
		"DequantizeLinear":   dequantize,
		"Div":                div,
		"Dropout":            identity,
		"Elu":                unaryOf(elu),
		"Equal":              compare(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b }),
		"Exp":                unary(exp),
		"Expand":             expand,
		"Flatten":            identity,
		"Floor":              unary(floor),
		"Gather":             gather,
		"Gemm":               gemm,
		"GlobalAveragePool":  globalAverage,
		"GlobalMaxPool":      globalMax,
		"Greater":            compare(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b }),
		"HardSigmoid":        unaryOf(hardSigmoid),
		"HardSwish":          unary(hardSwish),
		"Identity":           identity,
		"LRN":                lrn,
		"LeakyRelu":          unaryOf(leakyRelu),
		"Less":               compare(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b }),
		"LogSoftmax":         softmax(true),
		"MatMul":             matMul,
		"Max":                arith(func(a, b float32) float32 { return max(a, b) }, func(a, b int64) int64 { return max(a, b) }),
		"MaxPool":            maxPool,
		"Min":                arith(func(a, b float32) float32 { return min(a, b) }, func(a, b int64) int64 { return min(a, b) }),
		"Mul":                arith(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b }),
		"Neg":                neg,
		"Not":                not,
		"PRelu":              arith(prelu, nil),
		"Pad":                pad,
		"Pow":                pow,
		"QuantizeLinear":     quantize,
		"Range":              rangeOp,
		"ReduceMean":         reduceMean,
		"Relu":               relu,
		"Reshape":            identity,
		"Shape":              shapeOp,
		"Sigmoid":            unary(sigmoid),
		"Size":               size,
		"Slice":              slice,
		"Softmax":            softmax(false),
		"Split":              split,
		"Sqrt":               unary(sqrt),
		"Squeeze":            identity,
		"Sub":                arith(func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b }),
		"Sum":                arith(func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b }),
		"Tanh":               unary(tanh),
		"Tile":               tile,
		"Transpose":          transpose,
		"Unsqueeze":          identity,
		"Where":              where,
	}
}

// elemOf returns the element type of n's outputs.
func elemOf(n *ir.Node, in []*ir.Tensor) ir.Elem {
	switch n.Op {
	case "And", "Equal", "Greater", "Less", "Not":
		return ir.Bool
	case "Shape", "Size":
		return ir.Int64
	case "Cast":
		return n.Attrs.To
	case "DequantizeLinear":
		return ir.Float32
	case "QuantizeLinear":
		if len(in) > 2 && in[2] != nil {
			return in[2].Elem
		}
		return ir.Uint8
	case "Where":
		return in[1].Elem
	case "Constant":
		return n.Attrs.Value.Elem
	case "ConstantOfShape":
		if n.Attrs.Value != nil {
			return n.Attrs.Value.Elem
		}
		return ir.Float32
	}
	return in[0].Elem
}
