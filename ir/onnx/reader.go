package onnx

import (
	"errors"
	"fmt"
	"slices"

	gorgonia "gorgonia.org/tensor"

	"github.com/snug-nn/snug/ir"
)

// A reader gives the attributes of one node, as onnx-go decoded them, typed
// and with their defaults. It keeps the first error.
type reader struct {
	node  *ir.Node // its inputs and outputs are set
	attrs map[string]interface{}
	side  *node
	opset int
	b     *builder
	err   error
}

// fail records an error of the node unless there is one already.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// lookup returns the attribute of that name, false when it is absent or, which
// is an error, of another type.
func lookup[T any](r *reader, name string) (v T, ok bool) {
	a, present := r.attrs[name]
	if !present {
		return v, false
	}
	if v, ok = a.(T); !ok {
		r.fail("attribute %s has type %d in the file, which is not what the operator takes", name, r.side.attr(name).typ)
	}
	return v, ok
}

func (r *reader) int(name string, missing int) int {
	if v, ok := lookup[int64](r, name); ok {
		return int(v)
	}
	return missing
}

// mustInt returns an attribute that has no default.
func (r *reader) mustInt(name string) int {
	if r.attrs[name] == nil {
		r.fail("attribute %s is missing", name)
	}
	return r.int(name, 0)
}

func (r *reader) flag(name string, missing bool) bool {
	if v, ok := lookup[int64](r, name); ok {
		return v != 0
	}
	return missing
}

func (r *reader) float(name string, missing float32) float32 {
	v, ok := lookup[float32](r, name)
	if !ok {
		return missing
	}
	// No operator means anything by it, and it would spread to every bound.
	if !finite(v) {
		r.fail("attribute %s is %v", name, v)
	}
	return v
}

// ints returns nil when the attribute is absent.
func (r *reader) ints(name string) []int {
	list, ok := lookup[[]int64](r, name)
	if !ok {
		return nil
	}
	v := make([]int, len(list))
	for i, n := range list {
		v[i] = int(n)
	}
	return v
}

// oneOf returns an attribute that is one of the names; the first is the
// default.
func (r *reader) oneOf(name string, names ...string) string {
	v, ok := lookup[string](r, name)
	if !ok {
		return names[0]
	}
	if !slices.Contains(names, v) {
		r.fail("attribute %s is %q, want one of %v", name, v, names)
	}
	return v
}

// elem returns the element type that an attribute names by its code.
func (r *reader) elem(name string) ir.Elem {
	e, err := elemOf(r.mustInt(name))
	if err != nil {
		r.fail("attribute %s is the %w", name, err)
		return ""
	}
	return e.elem
}

// tensor returns nil when the attribute is absent.
func (r *reader) tensor(name string) *ir.Tensor {
	v, ok := lookup[gorgonia.Tensor](r, name)
	if !ok {
		return nil
	}
	t, err := r.side.attr(name).tensor.decoded(v)
	if err != nil {
		r.fail("attribute %s %w", name, err)
	}
	return t
}

// fill returns the element that ConstantOfShape repeats.
func (r *reader) fill() *ir.Tensor {
	t := r.tensor("value")
	if t == nil {
		return ir.NewTensor(ir.Float32, []int{1})
	}
	if t.Len() != 1 {
		r.fail("attribute value has %d elements, it has to have one", t.Len())
	}
	return t
}

// decoded returns t with the elements that onnx-go decoded from its normal
// form, in the type that the file gives it.
func (t *tensor) decoded(from gorgonia.Tensor) (*ir.Tensor, error) {
	e, n, err := t.check()
	if err != nil {
		return nil, err
	}
	out := &ir.Tensor{Elem: e.elem, Shape: append([]int{}, t.dims...)}
	if n == 0 {
		return ir.NewTensor(e.elem, out.Shape), nil
	}
	if from == nil {
		return nil, errors.New("was lost by onnx-go")
	}
	// gorgonia hands out a scalar by value and all else as a slice, which it
	// does not use any more: it is taken over where the type is ours.
	switch data := from.Data().(type) {
	case float32:
		out.Real = []float32{data}
	case []float32:
		out.Real = data
	case float64:
		out.Real = []float32{float32(data)}
	case []float64:
		out.Real = cast[float32](data)
	case int32:
		out.Int = []int64{int64(data)}
	case []int32:
		out.Int = cast[int64](data)
	case int64:
		out.Int = []int64{data}
	case []int64:
		out.Int = data
	}
	if have := len(out.Real) + len(out.Int); have != n || e.elem.IsReal() != (out.Real != nil) {
		return nil, fmt.Errorf("has %d elements of %s, onnx-go decoded %d as %s", n, e.elem, have, from.Dtype())
	}
	return out, nil
}

// cast converts a slice element by element.
func cast[To, From int | int32 | int64 | float32 | float64](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}
