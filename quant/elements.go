package quant

import (
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// integerInputs lists the inputs that hold integers, by operator: sizes,
// positions, and what DequantizeLinear reads. All others hold reals.
var integerInputs = map[ir.Op][]int{
	"DequantizeLinear": {0, 2},
	"Pad":              {1, 3},
	"QuantizeLinear":   {2},
	"ReduceMean":       {1},
	"Reshape":          {1},
	"Resize":           {3},
	"Slice":            {1, 2, 3, 4},
	"Split":            {1},
	"Squeeze":          {1},
	"Unsqueeze":        {1},
}

// elements refuses constants of the wrong type, and tensors without elements:
// the rules read them without looking.
func (l *legalizer) elements(n *ir.Node) error {
	for i, v := range n.In {
		if v == nil {
			continue
		}
		integer := slices.Contains(integerInputs[n.Op], i) || i > 0 && l.quantized[n.In[0]] != nil && n.Op == "Clip"
		if v.Const != nil && v.Const.Elem.IsReal() == integer && n.Op != "Pow" { // whose exponent may be either
			return fmt.Errorf("has the constant %s of type %s, want %s", v.Name, v.Const.Elem, map[bool]string{true: "integers", false: "reals"}[integer])
		}
		if !integer && ir.NumElements(v.Shape) == 0 {
			return fmt.Errorf("has an empty input: shape %v", v.Shape)
		}
		if slices.Contains(l.s.g.In, v) && v.Elem != "" && !v.Elem.IsReal() && n.Op != "Cast" && !integer {
			return fmt.Errorf("reads the input %s of type %s, want a Cast or DequantizeLinear before it", v.Name, v.Elem)
		}
	}
	return nil
}

// cast passes reals through, whatever their width in the file: they are
// float32 here. A network whose input is integers is given them as reals.
func cast(l *legalizer, n *ir.Node) error {
	x := n.In[0]
	if !n.Attrs.To.IsReal() {
		return fmt.Errorf("casts to %s, only reals flow through a network", n.Attrs.To)
	}
	if l.quantized[x] != nil {
		return fmt.Errorf("casts the integers of a QuantizeLinear, want a DequantizeLinear")
	}
	if slices.Contains(l.s.g.In, x) {
		x.Elem = ir.Float32
	}
	return passThrough(l, n)
}

// scales reads the scales of a Quantize- or DequantizeLinear.
func scales(n *ir.Node) ([]float64, error) {
	if n.In[1] == nil || n.In[1].Const == nil {
		return nil, fmt.Errorf("has a scale that is not constant")
	}
	var list []float64
	for i, s := range n.In[1].Const.Real {
		if !(s >= minScale && s <= maxScale) {
			return nil, fmt.Errorf("has scale %g for channel %d, want a positive number", s, i)
		}
		list = append(list, float64(s))
	}
	return list, nil
}

// minScale and maxScale leave room for the products of scales.
const (
	minScale = 0x1p-60
	maxScale = 0x1p60
)
