package verify

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// narrow proves that a layer may be requantized in few bits. Level 1: no shift
// goes left. Level 2, in 16 bits: every bias fits, and a sum that saturates gives
// an end of the output's levels as the true one would.
func (s *source) narrow(level int64, g fields, cert *ir.CertificateLayer, preload []int64, bits int) error {
	if level == 2 && bits > 16 || level > 2 {
		return fmt.Errorf("requantizes sums of %d bits at level %d", bits, level)
	}
	bias, shift, mul, tops := s.tables[g.ref["bias"]], s.tables[g.ref["shift"]], s.tables[g.ref["mul"]], s.tables[g.ref["tops"]]
	if len(shift) != len(bias) || mul != nil && len(mul) != len(bias) || tops != nil && len(tops) != len(bias) {
		return fmt.Errorf("tables of %d, %d, %d and %d entries to requantize with", len(bias), len(shift), len(mul), len(tops))
	}
	const least, greatest = -1 << 15, 1<<15 - 1
	for c := range bias {
		if shift[c] < 0 || shift[c] > 31 {
			return fmt.Errorf("channel %d: shift %d is not to the right", c, shift[c])
		}
		if level == 1 {
			continue
		}
		if bias[c] < least || bias[c] > greatest {
			return fmt.Errorf("channel %d: bias %d does not fit 16 bits", c, bias[c])
		}
		if g.num["half"] != 0 {
			continue
		}
		at := func(t int64) int64 { // the requantizer, from its definition
			if mul != nil {
				t = (t*mul[c] + 1<<14) >> 15
			}
			return (t+int64(1)<<shift[c]>>1)>>shift[c] + g.num["zero"]
		}
		var pre int64
		if preload != nil {
			pre = preload[c]
		}
		top := g.num["hi"]
		if tops != nil {
			top = tops[c]
		}
		if cert.Channels[c][1]+pre+bias[c] > greatest && at(greatest) < top {
			return fmt.Errorf("channel %d: a sum that saturates 16 bits gives %d, below the greatest level %d", c, at(greatest), top)
		}
		if cert.Channels[c][0]+pre+bias[c] < least && at(least) > g.num["lo"] {
			return fmt.Errorf("channel %d: a sum that saturates 16 bits gives %d, above the least level %d", c, at(least), g.num["lo"])
		}
	}
	return nil
}
