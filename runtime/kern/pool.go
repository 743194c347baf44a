package kern

// A Pool is the geometry of a pooling window over H x W x C outputs. Windows
// are cut at the edges of the XH x XW input.
type Pool struct {
	H, W, C              int
	XH, XW               int
	XRow, XCol           int // input elements from one input row, column to the next
	YRow, YCol           int
	KH, KW               int
	StrideH, StrideW     int
	PadH, PadW           int // rows, columns of padding before the first
	DilationH, DilationW int
	XZero                int32
	Mul                  []int16 // AveragePool: a window of n elements takes the factor Mul[n-1]/2^15/2^Shift[n-1],
	Shift                []int8  // or the only one there is
	Zero, Lo, Hi         int32
}

// inside returns the positions of a window of n, of which the first is at first, that
// lie in [0, size), as a range of positions; step is the dilation.
func inside(first, n, step, size int) (from, to int) {
	from, to = first, first+n*step
	for from < 0 {
		from += step
	}
	return from, min(to, size)
}

// MaxPool writes the greatest element of each window; the output has the
// input's format.
func MaxPool(g *Pool, x, y []int8) {
	for row := 0; row < g.H; row++ {
		top, bottom := inside(row*g.StrideH-g.PadH, g.KH, g.DilationH, g.XH)
		for col := 0; col < g.W; col++ {
			left, right := inside(col*g.StrideW-g.PadW, g.KW, g.DilationW, g.XW)
			columns := count(left, right, g.DilationW)
			yp := y[row*g.YRow+col*g.YCol:][:g.C]
			fill(yp, -128)
			for r := top; columns > 0 && r < bottom; r += g.DilationH {
				line := x[r*g.XRow+left*g.XCol:]
				if g.C >= 16 {
					for c := 0; c < g.C; c += 16 {
						at := min(c, g.C-16) // the last sixteen are moved back inside
						maxRow((*[16]int8)(yp[at:]), line[at:], g.DilationW*g.XCol, columns)
					}
					continue
				}
				for s := 0; s < columns; s++ {
					xp := line[s*g.DilationW*g.XCol:][:len(yp)]
					for c := range yp {
						yp[c] = max(yp[c], xp[c])
					}
				}
			}
		}
	}
}

// AveragePool writes the mean of each window. Padding that counts toward the
// mean was made part of the table: Mul[n-1] belongs to n real elements.
func AveragePool(g *Pool, x, y []int8) {
	var t meanTable
	for row := 0; row < g.H; row++ {
		top, bottom := inside(row*g.StrideH-g.PadH, g.KH, g.DilationH, g.XH)
		for col := 0; col < g.W; col++ {
			left, right := inside(col*g.StrideW-g.PadW, g.KW, g.DilationW, g.XW)
			yp := y[row*g.YRow+col*g.YCol:][:g.C]
			rows, columns := count(top, bottom, g.DilationH), count(left, right, g.DilationW)
			n := rows * columns
			if g.C >= 16 {
				for c := 0; c < g.C; c += 16 {
					at := min(c, g.C-16) // the last sixteen are moved back inside
					var sums [16]int32
					for r := top; n > 0 && r < bottom; r += g.DilationH {
						sumRow(&sums, x[r*g.XRow+left*g.XCol+at:], g.DilationW*g.XCol, columns)
					}
					t.means(g, yp[at:], &sums, int32(n))
				}
				continue
			}
			for c := range yp {
				sum := int32(0)
				for r := top; r < bottom; r += g.DilationH {
					line := x[r*g.XRow+c:]
					for s := left * g.XCol; s < right*g.XCol; s += g.DilationW * g.XCol {
						sum += int32(line[s])
					}
				}
				yp[c] = g.mean(sum, int32(n))
			}
		}
	}
}

// count is how many steps there are from one position up to another.
func count(from, to, step int) int { return max((to-from+step-1)/step, 0) }

// mean requantizes the sum of n elements.
func (g *Pool) mean(sum, n int32) int8 {
	if n == 0 {
		return int8(max(min(g.Zero, g.Hi), g.Lo))
	}
	t := sum - n*g.XZero
	mul, s := g.factor(n)
	if s < 0 {
		t <<= uint(-s)
		s = 0
	}
	v := (int64(t)*int64(mul) + 1<<14) >> 15
	v = (v + (int64(1)<<uint(s))>>1) >> uint(s)
	return int8(max(min(int32(v)+g.Zero, g.Hi), g.Lo))
}

// factor returns that of windows of n elements: mul / 2^15 / 2^shift.
func (g *Pool) factor(n int32) (mul int16, shift int8) {
	i := 0
	if len(g.Mul) > 1 {
		i = int(n) - 1
	}
	return g.Mul[i], g.Shift[i]
}
