package eval

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// move copies element from of x to element to of y.
func move(y *ir.Tensor, to int, x *ir.Tensor, from int) {
	if y.Real != nil {
		y.Real[to] = x.Real[from]
	} else {
		y.Int[to] = x.Int[from]
	}
}

// moveRun copies n elements.
func moveRun(y *ir.Tensor, to int, x *ir.Tensor, from, n int) {
	if y.Real != nil {
		copy(y.Real[to:to+n], x.Real[from:])
	} else {
		copy(y.Int[to:to+n], x.Int[from:])
	}
}

func identity(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	moveRun(out[0], 0, in[0], 0, out[0].Len())
	return nil
}

func constant(n *ir.Node, _, out []*ir.Tensor, _ *scratch) error {
	moveRun(out[0], 0, n.Attrs.Value, 0, out[0].Len())
	return nil
}

func constantOfShape(n *ir.Node, _, out []*ir.Tensor, _ *scratch) error {
	if v := n.Attrs.Value; v != nil {
		for i := range out[0].Len() {
			move(out[0], i, v, 0)
		}
	}
	return nil
}

func shapeOp(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	lo, hi := ir.ShapeRange(&n.Attrs, len(in[0].Shape))
	for i := lo; i < hi; i++ {
		out[0].Int[i-lo] = int64(in[0].Shape[i])
	}
	return nil
}

func size(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	out[0].Int[0] = int64(in[0].Len())
	return nil
}

// concat copies whole rows: what lies behind the axis stays together.
func concat(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(out[0].Shape)
	}
	row := ir.NumElements(out[0].Shape[axis:])
	at := 0
	for _, x := range in {
		part := ir.NumElements(x.Shape[axis:])
		for i := 0; part > 0 && i < x.Len()/part; i++ {
			moveRun(out[0], i*row+at, x, i*part, part)
		}
		at += part
	}
	return nil
}

func split(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(in[0].Shape)
	}
	row := ir.NumElements(in[0].Shape[axis:])
	at := 0
	for _, y := range out {
		part := ir.NumElements(y.Shape[axis:])
		for i := 0; part > 0 && i < y.Len()/part; i++ {
			moveRun(y, i*part, in[0], i*row+at, part)
		}
		at += part
	}
	return nil
}

// stridesOf returns the elements between neighbours along each dimension.
func stridesOf(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// gatherBy fills y from x: element index of y is at base + sum index*strides.
func gatherBy(y, x *ir.Tensor, base int, strides []int) {
	index := make([]int, len(y.Shape))
	from := base
	for to := range y.Len() {
		move(y, to, x, from)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			from += strides[i]
			if index[i] < y.Shape[i] {
				break
			}
			from -= strides[i] * y.Shape[i]
			index[i] = 0
		}
	}
}

// transpose reads the input in another order of its strides; without a
// permutation the axes are reversed.
func transpose(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	strides := stridesOf(in[0].Shape)
	perm := make([]int, len(strides))
	for i := range perm {
		p := len(perm) - 1 - i
		if len(n.Attrs.Perm) > 0 {
			p = n.Attrs.Perm[i]
		}
		perm[i] = strides[p]
	}
	gatherBy(out[0], in[0], 0, perm)
	return nil
}

// slice reads with wider, and for negative steps negative, strides.
func slice(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	spans, err := ir.SliceSpans(n)
	if err != nil {
		return err
	}
	strides, base := stridesOf(in[0].Shape), 0
	for i, s := range spans {
		base += s.Start * strides[i]
		strides[i] *= s.Step
	}
	gatherBy(out[0], in[0], base, strides)
	return nil
}

func tile(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	strides := stridesOf(x.Shape)
	index := make([]int, len(y.Shape))
	for to := range y.Len() {
		from := 0
		for i, k := range index {
			from += k % x.Shape[i] * strides[i]
		}
		move(y, to, x, from)
		next(index, y.Shape)
	}
	return nil
}

// next counts index up, the last dimension fastest.
func next(index, shape []int) {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < shape[i] {
			return
		}
		index[i] = 0
	}
}

// gather counts negative indices from the end.
func gather(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, indices, y := in[0], in[1], out[0]
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(x.Shape)
	}
	dim, inner := x.Shape[axis], ir.NumElements(x.Shape[axis+1:])
	outer := ir.NumElements(x.Shape[:axis])
	for o := range outer {
		for k, v := range indices.Int {
			if v < 0 {
				v += int64(dim)
			}
			if v < 0 || v >= int64(dim) {
				return fmt.Errorf("index %d of %d", indices.Int[k], dim)
			}
			moveRun(y, (o*len(indices.Int)+k)*inner, x, (o*dim+int(v))*inner, inner)
		}
	}
	return nil
}

// pad fills by the mode's rule, one element at a time.
func pad(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	begins := make([]int, len(x.Shape))
	count := len(in[1].Int) / 2
	for i := range count {
		axis := i
		if len(in) > 3 && in[3] != nil {
			axis = (int(in[3].Int[i]) + len(x.Shape)) % len(x.Shape)
		}
		begins[axis] = int(in[1].Int[i])
	}
	var value *ir.Tensor
	if len(in) > 2 && in[2] != nil {
		value = in[2]
	}
	strides := stridesOf(x.Shape)
	index := make([]int, len(y.Shape))
	for to := range y.Len() {
		from, inside := 0, true
		for i, k := range index {
			at, ok := source(k-begins[i], x.Shape[i], n.Attrs.Mode)
			inside = inside && ok
			from += at * strides[i]
		}
		switch {
		case inside:
			move(y, to, x, from)
		case value != nil:
			move(y, to, value, 0)
		case y.Real != nil:
			y.Real[to] = 0
		default:
			y.Int[to] = 0
		}
		next(index, y.Shape)
	}
	return nil
}

// source returns where element i of a padded axis comes from; false when it is
// the constant.
func source(i, dim int, mode string) (int, bool) {
	if i >= 0 && i < dim {
		return i, true
	}
	if dim == 0 {
		return 0, false
	}
	switch mode {
	case "edge":
		return min(max(i, 0), dim-1), true
	case "wrap":
		return ((i % dim) + dim) % dim, true
	case "reflect":
		if dim == 1 {
			return 0, true
		}
		period := 2 * (dim - 1)
		i = ((i % period) + period) % period
		return min(i, period-i), true
	}
	return 0, false
}

// rangeOp multiplies instead of adding up steps, whose rounding would grow.
func rangeOp(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i := range out[0].Len() {
		if out[0].Real != nil {
			out[0].Real[i] = in[0].Real[0] + float32(float32(i)*in[2].Real[0])
		} else {
			out[0].Int[i] = in[0].Int[0] + int64(i)*in[2].Int[0]
		}
	}
	return nil
}

// depthToSpace reads the channels of a block as its pixels: the block's rows and
// columns are outside of the other channels (DCR), or inside (CRD).
func depthToSpace(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, b := in[0], n.Attrs.Kernel
	s, c := stridesOf(x.Shape), out[0].Shape[1]
	channel, row, col := s[1], b[1]*c*s[1], c*s[1]
	if n.Attrs.Mode == "CRD" {
		channel, row, col = b[0]*b[1]*s[1], b[1]*s[1], s[1]
	}
	y := *out[0]
	y.Shape = []int{x.Shape[0], c, x.Shape[2], b[0], x.Shape[3], b[1]}
	gatherBy(&y, x, 0, []int{s[0], channel, s[2], row, s[3], col})
	return nil
}

// spaceToDepth is the other way, in order DCR.
func spaceToDepth(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, b := in[0], n.Attrs.Kernel
	s := stridesOf(x.Shape)
	y := *out[0]
	y.Shape = []int{x.Shape[0], b[0], b[1], x.Shape[1], x.Shape[2] / b[0], x.Shape[3] / b[1]}
	gatherBy(&y, x, 0, []int{s[0], s[2], s[3], s[1], b[0] * s[2], b[1] * s[3]})
	return nil
}

// resize goes along one axis after the other.
func resize(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	places, err := ir.ResizePlaces(n)
	if err != nil {
		return err
	}
	x := *in[0]
	if x.Real == nil && n.Attrs.Mode == "linear" {
		return errors.New("finds nothing between integers")
	}
	for axis, at := range places {
		y := *out[0]
		if axis < len(places)-1 {
			shape := slices.Clone(x.Shape)
			shape[axis] = len(at)
			y = *ir.NewTensor(x.Elem, shape)
		}
		alongAxis(&y, &x, axis, at)
		x = y
	}
	return nil
}

// alongAxis fills y, whose axis has places in place of the elements of x.
func alongAxis(y, x *ir.Tensor, axis int, places []ir.Place) {
	size := ir.NumElements(x.Shape[axis+1:])
	for i := range ir.NumElements(x.Shape[:axis]) {
		for j, p := range places {
			to, from := (i*len(places)+j)*size, (i*x.Shape[axis]+p.At)*size
			moveRun(y, to, x, from, size)
			if p.Next == 0 {
				continue
			}
			for k := range size {
				a, b := float64(x.Real[from+k]), float64(x.Real[from+size+k])
				y.Real[to+k] = float32(a + float64(p.Next*(b-a)))
			}
		}
	}
}
