package verify

import (
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestPairs holds the proof of kernels that add products eight apart in 16 bits: of
// -128 by -128 one fits and two do not.
func TestPairs(t *testing.T) {
	in := inputs{levels: ir.Bound{Lo: -128, Hi: 127}, cin: 40, c: 1}
	for _, test := range []struct {
		at   []int // where weights are -128; the others are 127 where they meet none of these
		len  int
		want string
	}{
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, 8, ""},
		{[]int{0, 16, 32}, 40, ""}, // sixteen apart
		{[]int{3, 11}, 40, "products 3 and 11"},
		{[]int{8, 16}, 40, ""}, // of two sixteens
		{[]int{31, 23}, 40, "products 23 and 31"},
		{[]int{1, 9}, 10, "products 1 and 9"},
	} {
		row := make([]int64, test.len)
		for i := range row {
			row[i] = 127
			if slices.Contains(test.at, i) {
				row[i] = -128
			} else if slices.Contains(test.at, i-8) || slices.Contains(test.at, i+8) {
				row[i] = 0
			}
		}
		err := pairs([][]int64{row}, []piece{{len: test.len}}, in)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v of %d: error %v, want %q", test.at, test.len, err, test.want)
		}
	}
}
