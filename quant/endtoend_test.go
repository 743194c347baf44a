package quant

import (
	"testing"

	"github.com/snug-nn/snug/ir"
)

// loudFirst is noise whose first channel is sixteen times as loud.
type loudFirst struct{ noise }

func (s loudFirst) Sample(i int, dst []float32) error {
	if err := s.noise.Sample(i, dst); err != nil {
		return err
	}
	for j := range dst[:len(dst)/2] {
		dst[j] *= 16
	}
	return nil
}

// TestAnswers holds that effort 3 judges levels by what the network answers: the
// sums of its first layer are mostly those of a loud channel, which the second
// layer does not read.
func TestAnswers(t *testing.T) {
	scale := func(without ...string) float64 {
		b := newNetwork(2, 8)
		b.conv(2, 1, 1, false)
		copy(b.g.Nodes[0].In[1].Const.Real, []float32{1, 0, 0, 1})
		b.conv(1, 1, 1, false)
		copy(b.g.Nodes[1].In[1].Const.Real, []float32{0, 1})
		g := b.run(t, Options{Accum: ir.Accum{Bits: 12}, Effort: 3, Calib: loudFirst{noise{32}}, Without: without})
		return g.In[0].Format.Scale()
	}
	local, answers := scale("answers"), scale()
	t.Logf("a level of the input is %.4f, by its own sums %.4f", answers, local)
	if answers > local/2 {
		t.Errorf("a level of the input is %g where only the quiet channel counts, %g where sums do", answers, local)
	}
}
