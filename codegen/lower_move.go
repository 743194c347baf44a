package codegen

import (
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// copyTo copies x to y, whose dimension i is x's perm[i].
func (l *lowering) copyTo(n *ir.Node, x, y view, shape, perm []int) {
	strides := x.strides(shape)
	out, xs := make([]int, len(shape)), make([]int, len(shape))
	for i, p := range perm {
		out[i], xs[i] = shape[p], strides[p]
	}
	l.copyDims(n, x, y, out, xs, y.strides(out))
}

// copyDims copies elements that lie at strides xs of x and ys of y along dimensions.
func (l *lowering) copyDims(n *ir.Node, x, y view, dim, xs, ys []int) {
	g := &kern.Order{Dim: [5]int{1, 1, 1, 1, 1}}
	at := 5
	for _, i := range copyOrder(dim, xs, ys) {
		at--
		g.Dim[at], g.X[at], g.Y[at] = dim[i], xs[i], ys[i]
	}
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "copy_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: g})
}

// copyOrder lists the dimensions above one from the innermost: those that lie closest in
// the output, but for the longest along which either tensor is contiguous, which is the
// innermost when none is in both.
func copyOrder(dim, xs, ys []int) []int {
	var order []int
	for i := range dim {
		if dim[i] > 1 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return ys[a] - ys[b] })
	if len(order) == 0 || xs[order[0]] == 1 && ys[order[0]] == 1 {
		return order
	}
	inner := 0
	for k, i := range order {
		if (xs[i] == 1 || ys[i] == 1) && dim[i] > dim[order[inner]] {
			inner = k
		}
	}
	first := order[inner]
	return append([]int{first}, slices.Delete(order, inner, inner+1)...)
}

// above counts the dimensions that a copy has to step along.
func above(dim []int) int {
	n := 0
	for _, d := range dim {
		if d > 1 {
			n++
		}
	}
	return n
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
	if l.plan.spread(n) {
		return nil
	}
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
	if above(shape) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", shape, maxRank)
	}
	l.copyDims(n, x, part, shape, x.strides(shape), part.strides(whole))
	return nil
}

// pad writes the zero point to all of the result, then copies the input into
// its middle; or it copies the edge of that outward, columns first.
func (l *lowering) pad(n *ir.Node) error {
	x, y := l.views[n.In[0]], l.place(n.Out[0])
	p := n.Attrs.Pads // begins of all four axes, then ends
	if n.Attrs.Mode == "edge" {
		l.padEdge(n, x, y)
		return nil
	}
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

// padEdge repeats the outermost columns and rows of x around it.
func (l *lowering) padEdge(n *ir.Node, x, y view) {
	p, in := n.Attrs.Pads, n.In[0].Shape
	inner := y
	inner.at += p[2]*y.row + p[3]*y.col
	l.copyTo(n, x, inner, in, identity(4))
	c, h, w := in[1], in[2], in[3]
	for _, side := range []struct{ pad, from, to int }{{p[3], 0, -p[3]}, {p[7], w - 1, w}} {
		src, dst := inner, inner
		src.at, dst.at = inner.at+side.from*y.col, inner.at+side.to*y.col
		if side.pad > 0 {
			l.copyDims(n, src, dst, []int{c, h, side.pad}, []int{1, y.row, 0}, []int{1, y.row, y.col})
		}
	}
	inner.at -= p[3] * y.col // rows are whole now
	for _, side := range []struct{ pad, from, to int }{{p[2], 0, -p[2]}, {p[6], h - 1, h}} {
		src, dst := inner, inner
		src.at, dst.at = inner.at+side.from*y.row, inner.at+side.to*y.row
		if side.pad > 0 {
			l.copyDims(n, src, dst, []int{c, side.pad, p[3] + w + p[7]}, []int{1, 0, y.col}, []int{1, y.row, y.col})
		}
	}
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
	if x.image && steps[1] == 1 && !l.placed(out) && x.buf.Place == InArena {
		part.row, part.col = x.row*int(steps[2]), x.col*int(steps[3])
		l.views[out] = part
		return nil
	}
	if above(out.Shape) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", out.Shape, maxRank)
	}
	for i := range strides {
		strides[i] *= int(steps[i])
	}
	y := l.place(out)
	l.copyDims(n, part, y, out.Shape, strides, y.strides(out.Shape))
	return nil
}

// reshape moves nothing where the result can be read where its input lies.
func (l *lowering) reshape(n *ir.Node) error {
	in, out := n.In[0], n.Out[0]
	x := l.views[in]
	h, w, c := dims(out.Shape)
	plain := view{buf: x.buf, at: x.at, h: h, w: w, c: c, row: w * c, col: c, image: isImage(out.Shape)}
	if x.plain() && plain.plain() && !l.placed(out) {
		l.views[out] = plain
		return nil
	}
	xs := x.strides(in.Shape)
	if l.onlyMoved(out) {
		if steps, ok := restep(in.Shape, xs, out.Shape); ok {
			l.views[out] = view{buf: x.buf, at: x.at, steps: steps}
			return nil
		}
	}
	y := l.place(out)
	if dim, a, b, ok := common(in.Shape, xs, out.Shape, y.strides(out.Shape)); ok && len(dim) <= maxRank {
		l.copyDims(n, x, y, dim, a, b)
		return nil
	}
	flat := view{buf: l.newBuf(l.unique("t_"+out.Name+"_flat"), InArena, ir.NumElements(in.Shape))}
	l.copyTo(n, x, flat, in.Shape, identity(len(in.Shape)))
	l.copyTo(n, flat, y, out.Shape, identity(len(out.Shape)))
	return nil
}

// transpose moves nothing where what reads the result can read its input.
func (l *lowering) transpose(n *ir.Node) error {
	x, shape, out := l.views[n.In[0]], n.In[0].Shape, n.Out[0]
	if above(shape) > maxRank {
		return fmt.Errorf("shape %v has more than %d dimensions", shape, maxRank)
	}
	if l.onlyMoved(out) {
		xs := x.strides(shape)
		steps := make([]int, len(shape))
		for i, p := range n.Attrs.Perm {
			steps[i] = xs[p]
		}
		l.views[out] = view{buf: x.buf, at: x.at, steps: steps}
		return nil
	}
	l.copyTo(n, x, l.place(out), shape, n.Attrs.Perm)
	return nil
}

// depthToSpace copies the channels of each pixel to a block of pixels.
func (l *lowering) depthToSpace(n *ir.Node) error {
	in, out, b := n.In[0], n.Out[0], n.Attrs.Kernel
	x, joined := l.views[in]
	y := l.place(out)
	if !joined { // its parts are in place
		return nil
	}
	xs, ys, c := x.strides(in.Shape), y.strides(out.Shape), out.Shape[1]
	channel, row, col := xs[1], b[1]*c*xs[1], c*xs[1]
	if n.Attrs.Mode == "CRD" {
		channel, row, col = b[0]*b[1]*xs[1], b[1]*xs[1], xs[1]
	}
	l.copyDims(n, x, y, []int{c, in.Shape[2], b[0], in.Shape[3], b[1]},
		[]int{channel, xs[2], row, xs[3], col}, []int{ys[1], b[0] * ys[2], ys[2], b[1] * ys[3], ys[3]})
	return nil
}

// resize copies each element of an image to a block of pixels.
func (l *lowering) resize(n *ir.Node) error {
	in, out := n.In[0], n.Out[0]
	x := l.views[in]
	y := l.place(out)
	xs, ys := x.strides(in.Shape), y.strides(out.Shape)
	h, w := out.Shape[2]/in.Shape[2], out.Shape[3]/in.Shape[3]
	l.copyDims(n, x, y, []int{in.Shape[1], in.Shape[2], h, in.Shape[3], w},
		[]int{xs[1], xs[2], 0, xs[3], 0}, []int{ys[1], h * ys[2], ys[2], w * ys[3], ys[3]})
	return nil
}

// placed reports whether v has to lie somewhere of its own.
func (l *lowering) placed(v *ir.Value) bool {
	return l.plan.parent[v] != nil || v == l.plan.output || l.plan.frames[v] != frame{}
}

// onlyMoved reports whether all that reads v moves it on, and can read it by steps.
func (l *lowering) onlyMoved(v *ir.Value) bool {
	users := l.plan.users[v]
	return len(users) > 0 && !l.placed(v) && !slices.Contains(l.graph.Out, v) &&
		!slices.ContainsFunc(users, func(n *ir.Node) bool { return n.Op != "Reshape" && n.Op != "Transpose" })
}

// common splits the dimensions of two shapes of the same elements into those that both
// are made of, with the strides that a and b have along them; false where a dimension
// of one begins within one of the other.
func common(a, as, b, bs []int) (dim, x, y []int, ok bool) {
	i, j := len(a)-1, len(b)-1
	n, m, sx, sy := 1, 1, 0, 0 // what is left of a[i+1] and b[j+1]
	for {
		for ; n == 1 && i >= 0; i-- {
			n, sx = a[i], as[i]
		}
		for ; m == 1 && j >= 0; j-- {
			m, sy = b[j], bs[j]
		}
		if n == 1 || m == 1 {
			break
		}
		d := min(n, m)
		if n%d != 0 || m%d != 0 {
			return nil, nil, nil, false
		}
		dim, x, y = append(dim, d), append(x, sx), append(y, sy)
		n, m, sx, sy = n/d, m/d, sx*d, sy*d
	}
	for _, s := range [][]int{dim, x, y} {
		slices.Reverse(s)
	}
	return dim, x, y, true
}

// restep returns the strides along shape of elements that lie at strides along another;
// false where no stride steps along one of its dimensions.
func restep(from, strides, shape []int) ([]int, bool) {
	places, n := make([]int, len(shape)), 1 // strides that tell whose part a common dimension is
	for i := len(shape) - 1; i >= 0; i-- {
		places[i] = n
		n *= shape[i]
	}
	dim, x, y, ok := common(from, strides, shape, places)
	if !ok {
		return nil, false
	}
	steps := make([]int, len(shape))
	for i, s := range shape {
		inner := -1 // the parts of this dimension lie next to each other in dim
		for k := len(dim) - 1; k >= 0; k-- {
			if y[k] < places[i] || y[k] >= places[i]*s {
				continue
			}
			if inner < 0 {
				steps[i] = x[k]
			} else if x[k] != x[inner]*dim[inner] {
				return nil, false
			}
			inner = k
		}
	}
	return steps, true
}
