package ir

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Bounds of what a tensor may be: a file of a few bytes can declare any shape.
// Shapes within them can be multiplied pairwise without overflow, and loops
// over pairs of axes stay short.
const (
	maxElements = 1<<31 - 1
	maxRank     = 64
)

// OutShapes returns the shapes of n's outputs from those of its inputs, in
// slices that nothing else holds. It also fills the attributes that shapes
// decide: padding that the file left automatic, and strides, dilations, kernel
// and group that it left out. When it fails, n is as it was.
func OutShapes(n *Node) ([][]int, error) {
	row := n.Op.Row()
	if row == nil {
		return nil, fmt.Errorf("operator %s is not known", n.Op)
	}
	if err := checkInputs(n, row); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Op, err)
	}
	// Attributes are filled in a copy, so that a later refusal leaves none.
	filled := *n
	shapes, err := row.Shape(&filled)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Op, err)
	}
	for i, s := range shapes {
		if s == nil { // would read as a shape that is not known
			shapes[i] = []int{}
		}
		if err := checkShape(s); err != nil {
			return nil, fmt.Errorf("%s: output %d: %w", n.Op, i, err)
		}
	}
	n.Attrs = filled.Attrs
	return shapes, nil
}

// checkInputs verifies what the shape functions rely on: how many inputs there
// are, and that their shapes are known and within bounds.
func checkInputs(n *Node, row *OpRow) error {
	if len(n.In) < row.In {
		return fmt.Errorf("%d inputs, want at least %d", len(n.In), row.In)
	}
	if row.InMax >= 0 && len(n.In) > row.InMax {
		return fmt.Errorf("%d inputs, want at most %d", len(n.In), row.InMax)
	}
	for i, v := range n.In {
		if v == nil {
			if i < row.In || row.InMax < 0 {
				return fmt.Errorf("lacks input %d", i)
			}
			continue
		}
		if v.Const == nil && v.Shape == nil {
			return fmt.Errorf("input %d, %s, has no shape yet", i, v.Name)
		}
		if v.Const != nil && !slices.Equal(v.Const.Shape, v.Shape) {
			return fmt.Errorf("input %d, %s, has shape %v but its constant %v", i, v.Name, v.Shape, v.Const.Shape)
		}
		if err := checkShape(v.Shape); err != nil {
			return fmt.Errorf("input %d, %s: %w", i, v.Name, err)
		}
	}
	return nil
}

// checkShape takes a dimension of 0 for 1: it must not hide that the others
// have an overflowing product, which some operators compute.
func checkShape(shape []int) error {
	if len(shape) > maxRank {
		return fmt.Errorf("shape has %d dimensions, at most %d are supported", len(shape), maxRank)
	}
	n := 1
	for _, d := range shape {
		if d < 0 {
			return fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d > 0 && n > maxElements/d {
			return fmt.Errorf("shape %v has more than %d elements", shape, maxElements)
		}
		n *= max(d, 1)
	}
	return nil
}

// one is the result of an operator with one output.
func one(shape []int) ([][]int, error) { return [][]int{shape}, nil }

// integers returns input i, which decides a shape and has to be constant.
func integers(n *Node, i int) ([]int, error) {
	v := n.In[i]
	if v.Const == nil {
		return nil, fmt.Errorf("input %d, %s, must be constant", i, v.Name)
	}
	if len(v.Const.Shape) > 1 || len(v.Const.Int) != v.Const.Len() {
		return nil, fmt.Errorf("input %d, %s, must be a list of integers", i, v.Name)
	}
	out := make([]int, len(v.Const.Int))
	for j, x := range v.Const.Int {
		out[j] = int(x)
	}
	return out, nil
}

// has reports whether n has input i.
func has(n *Node, i int) bool { return i < len(n.In) && n.In[i] != nil }

// axisOf maps an axis counted from either end to [0, rank).
func axisOf(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf("axis %d of %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// axesOf maps a list of axes; none may come twice.
func axesOf(axes []int, rank int) ([]int, error) {
	if len(axes) > rank || rank > maxRank { // before the loop over pairs
		return nil, fmt.Errorf("%d axes of %d dimensions", len(axes), rank)
	}
	out := make([]int, len(axes))
	for i, a := range axes {
		b, err := axisOf(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out[:i], b) {
			return nil, fmt.Errorf("axis %d comes twice", a)
		}
		out[i] = b
	}
	return out, nil
}

func sameShape(n *Node) ([][]int, error) { return one(slices.Clone(n.In[0].Shape)) }

func scalarShape(*Node) ([][]int, error) { return one([]int{}) }

// Broadcast returns the shape of an elementwise operation by numpy's rule.
func Broadcast(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		j := len(a) - len(b) + i
		switch {
		case out[j] == d || d == 1:
		case out[j] == 1:
			out[j] = d
		default:
			return nil, fmt.Errorf("shapes %v and %v do not match", a, b)
		}
	}
	return out, nil
}

func broadcastShape(n *Node) ([][]int, error) {
	shape := []int{}
	for _, v := range n.In {
		var err error
		if shape, err = Broadcast(shape, v.Shape); err != nil {
			return nil, err
		}
	}
	return one(shape)
}

func constantShape(n *Node) ([][]int, error) {
	if n.Attrs.Value == nil {
		return nil, errors.New("has no value")
	}
	return one(slices.Clone(n.Attrs.Value.Shape))
}

func constantOfShape(n *Node) ([][]int, error) {
	if v := n.Attrs.Value; v != nil && len(v.Real)+len(v.Int) != 1 {
		return nil, fmt.Errorf("fills with a value of shape %v, want one element", v.Shape)
	}
	shape, err := integers(n, 0)
	if err != nil {
		return nil, err
	}
	return one(shape)
}

func gemmShape(n *Node) ([][]int, error) {
	a, b := n.In[0].Shape, n.In[1].Shape
	if len(a) != 2 || len(b) != 2 {
		return nil, fmt.Errorf("operands of shape %v and %v, want two dimensions", a, b)
	}
	m, k, k2, c := a[0], a[1], b[0], b[1]
	if n.Attrs.TransA {
		m, k = k, m
	}
	if n.Attrs.TransB {
		k2, c = c, k2
	}
	if k != k2 {
		return nil, fmt.Errorf("shapes %v and %v share no inner dimension", a, b)
	}
	if has(n, 2) {
		if s, err := Broadcast(n.In[2].Shape, []int{m, c}); err != nil || !slices.Equal(s, []int{m, c}) {
			return nil, fmt.Errorf("bias of shape %v for a result of %d x %d", n.In[2].Shape, m, c)
		}
	}
	return one([]int{m, c})
}

func matMulShape(n *Node) ([][]int, error) {
	a, b := n.In[0].Shape, n.In[1].Shape
	if len(a) == 0 || len(b) == 0 {
		return nil, errors.New("an operand is a scalar")
	}
	rowVector, colVector := len(a) == 1, len(b) == 1
	if rowVector {
		a = []int{1, a[0]}
	}
	if colVector {
		b = []int{b[0], 1}
	}
	if a[len(a)-1] != b[len(b)-2] {
		return nil, fmt.Errorf("shapes %v and %v share no inner dimension", n.In[0].Shape, n.In[1].Shape)
	}
	shape, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return nil, err
	}
	if !rowVector {
		shape = append(shape, a[len(a)-2])
	}
	if !colVector {
		shape = append(shape, b[len(b)-1])
	}
	return one(shape)
}

func reduceShape(n *Node) ([][]int, error) {
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
	}
	if len(axes) == 0 {
		if n.Attrs.NoopEmptyAxes {
			return one(slices.Clone(in))
		}
		for i := range in {
			axes = append(axes, i)
		}
	}
	out := []int{}
	for i, d := range in {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, d)
		case n.Attrs.KeepDims:
			out = append(out, 1)
		}
	}
	return one(out)
}

// rangeShape counts integers exactly, float64 would round large ones.
func rangeShape(n *Node) ([][]int, error) {
	var whole [3]int64
	var real [3]float64
	wholes := 0
	for i := range real {
		c := n.In[i].Const
		switch {
		case c == nil:
			return nil, fmt.Errorf("input %d must be constant", i)
		case len(c.Real) == 1:
			real[i] = float64(c.Real[0])
		case len(c.Int) == 1:
			whole[i] = c.Int[0]
			wholes++
		default:
			return nil, fmt.Errorf("input %d is not a scalar", i)
		}
	}
	switch wholes {
	case 0:
		count := math.Ceil((real[1] - real[0]) / real[2])
		if real[2] == 0 || math.IsNaN(count) || math.IsInf(count, 0) || count > maxElements {
			return nil, fmt.Errorf("from %g to %g by %g", real[0], real[1], real[2])
		}
		return one([]int{int(max(count, 0))})
	case len(whole):
		const most = 1 << 61 // differences and sums of these do not overflow
		start, limit, step := whole[0], whole[1], whole[2]
		if step == 0 || min(start, limit, step) < -most || max(start, limit, step) > most {
			return nil, fmt.Errorf("from %d to %d by %d", start, limit, step)
		}
		if step < 0 {
			start, limit, step = -start, -limit, -step
		}
		count := (max(limit-start, 0) + step - 1) / step
		if count > maxElements {
			return nil, fmt.Errorf("has %d elements, more than %d", count, maxElements)
		}
		return one([]int{int(count)})
	}
	return nil, errors.New("inputs differ in type")
}

// channelShape is BatchNormalization: four parameters of one number a channel.
func channelShape(n *Node) ([][]int, error) {
	x := n.In[0].Shape
	if len(x) < 2 {
		return nil, fmt.Errorf("input of shape %v has no channels", x)
	}
	for i, v := range n.In[1:] {
		if !slices.Equal(v.Shape, x[1:2]) {
			return nil, fmt.Errorf("input %d, %s, of shape %v for %d channels", i+1, v.Name, v.Shape, x[1])
		}
	}
	return sameShape(n)
}

// slopeShape is PRelu: the slope is broadcast to x, never x to the slope.
func slopeShape(n *Node) ([][]int, error) {
	x, slope := n.In[0].Shape, n.In[1].Shape
	if s, err := Broadcast(x, slope); err != nil || !slices.Equal(s, x) {
		return nil, fmt.Errorf("slope of shape %v for an input of shape %v", slope, x)
	}
	return sameShape(n)
}

func softmaxShape(n *Node) ([][]int, error) {
	if _, err := axisOf(n.Attrs.Axis, len(n.In[0].Shape)); err != nil {
		return nil, err
	}
	return sameShape(n)
}

// quantShape is Quant: its parameters are broadcast to x, never x to them.
func quantShape(n *Node) ([][]int, error) {
	x := n.In[0].Shape
	for i, v := range n.In[1:] {
		if s, err := Broadcast(x, v.Shape); err != nil || !slices.Equal(s, x) {
			return nil, fmt.Errorf("input %d of shape %v for an input of shape %v", i+1, v.Shape, x)
		}
	}
	return sameShape(n)
}

// scaleShape is QuantizeLinear and DequantizeLinear. One scale may be a scalar
// or a list of one, as exporters write both, and leaves the axis without
// meaning.
func scaleShape(n *Node) ([][]int, error) {
	x, scale := n.In[0].Shape, n.In[1].Shape
	if len(scale) > 1 {
		return nil, fmt.Errorf("scales of shape %v, want a scalar or one dimension", scale)
	}
	if NumElements(scale) != 1 {
		axis, err := axisOf(n.Attrs.Axis, len(x))
		if err != nil {
			return nil, err
		}
		if scale[0] != x[axis] {
			return nil, fmt.Errorf("%d scales for axis %d of %v", scale[0], axis, x)
		}
	}
	if has(n, 2) {
		if zero := n.In[2].Shape; len(zero) > 1 || NumElements(zero) != NumElements(scale) {
			return nil, fmt.Errorf("zero points of shape %v for scales of shape %v", zero, scale)
		}
	}
	return sameShape(n)
}
