package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// A writer of ONNX files for tests: each function returns one encoded field,
// and file joins fields of a graph.

func file(opset int, graph ...[]byte) []byte {
	b := appendVarint(nil, modelIRVersion, 8)
	b = appendBytes(b, modelGraph, join(graph))
	return appendBytes(b, modelOpsetImport, appendVarint(nil, opsetVersion, uint64(opset)))
}

func join(parts [][]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// call writes a node from its expression, "y = Add(a, b)"; "-" is absent and
// a name may stand before it, "n: y = Relu(x)".
func call(expr string, attrs ...[]byte) []byte { return domainCall("", expr, attrs...) }

func domainCall(domain, expr string, attrs ...[]byte) []byte {
	var b []byte
	if name, rest, ok := strings.Cut(expr, ": "); ok {
		b, expr = appendBytes(b, nodeName, name), rest
	}
	outs, expr, _ := strings.Cut(expr, " = ")
	op, args, _ := strings.Cut(expr, "(")
	for name := range strings.SplitSeq(strings.TrimSuffix(args, ")"), ", ") {
		if name == "" {
			continue // no arguments at all
		}
		b = appendBytes(b, nodeInput, strings.Trim(name, "-"))
	}
	for name := range strings.SplitSeq(outs, ", ") {
		b = appendBytes(b, nodeOutput, strings.Trim(name, "-"))
	}
	b = appendBytes(b, nodeOp, op)
	b = appendBytes(b, nodeDomain, domain)
	for _, a := range attrs {
		b = appendBytes(b, nodeAttr, a)
	}
	return appendBytes([]byte(nil), graphNode, b)
}

// attr writes an attribute of the type that v has.
func attr(name string, v any) []byte {
	b := appendBytes([]byte(nil), attrName, name)
	typ := 0
	switch v := v.(type) {
	case float32:
		b, typ = appendFloat(b, attrFloat, v), typeFloat
	case int:
		b, typ = appendVarint(b, attrInt, uint64(v)), typeInt
	case string:
		b, typ = appendBytes(b, attrString, v), typeString
	case []float32:
		for _, x := range v {
			b = appendFloat(b, attrFloats, x)
		}
		typ = typeFloats
	case []int:
		for _, x := range v {
			b = appendVarint(b, attrInts, uint64(x))
		}
		typ = typeInts
	case tensorBytes:
		b, typ = appendBytes(b, attrTensor, []byte(v)), typeTensors
	case graphBytes:
		b, typ = appendBytes(b, attrGraph, []byte(v)), typeGraph
	default:
		panic(fmt.Sprintf("no attribute of type %T", v))
	}
	return appendVarint(b, attrType, uint64(typ))
}

type (
	tensorBytes []byte // an encoded TensorProto
	graphBytes  []byte // an encoded GraphProto
)

func appendFloat(b []byte, num int, x float32) []byte {
	b = binary.AppendUvarint(b, uint64(num)<<3|wire32)
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
}

// stored writes a TensorProto with the given further fields.
func stored(name string, code int, dims []int, more ...[]byte) tensorBytes {
	var b []byte
	for _, d := range dims {
		b = appendVarint(b, tensorDims, uint64(d))
	}
	b = appendVarint(b, tensorType, uint64(code))
	b = appendBytes(b, tensorName, name)
	return append(b, join(more)...)
}

func initializer(t tensorBytes) []byte { return appendBytes([]byte(nil), graphInit, []byte(t)) }

func raw(b ...byte) []byte { return appendBytes([]byte(nil), tensorRaw, b) }

func floats(name string, dims []int, values ...float32) tensorBytes {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return stored(name, 1, dims, raw(b...))
}

func int64s(name string, dims []int, values ...int) tensorBytes {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return stored(name, 7, dims, raw(b...))
}

// ones returns n times 1.
func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

// input declares a float input; a dimension is an int, a symbol, or nil.
func input(name string, dims ...any) []byte { return inputOf(1, name, dims...) }

func inputOf(code int, name string, dims ...any) []byte {
	var shape []byte
	for _, d := range dims {
		var b []byte
		switch d := d.(type) {
		case int:
			b = appendVarint(nil, dimValue, uint64(d))
		case string:
			b = appendBytes([]byte(nil), dimParam, d)
		}
		shape = appendBytes(shape, shapeDim, b)
	}
	b := appendVarint(nil, tensorTypeElem, uint64(code))
	b = appendBytes(b, tensorTypeShape, shape)
	b = appendBytes([]byte(nil), typeTensor, b)
	b = appendBytes(appendBytes([]byte(nil), valueName, name), valueType, b)
	return appendBytes([]byte(nil), graphInput, b)
}

func output(name string) []byte {
	return appendBytes([]byte(nil), graphOutput, appendBytes([]byte(nil), valueName, name))
}

// small is a network with one of everything that the format has.
func small() []byte {
	return file(13,
		input("x", "N", 2, 4, 4),
		initializer(floats("w", []int{2, 2, 3, 3}, ones(36)...)),
		initializer(stored("b8", 3, []int{2}, raw(1, 0xff))),
		call("b = Cast(b8)", attr("to", 1)),
		call("conv: c = Conv(x, w, b)", attr("pads", []int{1, 1, 1, 1})),
		call("hi = Constant()", attr("value", floats("", nil, 6))),
		call("relu6: r = Clip(c, -, hi)"),
		call("shape = Constant()", attr("value_ints", []int{0, -1})),
		call("f = Reshape(r, shape)"),
		call("y = Softmax(f)"),
		output("y"),
	)
}
