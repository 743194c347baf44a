package ir

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

func concatShape(n *Node) ([][]int, error) {
	out := slices.Clone(n.In[0].Shape)
	axis, err := axisOf(n.Attrs.Axis, len(out))
	if err != nil {
		return nil, err
	}
	for _, v := range n.In[1:] {
		if len(v.Shape) != len(out) {
			return nil, errors.New("operands differ in dimensions")
		}
		for i, d := range v.Shape {
			if i != axis && d != out[i] {
				return nil, fmt.Errorf("shapes %v and %v differ beside axis %d", n.In[0].Shape, v.Shape, axis)
			}
		}
		out[axis] += v.Shape[axis]
	}
	return one(out)
}

func expandShape(n *Node) ([][]int, error) {
	want, err := integers(n, 1)
	if err != nil {
		return nil, err
	}
	shape, err := Broadcast(n.In[0].Shape, want)
	if err != nil {
		return nil, err
	}
	return one(shape)
}

func flattenShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(in)
	}
	if axis < 0 || axis > len(in) {
		return nil, fmt.Errorf("axis %d of %d dimensions", n.Attrs.Axis, len(in))
	}
	return one([]int{NumElements(in[:axis]), NumElements(in[axis:])})
}

func gatherShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	axis, err := axisOf(n.Attrs.Axis, len(in))
	if err != nil {
		return nil, err
	}
	return one(slices.Concat(in[:axis], n.In[1].Shape, in[axis+1:]))
}

func padShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	pads, err := integers(n, 1)
	if err != nil {
		return nil, err
	}
	if has(n, 2) && NumElements(n.In[2].Shape) != 1 {
		return nil, fmt.Errorf("pads with a value of shape %v, want one element", n.In[2].Shape)
	}
	axes := make([]int, len(in))
	for i := range axes {
		axes[i] = i
	}
	if has(n, 3) {
		given, err := integers(n, 3)
		if err != nil {
			return nil, err
		}
		if axes, err = axesOf(given, len(in)); err != nil {
			return nil, err
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, fmt.Errorf("%d pads for %d axes", len(pads), len(axes))
	}
	out := slices.Clone(in)
	for i, a := range axes {
		begin, end := pads[i], pads[len(axes)+i]
		if max(begin, end) > maxElements || min(begin, end) < -maxElements {
			return nil, fmt.Errorf("pads %v", pads)
		}
		if err := checkPad(n.Attrs.Mode, max(begin, end), in[a]); err != nil {
			return nil, err
		}
		out[a] += begin + end
	}
	return one(out)
}

// checkPad verifies that a mode finds elements to fill pads on one side of a
// dimension with: a reflection has one less than the dimension.
func checkPad(mode string, pads, dim int) error {
	least := 0
	switch mode {
	case "", "constant":
	case "edge", "wrap":
		least = 1
	case "reflect":
		least = pads + 1
	default:
		return fmt.Errorf("mode %q", mode)
	}
	if pads > 0 && dim < least {
		return fmt.Errorf("%s of %d for a dimension of %d", mode, pads, dim)
	}
	return nil
}

func reshapeShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	want, err := integers(n, 1)
	if err != nil {
		return nil, err
	}
	count, free := 1, -1
	for i, d := range want {
		switch {
		case d == 0 && !n.Attrs.AllowZero:
			if i >= len(in) {
				return nil, fmt.Errorf("shape %v keeps dimension %d of %v", want, i, in)
			}
			want[i] = in[i]
		case d == -1 && free < 0:
			free = i
			continue
		case d < 0:
			return nil, fmt.Errorf("shape %v has a negative dimension, or more than one that is -1", want)
		}
		if want[i] > 0 && count > maxElements/want[i] {
			return nil, fmt.Errorf("shape %v has more than %d elements", want, maxElements)
		}
		count *= want[i]
	}
	total := NumElements(in)
	if free >= 0 {
		if count == 0 || total%count != 0 {
			return nil, fmt.Errorf("shape %v does not hold the %d elements of %v", want, total, in)
		}
		want[free] = total / count
		count = total
	}
	if count != total {
		return nil, fmt.Errorf("shape %v does not hold the %d elements of %v", want, total, in)
	}
	return one(want)
}

func shapeShape(n *Node) ([][]int, error) {
	lo, hi := ShapeRange(&n.Attrs, len(n.In[0].Shape))
	return one([]int{max(hi-lo, 0)})
}

// ShapeRange returns the dimensions [lo, hi) that a Shape node gives.
func ShapeRange(a *Attrs, rank int) (lo, hi int) {
	bound := func(i int) int {
		if i < 0 {
			i += rank
		}
		return min(max(i, 0), rank)
	}
	hi = rank
	if a.End != 0 && a.End != math.MaxInt {
		hi = bound(a.End)
	}
	return bound(a.Start), hi
}

// A Span is what a Slice takes of one axis.
type Span struct{ Start, Step, Len int }

// SliceSpans returns what a Slice takes of every axis.
func SliceSpans(n *Node) ([]Span, error) {
	in := n.In[0].Shape
	var lists [5][]int
	for i := 1; i < 5; i++ {
		if has(n, i) {
			var err error
			if lists[i], err = integers(n, i); err != nil {
				return nil, err
			}
		}
	}
	starts, ends, axes, steps := lists[1], lists[2], lists[3], lists[4]
	if !has(n, 3) {
		for i := range starts {
			axes = append(axes, i)
		}
	}
	if !has(n, 4) {
		steps = slices.Repeat([]int{1}, len(starts))
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, errors.New("starts, ends, axes and steps differ in length")
	}
	axes, err := axesOf(axes, len(in))
	if err != nil {
		return nil, err
	}
	spans := make([]Span, len(in))
	for i, d := range in {
		spans[i] = Span{0, 1, d}
	}
	for i, a := range axes {
		s, err := span(starts[i], ends[i], steps[i], in[a])
		if err != nil {
			return nil, err
		}
		spans[a] = s
	}
	return spans, nil
}

// span clamps start and end to the axis: to [0, dim] when it goes up, else start
// to [0, dim-1] and end to [-1, dim-1]. This is ONNX's rule; numpy takes nothing
// from a start before the axis when it goes down.
func span(start, end, step, dim int) (Span, error) {
	if step == 0 {
		return Span{}, errors.New("step 0")
	}
	if dim == 0 {
		return Span{0, 1, 0}, nil
	}
	// A longer step takes the same one element, and its products would overflow.
	step = min(max(step, -dim), dim)
	if step > 0 {
		start, end = place(start, dim, 0, dim), place(end, dim, 0, dim)
		return Span{start, step, (max(end-start, 0) + step - 1) / step}, nil
	}
	start, end = place(start, dim, 0, dim-1), place(end, dim, -1, dim-1)
	return Span{start, step, (max(start-end, 0) - step - 1) / -step}, nil
}

// place takes an index that may count from the end and limits it to [lo, hi].
func place(i, dim, lo, hi int) int {
	if i < 0 {
		i += dim
	}
	return min(max(i, lo), hi)
}

func sliceShape(n *Node) ([][]int, error) {
	spans, err := SliceSpans(n)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(spans))
	for i, s := range spans {
		out[i] = s.Len
	}
	return one(out)
}

func splitShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	axis, err := axisOf(n.Attrs.Axis, len(in))
	if err != nil {
		return nil, err
	}
	var sizes []int
	if has(n, 1) {
		if sizes, err = integers(n, 1); err != nil {
			return nil, err
		}
	} else if sizes, err = equalParts(in[axis], len(n.Out)); err != nil {
		return nil, err
	}
	if len(sizes) != len(n.Out) {
		return nil, fmt.Errorf("%d parts for %d outputs", len(sizes), len(n.Out))
	}
	var shapes [][]int
	total := 0
	for _, s := range sizes {
		if s < 0 || s > in[axis] {
			return nil, fmt.Errorf("a part of %d of %d", s, in[axis])
		}
		shape := slices.Clone(in)
		shape[axis] = s
		shapes = append(shapes, shape)
		total += s
	}
	if total != in[axis] {
		return nil, fmt.Errorf("parts %v of %d", sizes, in[axis])
	}
	return shapes, nil
}

// equalParts divides dim into count parts of one size, but for a last one that
// may be smaller. It must not be empty unless all are.
func equalParts(dim, count int) ([]int, error) {
	if count == 0 {
		return nil, errors.New("has no outputs")
	}
	part := (dim + count - 1) / count
	last := dim - part*(count-1)
	if last < 1 && dim%count != 0 {
		return nil, fmt.Errorf("%d elements do not make %d parts of %d", dim, count, part)
	}
	return append(slices.Repeat([]int{part}, count-1), last), nil
}

func squeezeShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	var axes []int
	if has(n, 1) {
		given, err := integers(n, 1)
		if err != nil {
			return nil, err
		}
		if axes, err = axesOf(given, len(in)); err != nil {
			return nil, err
		}
	} else {
		for i, d := range in {
			if d == 1 {
				axes = append(axes, i)
			}
		}
	}
	out := []int{}
	for i, d := range in {
		if !slices.Contains(axes, i) {
			out = append(out, d)
		} else if d != 1 {
			return nil, fmt.Errorf("axis %d of %v is not 1", i, in)
		}
	}
	return one(out)
}

func unsqueezeShape(n *Node) ([][]int, error) {
	in := n.In[0].Shape
	given, err := integers(n, 1)
	if err != nil {
		return nil, err
	}
	axes, err := axesOf(given, len(in)+len(given))
	if err != nil {
		return nil, err
	}
	out := make([]int, 0, len(in)+len(axes))
	for i, next := 0, 0; i < len(in)+len(axes); i++ {
		if slices.Contains(axes, i) {
			out = append(out, 1)
			continue
		}
		out = append(out, in[next])
		next++
	}
	return one(out)
}

func tileShape(n *Node) ([][]int, error) {
	repeats, err := integers(n, 1)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(n.In[0].Shape)
	if len(repeats) != len(out) {
		return nil, fmt.Errorf("%d repeats of %d dimensions", len(repeats), len(out))
	}
	for i, r := range repeats {
		if r < 0 || r > maxElements {
			return nil, fmt.Errorf("repeats %v", repeats)
		}
		out[i] *= r
	}
	return one(out)
}

func transposeShape(n *Node) ([][]int, error) {
	in, perm := n.In[0].Shape, n.Attrs.Perm
	if len(perm) == 0 {
		out := slices.Clone(in)
		slices.Reverse(out)
		return one(out)
	}
	if len(perm) != len(in) {
		return nil, fmt.Errorf("permutation %v of %d dimensions", perm, len(in))
	}
	if _, err := axesOf(perm, len(in)); err != nil || slices.Min(perm) < 0 {
		return nil, fmt.Errorf("%v is not a permutation", perm)
	}
	out := make([]int, len(in))
	for i, p := range perm {
		out[i] = in[p]
	}
	return one(out)
}
