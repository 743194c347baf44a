//go:build !arm64 || purego || tinygo

package kern

// convBlock computes a block of channels with sums of 16 bits.
func convBlock(g *Conv, x, y []int8, w string, t *blockTable, words [][4]uint64) {
	wordBlock(g, x, y, w, t, words)
}
