package onnx

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sizes returns the shape of each input of the graph that is not a constant,
// after dropping the others from the graph. given names the size of symbolic
// dimensions, or one dimension by its place, INPUT.AXIS, which goes before its symbol:
// some exporters call all that they leave open by the same name.
func (g *graph) sizes(given map[string]int) ([][]int, error) {
	consts := map[string]bool{}
	for _, t := range g.inits {
		consts[t.name] = true
	}
	g.inputs = slices.DeleteFunc(g.inputs, func(v *valueInfo) bool { return consts[v.name] })
	// A first dimension is a batch, one where it is not given; the same symbol
	// elsewhere is the same size.
	size, open, places := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, v := range g.inputs {
		if !v.isTensor {
			return nil, fmt.Errorf("input %q is no tensor, which is not supported", v.name)
		}
		if !v.shaped {
			return nil, fmt.Errorf("input %q has no shape, export it with one", v.name)
		}
		for axis := range v.dims {
			open[v.symbol(axis)] = true
			if !v.dims[axis].known {
				places[v.place(axis)] = true
			}
		}
		if len(v.dims) > 0 {
			size[v.symbol(0)] = 1
		}
	}
	delete(open, "")
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !open[name] && !places[name] {
			return nil, fmt.Errorf("there is no symbolic dimension %q, the model has %s", name, names(open))
		}
		if given[name] < 1 {
			return nil, fmt.Errorf("dimension %q is given the size %d, it has to be positive", name, given[name])
		}
		size[name] = given[name]
	}
	// Later passes allocate tensors of these shapes, so they are bounded here.
	shapes := make([][]int, len(g.inputs))
	for i, v := range g.inputs {
		shape := make([]int, len(v.dims))
		for axis, d := range v.dims {
			shape[axis] = int(d.size)
			if d.known {
				continue
			}
			n, ok := size[v.place(axis)]
			if !ok {
				n, ok = size[v.symbol(axis)]
			}
			if !ok {
				return nil, fmt.Errorf("input %q has the unknown dimension %q, give it a size with --dim %s=SIZE", v.name, v.symbol(axis), v.symbol(axis))
			}
			shape[axis] = n
		}
		if _, ok := count(shape); !ok {
			return nil, fmt.Errorf("input %q has the shape %v, more than %d elements", v.name, shape, maxElements)
		}
		shapes[i] = shape
	}
	return shapes, nil
}

// symbol returns the name of a dimension whose size the file leaves open, ""
// when it does not.
func (v *valueInfo) symbol(axis int) string {
	d := v.dims[axis]
	switch {
	case d.known:
		return ""
	case d.symbol != "":
		return d.symbol
	}
	return v.place(axis)
}

// place names a dimension by where it stands.
func (v *valueInfo) place(axis int) string { return fmt.Sprintf("%s.%d", v.name, axis) }

// names lists the members of a set in a stable order.
func names(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}
