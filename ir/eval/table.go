package eval

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// An op computes a node's outputs, which have their shapes and zeros or an
// earlier image's numbers. An absent input is nil.
type op func(n *ir.Node, in, out []*ir.Tensor, s *scratch) error

// A row is one operator. kinds has a letter for each input, the last one for
// all that follow: r real; i integer or bool; ? either; - only its shape is
// looked at; a digit is the kind of the input of that number.
type row struct {
	op    ir.Op
	kinds string
	f     op
}

// rows has one row for every operator of ir.Ops, sorted by name.
var rows = []row{
	{"Abs", "?", abs},
	{"Add", "?0", arith(addReals, runOf(func(a, b int64) int64 { return a + b }))},
	{"And", "ii", arith(nil, runOf(func(a, b int64) int64 { return truth(a != 0 && b != 0) }))},
	{"AveragePool", "r", averagePool},
	{"BatchNormalization", "r", batchNorm},
	{"BipolarQuant", "r", arith(runOf(bipolar), nil)},
	{"Cast", "?", cast},
	{"Ceil", "r", unary(ceil)},
	{"Clip", "?00", clip},
	{"Concat", "?0", concat},
	{"Constant", "", constant},
	{"ConstantOfShape", "i", constantOfShape},
	{"Conv", "r", conv},
	{"ConvTranspose", "r", convTranspose},
	{"DepthToSpace", "?", depthToSpace},
	{"DequantizeLinear", "iri", dequantize},
	{"Div", "?0", div},
	{"Dropout", "?ri", identity},
	{"Elu", "r", unaryOf(elu)},
	{"Equal", "?0", compare(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b })},
	{"Erf", "r", unary(erf)},
	{"Exp", "r", unary(exp)},
	{"Expand", "?i", expand},
	{"Flatten", "?", identity},
	{"Floor", "r", unary(floor)},
	{"Function", "r", function},
	{"Gather", "?i", gather},
	{"Gemm", "r", gemm},
	{"GlobalAveragePool", "r", globalAverage},
	{"GlobalMaxPool", "r", globalMax},
	{"Greater", "?0", compare(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b })},
	{"HardSigmoid", "r", unaryOf(hardSigmoid)},
	{"HardSwish", "r", unary(hardSwish)},
	{"Identity", "?", identity},
	{"LRN", "r", lrn},
	{"LeakyRelu", "r", unaryOf(leakyRelu)},
	{"Less", "?0", compare(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b })},
	{"Log", "r", unary(log)},
	{"LogSoftmax", "r", softmax(true)},
	{"MatMul", "r", matMul},
	{"Max", "?0", arith(runOf(func(a, b float32) float32 { return max(a, b) }), runOf(func(a, b int64) int64 { return max(a, b) }))},
	{"MaxPool", "?", maxPool},
	{"Min", "?0", arith(runOf(func(a, b float32) float32 { return min(a, b) }), runOf(func(a, b int64) int64 { return min(a, b) }))},
	{"Mul", "?0", arith(runOf(func(a, b float32) float32 { return a * b }), runOf(func(a, b int64) int64 { return a * b }))},
	{"Neg", "?", neg},
	{"Not", "i", not},
	{"PRelu", "r", arith(runOf(prelu), nil)},
	{"Pad", "?i0i", pad},
	{"Pow", "??", pow},
	{"Quant", "r", quant},
	{"QuantizeLinear", "rri", quantize},
	{"Range", "?00", rangeOp},
	{"Reciprocal", "r", unary(reciprocal)},
	{"ReduceMean", "ri", reduceMean},
	{"Relu", "?", relu},
	{"Reshape", "?i", identity},
	{"Resize", "?rri", resize},
	{"Selu", "r", unaryOf(selu)},
	{"Shape", "-", shapeOp},
	{"Sigmoid", "r", unary(sigmoid)},
	{"Sign", "?", sign},
	{"Size", "-", size},
	{"Slice", "?i", slice},
	{"Softmax", "r", softmax(false)},
	{"Softplus", "r", unary(softplus)},
	{"Softsign", "r", unary(softsign)},
	{"SpaceToDepth", "?", spaceToDepth},
	{"Split", "?i", split},
	{"Sqrt", "r", unary(sqrt)},
	{"Squeeze", "?i", identity},
	{"Sub", "?0", arith(runOf(func(a, b float32) float32 { return a - b }), runOf(func(a, b int64) int64 { return a - b }))},
	{"Sum", "?0", arith(addReals, runOf(func(a, b int64) int64 { return a + b }))},
	{"Tanh", "r", unary(tanh)},
	{"Tile", "?i", tile},
	{"Transpose", "?", transpose},
	{"Unsqueeze", "?i", identity},
	{"Upsample", "?rr", resize},
	{"Where", "i?1", where},
}

// rowOf maps operators to their rows.
var rowOf = func() map[ir.Op]*row {
	m := make(map[ir.Op]*row, len(rows))
	for i := range rows {
		m[rows[i].op] = &rows[i]
	}
	return m
}()

// check verifies the kinds of the inputs, and that they hold what their shapes
// say: operators index without looking.
func (r *row) check(in []*ir.Tensor) error {
	for i, t := range in {
		want := r.kinds[min(i, len(r.kinds)-1)]
		if t == nil || want == '-' {
			continue
		}
		if !holds(t) {
			return fmt.Errorf("input %d of type %s and shape %v does not hold its elements", i, t.Elem, t.Shape)
		}
		switch real := t.Elem.IsReal(); {
		case want == 'r' && !real:
			return fmt.Errorf("input %d is of type %s, want reals", i, t.Elem)
		case want == 'i' && real:
			return fmt.Errorf("input %d is of type %s, want integers", i, t.Elem)
		case want >= '0' && want <= '9' && in[want-'0'].Elem.IsReal() != real:
			return fmt.Errorf("input %d is of type %s, input %c of type %s", i, t.Elem, want, in[want-'0'].Elem)
		}
	}
	return nil
}

// holds reports whether t holds what its type and shape say. Operators look at
// the slice of the type alone: weights that are quantized already keep their
// integers beside the reals.
func holds(t *ir.Tensor) bool {
	if t.Elem.IsReal() {
		return len(t.Real) == t.Len()
	}
	return len(t.Int) == t.Len()
}

// elemOf returns the element type of n's outputs. It relies on the number of
// inputs, and on the value of a Constant.
func elemOf(n *ir.Node, in []*ir.Tensor) ir.Elem {
	switch n.Op {
	case "And", "Equal", "Greater", "Less", "Not":
		return ir.Bool
	case "Shape", "Size":
		return ir.Int64
	case "Cast":
		return n.Attrs.To
	case "DequantizeLinear":
		return in[1].Elem
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
