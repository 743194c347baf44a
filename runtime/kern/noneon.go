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

// An addTable is what a vector of a sum needs: there are none.
type addTable struct{}

func (*addTable) set(*Plane) {}

// run adds the first elements, and returns how many.
func (*addTable) run(_, _, _ []int8) int { return 0 }

// A mulTable is what a vector of a product needs: there are none.
type mulTable struct{}

func (*mulTable) set(*Plane) {}

// run multiplies the first elements, and returns how many.
func (*mulTable) run(_, _, _ []int8) int { return 0 }

// lookupFast looks up the first elements, and returns how many.
func lookupFast(_, _ []int8, _ string) int { return 0 }

// shuffle takes the elements of rows in turns: none does.
func shuffle(*Order, []int8, []int8) bool { return false }

// maxRow takes the greatest of y and n pixels of sixteen channels, step elements apart.
func maxRow(y *[16]int8, x []int8, step, n int) {
	for i := 0; i < n; i++ {
		for c, v := range x[i*step:][:16] {
			y[c] = max(y[c], v)
		}
	}
}

// sumRow adds n pixels of sixteen channels, step elements apart.
func sumRow(sums *[16]int32, x []int8, step, n int) {
	for i := 0; i < n; i++ {
		for c, v := range x[i*step:][:16] {
			sums[c] += int32(v)
		}
	}
}

// A meanTable is what the means of n elements need: nothing.
type meanTable struct{}

// means divides sixteen sums of n elements.
func (*meanTable) means(g *Pool, y []int8, sums *[16]int32, n int32) {
	for i, sum := range sums {
		y[i] = g.mean(sum, n)
	}
}

// depthFast computes channels of a block, and returns how many.
func depthFast(*Depthwise, []int8, []int8, string, channels) int { return 0 }
