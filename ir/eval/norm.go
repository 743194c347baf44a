package eval

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
)

// batchNorm makes one factor and one summand of the four parameters, in float64
// since they may nearly cancel.
func batchNorm(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	channels := x.Shape[1]
	inner := ir.NumElements(x.Shape[2:])
	for i := range x.Shape[0] * channels {
		c := i % channels
		s := float64(in[1].Real[c]) / math.Sqrt(float64(in[4].Real[c])+float64(n.Attrs.Epsilon))
		a, b := float32(s), float32(float64(in[2].Real[c])-float64(s*float64(in[3].Real[c])))
		for j := i * inner; j < (i+1)*inner; j++ {
			y.Real[j] = float32(a*x.Real[j]) + b
		}
	}
	return nil
}

// lrn divides by a power of the sum of squares of the channels around.
func lrn(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y, a := in[0], out[0], &n.Attrs
	if len(x.Shape) < 2 || a.Size < 1 {
		return fmt.Errorf("input of shape %v, size %d", x.Shape, a.Size)
	}
	channels, inner := x.Shape[1], ir.NumElements(x.Shape[2:])
	before, after := (a.Size-1)/2, min(a.Size/2, channels)
	scale := float64(a.Alpha) / float64(a.Size)
	for b := range x.Shape[0] {
		for c := range channels {
			for j := range inner {
				sum := 0.0
				for k := max(0, c-before); k <= min(channels-1, c+after); k++ {
					v := float64(x.Real[(b*channels+k)*inner+j])
					sum += float64(v * v)
				}
				at := (b*channels+c)*inner + j
				y.Real[at] = float32(float64(x.Real[at]) / power(float64(a.Bias)+float64(scale*sum), a.Beta))
			}
		}
	}
	return nil
}

// power is math.Pow; nearly every LRN has the exponent 0.75.
func power(v float64, exponent float32) float64 {
	if exponent == 0.75 {
		root := math.Sqrt(v)
		return root * math.Sqrt(root)
	}
	return elementary.Pow(v, float64(exponent))
}

// softmax works along one axis, or over all from it on when FlattenToAxis is set.
func softmax(logarithm bool) op {
	return func(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		x, y := in[0], out[0]
		axis := n.Attrs.Axis
		if axis < 0 {
			axis += len(x.Shape)
		}
		dim, inner := ir.NumElements(x.Shape[axis:]), 1
		if !n.Attrs.FlattenToAxis {
			dim, inner = x.Shape[axis], ir.NumElements(x.Shape[axis+1:])
		}
		for start := 0; start < x.Len(); start += dim * inner {
			for i := start; i < start+inner; i++ {
				softmaxRow(y.Real[i:], x.Real[i:], dim, inner, logarithm)
			}
		}
		return nil
	}
}

// softmaxRow subtracts the largest element first, so that no power overflows.
func softmaxRow(y, x []float32, n, step int, logarithm bool) {
	top := math.Inf(-1)
	for i := range n {
		top = max(top, float64(x[i*step]))
	}
	sum := 0.0
	for i := range n {
		sum += elementary.Exp(float64(x[i*step]) - top)
	}
	for i := range n {
		d := float64(x[i*step]) - top
		if logarithm {
			y[i*step] = float32(d - elementary.Log(sum))
		} else {
			y[i*step] = float32(elementary.Exp(d) / sum)
		}
	}
}

// reduceMean adds in float64.
func reduceMean(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	reduced := make([]bool, len(x.Shape))
	axes := 0
	if len(in) > 1 && in[1] != nil {
		for _, a := range in[1].Int {
			reduced[(int(a)+len(x.Shape))%len(x.Shape)] = true
			axes++
		}
	}
	for i := range reduced {
		reduced[i] = reduced[i] || axes == 0 && !n.Attrs.NoopEmptyAxes
	}
	strides := make([]int, len(x.Shape)) // in y
	size := 1
	for i := len(x.Shape) - 1; i >= 0; i-- {
		if !reduced[i] {
			strides[i] = size
			size *= x.Shape[i]
		}
	}
	sums := make([]float64, size)
	index := make([]int, len(x.Shape))
	for _, v := range x.Real {
		at := 0
		for i, k := range index {
			at += k * strides[i]
		}
		sums[at] += float64(v)
		next(index, x.Shape)
	}
	for i, v := range sums {
		y.Real[i] = float32(v / float64(x.Len()/size))
	}
	return nil
}
