package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// A place is an output or input element: channel and up to three axes.
type place [4]int

// slow computes a window operator by its definition: for each output it lists
// the input elements of the window that are inside, with their tap.
func slow(x, y []int, a *ir.Attrs, visit func(out place, taps func(f func(tap int, in [3]int)))) {
	w, _ := windowOf(a, x, y)
	for c := range y[1] {
		for o0 := range w.out[0] {
			for o1 := range w.out[1] {
				for o2 := range w.out[2] {
					visit(place{c, o0, o1, o2}, func(f func(tap int, in [3]int)) {
						tap := -1
						for k0 := range w.k[0] {
							for k1 := range w.k[1] {
								for k2 := range w.k[2] {
									tap++
									in := [3]int{o0*w.s[0] + k0*w.d[0] - w.p[0], o1*w.s[1] + k1*w.d[1] - w.p[1], o2*w.s[2] + k2*w.d[2] - w.p[2]}
									if min(in[0], in[1], in[2]) >= 0 && in[0] < w.in[0] && in[1] < w.in[1] && in[2] < w.in[2] {
										f(tap, in)
									}
								}
							}
						}
					})
				}
			}
		}
	}
}

// geometry draws a window operator that is in bounds more often than not.
func geometry(rng *rand.Rand) (a ir.Attrs, size []int) {
	rank := 1 + rng.IntN(3)
	a.Pads = make([]int, 2*rank)
	for i := range rank {
		a.Kernel = append(a.Kernel, 1+rng.IntN(3))
		a.Strides = append(a.Strides, 1+rng.IntN(3))
		a.Dilations = append(a.Dilations, 1+rng.IntN(2))
		a.Pads[i], a.Pads[rank+i] = rng.IntN(2), rng.IntN(2)
		size = append(size, 1+rng.IntN(9))
	}
	if rng.IntN(4) == 0 { // a pointwise one
		for i := range rank {
			a.Kernel[i], a.Strides[i], a.Pads[i], a.Pads[rank+i] = 1, 1, 0, 0
		}
	}
	return a, size
}

func TestConvRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	ways := map[string]int{}
	for ran := 0; ran < 1500; {
		a, size := geometry(rng)
		a.Group = 1 + rng.IntN(3)
		cg, mg := 1+rng.IntN(3), 1+rng.IntN(3)
		x := real(rng, append([]int{1, cg * a.Group}, size...))
		w := real(rng, append([]int{mg * a.Group, cg}, a.Kernel...))
		bias := real(rng, []int{mg * a.Group})
		out, err := Node(&ir.Node{Op: "Conv", Attrs: a}, []*ir.Tensor{x, w, bias})
		if err != nil {
			continue // the window is larger than the input
		}
		ran++
		y := out[0]
		g, _ := windowOf(&a, x.Shape, y.Shape)
		switch {
		case g.pointwise():
			ways["pointwise"]++
		case cg == 1 && g.splits():
			ways["depthwise"]++
		default:
			ways["patches"]++
		}
		at := 0
		slow(x.Shape, y.Shape, &a, func(o place, taps func(func(int, [3]int))) {
			sum := float64(bias.Real[o[0]])
			taps(func(tap int, in [3]int) {
				for c := range cg {
					channel := o[0]/mg*cg + c
					wv := w.Real[(o[0]*cg+c)*g.k[0]*g.k[1]*g.k[2]+tap]
					xv := x.Real[((channel*g.in[0]+in[0])*g.in[1]+in[1])*g.in[2]+in[2]]
					sum += float64(wv) * float64(xv)
				}
			})
			if math.Abs(float64(y.Real[at])-sum) > 1e-4 {
				t.Fatalf("%+v, input %v, weights %v: output %v is %g, want %g", a, x.Shape, w.Shape, o, y.Real[at], sum)
			}
			at++
		})
	}
	if ways["pointwise"] < 100 || ways["depthwise"] < 100 || ways["patches"] < 100 {
		t.Errorf("ran %v: one way is hardly tested", ways)
	}
}

// TestConvBlocks has more patches than fit one block.
func TestConvBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	a := ir.Attrs{Strides: []int{1, 1}, Pads: []int{1, 1, 1, 1}, Group: 1}
	x, w := real(rng, []int{2, 20, 70, 50}), real(rng, []int{3, 20, 3, 3})
	out, err := Node(&ir.Node{Op: "Conv", Attrs: a}, []*ir.Tensor{x, w, nil})
	if err != nil {
		t.Fatal(err)
	}
	if 20*9*70*50 <= blockColumns {
		t.Fatal("one block holds it all")
	}
	a.Kernel, a.Dilations = []int{3, 3}, []int{1, 1}
	at := 0
	for b := range 2 {
		slow(x.Shape, out[0].Shape, &a, func(o place, taps func(func(int, [3]int))) {
			sum := 0.0
			taps(func(tap int, in [3]int) {
				for c := range 20 {
					sum += float64(w.Real[(o[0]*20+c)*9+tap]) * float64(x.Real[((b*20+c)*70+in[1])*50+in[2]])
				}
			})
			if math.Abs(float64(out[0].Real[at])-sum) > 1e-3 {
				t.Fatalf("image %d, output %v is %g, want %g", b, o, out[0].Real[at], sum)
			}
			at++
		})
	}
}

func TestPoolsRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for ran := 0; ran < 1000; {
		a, size := geometry(rng)
		a.CeilMode, a.CountIncludePad = rng.IntN(2) == 0, rng.IntN(2) == 0
		x := real(rng, append([]int{1, 2}, size...))
		most, err := Node(&ir.Node{Op: "MaxPool", Attrs: a}, []*ir.Tensor{x})
		if err != nil {
			continue
		}
		mean, err := Node(&ir.Node{Op: "AveragePool", Attrs: a}, []*ir.Tensor{x})
		if err != nil {
			t.Fatal(err)
		}
		ran++
		g, _ := windowOf(&a, x.Shape, most[0].Shape)
		at := 0
		slow(x.Shape, most[0].Shape, &a, func(o place, taps func(func(int, [3]int))) {
			best, sum, count := math.Inf(-1), 0.0, 0
			taps(func(_ int, in [3]int) {
				v := float64(x.Real[((o[0]*g.in[0]+in[0])*g.in[1]+in[1])*g.in[2]+in[2]])
				best, sum, count = max(best, v), sum+v, count+1
			})
			if a.CountIncludePad {
				count = countPadded(&a, g, o)
			}
			if float64(most[0].Real[at]) != best || math.Abs(float64(mean[0].Real[at])-sum/float64(count)) > 1e-5 {
				t.Fatalf("%+v, input %v, output %v: %g and %g, want %g and %g", a, x.Shape, o, most[0].Real[at], mean[0].Real[at], best, sum/float64(count))
			}
			at++
		})
	}
}

// countPadded counts the taps inside the input with its padding: rounding up
// lets a window reach further, which no one counts.
func countPadded(a *ir.Attrs, g window, o place) int {
	count, rank := 1, len(a.Kernel)
	for i := range rank {
		j, inside := 3-rank+i, 0
		for k := range g.k[j] {
			if o[1+j]*g.s[j]+k*g.d[j] < g.in[j]+a.Pads[i]+a.Pads[rank+i] {
				inside++
			}
		}
		count *= inside
	}
	return count
}

func real(rng *rand.Rand, shape []int) *ir.Tensor {
	return &ir.Tensor{Elem: ir.Float32, Shape: shape, Real: normal(rng, ir.NumElements(shape))}
}
