package onnx

import "github.com/snug-nn/snug/ir"

// moved lists the attributes that became inputs, and the operator set since
// when. The old form is taken in any file: some exporters mix both.
var moved = []struct {
	op    ir.Op
	attr  string
	input int
	since int
}{
	{"Clip", "min", 1, 11},
	{"Clip", "max", 2, 11},
	{"Pad", "pads", 1, 11},
	{"Pad", "value", 2, 11},
	{"ReduceMean", "axes", 1, 18},
	{"Slice", "starts", 1, 10},
	{"Slice", "ends", 2, 10},
	{"Slice", "axes", 3, 10},
	{"Split", "split", 1, 13},
	{"Squeeze", "axes", 1, 13},
	{"Unsqueeze", "axes", 1, 13},
	{"Upsample", "scales", 1, 9},
}

// upgrade gives a node the inputs that it has in the newest operator set. The
// one attribute whose meaning changed is in readSoftmax.
func (r *reader) upgrade() {
	n := r.node
	for _, m := range moved {
		if a := r.attrs[m.attr]; m.op == n.Op && a != nil {
			if m.input < len(n.In) && n.In[m.input] != nil {
				r.fail("attribute %s and input %d say the same", m.attr, m.input)
				return
			}
			r.constantInput(m.input, m.attr, r.asTensor(m.attr))
		}
	}
	switch n.Op {
	case "Dropout": // the identity: what is left of it when training is over
		n.In = n.In[:min(1, len(n.In))]
	case "QuantizeLinear":
		r.quantizeType()
	case "Resize", "Upsample":
		r.resizeInputs()
	}
	for len(n.In) > 0 && n.In[len(n.In)-1] == nil {
		n.In = n.In[:len(n.In)-1]
	}
}

// constantInput makes t input i of the node.
func (r *reader) constantInput(i int, name string, t *ir.Tensor) {
	if t == nil {
		return
	}
	for len(r.node.In) <= i {
		r.node.In = append(r.node.In, nil)
	}
	r.node.In[i] = r.b.constant(r.b.fresh(r.node.Name+"/"+name), t)
}

// asTensor returns an attribute that is a number or a list as a constant: a
// scalar or one dimension, of float32 or int64.
func (r *reader) asTensor(name string) *ir.Tensor {
	switch v := r.attrs[name].(type) {
	case float32:
		return &ir.Tensor{Elem: ir.Float32, Shape: []int{}, Real: []float32{v}}
	case int64:
		return &ir.Tensor{Elem: ir.Int64, Shape: []int{}, Int: []int64{v}}
	case []float32:
		return &ir.Tensor{Elem: ir.Float32, Shape: []int{len(v)}, Real: append([]float32{}, v...)}
	case []int64:
		return &ir.Tensor{Elem: ir.Int64, Shape: []int{len(v)}, Int: append([]int64{}, v...)}
	}
	r.fail("attribute %s has type %d in the file, which is not what the operator takes", name, r.side.attr(name).typ)
	return nil
}

// resizeInputs puts the scales where they are since 11, and leaves out the region,
// which only a mode that is not supported looks at, and lists that are empty.
func (r *reader) resizeInputs() {
	n := r.node
	if len(n.In) == 2 {
		n.In = []*ir.Value{n.In[0], nil, n.In[1]}
	}
	for i, v := range n.In[min(1, len(n.In)):] {
		if i == 0 || v != nil && v.Const != nil && v.Const.Len() == 0 {
			n.In[1+i] = nil
		}
	}
}

// quantizeType turns output_dtype into the zero point that has this type.
func (r *reader) quantizeType() {
	n := r.node
	if r.int("output_dtype", 0) == 0 || len(n.In) < 2 || len(n.In) > 2 && n.In[2] != nil {
		return
	}
	scale := n.In[1]
	if scale == nil || scale.Const == nil {
		r.fail("output_dtype needs a constant scale, or a zero point")
		return
	}
	r.constantInput(2, "zero_point", ir.NewTensor(r.elem("output_dtype"), scale.Const.Shape))
}

// constantNode returns the tensor of a Constant.
func (r *reader) constantNode() *ir.Tensor {
	if len(r.attrs) != 1 {
		r.fail("it has %d values, it has to have one", len(r.attrs))
		return nil
	}
	if t := r.tensor("value"); t != nil || r.err != nil {
		return t
	}
	return r.asTensor(r.side.attrs[0].name)
}
