package ir

import "fmt"

// Check verifies what every pass may rely on: each value is an input, a
// constant or the output of exactly one earlier node; the outputs of the graph
// are defined; constants have as many elements as their shape says.
func Check(g *Graph) error {
	defined := make(map[*Value]bool)
	for _, v := range g.In {
		defined[v] = true
	}
	for _, n := range g.Nodes {
		for i, v := range n.In {
			switch {
			case v == nil:
			case v.Const != nil:
				if len(v.Const.Real) != v.Const.Len() && len(v.Const.Int) != v.Const.Len() {
					return fmt.Errorf("%s: constant %s has shape %v but not its elements", n.Name, v.Name, v.Const.Shape)
				}
			case !defined[v]:
				return fmt.Errorf("%s: input %d, %s, is not defined before it", n.Name, i, v.Name)
			}
		}
		for _, v := range n.Out {
			if v == nil {
				continue
			}
			if defined[v] || v.Const != nil {
				return fmt.Errorf("%s: %s is defined twice", n.Name, v.Name)
			}
			defined[v] = true
		}
	}
	for _, v := range g.Out {
		if !defined[v] && v.Const == nil {
			return fmt.Errorf("output %s is not defined", v.Name)
		}
	}
	return nil
}
