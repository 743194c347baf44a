package ir

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// depthToSpaceShape trades the channels of a block for its pixels.
func depthToSpaceShape(n *Node) ([][]int, error) {
	x, b, err := block(n)
	if err != nil {
		return nil, err
	}
	if x[1]%(b[0]*b[1]) != 0 {
		return nil, fmt.Errorf("%d channels for blocks of %d x %d", x[1], b[0], b[1])
	}
	return one([]int{x[0], x[1] / (b[0] * b[1]), x[2] * b[0], x[3] * b[1]})
}

func spaceToDepthShape(n *Node) ([][]int, error) {
	x, b, err := block(n)
	if err != nil {
		return nil, err
	}
	if x[2]%b[0] != 0 || x[3]%b[1] != 0 {
		return nil, fmt.Errorf("input of shape %v for blocks of %d x %d", x, b[0], b[1])
	}
	return one([]int{x[0], x[1] * b[0] * b[1], x[2] / b[0], x[3] / b[1]})
}

// block returns the input's shape and the rows and columns of a block.
func block(n *Node) (x, b []int, err error) {
	x, b = n.In[0].Shape, n.Attrs.Kernel
	if len(x) != 4 || len(b) != 2 || slices.Min(b) < 1 || slices.Max(b) > 1<<15 {
		return nil, nil, fmt.Errorf("blocks of %v in an input of shape %v, want two numbers and four dimensions", b, x)
	}
	return x, b, nil
}

// An axisScale is how a Resize changes one axis: out elements in place of in.
type axisScale struct {
	in, out int
	scale   float64
}

// axisScales reads the sizes, or else the scales, of a Resize for every axis.
func axisScales(n *Node) ([]axisScale, error) {
	in := n.In[0].Shape
	axes := n.Attrs.Axes
	if axes == nil {
		for i := range in {
			axes = append(axes, i)
		}
	}
	axes, err := axesOf(axes, len(in))
	if err != nil {
		return nil, err
	}
	all := make([]axisScale, len(in))
	for i, d := range in {
		all[i] = axisScale{d, d, 1}
	}
	given := func(i int) bool { return has(n, i) && !slices.Equal(n.In[i].Shape, []int{0}) } // empty: left out
	switch {
	case given(3) && given(2):
		return nil, errors.New("has both scales and sizes")
	case given(3):
		sizes, err := integers(n, 3)
		if err != nil {
			return nil, err
		}
		if len(sizes) != len(axes) {
			return nil, fmt.Errorf("%d sizes for %d axes", len(sizes), len(axes))
		}
		for i, a := range axes {
			if sizes[i] < 1 || in[a] < 1 {
				return nil, fmt.Errorf("sizes %v for an input of shape %v", sizes, in)
			}
			all[a].out, all[a].scale = sizes[i], float64(sizes[i])/float64(in[a])
		}
	case given(2):
		c := n.In[2].Const
		if c == nil || len(c.Real) != c.Len() || c.Len() != len(axes) {
			return nil, fmt.Errorf("input 2, %s, must be constant and have %d scales", n.In[2].Name, len(axes))
		}
		for i, a := range axes {
			s := float64(c.Real[i])
			out := math.Floor(s * float64(in[a]))
			if !(s > 0) || !(out <= maxElements) {
				return nil, fmt.Errorf("scales %v for an input of shape %v", c.Real, in)
			}
			all[a].out, all[a].scale = int(out), s
		}
	default:
		return nil, errors.New("has neither scales nor sizes")
	}
	return all, nil
}

func resizeShape(n *Node) ([][]int, error) {
	scales, err := axisScales(n)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(scales))
	for i, s := range scales {
		out[i] = s.out
	}
	return one(out)
}

// A Place is where an element of a resized axis comes from: element At, of which it has
// 1-Next, and the one behind it.
type Place struct {
	At   int
	Next float64
}

// ResizePlaces returns, for every axis, the place of each element of the output of a
// Resize.
func ResizePlaces(n *Node) ([][]Place, error) {
	scales, err := axisScales(n)
	if err != nil {
		return nil, err
	}
	all := make([][]Place, len(scales))
	for i, s := range scales {
		all[i] = make([]Place, s.out)
		for j := range all[i] {
			x := float64(j)
			if s.scale != 1 {
				if x = s.place(n.Attrs.Places, x); n.Attrs.Mode != "linear" {
					x = nearestTo(n.Attrs.Mode, x)
				}
			}
			x = min(max(x, 0), float64(s.in-1))
			at := math.Floor(x)
			all[i][j] = Place{int(at), x - at}
		}
	}
	return all, nil
}

// ResizePhases returns, for every axis of a Resize by whole numbers, how far behind
// element q of the input each of the elements lies that q becomes. Some lie before it.
func ResizePhases(n *Node) ([][]float64, error) {
	scales, err := axisScales(n)
	if err != nil {
		return nil, err
	}
	all := make([][]float64, len(scales))
	for i, s := range scales {
		if s.scale != math.Trunc(s.scale) || s.out != int(s.scale)*s.in || s.scale != 1 && n.Attrs.Places == "align_corners" {
			return nil, fmt.Errorf("from %d to %d elements of axis %d, with %s, is not the same for each of them", s.in, s.out, i, n.Attrs.Places)
		}
		all[i] = make([]float64, int(s.scale))
		for j := range all[i] {
			if s.scale != 1 {
				all[i][j] = s.place(n.Attrs.Places, float64(j))
			}
		}
	}
	return all, nil
}

// place returns where element j of the output lies in the input (ONNX's Resize,
// coordinate_transformation_mode).
func (s axisScale) place(mode string, j float64) float64 {
	switch mode {
	case "asymmetric":
		return j / s.scale
	case "align_corners":
		if s.out == 1 {
			return 0
		}
		return j * float64(s.in-1) / float64(s.out-1)
	case "tf_half_pixel_for_nn":
		return (j + 0.5) / s.scale
	case "pytorch_half_pixel":
		if s.out == 1 {
			return 0
		}
	case "half_pixel_symmetric":
		whole := s.scale * float64(s.in)
		return float64(float64(s.in)/2*(1-float64(s.out)/whole)) + (j+0.5)/s.scale - 0.5
	}
	return (j+0.5)/s.scale - 0.5
}

// nearestTo rounds a place to an element's (ONNX's Resize, nearest_mode).
func nearestTo(mode string, x float64) float64 {
	switch mode {
	case "floor":
		return math.Floor(x)
	case "ceil":
		return math.Ceil(x)
	case "round_prefer_ceil":
		return math.Floor(x + 0.5)
	}
	return math.Ceil(x - 0.5)
}
