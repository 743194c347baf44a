package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
)

// unary applies f, computed in float64, to every element.
func unary(f func(x float64) float64) op {
	return unaryOf(func(_ *ir.Attrs, x float64) float64 { return f(x) })
}

// unaryOf is unary for functions with attributes.
func unaryOf(f func(a *ir.Attrs, x float64) float64) op {
	return func(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		for i, v := range in[0].Real {
			out[0].Real[i] = float32(f(&n.Attrs, float64(v)))
		}
		return nil
	}
}

func ceil(x float64) float64    { return math.Ceil(x) }
func floor(x float64) float64   { return math.Floor(x) }
func exp(x float64) float64     { return elementary.Exp(x) }
func sqrt(x float64) float64    { return math.Sqrt(x) }
func tanh(x float64) float64    { return elementary.Tanh(x) }
func sigmoid(x float64) float64 { return 1 / (1 + elementary.Exp(-x)) }

func erf(x float64) float64      { return elementary.Erf(x) }
func log(x float64) float64      { return elementary.Log(x) }
func softsign(x float64) float64 { return x / (1 + math.Abs(x)) }

func reciprocal(x float64) float64 { return 1 / x }

// softplus is ln(1+e^x), which is x itself where the one no longer counts.
func softplus(x float64) float64 {
	if x > 40 {
		return x
	}
	return elementary.Log(1 + elementary.Exp(x))
}

func hardSwish(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) }

func elu(a *ir.Attrs, x float64) float64 {
	if x < 0 {
		return float64(a.Alpha) * elementary.Expm1(x)
	}
	return x
}

func hardSigmoid(a *ir.Attrs, x float64) float64 {
	return min(max(float64(float64(a.Alpha)*x)+float64(a.Beta), 0), 1)
}

func leakyRelu(a *ir.Attrs, x float64) float64 {
	if x < 0 {
		return float64(a.Alpha) * x
	}
	return x
}

func selu(a *ir.Attrs, x float64) float64 {
	if x < 0 {
		x = float64(a.Alpha) * elementary.Expm1(x)
	}
	return float64(a.Beta) * x
}

func relu(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	y := out[0]
	for i := range y.Int {
		y.Int[i] = max(in[0].Int[i], 0)
	}
	for i, v := range in[0].Real[:len(y.Real)] {
		y.Real[i] = max(v, 0)
	}
	return nil
}

func neg(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i := range out[0].Real {
		out[0].Real[i] = -in[0].Real[i]
	}
	for i := range out[0].Int {
		out[0].Int[i] = -in[0].Int[i]
	}
	wrapAll(out[0])
	return nil
}

func abs(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i := range out[0].Real {
		out[0].Real[i] = float32(math.Abs(float64(in[0].Real[i])))
	}
	for i, v := range in[0].Int[:len(out[0].Int)] {
		out[0].Int[i] = max(v, -v)
	}
	wrapAll(out[0])
	return nil
}

// sign is -1, 0 or 1; it keeps what is no number.
func sign(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i, v := range in[0].Real[:len(out[0].Real)] {
		if v > 0 {
			v = 1
		} else if v < 0 {
			v = -1
		}
		out[0].Real[i] = v
	}
	for i, v := range in[0].Int[:len(out[0].Int)] {
		out[0].Int[i] = int64(cmp.Compare(v, 0))
	}
	return nil
}

// clip has its limits as optional inputs.
func clip(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	limits := [2]*ir.Tensor{}
	for i := range limits {
		if len(in) > 1+i && in[1+i] != nil {
			limits[i] = in[1+i]
			if limits[i].Len() != 1 {
				return errors.New("limits are not scalars")
			}
		}
	}
	if y.Real == nil {
		for i, v := range x.Int {
			if limits[0] != nil {
				v = max(v, limits[0].Int[0])
			}
			if limits[1] != nil {
				v = min(v, limits[1].Int[0])
			}
			y.Int[i] = v
		}
		return nil
	}
	lo, hi := float32(math.Inf(-1)), float32(math.Inf(1))
	if limits[0] != nil {
		lo = limits[0].Real[0]
	}
	if limits[1] != nil {
		hi = limits[1].Real[0]
	}
	limit(y.Real, x.Real, lo, hi)
	return nil
}

// runNode is Node: the rows, where Node looks, cannot name it.
var runNode func(n *ir.Node, in []*ir.Tensor) ([]*ir.Tensor, error)

func init() { runNode = Node }

// function runs the nodes of a Function's body.
func function(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	body := n.Attrs.Body
	if body == nil || len(body.In) != 1 || len(body.Out) != 1 {
		return errors.New("has no body of one input and one output")
	}
	known := map[*ir.Value]*ir.Tensor{body.In[0]: in[0]}
	for _, m := range body.Nodes {
		args := make([]*ir.Tensor, len(m.In))
		for i, v := range m.In {
			if v == nil {
				continue
			}
			if args[i] = cmp.Or(v.Const, known[v]); args[i] == nil {
				return fmt.Errorf("%s reads %s before anything wrote it", m.Op, v.Name)
			}
		}
		y, err := runNode(m, args)
		if err != nil {
			return err
		}
		known[m.Out[0]] = y[0]
	}
	y := known[body.Out[0]]
	if y == nil || len(y.Real) != len(out[0].Real) {
		return errors.New("does not compute a tensor of its input's size")
	}
	copy(out[0].Real, y.Real)
	return nil
}
