package quant

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// fuse makes one Function, which becomes one table, of nodes that together compute
// a function of one tensor, elementwise: x * Sigmoid(x), or the Add, Clip, Mul and
// Div that a HardSwish is exported as.
func fuse(g *ir.Graph) {
	users, producers := g.Consumers(), g.Producers()
	order := map[*ir.Node]int{}
	for i, n := range g.Nodes {
		order[n] = i
	}
	gone := map[*ir.Node]bool{}
	for i, n := range g.Nodes {
		if !isPointwise(n) {
			continue
		}
		// The region grows to producers that nothing outside of it reads.
		region := []*ir.Node{n}
		var from []*ir.Value
		for grown := true; grown; {
			grown, from = false, from[:0]
			for _, m := range region {
				for _, v := range m.In {
					if v == nil || v.Const != nil || slices.ContainsFunc(region, func(r *ir.Node) bool { return r.Out[0] == v }) {
						continue
					}
					outside := func(u *ir.Node) bool { return !slices.Contains(region, u) }
					p := producers[v]
					switch {
					case p != nil && isPointwise(p) && v.Format == nil && !slices.Contains(g.Out, v) && !slices.ContainsFunc(users[v], outside):
						region, grown = append(region, p), true
					case !slices.Contains(from, v):
						from = append(from, v)
					}
				}
			}
		}
		if len(from) != 1 || isUnary(n) && len(region) == 1 {
			continue
		}
		slices.SortFunc(region, func(a, b *ir.Node) int { return order[a] - order[b] })
		f := &ir.Node{Name: n.Name, Op: "Function", In: from[:1:1], Out: n.Out, Attrs: ir.Attrs{Body: bodyOf(region, from[0], n.Out[0])}}
		for _, m := range region {
			gone[m] = true
			for _, v := range m.In {
				users[v] = slices.DeleteFunc(users[v], func(u *ir.Node) bool { return u == m })
			}
		}
		users[from[0]] = append(users[from[0]], f)
		g.Nodes[i], producers[n.Out[0]], order[f] = f, f, i
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *ir.Node) bool { return gone[n] })
}

// isPointwise reports whether each element of n's output depends on the same element
// of its inputs alone, and on scalars.
func isPointwise(n *ir.Node) bool {
	if row := n.Op.Row(); row == nil || !row.Elementwise || len(n.Out) != 1 {
		return false
	}
	for _, v := range n.In {
		if v != nil && (v.Const != nil && v.Const.Len() != 1 || v.Const == nil && !slices.Equal(v.Shape, n.Out[0].Shape)) {
			return false
		}
	}
	return true
}

// bodyOf copies nodes as a graph of its own, from x to y. Its constants are scalars,
// which add no dimension to whatever it is applied to.
func bodyOf(nodes []*ir.Node, x, y *ir.Value) *ir.Graph {
	own := map[*ir.Value]*ir.Value{}
	value := func(v *ir.Value) *ir.Value {
		if v == nil {
			return nil
		}
		if own[v] == nil {
			own[v] = &ir.Value{Name: v.Name, Elem: v.Elem}
			if v.Const != nil {
				own[v].Const = &ir.Tensor{Elem: v.Const.Elem, Real: v.Const.Real, Int: v.Const.Int}
			}
		}
		return own[v]
	}
	g := &ir.Graph{In: []*ir.Value{value(x)}}
	for _, n := range nodes {
		m := *n
		m.In, m.Out = make([]*ir.Value, len(n.In)), []*ir.Value{value(n.Out[0])}
		for i, v := range n.In {
			m.In[i] = value(v)
		}
		g.Nodes = append(g.Nodes, &m)
	}
	g.Out = []*ir.Value{value(y)}
	return g
}
