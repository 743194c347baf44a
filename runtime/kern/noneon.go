//go:build !arm64 || purego || tinygo

package kern

// convBlock computes a block of channels with sums of 16 bits.
func convBlock(g *Conv, x, y []int8, w string, at channels, words [][4]uint64) {
	if wordBits == 64 {
		wordBlock(g, x, y, w, at, words)
		return
	}
	var t blockTable
	for c := 0; c < at.n; c += quad {
		t.set(channels{at.q, at.first + c, min(quad, at.n-c)})
		pairBlock(g, x, y[c:], w[c:], &t, words)
	}
}

// convWide computes a block of channels with sums of 32 bits.
func convWide(g *Conv, x, y []int8, w string, at channels, words [][4]uint64) {
	wideBlock(g, x, y, w, at, words)
}

// addFast adds the first elements, and returns how many.
func addFast(*Plane, []int8, []int8, []int8) int { return 0 }

// depthFast computes channels of a block, and returns how many.
func depthFast(*Depthwise, []int8, []int8, string, channels) int { return 0 }
