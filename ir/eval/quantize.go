package eval

import (
	"errors"
	"math"

	"github.com/snug-nn/snug/ir"
)

// limits of the integer types that are quantized to.
var limits = map[ir.Elem][2]float64{
	ir.Int2: {-2, 1}, ir.Uint2: {0, 3}, ir.Int4: {-8, 7}, ir.Uint4: {0, 15}, ir.Int8: {-128, 127}, ir.Uint8: {0, 255},
	ir.Int16: {-32768, 32767}, ir.Uint16: {0, 65535}, ir.Int32: {math.MinInt32, math.MaxInt32},
}

// perAxis returns which scale element i takes, for scales along n's axis.
func perAxis(n *ir.Node, x, scale *ir.Tensor) (func(i int) int, error) {
	if scale.Real == nil {
		return nil, errNotReal
	}
	if scale.Len() == 1 {
		return func(int) int { return 0 }, nil
	}
	axis := n.Attrs.Axis
	if axis < 0 {
		axis += len(x.Shape)
	}
	if axis < 0 || axis >= len(x.Shape) || x.Shape[axis] != scale.Len() {
		return nil, errors.New("has scales that do not match its axis; blocks are not supported")
	}
	inner := ir.NumElements(x.Shape[axis+1:])
	return func(i int) int { return i / inner % scale.Len() }, nil
}

func quantize(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	at, err := perAxis(n, x, in[1])
	if err != nil {
		return err
	}
	lim, ok := limits[y.Elem]
	if !ok || x.Real == nil {
		return errNotReal
	}
	for i, v := range x.Real {
		s := at(i)
		zero := 0.0
		if len(in) > 2 && in[2] != nil {
			zero = float64(in[2].Int[s])
		}
		q := math.RoundToEven(float64(v/in[1].Real[s])) + zero
		y.Int[i] = int64(min(max(q, lim[0]), lim[1]))
	}
	return nil
}

func dequantize(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	at, err := perAxis(n, x, in[1])
	if err != nil {
		return err
	}
	for i, q := range x.Int {
		s := at(i)
		if len(in) > 2 && in[2] != nil {
			q -= in[2].Int[s]
		}
		y.Real[i] = float32(q) * in[1].Real[s]
	}
	return nil
}
