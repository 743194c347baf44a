package cgen

import (
	"fmt"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// structOf names the C type of each kernel's geometry.
func structOf(geometry any) string {
	switch geometry.(type) {
	case *kern.Conv:
		return "snug_conv"
	case *codegen.RingConv:
		return "snug_ring"
	case *kern.Depthwise:
		return "snug_depthwise"
	case *kern.Pool:
		return "snug_pool"
	case *kern.Plane:
		return "snug_plane"
	case *kern.Order:
		return "snug_map"
	case *kern.Frame:
		return "snug_frame"
	case *kern.Norm:
		return "snug_lrn"
	case *kern.Softmax:
		return "snug_softmax"
	}
	panic(fmt.Sprintf("cgen: no C type for %T", geometry))
}

// headers names the file that each kernel is in.
var headers = map[string]string{
	"conv_s8_a16":         "snug_conv.h",
	"conv_s8_a32":         "snug_conv.h",
	"conv_s8_a16_mla":     "snug_conv_mla.h",
	"conv_s8_a16_point":   "snug_conv_point.h",
	"conv_s8_a16_first":   "snug_conv_first.h",
	"conv_s8_a16_smlal":   "snug_conv_smlal.h",
	"conv_s8_a16_saddw":   "snug_conv_saddw.h",
	"conv_s8_a16_ring43":  "snug_ring43.h",
	"conv_s8_a16_ring34":  "snug_ring34.h",
	"conv_s8_a16_ring25":  "snug_ring25.h",
	"conv_s8_a16_ring33":  "snug_ring33.h",
	"conv_s8_a16_ring33x": "snug_ring33x.h",
	"conv_s8_a16_ring42":  "snug_ring42.h",
	"conv_s8_a16_ring22":  "snug_ring22.h",
	"conv_s8_a32_sdot":    "snug_conv_sdot.h",
	"conv_s8_a32_smlal":   "snug_conv_wide.h",
	"conv_s8_a32_sadalp":  "snug_conv_pair.h",
	"dw_s8_a32_smlal":     "snug_depthwise.h",
	"dw3_s8_a16_smlal":    "snug_depthwise3.h",
	"dw5_s8_a16_smlal":    "snug_depthwise5.h",
	"dw_s8_a16_smlal":     "snug_depthwise.h",
	"dw_s8_a32":           "snug_depthwise.h",
	"maxpool_s8":          "snug_pool.h",
	"avgpool_s8":          "snug_pool.h",
	"add_s8":              "snug_elementwise.h",
	"mul_s8":              "snug_elementwise.h",
	"lookup_s8":           "snug_elementwise.h",
	"copy_s8":             "snug_elementwise.h",
	"frame_s8":            "snug_elementwise.h",
	"lrn_s8":              "snug_lrn.h",
	"softmax_s8":          "snug_softmax.h",
}

// f prints the fields of one line of an initializer: names and values in turn.
func f(pairs ...any) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, ".%v = %v", pairs[i], pairs[i+1])
	}
	return b.String()
}

// fields returns the lines of the initializer of a call's geometry.
func fields(prog string, c *codegen.Call) []string {
	table := prog + "_" + c.Name
	switch g := c.Geometry.(type) {
	case *kern.Conv:
		return []string{
			f("h", g.H, "w", g.W),
			f("x_row", g.XRow, "x_col", g.XCol, "y_row", g.YRow, "y_col", g.YCol),
			f("groups", g.Groups, "x_group", g.XGroup, "c", g.C, "k", g.K),
			f("pieces", len(g.Pieces), "piece", layerName(c)+"_pieces", "weights", table+"_w"),
			requant(table, c),
		}
	case *codegen.RingConv:
		offset := "0"
		if g.Offset != nil {
			offset = table + "_offset"
		}
		return []string{
			f("h", g.H, "w", g.W),
			f("x_row", g.XRow, "x_col", g.XCol, "y_row", g.YRow, "y_col", g.YCol),
			f("groups", g.Groups, "cin", g.Cin, "c", g.C, "kernel", g.Kernel, "phase", g.Phase, "split", g.Split, "tiles", g.Tiles),
			f("weights", table+"_w", "offset", offset),
			requant(table, c),
		}
	case *kern.Depthwise:
		return []string{
			f("h", g.H, "w", g.W),
			f("x_row", g.XRow, "x_col", g.XCol, "y_row", g.YRow, "y_col", g.YCol),
			f("c", g.C, "taps", len(g.Taps), "tap", layerName(c)+"_pieces", "weights", table+"_w"),
			requant(table, c),
		}
	case *kern.Pool:
		lines := []string{
			f("h", g.H, "w", g.W, "c", g.C, "xh", g.XH, "xw", g.XW),
			f("x_row", g.XRow, "x_col", g.XCol, "y_row", g.YRow, "y_col", g.YCol),
			f("kh", g.KH, "kw", g.KW, "stride_h", g.StrideH, "stride_w", g.StrideW),
			f("pad_h", g.PadH, "pad_w", g.PadW, "dilation_h", g.DilationH, "dilation_w", g.DilationW),
		}
		if g.Mul != nil {
			lines = append(lines, f("counts", len(g.Mul), "mul", table+"_mul", "shift", table+"_shift"))
		}
		return append(lines, f("x_zero", g.XZero, "zero", g.Zero, "lo", g.Lo, "hi", g.Hi))
	case *kern.Plane:
		return []string{
			f("h", g.H, "w", g.W, "c", g.C),
			f("a_row", g.ARow, "a_col", g.ACol, "b_row", g.BRow, "b_col", g.BCol, "y_row", g.YRow, "y_col", g.YCol),
			f("a_zero", g.AZero, "b_zero", g.BZero, "a_mul", g.AMul, "b_mul", g.BMul, "shift", g.Shift),
			f("zero", g.Zero, "lo", g.Lo, "hi", g.Hi),
		}
	case *kern.Order:
		lines := []string{f("dim", five(g.Dim)), f("x", five(g.X), "y", five(g.Y))}
		if c.Table != "" {
			lines = append(lines, f("table", table+"_table"))
		}
		return lines
	case *kern.Frame:
		return []string{
			f("h", g.H, "w", g.W, "c", g.C),
			f("top", g.Top, "bottom", g.Bottom, "left", g.Left, "right", g.Right, "zero", g.Zero),
		}
	case *kern.Norm:
		return []string{
			f("h", g.H, "w", g.W, "c", g.C),
			f("x_row", g.XRow, "x_col", g.XCol, "y_row", g.YRow, "y_col", g.YCol),
			f("before", g.Before, "after", g.After, "x_zero", g.XZero, "shift", g.Shift, "factor", table+"_factor"),
			f("zero", g.Zero, "lo", g.Lo, "hi", g.Hi),
		}
	case *kern.Softmax:
		return []string{f("rows", g.Rows, "c", g.C, "x_row", g.XRow, "y_row", g.YRow, "exp", table+"_exp")}
	}
	panic(fmt.Sprintf("cgen: no fields for %T", c.Geometry))
}

func five(v [5]int) string {
	return fmt.Sprintf("{%d, %d, %d, %d, %d}", v[0], v[1], v[2], v[3], v[4])
}

func requant(table string, c *codegen.Call) string {
	q := c.Requant
	mul, preload, tops, half := "0", "0", "0", 0
	if q.Half {
		half = 1
	}
	if q.Mul != nil {
		mul = table + "_mul"
	}
	if q.Preload != nil {
		preload = table + "_preload"
	}
	if q.Tops != nil {
		tops = table + "_tops"
	}
	return fmt.Sprintf(".q = {.bias = %s_bias, .mul = %s, .shift = %s_shift, .preload = %s, .tops = %s, .zero = %d, .lo = %d, .hi = %d, .half = %d, .narrow = %d}",
		table, mul, table, preload, tops, q.Zero, q.Lo, q.Hi, half, c.Narrow)
}

// pieces prints the window of a convolution.
func pieces(c *codegen.Call, ps []kern.Piece) string {
	var b strings.Builder
	fmt.Fprintf(&b, "static const snug_piece %s_pieces[%d] = {", layerName(c), len(ps))
	for i, p := range ps {
		if i%6 == 0 {
			b.WriteString("\n   ")
		}
		flush := 0
		if p.Flush {
			flush = 1
		}
		fmt.Fprintf(&b, " {%d, %d, %d},", p.At, p.Len, flush)
	}
	b.WriteString("\n};")
	return b.String()
}
