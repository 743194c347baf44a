package quant

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// groups lists the nodes in the order that they get their integers: by
// themselves, in graph order, but for those that write one class, as the branches
// before a concatenation do. These are one group, where the last of them stands,
// so that the class gets its format when all that computes it is known.
func (s *state) groups() [][]*ir.Node {
	place := map[*ir.Node]int{}
	for i, n := range s.g.Nodes {
		place[n] = i
	}
	var groups [][]*ir.Node
	for i, n := range s.g.Nodes {
		c := s.classOf[n.Out[0]]
		switch {
		case movers[n.Op] || !s.waits(c, place):
			groups = append(groups, []*ir.Node{n})
		case i == last(c.writers, place):
			groups = append(groups, c.writers)
		}
	}
	return groups
}

// last returns the place of the last of nodes, which are in graph order.
func last(nodes []*ir.Node, place map[*ir.Node]int) int { return place[nodes[len(nodes)-1]] }

// waits reports whether the writers of c can wait for the last of them: nothing
// that comes before it reads a member.
func (s *state) waits(c *class, place map[*ir.Node]int) bool {
	if !s.recipe.settle || len(c.writers) < 2 || c.writers[0] == nil || len(c.convs) == 0 {
		return false
	}
	end := last(c.writers, place)
	return !slices.ContainsFunc(s.g.Nodes[:end+1], func(n *ir.Node) bool {
		return slices.ContainsFunc(n.In, func(v *ir.Value) bool { return v != nil && v.Const == nil && s.classOf[v] == c })
	})
}
