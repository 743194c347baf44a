package codegen

import (
	"fmt"
	"math"
	"slices"

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

// copyTo copies x to y, whose dimension i is x's perm[i].
func (l *lowering) copyTo(n *ir.Node, x, y view, shape, perm []int) {
	xs := x.strides(shape)
	out := make([]int, len(shape))
	for i, p := range perm {
		out[i] = shape[p]
	}
	ys := y.strides(out)
	g := &kern.Order{Dim: [5]int{1, 1, 1, 1, 1}}
	at := 5
	for _, i := range copyOrder(ys, out) {
		at--
		g.Dim[at], g.X[at], g.Y[at] = out[i], xs[perm[i]], ys[i]
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "copy_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: g})
}

// copyOrder lists the dimensions above one from the innermost in the output.
func copyOrder(strides, dim []int) []int {
	var order []int
	for i := range dim {
		if dim[i] > 1 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return strides[a] - strides[b] })
	return order
}

// maxRank is the most dimensions above one that a copy handles.
const maxRank = 5

func identity(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	return p
}

func (l *lowering) concat(n *ir.Node) error {
	out := n.Out[0]
	y := l.place(out)
	at := 0
	for _, in := range n.In {
		if l.plan.parent[in] != out || l.plan.offset[in] != at {
			x, part := l.views[in], y
			part.at += at * y.strides(out.Shape)[n.Attrs.Axis]
			if err := l.copyPart(n, x, part, in.Shape, out.Shape); err != nil {
				return err
			}
		}
		at += in.Shape[n.Attrs.Axis]
	}
	return nil
}

// copyPart copies x into a part of a larger tensor of shape whole.
func (l *lowering) copyPart(n *ir.Node, x, part view, shape, whole []int) error {
	xs, ys := x.strides(shape), part.strides(whole)
	g := &kern.Order{Dim: [5]int{1, 1, 1, 1, 1}}
	order := copyOrder(ys, shape)
	if len(order) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", shape, maxRank)
	}
	at := 5
	for _, i := range order {
		at--
		g.Dim[at], g.X[at], g.Y[at] = shape[i], xs[i], ys[i]
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "copy_s8", Src: []Ref{x.ref()}, Dst: part.ref(), Geometry: g})
	return nil
}

// pad writes the zero point to all of the result, then copies the input into
// its middle.
func (l *lowering) pad(n *ir.Node) error {
	x, y := l.views[n.In[0]], l.place(n.Out[0])
	p := n.Attrs.Pads // begins of all four axes, then ends
	if y.col != y.c {
		return fmt.Errorf("the padded tensor is a part of a concatenation; pad after it")
	}
	f := y.frame
	h, w := f.top+y.h+f.bottom, f.left+y.w+f.right
	l.call(Call{Name: l.unique(n.Name + "_border"), Layer: n.Name, Kernel: "frame_s8", Dst: Ref{y.buf, y.at - f.top*y.row - f.left*y.col},
		Geometry: &kern.Frame{H: h, W: w, C: y.c, Top: h, Zero: int8(n.Out[0].Format.Zero)}})
	inner := y
	inner.at += p[1] + p[2]*y.row + p[3]*y.col
	l.copyTo(n, x, inner, n.In[0].Shape, identity(4))
	return nil
}

// slice reads its input in place: a part of an image is a view with longer
// strides. Only when the result needs a home of its own it is copied.
func (l *lowering) slice(n *ir.Node) error {
	in, out := n.In[0], n.Out[0]
	x := l.views[in]
	starts, steps := n.In[1].Const.Int, n.In[4].Const.Int
	strides := x.strides(in.Shape)
	part := x
	part.frame = frame{}
	for i := range strides {
		part.at += int(starts[i]) * strides[i]
	}
	part.h, part.w, part.c = dims(out.Shape)
	own := l.plan.parent[out] != nil || out == l.plan.output || l.plan.frames[out] != frame{}
	if x.image && steps[1] == 1 && !own && x.buf.Place == InArena {
		part.row, part.col = x.row*int(steps[2]), x.col*int(steps[3])
		l.views[out] = part
		return nil
	}
	y := l.place(out)
	ys := y.strides(out.Shape)
	g := &kern.Order{Dim: [5]int{1, 1, 1, 1, 1}}
	order := copyOrder(ys, out.Shape)
	if len(order) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", out.Shape, maxRank)
	}
	at := 5
	for _, i := range order {
		at--
		g.Dim[at], g.X[at], g.Y[at] = out.Shape[i], strides[i]*int(steps[i]), ys[i]
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "copy_s8", Src: []Ref{{x.buf, part.at}}, Dst: y.ref(), Geometry: g})
	return nil
}

func (l *lowering) reshape(n *ir.Node) error {
	in, out := n.In[0], n.Out[0]
	x := l.views[in]
	placed := l.plan.parent[out] != nil || out == l.plan.output || l.plan.frames[out] != frame{}
	h, w, c := dims(out.Shape)
	plainOut := view{h: h, w: w, c: c, row: w * c, col: c, image: isImage(out.Shape)}.plain()
	if x.plain() && plainOut && !placed {
		l.views[out] = view{buf: x.buf, at: x.at, h: h, w: w, c: c, row: w * c, col: c, image: isImage(out.Shape)}
		return nil
	}
	y := l.place(out)
	switch {
	case x.plain() || !x.image: // in the network's order: one copy in the output's shape
		flat := view{buf: x.buf, at: x.at}
		l.copyTo(n, flat, y, out.Shape, identity(len(out.Shape)))
	case !y.image || plainOut && y.frame == (frame{}) && y.col == y.c:
		flat := view{buf: y.buf, at: y.at}
		l.copyTo(n, x, flat, in.Shape, identity(len(in.Shape)))
	default:
		size := ir.NumElements(in.Shape)
		flat := view{buf: l.newBuf(l.unique("t_"+out.Name+"_flat"), InArena, size)}
		l.copyTo(n, x, flat, in.Shape, identity(len(in.Shape)))
		l.copyTo(n, flat, y, out.Shape, identity(len(out.Shape)))
	}
	return nil
}

func (l *lowering) transpose(n *ir.Node) error {
	x, shape := l.views[n.In[0]], n.In[0].Shape
	if len(copyOrder(make([]int, len(shape)), shape)) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", shape, maxRank)
	}
	l.copyTo(n, x, l.place(n.Out[0]), shape, n.Attrs.Perm)
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
