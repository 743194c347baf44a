package quant

import (
	"math"

	"github.com/snug-nn/snug/ir"
)

// levelCounts are the numbers of levels above the lowest, X, that are tried:
// any integer is allowed, these are dense enough.
var levelCounts = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 21, 23, 25, 28, 31, 35, 39, 45, 51, 57, 63, 75, 90, 105, 127, 160, 200, 255}

// clipRatios are the parts of the range that are tried: what lies outside is
// clamped.
var clipRatios = []float64{1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.22}

// minRange is the least range that gets levels of its own: one below it, that of
// a dead tensor, has a scale whose reciprocal is infinite in float32.
const minRange = 0x1p-100

// formatFor gives x levels above the lowest to the part clip of [lo, hi], which
// holds zero. Zero is a level, and stored integers straddle zero, so that any
// subset of a sum's terms stays in its window.
func formatFor(x int, clip, lo, hi float64) ir.Format {
	lo, hi = float64(lo*clip), float64(hi*clip)
	if hi-lo < minRange {
		lo, hi = 0, 1
	}
	scale := (hi - lo) / float64(x)
	below := int64(math.Round(-lo / scale))
	above := int64(x) - below
	zero := int64(0)
	if below > 128 || above > 127 {
		zero = below - 128
	}
	return ir.Format{Levels: ir.Bound{Lo: zero - below, Hi: zero + above}, Zero: zero, Scales: []float64{scale}}
}

// quantize32 rounds reals to level numbers, less the zero point.
func quantize32(dst, x []float32, f *ir.Format) {
	inv := float32(1 / f.Scale())
	lo, hi := float32(f.Levels.Lo-f.Zero), float32(f.Levels.Hi-f.Zero)
	for i, v := range x {
		dst[i] = roundEven(min(max(v*inv, lo), hi))
	}
}
