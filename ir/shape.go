package ir

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// maxElements bounds what a tensor may hold: a file of a few bytes can declare
// any shape.
const maxElements = 1<<31 - 1

// OutShapes returns the shapes of n's outputs from those of its inputs. It also
// fills the attributes that shapes decide: padding that the file left automatic,
// and strides, dilations and kernel that it left out.
func OutShapes(n *Node) ([][]int, error) {
	row := n.Op.Row()
	if row == nil {
		return nil, fmt.Errorf("operator %s is not known", n.Op)
	}
	if len(n.In) < row.In || row.InMax >= 0 && len(n.In) > row.InMax {
		return nil, fmt.Errorf("%s has %d inputs, want %d to %d", n.Op, len(n.In), row.In, row.InMax)
	}
	for i, v := range n.In {
		if v == nil && i < row.In {
			return nil, fmt.Errorf("%s lacks input %d", n.Op, i)
		}
	}
	shapes, err := row.Shape(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Op, err)
	}
	for _, s := range shapes {
		if err := checkShape(s); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Op, err)
		}
	}
	return shapes, nil
}

func checkShape(shape []int) error {
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
	if v.Const.Int == nil && v.Const.Len() != 0 {
		return nil, fmt.Errorf("input %d, %s, must hold integers", i, v.Name)
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
		if v == nil {
			continue
		}
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
	return one(n.Attrs.Value.Shape)
}

func constantOfShape(n *Node) ([][]int, error) {
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
	shape = slices.Clone(shape)
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

func rangeShape(n *Node) ([][]int, error) {
	var v [3]float64
	for i := range v {
		c := n.In[i].Const
		switch {
		case c == nil:
			return nil, fmt.Errorf("input %d must be constant", i)
		case len(c.Real) == 1:
			v[i] = float64(c.Real[0])
		case len(c.Int) == 1:
			v[i] = float64(c.Int[0])
		default:
			return nil, fmt.Errorf("input %d is not a scalar", i)
		}
	}
	count := math.Ceil((v[1] - v[0]) / v[2])
	if v[2] == 0 || math.IsNaN(count) || count > maxElements {
		return nil, fmt.Errorf("from %g to %g by %g", v[0], v[1], v[2])
	}
	return one([]int{max(int(count), 0)})
}
