package codegen

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// pool returns the geometry that both kinds share.
func (l *lowering) pool(n *ir.Node) (*kern.Pool, view, view) {
	a, x, y, f := &n.Attrs, l.views[n.In[0]], l.place(n.Out[0]), n.Out[0].Format
	return &kern.Pool{H: y.h, W: y.w, C: y.c, XH: x.h, XW: x.w, XRow: x.row, XCol: x.col, YRow: y.row, YCol: y.col,
		KH: a.Kernel[0], KW: a.Kernel[1], StrideH: a.Strides[0], StrideW: a.Strides[1], PadH: a.Pads[0], PadW: a.Pads[1],
		DilationH: a.Dilations[0], DilationW: a.Dilations[1],
		XZero: int32(n.In[0].Format.Zero), Zero: int32(f.Zero), Lo: int32(f.Levels.Lo), Hi: int32(f.Levels.Hi)}, x, y
}

func (l *lowering) maxPool(n *ir.Node) error {
	g, x, y := l.pool(n)
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "maxpool_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: g})
	return nil
}

func (l *lowering) averagePool(n *ir.Node) error {
	g, x, y := l.pool(n)
	area := g.KH * g.KW
	ratio := n.In[0].Format.Scale() / n.Out[0].Format.Scale()
	counts := []int{area} // divisors, by the number of real elements less one
	if cutWindows(g) && !n.Attrs.CountIncludePad {
		if area > maxArea {
			return fmt.Errorf("a padded average over %d elements; at most %d", area, maxArea)
		}
		counts = counts[:0]
		for c := range area {
			counts = append(counts, c+1)
		}
	}
	for _, c := range counts {
		s := ir.ScaleFor(ratio / float64(c))
		g.Mul = append(g.Mul, int16(s.Mul))
		g.Shift = append(g.Shift, s.Shift)
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "avgpool_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: g})
	return nil
}

// maxArea bounds the table of divisors of a padded average.
const maxArea = 1024

// cutWindows reports whether some window reaches past the input.
func cutWindows(g *kern.Pool) bool {
	return g.PadH > 0 || g.PadW > 0 ||
		(g.H-1)*g.StrideH+(g.KH-1)*g.DilationH+1 > g.XH || (g.W-1)*g.StrideW+(g.KW-1)*g.DilationW+1 > g.XW
}
