package cgen

import (
	"fmt"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// callOf prints one call and the constant that holds its geometry.
func callOf(p *codegen.Program, c *codegen.Call, names map[*codegen.Buf]string) call {
	ref := func(r codegen.Ref) string {
		base := "t + " + names[r.Buf]
		switch r.Buf.Place {
		case codegen.Input:
			base = "in"
		case codegen.Output:
			base = "out"
		}
		switch {
		case r.At > 0:
			return fmt.Sprintf("%s + %d", base, r.At)
		case r.At < 0:
			return fmt.Sprintf("%s - %d", base, -r.At)
		}
		return base
	}
	args := []string{"&" + layerName(c)}
	for _, s := range c.Src {
		args = append(args, ref(s))
	}
	args = append(args, ref(c.Dst))
	args = append(args, extra(c, names)...)
	out := call{Name: c.Name, Struct: structOf(c.Geometry), Fields: fields(p.Name, c),
		Call: fmt.Sprintf("snug_%s(%s);", c.Kernel, strings.Join(args, ", "))}
	if c.Sum != nil {
		out.Comment = []string{describe(c)}
		out.Bound = bound(c)
		switch g := c.Geometry.(type) {
		case *kern.Conv:
			out.Arrays = []string{pieces(c, g.Pieces)}
		case *kern.Depthwise:
			out.Arrays = []string{pieces(c, g.Taps)}
		}
	}
	return out
}

// layerName is the constant that holds a call's geometry. Its prefix keeps names of
// layers apart from everything else that has a name in C.
func layerName(c *codegen.Call) string { return "layer_" + c.Name }

// bufName tells tensors, scratch and transformed weights apart.
func bufName(b *codegen.Buf) string {
	kind, name, _ := strings.Cut(b.Name, "_")
	switch kind {
	case "s", "u":
		return strings.ToUpper(kind + "_" + name)
	}
	return "T_" + strings.ToUpper(strings.TrimPrefix(b.Name, "t_"))
}

// extra are the arguments behind the tensors: working memory of the kernels
// that take some, and transformed weights.
func extra(c *codegen.Call, names map[*codegen.Buf]string) []string {
	var args []string
	switch {
	case c.Scratch != nil:
		args = append(args, "t + "+names[c.Scratch])
	case strings.HasPrefix(c.Kernel, "conv_"):
		args = append(args, "NULL")
	}
	if c.Prepared != nil {
		args = append(args, "t + "+names[c.Prepared])
	}
	return args
}

// describe is the comment above a layer: what is summed and why it fits.
func describe(c *codegen.Call) string {
	return strings.ReplaceAll(c.Layer, "*/", "") + ": " + codegen.Describe(c)
}

func bound(c *codegen.Call) string {
	w := c.Sum.Channels[codegen.Worst(c.Sum)].Window
	return fmt.Sprintf("sums in %s", w)
}

// callName is what the sources call the constant of a call.
func callName(c *codegen.Call) string { return c.Name }
