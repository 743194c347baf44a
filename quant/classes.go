package quant

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A class is a set of values that share one format, because the operators
// between them only move elements.
type class struct {
	values  []*ir.Value
	writers []*ir.Node // that compute a member; nil stands for the network's input
	movers  []*ir.Node // between members
	convs   []*ir.Node // that read a member
	others  bool       // something else reads a member too
	window  int        // and averages so many elements of it, at least; 1: not only averages
	output  bool       // a member is the network's output
	lo, hi  float64
	// first is the channel of the class that is the first of a member, for
	// members of different channels; channels is how many the class has. nil:
	// members do not look at channels alike.
	first    map[*ir.Value]int
	channels int
	fixed    *ir.Format
	at       point // of the format that search found
	forked   bool  // convolutions should read a copy with levels of its own
	settled  bool  // the weights pass has chosen the format
}

// give gives every member format f.
func (c *class) give(f ir.Format) {
	for _, v := range c.values {
		own := c.part(&f, v)
		v.Format = &own
	}
}

// part is format f of the class as member v has it: the steps of its channels.
func (c *class) part(f *ir.Format, v *ir.Value) ir.Format {
	own := *f
	if f.Steps != nil {
		own.Steps = f.Steps[c.first[v]:][:channelsOf(v.Shape)]
	}
	if f.Tops != nil {
		own.Tops = f.Tops[c.first[v]:][:channelsOf(v.Shape)]
	}
	return own
}

// place finds the channels of the members: a concatenation of channels puts
// them side by side, and pooling leaves them.
func (c *class) place() {
	first := map[*ir.Value]int{c.values[0]: 0}
	set := func(v *ir.Value, at int) bool {
		old, ok := first[v]
		if !ok {
			first[v] = at
		}
		return !ok || old == at
	}
	for range c.movers { // each round places one mover more, at least
		for _, n := range c.movers {
			if n.Op != "MaxPool" && n.Op != "Resize" && (n.Op != "Concat" || n.Attrs.Axis != 1) {
				return
			}
			if !placed(n, first, set) {
				return
			}
		}
	}
	least, end := 0, 0
	for _, v := range c.values {
		least, end = min(least, first[v]), max(end, first[v]+channelsOf(v.Shape))
	}
	for v := range first {
		first[v] -= least
	}
	c.first, c.channels = first, end-least
}

// placed passes what is known of the operands of n on to the others, by set,
// and reports whether they agree.
func placed(n *ir.Node, first map[*ir.Value]int, set func(*ir.Value, int) bool) bool {
	base, known := first[n.Out[0]]
	at := 0
	for _, v := range n.In {
		if f, ok := first[v]; ok && !known {
			base, known = f-at, true
		}
		at += channelsOf(v.Shape)
	}
	if !known {
		return true
	}
	if !set(n.Out[0], base) {
		return false
	}
	for _, v := range n.In {
		if !set(v, base) {
			return false
		}
		base += channelsOf(v.Shape)
	}
	return true
}

// movers are the operators whose output has the format of their inputs.
var movers = map[ir.Op]bool{"Concat": true, "MaxPool": true, "Reshape": true, "Transpose": true, "Pad": true, "Slice": true, "DepthToSpace": true, "Resize": true}

// classesOf groups the activations, in graph order.
func classesOf(s *state) []*class {
	of := map[*ir.Value]*class{}
	var all []*class
	for _, v := range activations(s.g) {
		c := &class{values: []*ir.Value{v}, lo: v.Range[0], hi: v.Range[1], fixed: v.Format}
		of[v] = c
		all = append(all, c)
	}
	s.classOf = of
	for _, n := range s.g.Nodes {
		if !movers[n.Op] {
			continue
		}
		for _, v := range n.In {
			if v.Const == nil {
				join(of, of[n.Out[0]], of[v])
			}
		}
	}
	of[s.g.In[0]].writers = []*ir.Node{nil}
	for _, n := range s.g.Nodes {
		if c := of[n.Out[0]]; movers[n.Op] {
			c.movers = append(c.movers, n)
		} else {
			c.writers = append(c.writers, n)
		}
		for _, v := range n.In {
			if v == nil || v.Const != nil {
				continue
			}
			switch c := of[v]; {
			case n.Op == "Conv":
				c.convs = append(c.convs, n)
			case !movers[n.Op]:
				w := 1
				if n.Op == "AveragePool" {
					w = n.Attrs.Kernel[0] * n.Attrs.Kernel[1]
				}
				if c.others {
					w = min(w, c.window)
				}
				c.others, c.window = true, w
			}
		}
	}
	for _, v := range s.g.Out {
		of[v].others, of[v].output, of[v].window = true, true, 1
	}
	all = slices.DeleteFunc(all, func(c *class) bool { return of[c.values[0]] != c })
	for _, c := range all {
		c.place()
	}
	return all
}

// join merges b into a, or a into b, whichever came first in the graph.
func join(of map[*ir.Value]*class, a, b *class) {
	if a == b {
		return
	}
	a.values = append(a.values, b.values...)
	a.lo, a.hi = min(a.lo, b.lo), max(a.hi, b.hi)
	if a.fixed == nil {
		a.fixed = b.fixed
	}
	for _, v := range b.values {
		of[v] = a
	}
}
