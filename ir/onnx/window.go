package onnx

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// readConv takes the kernel's size from the weights when the file leaves it
// out.
func readConv(r *reader, to *ir.Attrs) {
	to.Group = r.int("group", 1)
	if to.Group < 1 {
		r.fail("attribute group is %d, it has to be positive", to.Group)
	}
	to.Kernel = r.ints("kernel_shape")
	rank := -1
	if w := r.b.shape(r.node.In, 1); w != nil {
		if len(w) < 3 {
			r.fail("its weights have shape %v, which has no spatial axis", w)
			return
		}
		rank = len(w) - 2
		if to.Kernel == nil {
			to.Kernel = slices.Clone(w[2:])
		}
		if !slices.Equal(to.Kernel, w[2:]) {
			r.fail("attribute kernel_shape is %v, its weights have shape %v", to.Kernel, w)
		}
	}
	readWindow(r, to, rank)
}

// readConvTranspose leaves what its output's shape decides to the shapes pass.
func readConvTranspose(r *reader, to *ir.Attrs) {
	readConv(r, to)
	to.OutPads, to.OutShape = r.ints("output_padding"), r.ints("output_shape")
	r.lengths("output_padding", to.OutPads, len(to.Strides), 0)
	if to.OutShape != nil {
		to.Pads = nil
	}
}

// readPool has no weights to take the kernel's size from.
func readPool(r *reader, to *ir.Attrs) {
	to.Kernel = r.ints("kernel_shape")
	if len(to.Kernel) == 0 {
		r.fail("attribute kernel_shape is missing")
	}
	to.CeilMode = r.flag("ceil_mode", false)
	to.CountIncludePad = r.flag("count_include_pad", false)
	readWindow(r, to, len(to.Kernel))
}

// readWindow reads what moves a window of to.Kernel over rank spatial axes,
// -1 when that is not known yet, and fills in the defaults.
func readWindow(r *reader, to *ir.Attrs, rank int) {
	to.Strides, to.Dilations, to.Pads = r.ints("strides"), r.ints("dilations"), r.ints("pads")
	if to.AutoPad = r.oneOf("auto_pad", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"); to.AutoPad == "NOTSET" {
		to.AutoPad = ""
	}
	if to.AutoPad != "" {
		to.Pads = nil // the file's are without meaning, the shapes pass finds them
	}
	// Weights that are computed leave the rank to whichever list is there.
	for _, n := range []int{len(to.Kernel), len(to.Strides), len(to.Dilations), len(to.Pads) / 2} {
		if rank < 0 && n > 0 {
			rank = n
		}
	}
	if rank < 0 {
		return
	}
	if to.Strides == nil {
		to.Strides = slices.Repeat([]int{1}, rank)
	}
	if to.Dilations == nil {
		to.Dilations = slices.Repeat([]int{1}, rank)
	}
	if to.Pads == nil && to.AutoPad == "" {
		to.Pads = make([]int, 2*rank)
	}
	r.lengths("kernel_shape", to.Kernel, rank, 1)
	r.lengths("strides", to.Strides, rank, 1)
	r.lengths("dilations", to.Dilations, rank, 1)
	r.lengths("pads", to.Pads, 2*rank, 0)
}

// lengths checks that a list, unless it is nil, has n numbers of at least low.
func (r *reader) lengths(name string, list []int, n, low int) {
	if list == nil {
		return
	}
	if len(list) != n {
		r.fail("attribute %s has %d numbers, it has to have %d", name, len(list), n)
	}
	for _, v := range list {
		if v < low || v > maxElements {
			r.fail("attribute %s is %v, out of range", name, list)
		}
	}
}
