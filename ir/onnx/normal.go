package onnx

import "fmt"

// external reads part of a file beside the model.
type external = func(location string, offset, length int64) ([]byte, error)

// normal encodes the graph as a model that onnx-go decodes without loss. No
// value has a type there: onnx-go would allocate what the type says.
func (g *graph) normal(read external) ([]byte, error) {
	var b []byte
	for _, t := range g.inits {
		body, err := t.appendNormal(nil, read)
		if err != nil {
			return nil, fmt.Errorf("tensor %q %w", t.name, err)
		}
		b = appendBytes(b, graphInit, body)
	}
	for _, n := range g.nodes {
		body, err := n.normal(read)
		if err != nil {
			return nil, err
		}
		b = appendBytes(b, graphNode, body)
	}
	// Inputs are left out: onnx-go makes a value of each name that it meets.
	for _, v := range g.outputs {
		b = appendBytes(b, graphOutput, appendBytes([]byte(nil), valueName, v.name))
	}
	return appendBytes(nil, modelGraph, b), nil
}

// normal encodes a node. Its name and domain stay in the sidecar.
func (n *node) normal(read external) ([]byte, error) {
	var b []byte
	for _, name := range n.in {
		b = appendBytes(b, nodeInput, name)
	}
	for _, name := range n.out {
		b = appendBytes(b, nodeOutput, name)
	}
	b = appendBytes(b, nodeOp, n.op)
	for _, a := range n.attrs {
		body, err := a.appendNormal(nil, read)
		if err != nil {
			return nil, fmt.Errorf("attribute %s of node %s %w", a.name, show(n.title()), err)
		}
		b = appendBytes(b, nodeAttr, body)
	}
	return b, nil
}
