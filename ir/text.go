package ir

import (
	"fmt"
	"slices"
	"strings"
)

// String prints the graph as text, one node a line: the form that -dump shows
// and goldens hold.
func (g *Graph) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph %s\n", g.Name)
	for _, v := range g.In {
		fmt.Fprintf(&b, "in  %s\n", v)
	}
	for _, n := range g.Nodes {
		b.WriteString(n.String())
	}
	for _, v := range g.Out {
		fmt.Fprintf(&b, "out %s\n", v.Name)
	}
	return b.String()
}

// String prints one node: outputs, operator, inputs, then what was decided.
func (n *Node) String() string {
	var b strings.Builder
	for i, v := range n.Out {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.String())
	}
	fmt.Fprintf(&b, " = %s(", n.Op)
	for i, v := range n.In {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case v == nil:
			b.WriteString("-")
		case v.Const != nil:
			fmt.Fprintf(&b, "const%v", v.Const.Shape)
		default:
			b.WriteString(v.Name)
		}
	}
	b.WriteString(")")
	if a := &n.Attrs; a.Kernel != nil {
		fmt.Fprintf(&b, " kernel=%v strides=%v pads=%v", a.Kernel, a.Strides, a.Pads)
		if a.Group > 1 {
			fmt.Fprintf(&b, " group=%d", a.Group)
		}
	}
	if c := n.Attrs.Clamp; c != nil {
		fmt.Fprintf(&b, " clamp=[%g,%g]", c[0], c[1])
	}
	b.WriteString("\n")
	if s := n.Sum; s != nil && s.Channels != nil {
		worst := 0
		for i, c := range s.Channels {
			if c.Window.Width() > s.Channels[worst].Window.Width() {
				worst = i
			}
		}
		fmt.Fprintf(&b, "    K=%d acc=%s %s: worst channel %d of %d, window %s\n",
			s.K, s.Acc, s.Rung, worst, len(s.Channels), s.Channels[worst].Window)
	}
	return b.String()
}

// String prints a value with its shape and format.
func (v *Value) String() string {
	s := fmt.Sprintf("%s%v", v.Name, v.Shape)
	if f := v.Format; f != nil {
		s += fmt.Sprintf(" levels %s zero %d scale %.6g", f.Levels, f.Zero, f.Scales[0])
		if f.Steps != nil {
			s += fmt.Sprintf(" steps %.4g to %.4g", slices.Min(f.Steps), slices.Max(f.Steps))
		}
		if f.Tops != nil {
			s += fmt.Sprintf(" tops %d to %d", slices.Min(f.Tops), slices.Max(f.Tops))
		}
	}
	return s
}
