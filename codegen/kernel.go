package codegen

import (
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// A Packing is the order in which a kernel reads its weights.
type Packing int

// Packings.
const (
	NoWeights Packing = iota
	Rows              // [channel][K], in the order of the window's pieces
	Rows8             // Rows with each piece padded to a multiple of 8
	Lanes16           // [channel/16][K][16]: sixteen channels side by side
	Taps              // [tap][channel]
	Quads8            // [channel/8][K/4][8][4]: each piece padded to a multiple of 4
)

var packingNames = [...]string{"none", "rows", "rows8", "lanes16", "taps", "quads8"}

func (p Packing) String() string { return packingNames[p] }

// A Family is a set of kernels that are chosen from together.
type Family int

// Families.
const (
	Plain     Family = iota // portable, and what every choice may fall back to
	Direct                  // narrow sums, one product after the other
	Ring                    // narrow sums in a Winograd form
	Classical               // baseline: int16 operands, SMLAL.4s, 32-bit sums
	Pairs                   // 16-bit sums of two products added into 32-bit ones
)

// A Kernel is one named inner routine with a fixed contract. Its C function is
// snug_Name in runtime/c, Go is its meaning in runtime/kern.
type Kernel struct {
	Name    string
	Op      ir.Op
	Family  Family
	Acc     int     // bits of the register that products are summed in
	Flushes bool    // may add narrow sums into 32 bits on the way
	Needs   Feature // features the target must have
	Packing Packing
	Lanes   int // partial sums that one dot product is split over
	Form    *RingForm
	Go      string
	// Cost predicts the instructions of a layer, or says +Inf when it cannot
	// run it: counted on compiled kernels, see the row's function.
	Cost func(w *work, k *Kernel, t *Target) float64
	Why  string
}

// cost is Cost in the unit that t compares in.
func (k *Kernel) cost(w *work, t *Target) float64 { return whole(k.Cost(w, k, t) * t.pace(k)) }

// whole rounds a cost, so that hosts which fuse a product into a sum on the way
// choose and report the same.
func whole(cost float64) float64 { return math.Round(cost) }

// Kernels is the registry. A layer takes the cheapest row that its operator,
// accumulator and target allow.
var Kernels = []Kernel{
	{"conv_s8_a16_mla", "Conv", Direct, 16, false, NEON | A64, Lanes16, 1, nil, "Conv16", costMLA, "MLA.8h by element: a lane is a channel, no reduction"},
	{"conv_s8_a16_mla", "Conv", Direct, 16, false, NEON | A32, Lanes16, 1, nil, "Conv16", costMLA32, "VMLA.I16 by element: a lane is a channel, no reduction"},
	{"conv_s8_a16_point", "Conv", Direct, 16, false, NEON | A64, Lanes16, 1, nil, "Conv16", costPoint, "MLA.8h by element, one stretch of input a window: operands are widened once for all channels"},
	{"conv_s8_a16_first", "Conv", Direct, 16, false, NEON | A64, Lanes16, 1, nil, "Conv16", costFirst, "MLA.8h by element, three input channels: eight pixels share the vectors of a row"},
	{"conv_s8_a16_smlal", "Conv", Direct, 16, true, NEON, Rows8, 8, nil, "Conv16", costDot, "SMLAL.8h: lanes split a channel's products, no widening of operands"},
	{"conv_s8_a16_saddw", "Conv", Direct, 16, true, NEON | A64, Lanes16, 1, nil, "Conv16", costSaddw, "MLA.8h by element, flushed by SADDW: narrow and wide sums fill the registers together"},
	{"conv_s8_a16_saddw", "Conv", Direct, 16, true, NEON | A32, Lanes16, 1, nil, "Conv16", costSaddw32, "VMLA.I16 by element, flushed by VADDW: narrow and wide sums fill the registers together"},
	{"conv_s8_a16_ring43", "Conv", Ring, 16, false, NEON, Rows, 1, &ring43, "Conv16", costRing, "F(4x4,3x3) modulo 2^16: 36 products for 16 outputs, sums lose 2 bits"},
	{"conv_s8_a16_ring34", "Conv", Ring, 16, false, NEON, Rows, 1, &ring34, "Conv16", costRing, "F(3x3,4x4) modulo 2^16: 36 products for 9 outputs, sums lose 2 bits; 7x7 at stride 2 by phases"},
	{"conv_s8_a16_ring25", "Conv", Ring, 16, false, NEON, Rows, 1, &ring25, "Conv16", costRing, "F(2x2,5x5) modulo 2^16: 36 products for 4 outputs, sums lose 2 bits"},
	{"conv_s8_a16_ring33", "Conv", Ring, 16, false, NEON, Rows, 1, &ring33, "Conv16", costRing, "F(3x3,3x3) modulo 2^16: 25 products for 9 outputs, sums lose 2 bits"},
	{"conv_s8_a16_ring33x", "Conv", Ring, 16, false, NEON, Rows, 1, &ring33x, "Conv16", costRing, "F(3x3,3x3) modulo 2^16: 36 products for 9 outputs, no bit lost"},
	{"conv_s8_a16_ring42", "Conv", Ring, 16, false, NEON, Rows, 1, &ring42, "Conv16", costRing, "stride 2 by phases modulo 2^16: 81 products for 16 outputs, sums lose 2 bits"},
	{"conv_s8_a16_ring22", "Conv", Ring, 16, false, NEON, Rows, 1, &ring22, "Conv16", costRing, "stride 2 by phases modulo 2^16: 25 products for 4 outputs, no bit lost"},
	{"conv_s8_a32_sdot", "Conv", Direct, 32, false, DOT, Quads8, 1, nil, "Conv32", costSdot, "SDOT by lane: four products to a 32-bit sum, operands never widened"},
	{"conv_s8_a32_smlal", "Conv", Classical, 32, false, NEON, Lanes16, 1, nil, "Conv32", costWide, "SMLAL.4s by element: 16-bit operands, 32-bit sums"},
	{"conv_s8_a32_sadalp", "Conv", Pairs, 32, false, NEON, Rows8, 1, nil, "Conv32", costPair, "SMULL, SMLAL2, SADALP: 8-bit operands, 32-bit sums"},
	{"dw_s8_a32_smlal", "Depthwise", Classical, 32, false, NEON, Taps, 1, nil, "DepthwiseConv", costBaseline, "SMLAL.4s: a lane is a channel"},
	{"conv_s8_a16", "Conv", Plain, 16, true, C, Rows, 1, nil, "Conv16", costPlain, "portable C"},
	{"conv_s8_a32", "Conv", Plain, 32, false, C, Rows, 1, nil, "Conv32", costPlain, "portable C"},
	{"conv_s8_a16", "Conv", Plain, 16, true, GoWord, Lanes16, 1, nil, "Conv16", costWord16, "a block of sixteen 16-bit sums: MLA.8h on arm64, else four to a 64-bit word"},
	{"conv_s8_a32", "Conv", Plain, 32, false, GoWord, Lanes16, 1, nil, "Conv32", costWord32, "two 32-bit sums in a 64-bit word"},
	{"dw3_s8_a16_smlal", "Depthwise", Direct, 16, false, NEON, Taps, 1, nil, "DepthwiseConv", costDepthwise3, "SMLAL.8h, 3x3: an input vector is read once for a block of outputs"},
	{"dw5_s8_a16_smlal", "Depthwise", Direct, 16, false, NEON | A64, Taps, 1, nil, "DepthwiseConv", costDepthwise5, "SMLAL.8h, 5x5: an input vector is read once for a block of outputs"},
	{"dw_s8_a16_smlal", "Depthwise", Direct, 16, true, NEON, Taps, 1, nil, "DepthwiseConv", costDepthwise, "SMLAL.8h: a lane is a channel"},
	{"dw_s8_a32", "Depthwise", Plain, 32, false, C, Taps, 1, nil, "DepthwiseConv", costPlain, "portable"},
	{"dw_s8_a16", "Depthwise", Plain, 16, true, GoWord, Taps, 1, nil, "DepthwiseConv16", costDepthwise, "SMLAL.8h on arm64: a lane is a channel"},
	{"dw_s8_a32", "Depthwise", Plain, 32, false, GoWord, Taps, 1, nil, "DepthwiseConv", costPlain, "portable"},
}

// Options say which kernels a program may use.
type Options struct {
	Kernels string // best, direct, classical32 or best32; "" is best
	L2      int    // bytes of cache that a transformed layer should stay in; 0: the target's
	// MaxTable is how many weights one table holds, and about how many numbers one
	// file of tables; 0: as many as compilers take in seconds. A layer with more is cut
	// by channels into several calls.
	MaxTable int
}

// Choices are the values of Options.Kernels and the families each allows.
var Choices = []struct {
	Name     string
	Families []Family
	Why      string
}{
	{"best", []Family{Plain, Direct, Ring, Pairs}, "the cheapest of all"},
	{"direct", []Family{Plain, Direct, Pairs}, "no Winograd form: no transformed weights, no bit lost"},
	{"classical32", []Family{Plain, Classical}, "baseline: 16-bit operands, 32-bit sums"},
	{"best32", []Family{Plain, Classical, Pairs}, "baseline: 32-bit sums; for each layer the better of classical32 and 8-bit operands, sums of two products widened"},
}

func (o *Options) families() ([]Family, error) {
	for _, c := range Choices {
		if c.Name == o.Kernels || o.Kernels == "" && c.Name == "best" {
			return c.Families, nil
		}
	}
	return nil, fmt.Errorf("--kernels: %q is not a choice of kernels", o.Kernels)
}

// A Candidate is a kernel that was considered for a layer.
type Candidate struct {
	Kernel string  `json:"kernel"`
	Cost   float64 `json:"cost"` // predicted, in Target.CostUnit; of a form that does not fit, what it would have been
	Note   string  `json:"note,omitempty"`
}

// work is a convolution as costs see it.
type work struct {
	h, w, cin, c int // output pixels; channels of one group
	groups       int
	k            int // products in one dot product
	pieces       []kern.Piece
	kernel       []int
	strides      []int
	dilations    []int
}

func (w *work) pixels() int { return w.h * w.w }

// allowed lists the rows that could run op with sums of acc on t, the cheapest
// first. Accumulators wider than 16 bits may still be run by a kernel that
// flushes 16-bit segments: the result is the same sum. Pairs of products need 16 bits
// and then 32: they keep what 16:32 promises and 16, 12:16 or 12:32 do not; the
// baseline promises nothing.
func allowed(t *Target, op ir.Op, acc ir.Accum, families []Family, w *work) []*Kernel {
	var rows []*Kernel
	for i := range Kernels {
		k := &Kernels[i]
		if k.Op != op || k.Needs&^t.Has != 0 || !slices.Contains(families, k.Family) {
			continue
		}
		if k.Family == Pairs && (acc.Total() <= 16 || acc.Bits < 16) && slices.Contains(families, Direct) {
			continue
		}
		if !k.Flushes && (k.Acc < acc.Total() || acc.Wide == 16) || math.IsInf(k.cost(w, t), 1) {
			continue
		}
		rows = append(rows, k)
	}
	slices.SortStableFunc(rows, func(a, b *Kernel) int {
		switch ca, cb := a.cost(w, t), b.cost(w, t); {
		case ca < cb:
			return -1
		case ca > cb:
			return 1
		}
		return 0
	})
	return rows
}
