package codegen

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
	"github.com/snug-nn/snug/runtime/kern"
)

// mulBits is the width of the factors of Add, Mul and AveragePool.
const mulBits = 15

// maxShift keeps every shifted sum of Add and Mul inside 32 and 63 bits.
const maxShift = 30

// add also lowers Sub: a sum with a negative factor.
func (l *lowering) add(n *ir.Node) error {
	a, b := n.In[0], n.In[1]
	out := n.Out[0].Format
	ra, rb := a.Format.Scale()/out.Scale(), b.Format.Scale()/out.Scale()
	shift := factorShift(max(ra, rb))
	if shift < 0 {
		return fmt.Errorf("the output's scale is %g times finer than an input's", max(ra, rb))
	}
	g, err := l.plane(n)
	if err != nil {
		return err
	}
	g.AMul, g.BMul, g.Shift = factor(ra, shift), factor(rb, shift), uint8(shift)
	if n.Op == "Sub" {
		g.BMul = -g.BMul
	}
	l.plan2(n, "add_s8", g)
	return nil
}

func (l *lowering) mul(n *ir.Node) error {
	out := n.Out[0].Format
	r := n.In[0].Format.Scale() * n.In[1].Format.Scale() / out.Scale()
	shift := factorShift(r)
	if shift < 0 {
		return fmt.Errorf("the output's scale is %g times finer than its inputs'", r)
	}
	g, err := l.plane(n)
	if err != nil {
		return err
	}
	g.AMul, g.Shift = factor(r, shift), uint8(shift)
	l.plan2(n, "mul_s8", g)
	return nil
}

// factorShift returns the shift that gives r a factor of mulBits bits.
func factorShift(r float64) int {
	_, exp := math.Frexp(r)
	return min(mulBits-exp, maxShift)
}

// factor returns r * 2^shift, rounded, below 2^mulBits.
func factor(r float64, shift int) int32 {
	return int32(min(math.Round(math.Ldexp(r, shift)), 1<<mulBits-1))
}

// plan2 appends the call of a kernel with two operands.
func (l *lowering) plan2(n *ir.Node, kernel string, g *kern.Plane) {
	a, b := l.views[n.In[0]], l.views[n.In[1]]
	y := l.placeOver(n, n.In[0])
	g.YRow, g.YCol = y.row, y.col
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: kernel, Src: []Ref{a.ref(), b.ref()}, Dst: y.ref(), Geometry: g})
}

// plane returns the geometry of a node of two operands; an operand of one pixel
// is repeated.
func (l *lowering) plane(n *ir.Node) (*kern.Plane, error) {
	h, w, c := dims(n.Out[0].Shape)
	f := n.Out[0].Format
	g := &kern.Plane{H: h, W: w, C: c, Zero: int32(f.Zero), Lo: int32(f.Levels.Lo), Hi: int32(f.Levels.Hi),
		AZero: int32(n.In[0].Format.Zero), BZero: int32(n.In[1].Format.Zero)}
	for i, in := range n.In {
		v := l.views[in]
		row, col := v.row, v.col
		switch {
		case v.h == h && v.w == w && v.c == c:
		case v.h == 1 && v.w == 1 && v.c == c:
			row, col = 0, 0
		default:
			return nil, fmt.Errorf("shapes %v and %v: an operand is the whole tensor or one value a channel", n.In[0].Shape, n.In[1].Shape)
		}
		if i == 0 {
			g.ARow, g.ACol = row, col
		} else {
			g.BRow, g.BCol = row, col
		}
	}
	return g, nil
}

func (l *lowering) lookup(n *ir.Node) error {
	x := l.views[n.In[0]]
	y := l.placeOver(n, n.In[0])
	table := make([]byte, len(n.Table))
	for i, v := range n.Table {
		table[i] = byte(v)
	}
	l.call(Call{
		Name: l.unique(n.Name), Layer: n.Name, Kernel: "lookup_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Table: string(table),
		Geometry: &kern.Order{Dim: [5]int{1, 1, y.h, y.w, y.c}, X: [5]int{0, 0, x.row, x.col, 1}, Y: [5]int{0, 0, y.row, y.col, 1}},
	})
	return nil
}

func (l *lowering) softmax(n *ir.Node) error {
	x, y := l.views[n.In[0]], l.place(n.Out[0])
	if x.h*x.w != 1 || y.frame != (frame{}) {
		return fmt.Errorf("a softmax inside the network has no integer kernel; only the last one has")
	}
	g := &kern.Softmax{Rows: 1, C: x.c, XRow: x.c, YRow: y.c, Exp: make([]int32, 256)}
	for d := range g.Exp {
		g.Exp[d] = int32(math.Round(elementary.Exp(-float64(d)*n.In[0].Format.Scale()) * (1 << 23)))
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "softmax_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: g})
	return nil
}
