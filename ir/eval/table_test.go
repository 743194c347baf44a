package eval

import (
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestRows holds the table to ir.Ops: the same operators, in the same order.
func TestRows(t *testing.T) {
	if len(rows) != len(ir.Ops) {
		t.Errorf("%d rows, ir.Ops has %d", len(rows), len(ir.Ops))
	}
	for i := range min(len(rows), len(ir.Ops)) {
		r, want := rows[i], ir.Ops[i]
		if r.op != want.Op {
			t.Fatalf("row %d is %s, in ir.Ops %s", i, r.op, want.Op)
		}
		if r.f == nil {
			t.Errorf("%s has no function", r.op)
		}
		if (r.kinds == "") != (want.InMax == 0) || want.InMax >= 0 && len(r.kinds) > want.InMax {
			t.Errorf("%s takes %d inputs, has kinds %q", r.op, want.InMax, r.kinds)
		}
		for j, c := range r.kinds {
			if !strings.ContainsRune("ri?-", c) && (c < '0' || int(c-'0') >= j) {
				t.Errorf("%s: kind %q of input %d", r.op, c, j)
			}
		}
	}
}
