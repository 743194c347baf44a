package quant

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestGolden holds the signal to noise ratio of every layer of a small network to
// what it was: a change of numerics has to be a decision. Ratios may move by a
// part of a decibel, and levels to others that do as well, as sums of reals
// differ between machines.
func TestGolden(t *testing.T) {
	g := branches().run(t, Options{Accum: ir.Accum{Bits: 12}, Effort: 2, Calib: noise{64}})
	var got []string
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(got, "\n"))
		}
	}()
	for _, n := range g.Nodes {
		if n.Sum != nil {
			got = append(got, fmt.Sprintf("%s %d %.1f", n.Name, n.In[0].Format.Levels.Width(), n.Sum.SNR))
		}
	}
	if len(got) != len(golden) {
		t.Fatalf("layers:\n%s", strings.Join(got, "\n"))
	}
	for i := range got {
		var name string
		var width, levels int
		var snr, ratio float64
		if _, err := fmt.Sscan(golden[i], &name, &levels, &ratio); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(got[i], &name, &width, &snr); err != nil {
			t.Fatal(err)
		}
		if width > 2*levels || levels > 2*width || math.Abs(snr-ratio) > 0.7 {
			t.Errorf("layer %s, want %s", got[i], golden[i])
		}
	}
}

// golden has the name of each convolution, X of its input, and the ratio in dB.
var golden = []string{
	"Conva 21 24.1",
	"Convc 15 18.9",
	"Conve 23 17.0",
	"Convh 75 15.9",
	"Convj 17 8.8",
	"Convl 28 8.7",
	"Convo 39 5.8",
	"Convr 39 10.5",
	"Convu 63 9.0",
}
