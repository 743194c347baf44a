package quant

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// A file of a few bytes can ask for tensors of any size. These bound what a
// network may: the elements of all constants that are computed, and of all
// tensors that one run of the real network keeps. Both are far above what fits
// firmware.
const (
	maxComputed    = 1 << 28
	maxActivations = 1 << 27
)

// shapes gives every value its static shape and computes whatever depends on
// constants and shapes alone, such as the Shape-Gather-Concat chains that
// exporters write around a Reshape.
func shapes(s *state) error {
	var kept []*ir.Node
	computed, activations := 0, 0
	for _, v := range s.g.In {
		activations += ir.NumElements(v.Shape)
	}
	for _, n := range s.g.Nodes {
		out, err := ir.OutShapes(n)
		if err != nil {
			return &ir.Error{Pass: "shapes", Place: n.Name, Err: err}
		}
		size := 0
		for i, v := range n.Out {
			if v != nil && i < len(out) {
				v.Shape = out[i]
				size += ir.NumElements(v.Shape)
			}
		}
		if !foldable(n) {
			kept = append(kept, n)
			if activations += size; activations > maxActivations {
				return tooLarge(n, "the tensors of the network", maxActivations)
			}
			continue
		}
		if computed += size; computed > maxComputed {
			return tooLarge(n, "the constants that it computes", maxComputed)
		}
		if err := foldNode(n); err != nil {
			return &ir.Error{Pass: "shapes", Place: n.Name, Err: err}
		}
	}
	s.g.Nodes = kept
	return nil
}

// tooLarge says at which node a network leaves a limit.
func tooLarge(n *ir.Node, what string, limit int) error {
	return &ir.Error{Pass: "shapes", Place: n.Name, Err: fmt.Errorf("output of shape %v: %s have more than %d elements together, use smaller inputs", n.Out[0].Shape, what, limit)}
}

// foldable reports whether n can be computed now. What is behind a
// DequantizeLinear or Quant stays: it may be the network's own weights.
func foldable(n *ir.Node) bool {
	if n.Op == "Shape" || n.Op == "Size" {
		return true
	}
	if isQuantized(n) {
		return false
	}
	for _, v := range n.In {
		if v != nil && v.Const == nil {
			return false
		}
	}
	return true
}

func foldNode(n *ir.Node) error {
	in := make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		switch {
		case v == nil:
		case v.Const != nil:
			in[i] = v.Const
		default: // Shape and Size look at no element
			in[i] = &ir.Tensor{Elem: v.Elem, Shape: v.Shape}
		}
	}
	out, err := eval.Node(n, in)
	if err != nil {
		return err
	}
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		if i >= len(out) || out[i] == nil {
			return fmt.Errorf("%s gives no output %d", n.Op, i)
		}
		v.Const, v.Shape, v.Elem = out[i], out[i].Shape, out[i].Elem
	}
	return nil
}
