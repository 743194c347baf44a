package goasm

import "fmt"

// add adds two tensors, sixteen elements at a time. The constant that the sums
// start from rounds, so that SSHL shifts right as >> does; narrowing saturates,
// which is monotone, and the clamp at the end decides.
func add() Function {
	const name = "addVectors"
	var p printer
	p.begin(name, "y, a, b *int8, n int, t *addTable",
		"// Adds n elements, a multiple of sixteen.\n// V16 and V17 factors, V18 start, V19 shift, V20 zero, V21 and V22 the clamp.\n", 40)
	p.operands("H8")
	for v := range 2 {
		p.word("sxtl", 2+2*v, v)
		p.word("sxtl2", 3+2*v, v)
	}
	for i := range 4 {
		p.line("VORR V18.B16, V18.B16, V%d.B16", 8+i)
	}
	for v := range 2 { // of a in V2 and V3, of b in V4 and V5
		for half := range 2 {
			p.word("smlal.s", 8+2*half, 2+2*v+half, 16+v)
			p.word("smlal2.s", 9+2*half, 2+2*v+half, 16+v)
		}
	}
	for i := range 4 {
		p.word("sshl", 8+i, 8+i, 19)
	}
	p.result()
	return Function{name, p.String()}
}

// mul multiplies two tensors. 255 * 255 * 2^15 bounds a scaled product, which 32 bits
// hold; SRSHL rounds as half of the divisor added before a shift does.
func mul() Function {
	const name = "mulVectors"
	var p printer
	p.begin(name, "y, a, b *int8, n int, t *mulTable",
		"// Multiplies n elements, a multiple of sixteen.\n// V16 and V17 zeros, V18 factor, V19 shift, V20 zero, V21 and V22 the clamp.\n", 40)
	p.operands("B16")
	for v := range 2 {
		p.word("ssubl", 2+2*v, v, 16+v)
		p.word("ssubl2", 3+2*v, v, 16+v)
	}
	for half := range 2 { // of a in V2 and V3, of b in V4 and V5
		p.word("smull", 8+2*half, 2+half, 4+half)
		p.word("smull2", 9+2*half, 2+half, 4+half)
	}
	for i := range 4 {
		p.word("mul.s", 8+i, 8+i, 18)
	}
	for i := range 4 {
		p.word("srshl.s", 8+i, 8+i, 19)
	}
	p.result()
	return Function{name, p.String()}
}

// operands loads the table of two tensors, which begins with two vectors of the given
// lanes, and begins the loop over sixteen elements each of a and b, in V0 and V1.
func (p *printer) operands(lanes string) {
	p.line("MOVD y+0(FP), R0")
	p.arguments(8, "a", "b", "n", "t")
	p.line("VLD1.P 32(R4), [V16.%[1]s, V17.%[1]s]", lanes)
	p.line("VLD1.P 32(R4), [V18.S4, V19.S4]")
	p.line("VLD1 (R4), [V20.B16, V21.B16, V22.B16]")
	p.label("vector")
	for v, from := range [...]string{"R1", "R2"} {
		p.line("VLD1.P 16(%s), [V%d.B16]", from, v)
	}
}

// result ends it with the sixteen numbers in V8 to V11.
func (p *printer) result() {
	p.narrow(8, 20)
	p.word("smax", 6, 6, 21)
	p.word("smin", 6, 6, 22)
	p.line("VST1.P [V6.B16], 16(R0)")
	p.line("SUBS $16, R3")
	p.line("BNE vector")
	p.line("RET")
}

// lookup takes elements through a table of 256 in four parts: an index that is past
// the end of one gives zero there.
func lookup() Function {
	const name = "lookupVectors"
	var p printer
	p.begin(name, "y, x *int8, n int, table string",
		"// Looks up n elements, a multiple of sixteen. V16 to V31 are the table.\n", 40)
	p.line("MOVD y+0(FP), R0")
	p.arguments(8, "x", "n", "table_base")
	quarter := func(i int) string {
		return fmt.Sprintf("[V%d.B16, V%d.B16, V%d.B16, V%d.B16]", 16+4*i, 17+4*i, 18+4*i, 19+4*i)
	}
	for i := range 4 {
		p.line("VLD1.P 64(R3), %s", quarter(i))
	}
	p.line("VMOVI $64, V15.B16")
	p.label("vector")
	p.line("VLD1.P 16(R1), [V0.B16]")
	for i := range 3 {
		p.line("VSUB V15.B16, V%d.B16, V%d.B16", i, i+1)
	}
	for i := range 4 {
		p.line("VTBL V%d.B16, %s, V%d.B16", i, quarter(i), 4+i)
	}
	for _, v := range [...][2]int{{4, 5}, {6, 7}, {4, 6}} {
		p.line("VORR V%d.B16, V%d.B16, V%d.B16", v[1], v[0], v[0])
	}
	p.line("VST1.P [V4.B16], 16(R0)")
	p.line("SUBS $16, R2")
	p.line("BNE vector")
	p.line("RET")
	return Function{name, p.String()}
}

// narrow takes the sixteen numbers in four registers from v to int8 in V6, adding
// zero on the way.
func (p *printer) narrow(v, zero int) {
	p.word("sqxtn.h", 4, v)
	p.word("sqxtn2.h", 4, v+1)
	p.word("sqxtn.h", 5, v+2)
	p.word("sqxtn2.h", 5, v+3)
	p.word("sqadd", 4, 4, zero)
	p.word("sqadd", 5, 5, zero)
	p.word("sqxtn.b", 6, 4)
	p.word("sqxtn2.b", 6, 5)
}
