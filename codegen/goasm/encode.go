package goasm

import (
	"fmt"
	"strings"
)

// An encoding is an instruction whose first operands are the registers d, n
// and m, at bits 0, 5 and 16, and whose last may be the index of an element.
type encoding struct {
	syntax string
	base   uint32
}

// encodings is the table; names say the lanes where one instruction has several
// forms. See the Arm Architecture Reference Manual, A64 advanced SIMD.
var encodings = map[string]encoding{
	"ldr.q":      {"ldr q%d, [x%d,x%d]", 0x3ce06800},
	"mla":        {"mla v%d.8h, v%d.8h, v%d.h[%d]", 0x6f400000},
	"mul.s":      {"mul v%d.4s, v%d.4s, v%d.4s", 0x4ea09c00},
	"saddw":      {"saddw v%d.4s, v%d.4s, v%d.4h", 0x0e601000},
	"saddw2":     {"saddw2 v%d.4s, v%d.4s, v%d.8h", 0x4e601000},
	"saddw.b":    {"saddw v%d.8h, v%d.8h, v%d.8b", 0x0e201000},
	"saddw2.b":   {"saddw2 v%d.8h, v%d.8h, v%d.16b", 0x4e201000},
	"smax":       {"smax v%d.16b, v%d.16b, v%d.16b", 0x4e206400},
	"smin":       {"smin v%d.16b, v%d.16b, v%d.16b", 0x4e206c00},
	"smlal.e":    {"smlal v%d.4s, v%d.4h, v%d.h[%d]", 0x0f402000},
	"smlal2.e":   {"smlal2 v%d.4s, v%d.8h, v%d.h[%d]", 0x4f402000},
	"smlal.h":    {"smlal v%d.8h, v%d.8b, v%d.8b", 0x0e208000},
	"smlal.s":    {"smlal v%d.4s, v%d.4h, v%d.4h", 0x0e608000},
	"smlal2.s":   {"smlal2 v%d.4s, v%d.8h, v%d.8h", 0x4e608000},
	"smlal2.h":   {"smlal2 v%d.8h, v%d.16b, v%d.16b", 0x4e208000},
	"smull":      {"smull v%d.4s, v%d.4h, v%d.4h", 0x0e60c000},
	"smull2":     {"smull2 v%d.4s, v%d.8h, v%d.8h", 0x4e60c000},
	"sqadd":      {"sqadd v%d.8h, v%d.8h, v%d.8h", 0x4e600c00},
	"sqrdmulh.h": {"sqrdmulh v%d.8h, v%d.8h, v%d.8h", 0x6e60b400},
	"srhadd":     {"srhadd v%d.8h, v%d.8h, v%d.8h", 0x4e601400},
	"srshl.h":    {"srshl v%d.8h, v%d.8h, v%d.8h", 0x4e605400},
	"sqrdmulh.s": {"sqrdmulh v%d.4s, v%d.4s, v%d.4s", 0x6ea0b400},
	"sqxtn.b":    {"sqxtn v%d.8b, v%d.8h", 0x0e214800},
	"sqxtn2.b":   {"sqxtn2 v%d.16b, v%d.8h", 0x4e214800},
	"sqxtn.h":    {"sqxtn v%d.4h, v%d.4s", 0x0e614800},
	"sqxtn2.h":   {"sqxtn2 v%d.8h, v%d.4s", 0x4e614800},
	"srshl.s":    {"srshl v%d.4s, v%d.4s, v%d.4s", 0x4ea05400},
	"srshr.1":    {"srshr v%d.4s, v%d.4s, #1", 0x4f3f2400},
	"ssubl":      {"ssubl v%d.8h, v%d.8b, v%d.8b", 0x0e202000},
	"ssubl2":     {"ssubl2 v%d.8h, v%d.16b, v%d.16b", 0x4e202000},
	"sshl":       {"sshl v%d.4s, v%d.4s, v%d.4s", 0x4ea04400},
	"sxtl":       {"sxtl v%d.8h, v%d.8b", 0x0f08a400},
	"sxtl2":      {"sxtl2 v%d.8h, v%d.16b", 0x4f08a400},
}

// encode returns the word and the text of an instruction.
func encode(name string, operands ...int) (uint32, string) {
	e, ok := encodings[name]
	if !ok || len(operands) != strings.Count(e.syntax, "%d") {
		panic(fmt.Sprintf("goasm: %s of %d operands is not in the table", name, len(operands)))
	}
	word := e.base
	shifts := [3]int{0, 5, 16}
	args := make([]any, len(operands))
	for i, v := range operands {
		args[i] = v
		switch {
		case i == 3: // bits 2, 1 and 0 of the index are H, L and M
			if v > 7 || operands[2] > 15 {
				panic(fmt.Sprintf("goasm: %s: no element %d of v%d", name, v, operands[2]))
			}
			word |= uint32(v>>2&1<<11 | v>>1&1<<21 | v&1<<20)
		case v > 31:
			panic(fmt.Sprintf("goasm: %s: no register v%d", name, v))
		default:
			word |= uint32(v) << shifts[i]
		}
	}
	return word, fmt.Sprintf(e.syntax, args...)
}
