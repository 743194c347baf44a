package codegen

import (
	"math"
	"slices"
)

// costDepthwise: eight channels of four pixels of a row a tile; a flush takes eight
// SADDW and four clears.
func costDepthwise(w *work, _ *Kernel, _ *Target) float64 {
	tile := float64(15*w.k) + 120
	for _, p := range w.pieces {
		if p.Flush {
			tile += 13
		}
	}
	return blocks(w.groups, 8) * (float64(w.h)*blocks(w.w, 4)*tile + 60)
}

// costDepthwise3: sixteen channels of two by four outputs a block or of one by seven,
// the last eight channels of two by four; the last block in a row or column computes
// some outputs twice where sizes do not fit.
func costDepthwise3(w *work, _ *Kernel, _ *Target) float64 {
	stride := w.strides[0]
	if !sharesRows(w, 3) {
		return math.Inf(1)
	}
	loads := float64((stride + 3) * (3*stride + 3))
	fours := blocks(w.h, 2) * blocks(w.w, 4)
	sixteen := fours * (loads + 144 + 125)
	if w.w >= 7 && 9*float64(w.h)*blocks(w.w, 7) < 10*fours { // snug_dw3_sevens
		sixteen = float64(w.h) * blocks(w.w, 7) * (float64(3*(6*stride+3)) + 126 + 115)
	}
	eight := fours * (loads + 72 + 85)
	if w.groups == 8 && stride == 1 && w.h >= 4 { // four by four, two columns a vector
		eight = blocks(w.h, 4) * blocks(w.w, 4) * (18 + 144 + 120)
	}
	return float64(w.groups/16)*(sixteen+250) + float64(w.groups%16/8)*(eight+250) + costRest(w)
}

// costDepthwise5: eight channels of two by four outputs a block.
func costDepthwise5(w *work, _ *Kernel, _ *Target) float64 {
	stride := w.strides[0]
	if !sharesRows(w, 5) {
		return math.Inf(1)
	}
	eight := blocks(w.h, 2) * blocks(w.w, 4) * (float64((stride+5)*(3*stride+5)) + 200 + 90)
	return float64(w.groups/8)*(eight+300) + costRest(w)
}

// sharesRows reports whether a window of k by k is one that blocks of two by four
// outputs share rows of.
func sharesRows(w *work, k int) bool {
	stride := w.strides[0]
	return slices.Equal(w.kernel, []int{k, k}) && slices.Equal(w.dilations, []int{1, 1}) &&
		w.strides[1] == stride && stride <= 2 && w.h >= 2 && w.w >= 4 && w.c == 1
}

// costRest is what costDepthwise has for channels that fill no vector.
func costRest(w *work) float64 {
	if w.groups%8 == 0 {
		return 0
	}
	return blocks(w.pixels(), 4) * float64(9*w.k+90)
}
