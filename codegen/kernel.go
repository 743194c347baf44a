package codegen

import "github.com/snug-nn/snug/ir"

// A Packing is the order in which a kernel reads its weights.
type Packing int

// Packings.
const (
	NoWeights Packing = iota
	Rows              // [channel][K], in the order of the window's pieces
	Rows8             // Rows with each piece padded to a multiple of 8
	Lanes16           // [channel/16][K][16]: sixteen channels side by side
	Taps              // [tap][channel]
)

var packingNames = [...]string{"none", "rows", "rows8", "lanes16", "taps"}

func (p Packing) String() string { return packingNames[p] }

// A Kernel is one named inner routine with a fixed contract. Its C function is
// snug_Name in runtime/c, Go is its meaning in runtime/kern.
type Kernel struct {
	Name    string
	Op      ir.Op
	Acc     int     // bits of the register that products are summed in; 0: no products
	Flushes bool    // may add narrow sums into 32 bits on the way
	Needs   Feature // features the target must have
	Packing Packing
	Lanes   int // partial sums that one dot product is split over
	Go      string
	// Cost is instructions per 100 products of a large layer, for choosing
	// between kernels that a target could all run.
	Cost int
	Why  string
}

// Kernels is the registry. A layer takes the cheapest row that its operator,
// accumulator and target allow.
var Kernels = []Kernel{
	{"conv_s8_a16_mla", "Conv", 16, false, NEON | MLA8H, Lanes16, 1, "Conv16", 19, "MLA.8h by element: a lane is a channel, no reduction"},
	{"conv_s8_a16_smlal", "Conv", 16, true, NEON, Rows8, 8, "Conv16", 22, "SMLAL.8h: lanes split a channel's products, no widening of operands"},
	{"conv_s8_a16", "Conv", 16, true, 0, Rows, 1, "Conv16", 300, "portable C"},
	{"conv_s8_a32", "Conv", 32, false, 0, Rows, 1, "Conv32", 320, "portable C"},
	{"conv_s8_a16", "Conv", 16, true, GoWord, Rows, 1, "Conv16", 54, "four 16-bit sums in a 64-bit word"},
	{"conv_s8_a32", "Conv", 32, false, GoWord, Rows, 1, "Conv32", 108, "two 32-bit sums in a 64-bit word"},
	{"dw_s8_a16_smlal", "Depthwise", 16, true, NEON, Taps, 1, "DepthwiseConv", 60, "SMLAL.8h: a lane is a channel"},
	{"dw_s8_a32", "Depthwise", 32, false, 0, Taps, 1, "DepthwiseConv", 500, "portable"},
}

// pick returns the cheapest kernel for op whose sums of acc bits the target
// can hold. Accumulators wider than 16 bits may still be run by a kernel that
// flushes 16-bit segments: the result is the same sum.
func pick(t *Target, op ir.Op, acc ir.Accum) *Kernel {
	var best *Kernel
	for i := range Kernels {
		k := &Kernels[i]
		if k.Op != op || k.Needs&^t.Has != 0 || t.Has&GoWord != 0 && k.Needs != GoWord && op == "Conv" {
			continue
		}
		whole := k.Acc >= acc.Total()
		if !whole && !k.Flushes {
			continue
		}
		if best == nil || k.Cost < best.Cost {
			best = k
		}
	}
	return best
}
