package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A quantizer is what a QuantizeLinear says of a tensor.
type quantizer struct {
	of     *ir.Value
	elem   ir.Elem
	format ir.Format
}

// int8Shift moves unsigned bytes into the signed range that is stored.
const int8Shift = 128

// formatOf reads scale, zero point and levels of a Quantize- or
// DequantizeLinear. Stored integers are int8: unsigned ones move by 128.
func formatOf(n *ir.Node, elem ir.Elem) (ir.Format, error) {
	var f ir.Format
	var err error
	if f.Scales, err = scales(n); err != nil {
		return f, err
	}
	if len(n.In) > 2 && n.In[2] != nil {
		if n.In[2].Const == nil {
			return f, errors.New("has a zero point that is not constant")
		}
		z := n.In[2].Const.Int
		if len(z) > 0 && (slices.Min(z) != slices.Max(z)) {
			return f, errors.New("has zero points that differ by channel")
		}
		if len(z) > 0 {
			f.Zero = z[0]
		}
	}
	switch elem {
	case ir.Int8:
		f.Levels = ir.Bound{Lo: -128, Hi: 127}
	case ir.Uint8:
		f.Levels = ir.Bound{Lo: -128, Hi: 127}
		f.Zero -= int8Shift
	case ir.Int4:
		f.Levels = ir.Bound{Lo: -8, Hi: 7}
	case ir.Uint4:
		f.Levels = ir.Bound{Lo: 0, Hi: 15}
	case ir.Int2:
		f.Levels = ir.Bound{Lo: -2, Hi: 1}
	case ir.Uint2:
		f.Levels = ir.Bound{Lo: 0, Hi: 3}
	default:
		return f, fmt.Errorf("has integers of type %s, want at most 8 bits", elem)
	}
	return f, nil
}

// elemOf returns the integer type that n converts to or from.
func elemOf(n *ir.Node) ir.Elem {
	if n.Op == "DequantizeLinear" {
		if c := n.In[0].Const; c != nil {
			return c.Elem
		}
	}
	if len(n.In) > 2 && n.In[2] != nil {
		return n.In[2].Elem
	}
	if n.Op == "DequantizeLinear" && n.In[0].Elem != "" {
		return n.In[0].Elem
	}
	return ir.Uint8
}

// quantize remembers the format; the DequantizeLinear behind it gives it to the
// tensor.
func quantize(l *legalizer, n *ir.Node) error {
	f, err := formatOf(n, elemOf(n))
	if err != nil {
		return err
	}
	if len(f.Scales) != 1 {
		return errors.New("has one scale a channel on an activation, want one")
	}
	l.quantized[n.Out[0]] = &quantizer{of: n.In[0], elem: elemOf(n), format: f}
	if slices.Contains(l.s.g.Out, n.Out[0]) {
		return l.adopt(n.Out[0], n.In[0], f)
	}
	return nil
}

// clipIntegers is a Clip between a QuantizeLinear and its DequantizeLinear: how
// exporters say that fewer than eight bits are used.
func (l *legalizer) clipIntegers(n *ir.Node, q *quantizer) error {
	f := q.format
	var shift int64
	if q.elem == ir.Uint8 {
		shift = int8Shift
	}
	if len(n.In) > 1 && n.In[1] != nil {
		f.Levels.Lo = max(f.Levels.Lo, n.In[1].Const.Int[0]-shift)
	}
	if len(n.In) > 2 && n.In[2] != nil {
		f.Levels.Hi = min(f.Levels.Hi, n.In[2].Const.Int[0]-shift)
	}
	if f.Levels.Lo >= f.Levels.Hi {
		return fmt.Errorf("leaves the levels %s", f.Levels)
	}
	l.quantized[n.Out[0]] = &quantizer{of: q.of, elem: q.elem, format: f}
	return nil
}

// adopt lets v, in format f, stand for old.
func (l *legalizer) adopt(old, v *ir.Value, f ir.Format) error {
	if v.Format != nil && !sameFormat(v.Format, &f) {
		return fmt.Errorf("gives %s a second format", v.Name)
	}
	v.Format, v.Own = &f, true
	l.replace(old, v)
	return nil
}

func sameFormat(a, b *ir.Format) bool {
	return a.Zero == b.Zero && a.Levels == b.Levels && slices.Equal(a.Scales, b.Scales) && slices.Equal(a.Steps, b.Steps) && slices.Equal(a.Tops, b.Tops)
}

// dequantize keeps the integers of weights, and gives an activation the format
// that it was quantized to.
func dequantize(l *legalizer, n *ir.Node) error {
	c := n.In[0].Const
	if c != nil {
		return l.dequantizeConstant(n, c)
	}
	f, err := formatOf(n, elemOf(n))
	if err != nil {
		return err
	}
	if q := l.quantized[n.In[0]]; q != nil {
		f.Levels = q.format.Levels // what a Clip between the two leaves of them
		if !sameFormat(&q.format, &f) {
			return errors.New("has another scale or zero point than the QuantizeLinear before it")
		}
		return l.adopt(n.Out[0], q.of, f)
	}
	if l.producer[n.In[0]] != nil || len(f.Scales) != 1 {
		return errors.New("does not follow a QuantizeLinear")
	}
	n.In[0].Elem = ir.Float32 // a network whose input is integers: the reals are what they mean
	return l.adopt(n.Out[0], n.In[0], f)
}

// dequantizeConstant holds the reals for the reference and the integers for
// the code. Scales belong to the first axis, as those of weights do.
func (l *legalizer) dequantizeConstant(n *ir.Node, c *ir.Tensor) error {
	scales, err := scales(n)
	if err != nil {
		return err
	}
	var zeros []int64
	if len(n.In) > 2 && n.In[2] != nil && n.In[2].Const != nil {
		zeros = n.In[2].Const.Int
	}
	axis := 0
	if len(scales) > 1 {
		axis = n.Attrs.Axis
		if axis < 0 {
			axis += len(c.Shape)
		}
		if axis < 0 || axis >= len(c.Shape) || c.Shape[axis] != len(scales) {
			return fmt.Errorf("has %d scales for shape %v", len(scales), c.Shape)
		}
	}
	inner := 1
	for _, d := range c.Shape[min(axis+1, len(c.Shape)):] {
		inner *= d
	}
	t := &ir.Tensor{Elem: ir.Float32, Shape: c.Shape, Real: make([]float32, len(c.Int)), Int: make([]int64, len(c.Int))}
	fits := true
	for i, q := range c.Int {
		ch := i / inner % len(scales)
		if len(zeros) > 0 {
			q -= zeros[ch%len(zeros)]
		}
		t.Int[i], t.Real[i] = q, float32(q)*float32(scales[ch])
		fits = fits && q >= -128 && q <= 127
	}
	v := n.Out[0]
	v.Const, v.Shape, v.Elem = t, c.Shape, ir.Float32
	if !fits { // a bias; or weights that are not int8, which are quantized anew
		t.Int = nil
		return nil
	}
	v.Format = &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Scales: scales}
	return nil
}
