package quant

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestLayerwise holds that the layer-wise search gives fixed point formats whose
// sums keep the accumulator by the rung's own argument, and says what it tried.
func TestLayerwise(t *testing.T) {
	for _, rung := range []string{"type", "l1", "window", "observed"} {
		note := ""
		o := Options{Accum: ir.Accum{Bits: 14}, Rung: rung, Search: "layerwise", Pow2: true, Calib: noise{12}, Workers: 2, Note: func(s string) { note = s }}
		g := branches().run(t, o)
		if !strings.Contains(note, "layer-wise search: tried ") || !strings.Contains(note, " of 49^") || strings.Contains(note, "tried 0 ") {
			t.Errorf("%s: note %q", rung, note)
		}
		for _, n := range g.Nodes {
			for _, v := range n.Out {
				if _, frac := math.Modf(math.Log2(v.Format.Scale())); frac != 0 || len(v.Format.Scales) != 1 {
					t.Errorf("%s: %s has scales %v", rung, v.Name, v.Format.Scales)
				}
			}
			if n.Sum == nil {
				continue
			}
			if n.Sum.Mul != nil {
				t.Errorf("%s: %s has multipliers", rung, n.Name)
			}
			if rung != "observed" {
				checkWindows(t, n)
			}
		}
		o.Calib = noise{40}
		over, all, err := Overflows(context.Background(), g, &o, noise{40})
		if err != nil {
			t.Fatal(err)
		}
		if all == 0 || over > all/100 || over > 0 && rung != "observed" && rung != "window" {
			t.Errorf("%s: %d of %d sums overflow", rung, over, all)
		}
	}
}

// TestLayerwiseRefusals holds that what the search cannot do is said.
func TestLayerwiseRefusals(t *testing.T) {
	o := Options{Accum: ir.Accum{Bits: 16}, Rung: "observed", Calib: noise{4}, Workers: 1}
	refused := func(want string) {
		t.Helper()
		g := qdq(make([]int64, 72))
		if err := Prepare(g, false); err != nil {
			t.Fatal(err)
		}
		if err := Run(context.Background(), g, &o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	refused("--rung observed: proves nothing")
	o.Search = "layerwise"
	refused("takes --scales pow2")
	o.Pow2 = true
	refused("formats of its own")
	o.Search = "fast"
	refused("--rung observed: proves nothing")
	o.Rung = "l1"
	refused(`"fast" is not layerwise`)
}

// TestObservedCounts holds the count of overflows against a network that is
// made to have some: the accumulator is narrowed after the search.
func TestObservedCounts(t *testing.T) {
	o := Options{Accum: ir.Accum{Bits: 16}, Rung: "observed", Search: "layerwise", Pow2: true, Calib: noise{8}, Workers: 1}
	b := newNetwork(4, 6)
	b.conv(3, 1, 1, false)
	g := b.run(t, o)
	n := g.Nodes[0]
	n.Sum.Acc.Bits = 10
	want, x := int64(0), make([]float32, 4*36)
	for i := range 5 {
		if err := (noise{5}).Sample(i, x); err != nil {
			t.Fatal(err)
		}
		q := Quantize(x, g.In[0].Format)
		for c := range 3 {
			for p := range 36 {
				sum := int64(0)
				for k := range 4 {
					sum += n.In[1].Const.Int[c*4+k] * int64(q[k*36+p])
				}
				if sum < -512 || sum > 511 {
					want++
				}
			}
		}
	}
	over, all, err := Overflows(context.Background(), g, &o, noise{5})
	if err != nil {
		t.Fatal(err)
	}
	if over != want || all != 5*3*36 || want == 0 {
		t.Errorf("%d of %d sums overflow, want %d of %d", over, all, want, 5*3*36)
	}
}
