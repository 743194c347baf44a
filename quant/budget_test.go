package quant

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestBudgets holds that weights that keep a rung's budget have a window that
// fits, on random rows and on those that spend the budget to the last unit.
func TestBudgets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		acc := ir.Accum{Bits: 8 + r.IntN(25)}
		if r.IntN(4) == 0 {
			acc = ir.Accum{Bits: 8 + r.IntN(9), Wide: 32, Segment: r.IntN(3) * (1 + r.IntN(70))}
		}
		f := formatFor(levelCounts[r.IntN(len(levelCounts))], 1, -r.Float64(), r.Float64())
		if !(f.Levels.Lo <= 0 && f.Levels.Hi >= 0 && f.Levels.Lo >= -128 && f.Levels.Hi <= 127) {
			t.Fatalf("levels %s do not straddle zero inside int8", f.Levels)
		}
		taps := []int{1, 9}[r.IntN(2)]
		k := taps * (1 + r.IntN(600/taps))
		rung := []string{"type", "l1", "window", "clamp"}[r.IntN(4)]
		levels := slices.Repeat([]ir.Bound{f.Levels}, k)
		for i := range levels {
			if rung == "clamp" {
				levels[i].Hi = f.Zero + r.Int64N(f.Levels.Hi-f.Zero+1)
			}
		}
		spare := 0
		if acc.Wide == 0 {
			spare = r.IntN(3)
		}
		g := budgetFor(rung, acc, spare, levels, taps)
		row, q := make([]float32, k), make([]int8, k)
		for i := range row {
			row[i] = float32(r.NormFloat64())
		}
		quantizeRow(q, row, g, 0)
		row64, real := make([]int64, k), make([]float32, k)
		for i, w := range q {
			row64[i], real[i] = int64(w), float32(w)
			if acc.Wide != 0 {
				p := levels[i].Product(int64(w))
				if half := int64(1) << (acc.Bits - 1); p.Lo < -half || p.Hi > half-1 {
					t.Fatalf("%s %s: product %s of one weight", acc, rung, p)
				}
			}
		}
		if window := windowOf(row64, levels); !window.Fits(acc.Total() - spare) {
			t.Fatalf("%s %s: window %s, levels %s", acc, rung, window, f.Levels)
		}
		checkSegments(t, acc, row64, levels, taps)
		if over := g.over(real); over > 0 {
			t.Fatalf("%s %s: spends %g more than %d", acc, rung, over, g.room)
		}
	}
}

// checkSegments sums each segment anew, in the order of the kernels.
func checkSegments(t *testing.T, acc ir.Accum, row []int64, levels []ir.Bound, taps int) {
	t.Helper()
	if acc.Segment == 0 {
		return
	}
	half, channels := int64(1)<<(acc.Bits-1), len(row)/taps
	var b ir.Bound
	for at := range row {
		if at%acc.Segment == 0 {
			b = ir.Bound{}
		}
		i := at%channels*taps + at/channels
		b = b.Plus(straddle(levels[i]).Product(row[i]))
		if b.Lo < -half || b.Hi > half-1 {
			t.Fatalf("%s: sum %s before product %d", acc, b, at+1)
		}
	}
}

// TestQuantizeRowIsFine holds that no scale 10 % finer keeps the budget, when
// the budget is large enough for rounding to average out.
func TestQuantizeRowIsFine(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		k := 64 + r.IntN(500)
		row, q := make([]float32, k), make([]int8, k)
		for i := range row {
			row[i] = float32(r.NormFloat64())
		}
		g := budget{room: int64(10 * k), cost: slices.Repeat([]int64{1}, k), cap: maxWeight}
		scale := quantizeRow(q, row, g, 0)
		if fitsBudget(row, scale*0.9, g) {
			t.Fatalf("scale %g is coarser than need be", scale)
		}
	}
}

// TestPassOrder holds the table of passes to the constraints beside it.
func TestPassOrder(t *testing.T) {
	at := map[string]int{}
	for i, p := range passes {
		at[p.name] = i + 1
	}
	for _, o := range passOrder {
		if at[o.first] == 0 || at[o.then] == 0 || at[o.first] > at[o.then] {
			t.Errorf("%s has to come before %s: %s", o.first, o.then, o.why)
		}
	}
}
