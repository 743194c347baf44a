package codegen_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
)

// TestNorm holds the tabulated normalisation against its formula, from constants
// that hardly do anything to such as make factors fall by a thousand.
func TestNorm(t *testing.T) {
	full := ir.Bound{Lo: -128, Hi: 127}
	for _, c := range []struct {
		name                    string
		size                    int
		alpha, beta, bias, in   float32
		levels                  ir.Bound
		zero                    int64
		channels, height, width int
	}{
		{"alexnet", 5, 1e-4, 0.75, 1, 2, full, -128, 96, 8, 8},
		{"zfnet", 5, 5e-4, 0.75, 2, 2, full, -128, 96, 8, 8},
		{"strong", 5, 1, 0.75, 1, 1, full, 3, 32, 8, 8},
		{"tiny bias", 3, 1, 0.5, 0.01, 0.05, full, 0, 16, 8, 8},
		{"cubed", 4, 0.01, 3, 1, 0.3, full, -128, 16, 8, 8},
		{"no power", 7, 1, 0, 2, 1, full, 0, 5, 8, 8},
		{"all channels", 64, 0.1, 0.75, 1, 0.1, full, 0, 33, 5, 3},
		{"few levels", 3, 0.2, 0.75, 1, 1, ir.Bound{Lo: 0, Hi: 15}, 0, 8, 8, 8},
	} {
		a := ir.Attrs{Size: c.size, Alpha: c.alpha, Beta: c.beta, Bias: c.bias}
		x := &ir.Value{Name: "x", Shape: []int{1, c.channels, c.height, c.width}, Format: &ir.Format{Levels: c.levels, Zero: c.zero, Scales: []float64{float64(c.in)}}}
		r := rand.New(rand.NewPCG(5, 5))
		in := make([]int8, c.channels*c.height*c.width)
		for i := range in { // half of them at the lowest level where that is zero, as behind a Relu
			in[i] = int8(c.levels.Clamp(c.zero + int64(r.NormFloat64()*float64(c.levels.Width())/4)))
		}
		want := make([]float64, len(in))
		top := 0.0
		for i := range want {
			v := func(j int) float64 { return float64(c.in) * float64(int64(in[j])-c.zero) }
			sum, ch := 0.0, i%c.channels
			for k := max(0, ch-(c.size-1)/2); k <= min(c.channels-1, ch+c.size/2); k++ {
				sum += v(i-ch+k) * v(i-ch+k)
			}
			want[i] = v(i) / math.Pow(float64(c.bias)+float64(c.alpha)/float64(c.size)*sum, float64(c.beta))
			top = max(top, math.Abs(want[i]))
		}
		y := &ir.Value{Name: "y", Shape: x.Shape, Format: &ir.Format{Levels: full, Zero: c.zero, Scales: []float64{top / 120}}}
		if c.zero == -128 {
			y.Format.Scales[0] = top / 250
		}
		g := &ir.Graph{Name: "norm", In: []*ir.Value{x}, Out: []*ir.Value{y}, Nodes: []*ir.Node{{Name: "lrn", Op: "LRN", In: []*ir.Value{x}, Out: []*ir.Value{y}, Attrs: a}}}
		p, err := codegen.Lower(g, codegen.FindTarget("go"), &codegen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := codegen.NewSim(p)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]int8, len(in))
		s.Run(in, got)
		worst, signal, noise, rounded := 0.0, 0.0, 0.0, 0.0
		for i, w := range want {
			w /= y.Format.Scales[0]
			d := float64(int64(got[i])-c.zero) - w
			worst = max(worst, math.Abs(d))
			signal, noise, rounded = signal+w*w, noise+d*d, rounded+(w-math.Round(w))*(w-math.Round(w))
		}
		t.Logf("%s: error at most %.3f levels, SNR %.1f dB, of rounding alone %.1f", c.name, worst, 10*math.Log10(signal/noise), 10*math.Log10(signal/rounded))
		if worst > 0.5+1.0/50 {
			t.Errorf("%s: is off by %.2f levels", c.name, worst)
		}
	}
}
