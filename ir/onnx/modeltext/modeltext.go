// Package modeltext encodes networks that are written as text into ONNX, for
// tests: a reader sees what a test compiles, and a failing network of the
// generator is kept as a few lines. One line is one statement:
//
//	opset 13                                  default 13
//	input x float[N,3,8,8]                    a dimension may be a symbol
//	init w float[4,3,3,3] random 7 0.5        uniform in [-0.5, 0.5], from seed 7
//	init v float[4,3,3,3] normal 7 0.5        of standard deviation 0.5, from seed 7
//	init b float[4] 1 -2 0.5 nan              one element is repeated
//	conv: c = Conv(x, w, b) pads=1,1,1,1      the node's name may be left out
//	p, q = Split(c) axis=1                    an absent value is -
//	y = my.domain::Op(p) mode=fast beta=0.5   int, float and string; a list has a comma
//	output y
//
// Everything after a # is a comment. The text is not checked: a test may want
// what is wrong.
package modeltext

import (
	"fmt"
	"strconv"
	"strings"
)

// Encode returns the ONNX file of a network. The error names the line that it
// cannot read.
func Encode(text string) ([]byte, error) {
	var graph message
	opsets := map[string]uint64{}
	order := []string{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch words[0] {
		case "opset":
			domain, version := "", words[len(words)-1]
			if len(words) == 3 {
				domain = words[1]
			}
			if _, ok := opsets[domain]; !ok {
				order = append(order, domain)
			}
			opsets[domain], err = strconv.ParseUint(version, 10, 64)
		case "input":
			err = graph.input(words[1:])
		case "init":
			err = graph.initializer(words[1:])
		case "output":
			graph.message(graphOutput, func(m *message) { m.text(valueName, words[len(words)-1]) })
		default:
			err = graph.node(strings.TrimSpace(line))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(order) == 0 {
		order, opsets[""] = []string{""}, 13
	}
	var file message
	file.number(modelIRVersion, 8)
	file.bytes(modelGraph, graph)
	for _, domain := range order {
		file.message(modelOpset, func(m *message) {
			m.text(opsetDomain, domain)
			m.number(opsetVersion, opsets[domain])
		})
	}
	return file, nil
}

// input encodes "x float[N,3]".
func (m *message) input(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("an input is a name and a type, got %q", words)
	}
	elem, dims, err := typed(words[1])
	if err != nil {
		return err
	}
	m.message(graphInput, func(v *message) {
		v.text(valueName, words[0])
		v.message(valueType, func(t *message) {
			t.message(typeTensor, func(t *message) {
				t.number(tensorTypeElem, uint64(elem.code))
				t.message(tensorTypeShape, func(s *message) {
					for _, d := range dims {
						s.message(shapeDim, func(b *message) {
							if n, err := strconv.ParseInt(d, 10, 64); err == nil {
								b.number(dimValue, uint64(n))
							} else {
								b.text(dimParam, d)
							}
						})
					}
				})
			})
		})
	})
	return nil
}

// initializer encodes "w float[2,2] 1 2 3 4".
func (m *message) initializer(words []string) error {
	if len(words) < 3 {
		return fmt.Errorf("an initializer is a name, a type and elements, got %q", words)
	}
	elem, dims, err := typed(words[1])
	if err != nil {
		return err
	}
	raw, err := elem.elements(dims, words[2:])
	if err != nil {
		return err
	}
	m.message(graphInit, func(t *message) {
		for _, d := range dims {
			n, _ := strconv.ParseInt(d, 10, 64) // elements has parsed it
			t.number(tensorDims, uint64(n))
		}
		t.number(tensorType, uint64(elem.code))
		t.text(tensorName, words[0])
		t.bytes(tensorRaw, raw)
	})
	return nil
}

// node encodes "name: a, b = domain::Op(x, -, y) key=value".
func (m *message) node(line string) error {
	name, rest, named := strings.Cut(line, ": ")
	if !named {
		name, rest = "", line
	}
	outs, call, ok := strings.Cut(rest, " = ")
	head, tail, closed := strings.Cut(call, ")")
	op, args, open := strings.Cut(head, "(")
	if !ok || !open || !closed {
		return fmt.Errorf("%q is no statement", line)
	}
	domain, short, ok := strings.Cut(op, "::")
	if !ok {
		domain, short = "", op
	}
	n := message{}
	for _, f := range []struct {
		num  int
		list string
	}{{nodeInput, args}, {nodeOutput, outs}} {
		if f.list == "" {
			continue
		}
		for v := range strings.SplitSeq(f.list, ",") {
			n.text(f.num, strings.TrimPrefix(strings.TrimSpace(v), "-"))
		}
	}
	n.text(nodeName, name)
	n.text(nodeOp, short)
	n.text(nodeDomain, domain)
	for _, a := range strings.Fields(tail) {
		key, value, ok := strings.Cut(a, "=")
		if !ok {
			return fmt.Errorf("attribute %q has no value", a)
		}
		n.message(nodeAttr, func(m *message) {
			m.text(attrName, key)
			m.attribute(value)
		})
	}
	m.bytes(graphNode, n)
	return nil
}

// attribute encodes a value by what it looks like.
func (m *message) attribute(value string) {
	list := strings.Contains(value, ",")
	parts := strings.Split(strings.TrimSuffix(value, ","), ",")
	ints, floats := make([]int64, len(parts)), make([]float32, len(parts))
	isInt, isFloat := true, true
	for i, p := range parts {
		n, err := strconv.ParseInt(p, 10, 64)
		isInt = isInt && err == nil
		f, err := strconv.ParseFloat(p, 32)
		isFloat = isFloat && err == nil
		ints[i], floats[i] = n, float32(f)
	}
	switch {
	case isInt && list:
		for _, n := range ints {
			m.number(attrInts, uint64(n))
		}
		m.number(attrType, typeInts)
	case isInt:
		m.number(attrInt, uint64(ints[0]))
		m.number(attrType, typeInt)
	case isFloat && list:
		for _, f := range floats {
			m.float(attrFloats, f)
		}
		m.number(attrType, typeFloats)
	case isFloat:
		m.float(attrFloat, floats[0])
		m.number(attrType, typeFloat)
	default:
		m.text(attrString, value)
		m.number(attrType, typeString)
	}
}
