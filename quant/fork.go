package quant

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// forkGain is the part of the error that has to be left for a copy with levels
// of its own to be worth its memory and its one look-up an element.
const forkGain = 0.9

// fork puts a change of levels before the convolutions that read a forked class,
// and returns the classes that this makes. A sum of few bits leaves its inputs
// few levels, and what else reads the class, such as the other branch of a
// residual block, need not suffer from that.
func (s *state) fork(classes []*class) []*class {
	copies := map[*ir.Value]*ir.Value{}
	var made []*class
	for _, c := range classes {
		if !c.forked {
			continue
		}
		for _, v := range c.values {
			convs := slices.DeleteFunc(slices.Clone(c.convs), func(n *ir.Node) bool { return n.In[0] != v })
			if len(convs) == 0 {
				continue
			}
			w := &ir.Value{Name: v.Name + ".levels", Elem: v.Elem, Shape: v.Shape, Range: v.Range}
			copies[v] = w
			s.classOf[w] = &class{values: []*ir.Value{w}, convs: convs, lo: v.Range[0], hi: v.Range[1]}
			s.classOf[w].place()
			made = append(made, s.classOf[w])
		}
		c.convs = nil
	}
	var nodes []*ir.Node
	for _, n := range s.g.Nodes {
		if v := n.In[0]; n.Op == "Conv" && copies[v] != nil {
			w := copies[v]
			if c := s.classOf[w]; c.writers == nil {
				id := &ir.Node{Name: w.Name, Op: "Identity", In: []*ir.Value{v}, Out: []*ir.Value{w}}
				c.writers = []*ir.Node{id}
				nodes = append(nodes, id)
			}
			n.In[0] = w
		}
		nodes = append(nodes, n)
	}
	s.g.Nodes = nodes
	return made
}
