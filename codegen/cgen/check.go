package cgen

import (
	"fmt"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// checkPixels is SNUG_CHECK_PIXELS, and sharedPixels as many as fill tiles of eight
// well enough and leave one that is moved back; depthwise layers run at most
// checkRows by checkCols.
const (
	checkPixels  = 9
	sharedPixels = 15
	checkRows    = 4
	checkCols    = 7
)

// checkOf prints the call that checks one layer.
func checkOf(c *codegen.Call, names map[*codegen.Buf]string) string {
	packing := map[codegen.Packing]string{codegen.Rows: "SNUG_ROWS", codegen.Rows8: "SNUG_ROWS8", codegen.Lanes16: "SNUG_LANES16", codegen.Quads8: "SNUG_QUADS8", codegen.Taps: "SNUG_TAPS"}[c.Weights.Packing]
	lanes := 1
	if c.Weights.Packing == codegen.Rows8 {
		lanes = 8
	}
	kind, scratch, prepared, tops := "conv", "NULL", "NULL", "NULL"
	cin := c.Channels()
	if c.Tops != nil {
		tops = fmt.Sprintf("(const int8_t[]){%s}", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.Tops)), ", "), "[]"))
	}
	switch g := c.Geometry.(type) {
	case *kern.Depthwise:
		kind = "dw"
	case *codegen.RingConv:
		kind = "ring"
		prepared = "arena.bytes + " + names[c.Prepared]
		return fmt.Sprintf("snug_check_ring(&(const snug_ring_layer){%q, &%s, &snug_%s, %d, %d, %s, check_x, check_y, arena.bytes + %s, %s, %d}, &layers, &failed)",
			c.Name, layerName(c), g.Form.Name, c.Levels.Lo, c.Levels.Hi, tops, names[c.Scratch], prepared, patchSize(c))
	}
	if c.Scratch != nil {
		scratch = "arena.bytes + " + names[c.Scratch]
	}
	return fmt.Sprintf("snug_check_layer(&(const snug_layer){.name = %q, .%s = &%s, .run_%s = snug_%s, .packing = %s, .shared = %d, .lanes = %d, .lo = %d, .hi = %d, .tops = %s, .cin = %d, .x = check_x, .y = check_y, .scratch = %s, .size = %d}, &layers, &failed)",
		c.Name, kind, layerName(c), kind, c.Kernel, packing, shared(c), lanes, c.Levels.Lo, c.Levels.Hi, tops, cin, scratch, patchSize(c))
}

// shared is how many pixels a check runs of a convolution whose kernel may share
// what their windows have in common, 0 of others.
func shared(c *codegen.Call) int {
	g, ok := c.Geometry.(*kern.Conv)
	if ok && (c.Kernel == "conv_s8_a16_first" || c.Kernel == "conv_s8_a16_mla" && g.Pieces[0].Len > g.XCol && g.W > 1) {
		return sharedPixels
	}
	return 0
}

// patchSize is how much input one output pixel spans, with the slack that SIMD
// kernels read; of a ring form, a tile.
func patchSize(c *codegen.Call) int {
	n := 0
	switch g := c.Geometry.(type) {
	case *kern.Conv:
		for _, p := range g.Pieces {
			n = max(n, p.At+p.Len+(g.Groups-1)*g.XGroup+max(shared(c)-1, 0)*g.XCol)
		}
	case *kern.Depthwise:
		for _, p := range g.Taps {
			n = max(n, p.At+g.C+(checkRows-1)*g.XRow+(checkCols-1)*g.XCol)
		}
	case *codegen.RingConv:
		n = g.PatchBytes()
	}
	return n + 16
}

// checkOutputs is how much output a check of c writes.
func checkOutputs(c *codegen.Call) int {
	pixels := max(checkPixels, shared(c))
	switch g := c.Geometry.(type) {
	case *codegen.RingConv:
		pixels = g.Form.Out * g.Form.Out
	case *kern.Depthwise:
		pixels = checkRows * checkCols
	}
	return pixels * len(c.Sum.Channels)
}
