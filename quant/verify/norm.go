package verify

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
)

// norm proves that a normalisation of inputs in levels stays inside its table and
// its products inside 32 bits.
func (s *source) norm(g fields, levels ir.Bound) error {
	factor, shift := s.tables[g.ref["factor"]], g.num["shift"]
	before, after, c := g.num["before"], g.num["after"], g.num["c"]
	if shift < 0 || shift > 30 || before < 0 || after < 0 || c < 1 || min(before+after+1, c) > 1<<14 {
		return fmt.Errorf("shifts by %d, for %d channels before and %d after of %d", shift, before, after, c)
	}
	top := max(levels.Hi-g.num["x_zero"], g.num["x_zero"]-levels.Lo)
	most, octave := min(before+after+1, c)*top*top, 0
	for most>>octave > 63 {
		octave++
	}
	if need := 32*int64(octave) + most>>octave + 2; int64(len(factor)) < need {
		return fmt.Errorf("squares sum to %d, for which its table needs %d entries and has %d", most, need, len(factor))
	}
	for i, f := range factor {
		if f < 0 || i > 0 && factor[i-1] < f {
			return fmt.Errorf("factor %d is %d, which is negative or more than the one before", i, f)
		}
		octave := max(0, i/32-1)
		if i > 0 && (factor[i-1]-f+1)<<octave > math.MaxInt32 || top*f+int64(1)<<shift>>1 > math.MaxInt32 {
			return fmt.Errorf("factor %d is %d: a product with it leaves 32 bits", i, f)
		}
	}
	return nil
}
