package gogen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// kernels names the function of package kern that each kernel is.
var kernels = map[string]string{
	"conv_s8_a16": "Conv16",
	"conv_s8_a32": "Conv32",
	"dw_s8_a16":   "DepthwiseConv16",
	"dw_s8_a32":   "DepthwiseConv",
	"add_s8":      "Add",
	"mul_s8":      "Mul",
	"maxpool_s8":  "MaxPool",
	"avgpool_s8":  "AveragePool",
	"lookup_s8":   "Lookup",
	"copy_s8":     "Rearrange",
	"frame_s8":    "FillFrame",
	"lrn_s8":      "Normalize",
	"softmax_s8":  "SoftmaxRows",
}

// ref is the slice of memory that begins at r.
func ref(r codegen.Ref) jen.Code {
	at := func(base *jen.Statement) *jen.Statement {
		switch {
		case r.At > 0:
			return base.Op("+").Lit(r.At)
		case r.At < 0:
			return base.Op("-").Lit(-r.At)
		}
		return base
	}
	switch r.Buf.Place {
	case codegen.Input, codegen.Output:
		id := "in"
		if r.Buf.Place == codegen.Output {
			id = "out"
		}
		if r.At == 0 {
			return jen.Id(id)
		}
		return jen.Id(id).Index(jen.Lit(r.At), jen.Empty())
	}
	return jen.Id("t").Index(at(jen.Id(name(r.Buf.Name))), jen.Empty())
}

// usesArena reports whether a tensor of c is in the arena.
func usesArena(c *codegen.Call) bool {
	return c.Dst.Buf.Place == codegen.InArena || slices.ContainsFunc(c.Src, func(r codegen.Ref) bool { return r.Buf.Place == codegen.InArena })
}

func callStatement(c *codegen.Call) *jen.Statement {
	args := []jen.Code{jen.Op("&").Id(layerVar(c))}
	for _, s := range c.Src {
		args = append(args, ref(s))
	}
	args = append(args, ref(c.Dst))
	if c.Weights != nil {
		args = append(args, jen.Id(weightsName(c)), jen.Op("&").Id(layerVar(c)+"Requant"))
		if _, ok := c.Geometry.(*kern.Conv); ok {
			args = append(args, jen.Id("m").Dot("words"))
		}
	}
	if c.Table != "" {
		args = append(args, jen.Id(name("l", c.Name, "table")))
	}
	return jen.Id(lower(kernels[c.Kernel])).Call(args...)
}

func describe(c *codegen.Call) string {
	return strings.ReplaceAll(c.Layer, "\n", " ") + ": " + codegen.Describe(c)
}

// lit prints the fields of a literal in order, several a line; those that are
// zero are left out.
func lit(typ string, pairs ...any) *jen.Statement {
	var b strings.Builder
	b.WriteString(typ + "{")
	for i := 0; i < len(pairs); i += 2 {
		v := fmt.Sprint(pairs[i+1])
		if v == "0" {
			continue
		}
		if pairs[i] == "\n" {
			b.WriteString("\n")
			continue
		}
		fmt.Fprintf(&b, "%v: %s, ", pairs[i], v)
	}
	return jen.Op(strings.TrimSuffix(b.String(), ", ") + "}")
}

func geometry(c *codegen.Call) *jen.Statement {
	v := layerVar(c)
	switch g := c.Geometry.(type) {
	case *kern.Conv:
		return lit("conv", "H", g.H, "W", g.W, "XRow", g.XRow, "XCol", g.XCol, "YRow", g.YRow, "YCol", g.YCol,
			"Groups", g.Groups, "XGroup", g.XGroup, "C", g.C, "K", g.K, "Pieces", pieces(g.Pieces))
	case *kern.Depthwise:
		return lit("depthwise", "H", g.H, "W", g.W, "XRow", g.XRow, "XCol", g.XCol, "YRow", g.YRow, "YCol", g.YCol,
			"C", g.C, "Taps", pieces(g.Taps))
	case *kern.Pool:
		mul, shift := "0", "0"
		if g.Mul != nil {
			mul, shift = v+"Mul[:]", v+"Shift[:]"
		}
		return lit("pool", "H", g.H, "W", g.W, "C", g.C, "XH", g.XH, "XW", g.XW, "XRow", g.XRow, "XCol", g.XCol,
			"YRow", g.YRow, "YCol", g.YCol, "KH", g.KH, "KW", g.KW, "StrideH", g.StrideH, "StrideW", g.StrideW,
			"PadH", g.PadH, "PadW", g.PadW, "DilationH", g.DilationH, "DilationW", g.DilationW,
			"XZero", g.XZero, "Mul", mul, "Shift", shift, "Zero", g.Zero, "Lo", g.Lo, "Hi", g.Hi)
	case *kern.Plane:
		return lit("plane", "H", g.H, "W", g.W, "C", g.C, "ARow", g.ARow, "ACol", g.ACol, "BRow", g.BRow, "BCol", g.BCol,
			"YRow", g.YRow, "YCol", g.YCol, "AZero", g.AZero, "BZero", g.BZero, "AMul", g.AMul, "BMul", g.BMul,
			"Shift", g.Shift, "Zero", g.Zero, "Lo", g.Lo, "Hi", g.Hi)
	case *kern.Order:
		return lit("order", "Dim", five(g.Dim), "X", five(g.X), "Y", five(g.Y))
	case *kern.Frame:
		return lit("frame", "H", g.H, "W", g.W, "C", g.C, "Top", g.Top, "Bottom", g.Bottom, "Left", g.Left, "Right", g.Right, "Zero", g.Zero)
	case *kern.Norm:
		return lit("norm", "H", g.H, "W", g.W, "C", g.C, "XRow", g.XRow, "XCol", g.XCol, "YRow", g.YRow, "YCol", g.YCol,
			"Before", g.Before, "After", g.After, "XZero", g.XZero, "Factor", v+"Factor[:]", "Shift", g.Shift,
			"Zero", g.Zero, "Lo", g.Lo, "Hi", g.Hi)
	case *kern.Softmax:
		return lit("softmax", "Rows", g.Rows, "C", g.C, "XRow", g.XRow, "YRow", g.YRow, "Exp", v+"Exp[:]")
	}
	panic(fmt.Sprintf("gogen: no literal for %T", c.Geometry))
}

func five(v [5]int) string {
	return fmt.Sprintf("[5]int{%d, %d, %d, %d, %d}", v[0], v[1], v[2], v[3], v[4])
}

func pieces(ps []kern.Piece) string {
	var b strings.Builder
	b.WriteString("[]piece{")
	for i, p := range ps {
		if i%6 == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "{%d, %d, %t}, ", p.At, p.Len, p.Flush)
	}
	return b.String() + "\n}"
}

func requant(c *codegen.Call) *jen.Statement {
	q, v := c.Requant, layerVar(c)
	mul, preload, tops := "0", "0", "0"
	if q.Mul != nil {
		mul = v + "Mul[:]"
	}
	if q.Preload != nil {
		preload = v + "Preload[:]"
	}
	if q.Tops != nil {
		tops = v + "Tops[:]"
	}
	return lit("requant", "Bias", v+"Bias[:]", "Mul", mul, "Shift", v+"Shift[:]", "Preload", preload, "Half", strconv.FormatBool(q.Half), "Narrow", c.Narrow, "Zero", q.Zero, "Lo", q.Lo, "Hi", q.Hi, "Tops", tops)
}
