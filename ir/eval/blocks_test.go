package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestConvParts has rows too long for one block, as signals of one axis do, at
// a stride and with padding on either side.
func TestConvParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	for _, stride := range []int{1, 3} {
		a := ir.Attrs{Strides: []int{stride}, Dilations: []int{2}, Pads: []int{300, 500}, Group: 1}
		const c, taps, size = 40, 11, 4000
		x, w := real(rng, []int{1, c, size}), real(rng, []int{2, c, taps})
		out, err := Node(&ir.Node{Op: "Conv", Attrs: a}, []*ir.Tensor{x, w, nil})
		if err != nil {
			t.Fatal(err)
		}
		y := out[0]
		if y.Shape[2] <= 2*blockColumns/(c*taps) {
			t.Fatalf("two blocks hold %v", y.Shape)
		}
		for at, v := range y.Real {
			m, o := at/y.Shape[2], at%y.Shape[2]
			sum := 0.0
			for k := range taps {
				from := o*stride + 2*k - 300
				if from < 0 || from >= size {
					continue
				}
				for ch := range c {
					sum += float64(w.Real[(m*c+ch)*taps+k]) * float64(x.Real[ch*size+from])
				}
			}
			if math.Abs(float64(v)-sum) > 1e-3 {
				t.Fatalf("stride %d: output %d of channel %d is %g, want %g", stride, o, m, v, sum)
			}
		}
	}
}

// TestConvMemory: a signal of a million steps takes no more than its blocks.
func TestConvMemory(t *testing.T) {
	x, w := ir.NewTensor(ir.Float32, []int{1, 2, 1000000}), ir.NewTensor(ir.Float32, []int{1, 2, 200})
	x.Real[500000], w.Real[7] = 2, 3
	n := &ir.Node{Op: "Conv", In: []*ir.Value{{Shape: x.Shape}, {Shape: w.Shape}}}
	in := []*ir.Tensor{x, w}
	out, err := outputs(n, in)
	if err != nil {
		t.Fatal(err)
	}
	var s scratch
	if err := apply(n, in, out, &s); err != nil {
		t.Fatal(err)
	}
	if got := out[0].Real[500000-7]; got != 6 {
		t.Errorf("output is %g, want 6", got)
	}
	if cap(s.v) > blockColumns {
		t.Errorf("%d elements are laid out", cap(s.v))
	}
}
