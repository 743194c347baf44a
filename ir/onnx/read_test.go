package onnx

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// listing renders what a graph is made of: constants by value, attributes by
// the caller.
func listing(g *ir.Graph) string {
	var b strings.Builder
	for _, v := range g.In {
		fmt.Fprintf(&b, "in %s %s%v\n", v.Name, v.Elem, v.Shape)
	}
	for _, n := range g.Nodes {
		outs := make([]string, len(n.Out))
		for i, v := range n.Out {
			outs[i] = v.Name
		}
		fmt.Fprintf(&b, "%s: %s = %s(%s)\n", n.Name, strings.Join(outs, ", "), n.Op, arguments(n))
	}
	for _, v := range g.Out {
		fmt.Fprintf(&b, "out %s\n", v.Name)
	}
	return b.String()
}

func arguments(n *ir.Node) string {
	args := make([]string, len(n.In))
	for i, v := range n.In {
		switch {
		case v == nil:
			args[i] = "-"
		case v.Const != nil:
			args[i] = literal(v.Const)
		default:
			args[i] = v.Name
		}
	}
	return strings.Join(args, ", ")
}

// literal renders a tensor: its first elements, in brackets unless a scalar.
func literal(t *ir.Tensor) string {
	if t.Elem.IsReal() != (t.Real != nil) || t.Elem.IsReal() == (t.Int != nil) {
		return "a " + string(t.Elem) + " in the wrong slice"
	}
	s := fmt.Sprint(t.Int)
	if t.Elem.IsReal() {
		s = fmt.Sprint(t.Real[:min(3, len(t.Real))])
	}
	if len(t.Shape) == 0 {
		s = strings.Trim(s, "[]")
	}
	if len(t.Shape) > 1 {
		return fmt.Sprintf("%v%s", t.Shape, s)
	}
	return s
}

func TestRead(t *testing.T) {
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"small", small(), `
in x float32[1 2 4 4]
b: b = Cast([1 -1])
conv: c = Conv(x, [2 2 3 3][1 1 1], b)
relu6: r = Clip(c, -, 6)
f: f = Reshape(r, [0 -1])
y: y = Softmax(f)
out y
`},
		{"a node that no output needs, and one that is used twice", file(13, input("x", 1, 3),
			call("dead = Exp(x)"), call("y = Mul(x, x)"), output("y")), `
in x float32[1 3]
y: y = Mul(x, x)
out y
`},
		{"nodes out of order", file(13, input("x", 1, 3),
			call("c = Neg(b)"), call("b = Sqrt(a)"), call("a = Relu(x)"), call("d = Add(c, a)"), output("d")), `
in x float32[1 3]
a: a = Relu(x)
b: b = Sqrt(a)
c: c = Neg(b)
d: d = Add(c, a)
out d
`},
		{"an initializer that is an input too", file(13, input("x", 1), input("w", 1),
			initializer(floats("w", []int{1}, 2)), call("y = Add(x, w)"), output("y")), `
in x float32[1]
y: y = Add(x, [2])
out y
`},
		{"scalars and empty tensors", file(13, input("x", 2), initializer(floats("e", []int{0, 3})), initializer(int64s("s", nil, 4)),
			call("y = Concat(x, e, s)", attr("axis", 0)), output("y")), `
in x float32[2]
y: y = Concat(x, [0 3][], 4)
out y
`},
		{"outputs that are inputs or constants", file(13, input("x", 2), initializer(floats("w", []int{1}, 3)),
			call("y = Relu(x)"), output("y"), output("x"), output("w")), `
in x float32[2]
y: y = Relu(x)
out y
out x
out w
`},
		{"every form of Constant", file(13, input("x", 2),
			call("a = Constant()", attr("value_float", float32(0.5))), call("b = Constant()", attr("value_floats", []float32{1, 2})),
			call("c = Constant()", attr("value_int", -3)), call("d = Constant()", attr("value_ints", []int{4, 5})),
			call("y = Sum(x, a, b, c, d)"), output("y")), `
in x float32[2]
y: y = Sum(x, 0.5, [1 2], -3, [4 5])
out y
`},
		{"a part of a Split that is not used", file(13, input("x", 4), call("split: a, -, c = Split(x)"), call("y = Add(a, c)"), output("y")), `
in x float32[4]
split: a, split/1, c = Split(x)
y: y = Add(a, c)
out y
`},
		{"an If with a constant condition", file(13, input("x", 2), initializer(stored("yes", 9, nil, raw(1))),
			call("if: y = If(yes)",
				attr("then_branch", graphBytes(join([][]byte{call("t = Mul(x, k)"), initializer(floats("k", nil, 2)), output("t")}))),
				attr("else_branch", graphBytes(join([][]byte{call("e = Erf(x)"), output("e")})))),
			output("y")), `
in x float32[2]
t: t = Mul(x, 2)
if: y = Identity(t)
out y
`},
		{"a graph of constants only", file(13, call("a = Constant()", attr("value_float", float32(1))), output("a")), `
out a
`},
		{"names with a clash", file(9, input("x", 2), call("clip: clip/min = Relu(x)"),
			call("clip: y = Clip(clip/min)", attr("min", float32(1))), output("y")), `
in x float32[2]
clip: clip/min = Relu(x)
clip: y = Clip(clip/min, 1)
out y
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := Read("m.onnx", test.file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := ir.Check(g); err != nil {
				t.Error(err)
			}
			if got := listing(g); got != test.want[1:] {
				t.Errorf("got\n%swant%s", got, test.want)
			}
			if g.Name != "m" {
				t.Errorf("the graph is called %q", g.Name)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	x, y := input("x", 1, 2), output("y")
	relu := call("y = Relu(x)")
	weights := func(w ...float32) []byte {
		return file(13, x, initializer(floats("w", []int{2, 1}, w...)), call("fc: y = MatMul(x, w)"), y)
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "the file holds no graph, is it ONNX?"},
		{"another format", []byte("\x89PNG\r\n\x1a\n"), "a protobuf field is malformed: the file is cut short or is not ONNX"},
		{"no opset", appendBytes([]byte(nil), modelGraph, join([][]byte{x, relu, y})), "the file does not say its operator set, re-export it"},
		{"old", file(6, x, relu, y), "opset 6 is older than 7, re-export or convert the model"},
		{"new", file(99, x, relu, y), "opset 99 is newer than 26, re-export with an older one"},
		{"a new format", append(file(13, x, relu, y), appendVarint(nil, modelIRVersion, 14)...), "IR version 14 is newer than 13, re-export with an older one"},
		{"two graphs", append(file(13, x, relu, y), file(13, x, relu, y)...), "the file holds two graphs"},
		{"a sparse initializer", file(13, x, relu, y, appendBytes([]byte(nil), graphSparse, "")), "sparse initializers are not supported, store them dense"},
		{"an If without the branch", file(13, x, initializer(stored("c", 9, nil, raw(1))), call("y = If(c)"), y),
			"node y (If): there is no then_branch, export the model again"},
		{"an If of two", file(13, x, initializer(stored("c", 9, []int{2}, raw(1, 0))), call("y = If(c)"), y),
			`condition "c" of node y is not a single element, export the model again`},
		{"no outputs", file(13, x, relu), "the graph has no outputs, export the model again"},
		{"no nodes", file(13, input("y", 1), y), "no output is computed by a node, there is nothing to compile"},
		{"no such output", file(13, x, call("z = Relu(x)"), y), `output "y" is not computed by any node, export the model again`},
		{"no such value", file(13, x, call("relu: y = Relu(z)"), y), `node relu reads "z", which nothing defines, export the model again`},
		{"two definitions", file(13, x, relu, call("y = Exp(x)"), y), `value "y" is defined twice, export the model again`},
		{"two inputs", file(13, x, x, relu, y), `input "x" is declared twice, export the model again`},
		{"a cycle", file(13, x, call("a = Add(x, b)"), call("b = Exp(a)"), call("y = Relu(b)"), y), "node a is part of a cycle, export the model again"},
		{"a loop to itself", file(13, x, call("y = Add(x, y)"), y), "node y is part of a cycle, export the model again"},
		{"NaN", weights(1, float32(math.NaN())), `tensor "w", weights of node fc, has NaN at element 1, train or export again`},
		{"infinity", weights(float32(math.Inf(-1)), 0), `tensor "w", weights of node fc, has -Inf at element 0, train or export again`},
		{"too little data", weights(1), `tensor "w" has 2 elements of float32 but 4 bytes of data instead of 8, the file is damaged`},
		{"impossible shape", file(13, x, initializer(floats("w", []int{1 << 30, 4}, 1)), call("y = Add(x, w)"), y),
			`tensor "w" has the impossible shape [1073741824 4], the file is damaged`},
		{"strings", file(13, x, initializer(stored("w", 8, []int{1})), call("y = Add(x, w)"), y),
			`tensor "w" has element type string, which is not supported`},
		{"an element out of range", file(13, x, initializer(stored("w", 3, nil, appendVarint(nil, tensorInt32s, 200))), call("y = Add(x, w)"), y),
			`tensor "w" element 0 is 200, which is no int8, the file is damaged`},
		{"a vast uint64", file(13, x, initializer(stored("w", 13, nil, appendVarint(nil, tensorUint64s, 1<<63))), call("y = Add(x, w)"), y),
			`tensor "w" element 0: 9223372036854775808 does not fit 63 bits`},
		{"too few inputs", file(13, x, call("y = Add(x)"), y), "node y (Add): it has 1 inputs, the operator takes 2, export the model again"},
		{"a missing input", file(13, x, call("y = Add(-, x)"), y), "node y (Add): its input 0 is missing, export the model again"},
		{"a missing attribute", file(13, x, call("y = Concat(x)"), y), "node y (Concat): attribute axis is missing, export the model again"},
		{"an attribute of a wrong type", file(13, x, call("y = Concat(x)", attr("axis", "C")), y),
			"node y (Concat): attribute axis has type 3 in the file, which is not what the operator takes, export the model again"},
		{"an attribute twice", file(13, x, call("y = Concat(x)", attr("axis", 0), attr("axis", 1)), y), `node 0: attribute "axis" appears twice`},
		{"a tensor that is not there", file(13, x, call("y = ConstantOfShape(x)", appendVarint(appendBytes([]byte(nil), attrName, "value"), attrType, typeTensors)), y),
			"1 node is not supported: y (ConstantOfShape, opset 13): attribute value has the type 4, which is not supported"},
		{"strides", file(13, x, call("y = MaxPool(x)", attr("kernel_shape", []int{2, 2}), attr("strides", []int{2})), y),
			"node y (MaxPool): attribute strides has 1 numbers, it has to have 2, export the model again"},
		{"a stride of zero", file(13, x, call("y = MaxPool(x)", attr("kernel_shape", []int{2}), attr("strides", []int{0})), y),
			"node y (MaxPool): attribute strides is [0], out of range, export the model again"},
		{"no kernel", file(13, x, call("y = MaxPool(x)"), y), "node y (MaxPool): attribute kernel_shape is missing, export the model again"},
		{"auto_pad", file(13, x, call("y = MaxPool(x)", attr("kernel_shape", []int{2}), attr("auto_pad", "SAME")), y),
			`node y (MaxPool): attribute auto_pad is "SAME", want one of [NOTSET SAME_UPPER SAME_LOWER VALID], export the model again`},
		{"perm", file(13, x, call("y = Transpose(x)", attr("perm", []int{0, 0})), y), "node y (Transpose): attribute perm is [0 0], which is no permutation, export the model again"},
		{"both forms", file(13, x, initializer(int64s("a", []int{1}, 0)), call("y = Squeeze(x, a)", attr("axes", []int{0})), y),
			"node y (Squeeze): attribute axes and input 1 say the same, export the model again"},
		{"an infinite attribute", file(13, x, call("y = Elu(x)", attr("alpha", float32(math.Inf(1)))), y), "node y (Elu): attribute alpha is +Inf, export the model again"},
		{"a Constant without a value", file(13, x, call("c = Constant()"), call("y = Add(x, c)"), y),
			"node c (Constant): it has 0 values, it has to have one, export the model again"},
		{"too many elements to repeat", file(13, x, call("y = ConstantOfShape(x)", attr("value", floats("", []int{2}, 1, 1))), y),
			"node y (ConstantOfShape): attribute value has 2 elements, it has to have one, export the model again"},
		{"a group of none", file(13, x, call("y = Conv(x, x)", attr("group", 0)), y), "node y (Conv): attribute group is 0, it has to be positive, export the model again"},
		{"a size of none", file(13, x, call("y = LRN(x)"), y), "node y (LRN): attribute size is missing, export the model again"},
		{"num_outputs", file(18, x, call("y, z = Split(x)", attr("num_outputs", 3)), y), "node y (Split): attribute num_outputs is 3, the node has 2 outputs, export the model again"},
		{"kernel_shape against the weights", file(13, x, initializer(floats("w", []int{1, 1, 2}, 1, 1)), call("y = Conv(x, w)", attr("kernel_shape", []int{3})), y),
			"node y (Conv): attribute kernel_shape is [3], its weights have shape [1 1 2], export the model again"},
		{"a name that is no word", file(13, x, call("a\nb: y = Concat(x)"), y), `node "a\nb" (Concat): attribute axis is missing, export the model again`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read("m.onnx", test.file, Options{})
			if err == nil {
				t.Fatal("read")
			}
			if got, want := err.Error(), "m.onnx: onnx: "+test.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	file := file(13, input("x", 1, 2),
		call("rnn_1: a = LSTM(x)"),
		call("rnn_2: b = LSTM(a)"),
		call("unused = Loop(x)"),
		call("c, mask = Dropout(b)"),
		domainCall("com.acme", "d = Fuse(c, mask)"),
		domainCall("ai.onnx", "pool: e = MaxPool(d)", attr("storage_order", 1)),
		call("norm: f = BatchNormalization(e, x, x, x, x)", attr("training_mode", 1)),
		call("g = Resize(f)", attr("mode", "cubic")),
		call("h = Relu(g)", attr("slope", float32(1))),
		call("i = QuantizeLinear(h, x)", attr("block_size", 32)),
		call("y = Blur(i)"),
		output("y"),
	)
	const want = "m.onnx: onnx: 10 nodes are not supported: " +
		"rnn_1, rnn_2 (LSTM, opset 13): recurrent networks are not supported yet; " +
		`c (Dropout, opset 13): its output "mask" is used, only the first is supported; ` +
		"d (Fuse, domain com.acme): operators of this domain are not supported; " +
		"pool (MaxPool, opset 13): storage_order=1 is not supported; " +
		"norm (BatchNormalization, opset 13): it is in training mode, export for inference; " +
		"g (Resize, opset 13): mode cubic is not supported, nearest and linear are; " +
		"h (Relu, opset 13): attribute slope is not supported; " +
		"i (QuantizeLinear, opset 13): scales by block are not supported, quantize by tensor or by axis; " +
		"y (Blur, opset 13): the operator is not supported"
	_, err := Read("m.onnx", file, Options{})
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestLimits refuses single nodes of operators that are read in part.
func TestLimits(t *testing.T) {
	tests := []struct {
		node []byte
		want string
	}{
		{call("y = BatchNormalization(x, x, x, x, x)", attr("spatial", 0)), "spatial=0 is not supported"},
		{call("y, mean = BatchNormalization(x, x, x, x, x)"), ""},
		{call("y = Cast(x)", attr("to", 8)), "it casts to element type string, which is not supported"},
		{call("y = Cast(x)"), "it casts to unknown element type 0"},
		{call("y = DequantizeLinear(x, x)", attr("block_size", 0)), ""},
		{call("y = Dropout(x, x, x)"), "its training_mode is not a constant, export for inference"},
		{call("y = Dropout(x, -, yes)"), "it is in training mode, export for inference"},
		{call("y = Dropout(x, -, both)"), "its training_mode is not a single element"},
		{call("y = If(x)"), "its condition is not a constant, export with fixed shapes or fold constants first"},
		{call("y = Relu(x)", attr("g", graphBytes(nil))), "attribute g is not supported"},
		{call("y = MaxPool(x)", attr("pads", graphBytes(nil))), "attribute pads has the type 5, which is not supported"},
	}
	for _, test := range tests {
		_, err := Read("m.onnx", file(13, input("x", 1), initializer(stored("yes", 9, nil, raw(1))),
			initializer(stored("both", 9, []int{2}, raw(1, 0))), test.node, output("y")), Options{})
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.HasSuffix(got, test.want) {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestSizes(t *testing.T) {
	tests := []struct {
		name string
		file []byte
		dims map[string]int
		want string // the inputs, or the error
	}{
		{"a batch is 1", file(13, input("x", "N", 3), call("y = Relu(x)"), output("y")), nil, "[[1 3]]"},
		{"unless it is given", file(13, input("x", "N", 3), call("y = Relu(x)"), output("y")), map[string]int{"N": 4}, "[[4 3]]"},
		{"a nameless batch", file(13, input("x", nil, 3), call("y = Relu(x)"), output("y")), nil, "[[1 3]]"},
		{"a batch of -1", file(13, input("x", -1, 3), call("y = Relu(x)"), output("y")), nil, "[[1 3]]"},
		{"the batch again", file(13, input("a", "N", 3), input("b", 2, "N"), call("y = Add(a, b)"), output("y")), nil, "[[1 3] [2 1]]"},
		{"a scalar", file(13, input("x"), call("y = Relu(x)"), output("y")), nil, "[[]]"},
		{"a length that is given", file(13, input("x", "N", "T"), call("y = Relu(x)"), output("y")), map[string]int{"T": 9}, "[[1 9]]"},
		{"a length that is not", file(13, input("x", "N", "T"), call("y = Relu(x)"), output("y")), nil,
			`m.onnx: onnx: input "x" has the unknown dimension "T", give it a size with --dim T=SIZE`},
		{"one without a name", file(13, input("x", "N", nil), call("y = Relu(x)"), output("y")), nil,
			`m.onnx: onnx: input "x" has the unknown dimension "x.1", give it a size with --dim x.1=SIZE`},
		{"which has one all the same", file(13, input("x", "N", nil), call("y = Relu(x)"), output("y")), map[string]int{"x.1": 5}, "[[1 5]]"},
		{"one name for all", file(13, input("x", "?", 3, "?", "?"), call("y = Relu(x)"), output("y")), map[string]int{"?": 7, "x.0": 1, "x.3": 5}, "[[1 3 7 5]]"},
		{"a place that is known", file(13, input("x", "N", 3), call("y = Relu(x)"), output("y")), map[string]int{"x.1": 4},
			`m.onnx: onnx: there is no symbolic dimension "x.1", the model has N`},
		{"a misspelt name", file(13, input("x", "N", "T"), call("y = Relu(x)"), output("y")), map[string]int{"t": 1},
			`m.onnx: onnx: there is no symbolic dimension "t", the model has N, T`},
		{"a size of zero", file(13, input("x", "N"), call("y = Relu(x)"), output("y")), map[string]int{"N": 0},
			`m.onnx: onnx: dimension "N" is given the size 0, it has to be positive`},
		{"a vast input", file(13, input("x", 1<<20, 1<<20), call("y = Relu(x)"), output("y")), nil,
			`m.onnx: onnx: input "x" has the shape [1048576 1048576], more than 2147483647 elements`},
		{"an input of strings", file(13, inputOf(8, "x", 1), call("y = Identity(x)"), output("y")), nil,
			`m.onnx: onnx: input "x" has element type string, which is not supported`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := Read("m.onnx", test.file, Options{Dims: test.dims})
			got := fmt.Sprint(err)
			if err == nil {
				shapes := [][]int{}
				for _, v := range g.In {
					shapes = append(shapes, v.Shape)
				}
				got = fmt.Sprint(shapes)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestUntil ends a network at an inner tensor: what is behind it may be anything.
func TestUntil(t *testing.T) {
	file := file(13, input("x", 1, 2), input("z", 3), call("a = Relu(x)"), call("b = Frobnicate(a, z)"), call("y = Abs(b)"), output("y"), output("a"))
	g, err := Read("m.onnx", file, Options{Output: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 1 || len(g.In) != 1 || len(g.Out) != 1 || g.Out[0].Name != "a" || g.Nodes[0].Op != "Relu" {
		t.Errorf("got\n%s", g)
	}
	const want = `m.onnx: onnx: no node computes a tensor "x", the network's outputs are y, a`
	if _, err := Read("m.onnx", file, Options{Output: "x"}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
