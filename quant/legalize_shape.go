package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// source looks through reshapes to the tensor whose elements x are.
func (l *legalizer) source(x *ir.Value) *ir.Value {
	for p := l.producer[x]; p != nil && p.Op == "Reshape" && x.Format == nil; p = l.producer[x] {
		x = p.In[0]
	}
	return x
}

// reshaped returns x in another shape.
func (l *legalizer) reshaped(x *ir.Value, shape []int) *ir.Value {
	src := l.source(x)
	if slices.Equal(src.Shape, shape) {
		if src != x {
			l.uses[src]++
		}
		return src
	}
	y := l.value(x.Name, shape...)
	l.uses[y] = 1
	l.uses[src]++
	l.emit(&ir.Node{Name: y.Name, Op: "Reshape", In: []*ir.Value{src, ints(y.Name+".shape", shape)}, Out: []*ir.Value{y}})
	return y
}

// reshapeTo lets out, an output of the old graph, be y in its own shape.
func (l *legalizer) reshapeTo(name string, y, out *ir.Value) {
	src := l.source(y)
	if slices.Equal(src.Shape, out.Shape) {
		l.replace(out, src)
		return
	}
	l.emit(&ir.Node{Name: name, Op: "Reshape", In: []*ir.Value{src, ints(out.Name+".shape", out.Shape)}, Out: []*ir.Value{out}})
}

// reshape is every operator that only renames the shape.
func reshape(l *legalizer, n *ir.Node) error {
	src := l.source(n.In[0])
	if src != n.In[0] {
		l.uses[src]++
	}
	if slices.Equal(src.Shape, n.Out[0].Shape) {
		l.replace(n.Out[0], src)
		return nil
	}
	l.emit(&ir.Node{Name: n.Name, Op: "Reshape", In: []*ir.Value{src, ints(n.Out[0].Name+".shape", n.Out[0].Shape)}, Out: n.Out})
	return nil
}

// transposed returns x with its dimensions in another order.
func (l *legalizer) transposed(x *ir.Value, perm []int) *ir.Value {
	shape := make([]int, len(perm))
	for i, p := range perm {
		shape[i] = x.Shape[p]
	}
	y := l.value(x.Name, shape...)
	l.uses[y] = 1
	l.emit(&ir.Node{Name: y.Name, Op: "Transpose", In: []*ir.Value{x}, Out: []*ir.Value{y}, Attrs: ir.Attrs{Perm: perm}})
	return y
}

func transpose(l *legalizer, n *ir.Node) error {
	x := n.In[0]
	if len(n.Attrs.Perm) == 0 {
		for i := range x.Shape {
			n.Attrs.Perm = append(n.Attrs.Perm, len(x.Shape)-1-i)
		}
	}
	if p := l.producer[x]; p != nil && p.Op == "Transpose" && x.Format == nil { // one after another is one
		perm := make([]int, len(n.Attrs.Perm))
		for i, at := range n.Attrs.Perm {
			perm[i] = p.Attrs.Perm[at]
		}
		n.In[0], n.Attrs.Perm = p.In[0], perm
		l.uses[p.In[0]]++
	}
	if slices.IsSorted(n.Attrs.Perm) {
		l.replace(n.Out[0], n.In[0])
		return nil
	}
	l.emit(n)
	return nil
}

func concat(l *legalizer, n *ir.Node) error {
	for _, v := range n.In {
		if v.Const != nil {
			return errors.New("joins a constant to a tensor")
		}
	}
	if n.Attrs.Axis < 0 {
		n.Attrs.Axis += len(n.Out[0].Shape)
	}
	if len(n.In) == 1 {
		return passThrough(l, n)
	}
	l.emit(n)
	return nil
}

// mostPads bounds what a file can ask for around an image.
const mostPads = 1 << 10

// pad becomes part of the convolutions that read it, when all of them are
// convolutions; else it stays, for images and for lines, which are images of
// one row.
func pad(l *legalizer, n *ir.Node) error {
	x, y := n.In[0], n.Out[0]
	if slices.Equal(x.Shape, y.Shape) {
		l.replace(y, x)
		return nil
	}
	edge := n.Attrs.Mode == "edge"
	if n.Attrs.Mode != "" && n.Attrs.Mode != "constant" && !edge {
		return fmt.Errorf("has mode %q, want constant or edge", n.Attrs.Mode)
	}
	if !edge && len(n.In) > 2 && n.In[2] != nil && (n.In[2].Const == nil || n.In[2].Const.Real[0] != 0) {
		return errors.New("has a value other than zero")
	}
	pads, err := fullPads(n)
	if err != nil {
		return err
	}
	rank := len(x.Shape)
	if rank != 3 && rank != 4 {
		return fmt.Errorf("has %d dimensions, want 3 or 4", rank)
	}
	if slices.Min(pads) < 0 || pads[0] != 0 || pads[rank] != 0 {
		return fmt.Errorf("pads %v crop, or pad the batch", pads)
	}
	if slices.Max(pads) > mostPads {
		return fmt.Errorf("pads %v, want at most %d at a side", pads, mostPads)
	}
	channels := pads[1]+pads[rank+1] > 0
	if edge && channels {
		return errors.New("repeats channels, want rows or columns")
	}
	if !edge && !channels && l.onlyConvs(y) {
		for _, u := range l.users[y] {
			u.Attrs.Pads = slices.Clone(u.Attrs.Pads)
			for i, p := range append(slices.Clone(pads[2:rank]), pads[rank+2:]...) {
				u.Attrs.Pads[i] += p
			}
		}
		l.replace(y, x)
		return nil
	}
	if rank == 3 {
		pads = []int{0, pads[1], 0, pads[2], 0, pads[4], 0, pads[5]}
		x = l.reshaped(x, []int{1, x.Shape[1], 1, x.Shape[2]})
		image := l.value(y.Name, 1, y.Shape[1], 1, y.Shape[2])
		l.uses[image] = 1
		n.Out = []*ir.Value{image}
	}
	n.In, n.Attrs.Pads = []*ir.Value{x, ints(n.Name+".pads", pads)}, pads
	l.emit(n)
	if rank == 3 {
		l.reshapeTo(n.Name, n.Out[0], y)
	}
	return nil
}

// fullPads returns begins and ends for every axis.
func fullPads(n *ir.Node) ([]int, error) {
	if n.In[1].Const == nil || len(n.In) > 3 && n.In[3] != nil && n.In[3].Const == nil {
		return nil, errors.New("has pads that are not constant")
	}
	rank := len(n.In[0].Shape)
	given := n.In[1].Const.Int
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	if len(n.In) > 3 && n.In[3] != nil {
		axes = axes[:0]
		for _, a := range n.In[3].Const.Int {
			axes = append(axes, (int(a)+rank)%rank)
		}
	}
	pads := make([]int, 2*rank)
	for i, a := range axes {
		pads[a], pads[rank+a] = int(given[i]), int(given[len(axes)+i])
	}
	return pads, nil
}

func (l *legalizer) onlyConvs(v *ir.Value) bool {
	for _, u := range l.users[v] {
		if u.Op != "Conv" || u.In[0] != v {
			return false
		}
	}
	return len(l.users[v]) > 0 && !slices.Contains(l.s.g.Out, v)
}

// slice keeps a Slice with positive steps: codegen reads its input in place.
func slice(l *legalizer, n *ir.Node) error {
	for _, v := range n.In[1:] {
		if v != nil && v.Const == nil {
			return errors.New("has limits that are not constant")
		}
	}
	x := n.In[0]
	if slices.Equal(x.Shape, n.Out[0].Shape) && (len(n.In) < 5 || n.In[4] == nil || slices.Min(n.In[4].Const.Int) > 0) {
		l.replace(n.Out[0], x)
		return nil
	}
	rank := len(x.Shape)
	start, step := make([]int, rank), make([]int, rank)
	for i := range step {
		step[i] = 1
	}
	for i, s := range n.In[1].Const.Int {
		axis := i
		if len(n.In) > 3 && n.In[3] != nil {
			axis = (int(n.In[3].Const.Int[i]) + rank) % rank
		}
		if s < 0 {
			s += int64(x.Shape[axis])
		}
		start[axis] = int(min(max(s, 0), int64(x.Shape[axis])))
		if len(n.In) > 4 && n.In[4] != nil {
			step[axis] = int(n.In[4].Const.Int[i])
		}
		if step[axis] <= 0 {
			return errors.New("goes backward")
		}
	}
	l.emitSlice(n.Name, x, n.Out[0], start, step)
	return nil
}

// emitSlice writes starts, ends, axes and steps of all axes.
func (l *legalizer) emitSlice(name string, x, y *ir.Value, start, step []int) {
	ends, axes := make([]int, len(start)), make([]int, len(start))
	for i := range start {
		ends[i], axes[i] = start[i]+(y.Shape[i]-1)*step[i]+1, i
	}
	l.emit(&ir.Node{Name: name, Op: "Slice", Out: []*ir.Value{y}, In: []*ir.Value{
		x, ints(name+".starts", start), ints(name+".ends", ends), ints(name+".axes", axes), ints(name+".steps", step)}})
}

// split is a slice for each output.
func split(l *legalizer, n *ir.Node) error {
	x := n.In[0]
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(x.Shape)
	}
	at := 0
	for i, y := range n.Out {
		if y == nil {
			return fmt.Errorf("output %d is absent", i)
		}
		start, step := make([]int, len(x.Shape)), make([]int, len(x.Shape))
		for j := range step {
			step[j] = 1
		}
		start[axis] = at
		at += y.Shape[axis]
		l.emitSlice(fmt.Sprintf("%s.%d", n.Name, i), x, y, start, step)
	}
	l.uses[x] += len(n.Out) - 1
	return nil
}

// softmax is left out at the end of the network: it changes no order, and
// firmware wants the greatest.
func softmax(l *legalizer, n *ir.Node) error {
	v := n.Out[0]
	for !slices.Contains(l.s.g.Out, v) {
		users := l.users[v]
		if len(users) != 1 || !reshapes[users[0].Op] && users[0].Op != "Identity" {
			return errors.New("inside the network has no integer kernel; only the last one is supported")
		}
		v = users[0].Out[0]
	}
	x := n.In[0]
	if !l.s.o.KeepSoftmax || n.Op == "LogSoftmax" {
		l.replace(n.Out[0], x)
		return nil
	}
	if c := x.Shape[len(x.Shape)-1]; len(x.Shape) != 2 || c != ir.NumElements(x.Shape) {
		return fmt.Errorf("over shape %v cannot be kept: want 1 x classes", x.Shape)
	}
	l.emit(n)
	return nil
}
