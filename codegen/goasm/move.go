package goasm

import (
	"fmt"
	"strings"
)

// interleave takes elements of some rows in turns, as a shuffle of channels does: VST
// with several registers is made for it.
func interleave(rows int) Function {
	name := fmt.Sprintf("interleave%d", rows)
	var p printer
	p.begin(name, "y, x *int8, step, n int",
		fmt.Sprintf("// Writes n elements, a multiple of sixteen, of each of %d rows step elements apart.\n", rows), 32)
	p.line("MOVD y+0(FP), R0")
	p.arguments(8, "x", "step", "n")
	from := [...]int{1, 4, 5, 6} // registers that walk along the rows
	var vectors []string
	for row := range rows {
		vectors = append(vectors, fmt.Sprintf("V%d.B16", row))
		if row > 0 {
			p.line("ADD R2, R%d, R%d", from[row-1], from[row])
		}
	}
	p.label("vector")
	for row := range rows {
		p.line("VLD1.P 16(R%d), [V%d.B16]", from[row], row)
	}
	p.line("VST%d.P [%s], %d(R0)", rows, strings.Join(vectors, ", "), 16*rows)
	p.line("SUBS $16, R3")
	p.line("BNE vector")
	p.line("RET")
	return Function{name, p.String()}
}
