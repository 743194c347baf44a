package quant

import (
	"fmt"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestScaleGiven holds that a batch norm behind integer weights goes into scales and
// signs, and that weights whose negative is no int8 are quantized anew.
func TestScaleGiven(t *testing.T) {
	for _, c := range []struct {
		name  string
		whole []int64
		a     []float32
		want  string
	}{
		{"both signs", []int64{3, -128, 5, -7}, []float32{2, -0.5}, "[3 -128 -5 7] [0.5 0.25]"},
		{"zero", []int64{3, -4, 5, -7}, []float32{0, 1}, "[0 0 5 -7] [0.25 0.5]"},
		{"no negative", []int64{3, -128, 5, -7}, []float32{-2, 1}, "[] none"},
	} {
		w := &ir.Value{Const: &ir.Tensor{Elem: ir.Float32, Shape: []int{2, 2, 1, 1}, Real: make([]float32, 4), Int: c.whole},
			Format: &ir.Format{Scales: []float64{0.25, 0.5}}}
		scaleGiven(w, c.a)
		scales := "none"
		if w.Format != nil {
			scales = fmt.Sprint(w.Format.Scales)
		}
		if got := fmt.Sprint(w.Const.Int) + " " + scales; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestScaleIndex holds broadcast scales to the elements that they belong to.
func TestScaleIndex(t *testing.T) {
	for _, c := range []struct{ shape, scale []int }{
		{[]int{3, 2, 2}, nil}, {[]int{3, 2, 2}, []int{1}}, {[]int{3, 2, 2}, []int{3, 1, 1}}, {[]int{3, 2, 2}, []int{2}}, {[]int{3, 4}, []int{3, 1}},
	} {
		at := scaleIndex(c.shape, c.scale)
		seen := map[int]int{}
		for i := range ir.NumElements(c.shape) {
			seen[at(i)]++
		}
		n := ir.NumElements(c.scale)
		if len(seen) != n || seen[0] != ir.NumElements(c.shape)/n {
			t.Errorf("%v by %v: %v", c.shape, c.scale, seen)
		}
	}
	if at := scaleIndex([]int{3, 4}, []int{3, 1}); at(7) != 1 || at(8) != 2 {
		t.Error("rows have other scales than their own")
	}
}
