package goasm

// add adds two tensors, sixteen elements at a time. The constant that the sums
// start from rounds, so that SSHL shifts right as >> does; narrowing saturates,
// which is monotone, and the clamp at the end decides.
func add() Function {
	const name = "addVectors"
	var p printer
	p.begin(name, "y, a, b *int8, n int, t *addTable",
		"// Adds n elements, a multiple of sixteen.\n// V16 and V17 factors, V18 start, V19 shift, V20 zero, V21 and V22 the clamp.\n", 40)
	for i, arg := range [...]string{"y", "a", "b", "n", "t"} {
		p.line("MOVD %s+%d(FP), R%d", arg, 8*i, i)
	}
	p.line("VLD1.P 32(R4), [V16.H8, V17.H8]")
	p.line("VLD1.P 32(R4), [V18.S4, V19.S4]")
	p.line("VLD1 (R4), [V20.B16, V21.B16, V22.B16]")
	p.label("vector")
	for v, from := range [...]string{"R1", "R2"} {
		p.line("VLD1.P 16(%s), [V%d.B16]", from, v)
	}
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
	p.narrow(8, 20)
	p.word("smax", 6, 6, 21)
	p.word("smin", 6, 6, 22)
	p.line("VST1.P [V6.B16], 16(R0)")
	p.line("SUBS $16, R3")
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
