package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// prune drops the nodes, inputs and initializers that no output depends on, and
// sorts the rest so that every value is defined before it is read. Nodes that
// are in order already keep it.
func (g *graph) prune() error {
	defs, err := g.definitions()
	if err != nil {
		return err
	}
	if len(g.outputs) == 0 {
		return errors.New("the graph has no outputs")
	}
	for _, out := range g.outputs {
		if _, ok := defs[out.name]; !ok {
			return fmt.Errorf("output %q is not computed by any node", out.name)
		}
	}
	// Walk back from the outputs; what is never reached is dead.
	var work []*node
	live, read := map[*node]bool{}, map[string]bool{}
	reach := func(name string) {
		read[name] = true
		if n := defs[name]; n != nil && !live[n] {
			live[n] = true
			work = append(work, n)
		}
	}
	for _, out := range g.outputs {
		reach(out.name)
	}
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		for _, name := range n.in {
			if _, ok := defs[name]; !ok && name != "" {
				return fmt.Errorf("node %s reads %q, which nothing defines", show(n.title()), name)
			}
			reach(name)
		}
	}
	g.nodes = slices.DeleteFunc(g.nodes, func(n *node) bool { return !live[n] })
	g.inits = slices.DeleteFunc(g.inits, func(t *tensor) bool { return !read[t.name] })
	// Old files declare every initializer as an input too: those that are dead
	// must not come back as inputs of the network.
	g.inputs = slices.DeleteFunc(g.inputs, func(v *valueInfo) bool { return !read[v.name] })
	return g.sort(defs)
}

// endAt makes the tensor of that name the one output.
func (g *graph) endAt(name string) error {
	if slices.ContainsFunc(g.nodes, func(n *node) bool { return slices.Contains(n.out, name) }) {
		g.outputs = []*valueInfo{{name: name}}
		return nil
	}
	var names []string
	for _, v := range g.outputs {
		names = append(names, show(v.name))
	}
	return fmt.Errorf("no node computes a tensor %s, the network's outputs are %s", strconv.Quote(name), strings.Join(names, ", "))
}

// definitions maps each value to the node that computes it, nil for inputs
// and initializers. A value that is defined twice is an error; an initializer
// may repeat an input, for which it is the default then.
func (g *graph) definitions() (map[string]*node, error) {
	defs := map[string]*node{}
	define := func(name string, n *node) error {
		if _, ok := defs[name]; ok {
			return fmt.Errorf("value %q is defined twice", name)
		}
		defs[name] = n
		return nil
	}
	for _, t := range g.inits {
		if err := define(t.name, nil); err != nil {
			return nil, err
		}
	}
	// Inputs after initializers, so that the one kind of repetition that is
	// allowed does not look like another.
	named := map[string]bool{}
	for _, v := range g.inputs {
		if named[v.name] {
			return nil, fmt.Errorf("input %q is declared twice", v.name)
		}
		named[v.name] = true
		defs[v.name] = nil
	}
	for _, n := range g.nodes {
		for _, name := range n.out {
			if name == "" {
				continue
			}
			if err := define(name, n); err != nil {
				return nil, err
			}
		}
	}
	delete(defs, "") // stands for an absent value
	return defs, nil
}

// sort puts producers before consumers: a depth-first walk in file order,
// with a stack of its own since a chain may be as long as the file.
func (g *graph) sort(defs map[string]*node) error {
	const open, done = 1, 2
	state := make(map[*node]int, len(g.nodes))
	sorted := make([]*node, 0, len(g.nodes))
	var stack []*node
	for _, root := range g.nodes {
		stack = append(stack, root)
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			if state[n] != 0 {
				stack = stack[:len(stack)-1]
				if state[n] == open {
					state[n] = done
					sorted = append(sorted, n)
				}
				continue
			}
			state[n] = open
			// Backward, so that the first input's producers come out first.
			for _, name := range slices.Backward(n.in) {
				p := defs[name]
				if p == nil {
					continue
				}
				// An open node that is met again waits for its own result.
				if state[p] == open {
					return fmt.Errorf("node %s is part of a cycle", show(p.title()))
				}
				stack = append(stack, p)
			}
		}
	}
	g.nodes = sorted
	return nil
}
