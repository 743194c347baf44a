package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// maxNesting limits how deep the branches of If nodes may nest.
const maxNesting = 16

// inline replaces each If whose condition is a constant by the nodes of the
// branch that it takes, which may read the values around it. Other If nodes
// stay, for refuse.
func (g *graph) inline() error {
	for range maxNesting { // each round opens one more level
		conds := g.constants()
		decided := func(n *node) bool { return n.op == "If" && n.domain == "" && conds[n.input(0)] != nil }
		if !slices.ContainsFunc(g.nodes, decided) {
			return nil
		}
		var nodes []*node
		for _, n := range g.nodes {
			if !decided(n) {
				nodes = append(nodes, n)
				continue
			}
			taken, err := conds[n.input(0)].truth()
			if err != nil {
				return fmt.Errorf("condition %q of node %s %w", n.input(0), show(n.title()), err)
			}
			body, err := n.branch(taken)
			if err != nil {
				return fmt.Errorf("node %s (If): %w", show(n.title()), err)
			}
			nodes = append(nodes, body.nodes...)
			g.inits = append(g.inits, body.inits...)
			g.sparse += body.sparse
			// The branch's names must differ from those around it, which prune
			// checks; an Identity joins its outputs to the node's.
			for i, out := range n.out {
				nodes = append(nodes, &node{name: n.name, op: "Identity", in: []string{body.outputs[i].name}, out: []string{out}})
			}
		}
		g.nodes = nodes
	}
	return fmt.Errorf("If nodes are nested more than %d deep", maxNesting)
}

// branch parses the subgraph that an If runs.
func (n *node) branch(taken bool) (*graph, error) {
	name := "else_branch"
	if taken {
		name = "then_branch"
	}
	a := n.attr(name)
	if a == nil || a.graph == nil {
		return nil, fmt.Errorf("there is no %s", name)
	}
	g, err := parseGraph(a.graph)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(g.inputs) != 0 || len(g.outputs) != len(n.out) {
		return nil, fmt.Errorf("%s has %d inputs and %d outputs, the node has %d outputs", name, len(g.inputs), len(g.outputs), len(n.out))
	}
	return g, nil
}

// constants maps the initializers that no input overrides, and the values of
// Constant nodes, to their tensors.
func (g *graph) constants() map[string]*tensor {
	m := map[string]*tensor{}
	for _, t := range g.inits {
		m[t.name] = t
	}
	for _, n := range g.nodes {
		if a := n.attr("value"); n.op == "Constant" && n.domain == "" && a != nil && a.tensor != nil && len(n.out) == 1 {
			m[n.out[0]] = a.tensor
		}
	}
	return m
}

// truth returns the value of a tensor of one bool.
func (t *tensor) truth() (bool, error) {
	e, n, err := t.check()
	if err != nil {
		return false, err
	}
	if n != 1 || t.outside {
		return false, errors.New("is not a single element")
	}
	at, err := t.words(e, n)
	if err != nil {
		return false, err
	}
	return at(0) != 0, nil
}
