package goasm

// pixels begins a function that goes over n pixels, step elements apart.
func (p *printer) pixels(name, into, comment string) {
	p.begin(name, into+", x *int8, step, n int", comment, 32)
	p.line("MOVD y+0(FP), R0")
	p.arguments(8, "x", "step", "n")
}

// eachPixel is their loop: sixteen channels are in V2.
func (p *printer) eachPixel(body func()) {
	p.label("pixel")
	p.line("VLD1.P (R1)(R2), [V2.B16]")
	body()
	p.line("SUBS $1, R3")
	p.line("BNE pixel")
}

// greatest keeps the greatest of sixteen channels.
func greatest() Function {
	const name = "maxPixels"
	var p printer
	p.pixels(name, "y *[16]int8", "// Takes the greatest of y and n pixels, step elements apart.\n")
	p.line("VLD1 (R0), [V0.B16]")
	p.eachPixel(func() { p.word("smax", 0, 0, 2) })
	p.line("VST1 [V0.B16], (R0)")
	p.line("RET")
	return Function{name, p.String()}
}

// average sums sixteen channels in 16 bits, which hold 255 elements: 255 * 128 < 2^15.
func average() Function {
	const name = "sumPixels"
	var p printer
	p.pixels(name, "y *[16]int32", "// Adds n pixels, 1 to 255, step elements apart.\n")
	p.line("VEOR V0.B16, V0.B16, V0.B16")
	p.line("VEOR V1.B16, V1.B16, V1.B16")
	p.eachPixel(func() {
		p.word("saddw.b", 0, 0, 2)
		p.word("saddw2.b", 1, 1, 2)
	})
	p.line("VLD1 (R0), [V4.S4, V5.S4, V6.S4, V7.S4]")
	for i := range 2 {
		p.word("saddw", 4+2*i, 4+2*i, i)
		p.word("saddw2", 5+2*i, 5+2*i, i)
	}
	p.line("VST1 [V4.S4, V5.S4, V6.S4, V7.S4], (R0)")
	p.line("RET")
	return Function{name, p.String()}
}

// mean requantizes sixteen sums: SQRDMULH by a factor of 2^16 times 15 bits is the
// product plus 2^14 shifted by 15, SRSHL rounds as half of the divisor added does.
func mean() Function {
	const name = "meanVector"
	var p printer
	p.begin(name, "y *int8, sums *[16]int32, t *meanTable",
		"// Divides sixteen sums.\n// V16 what zeros sum to, V17 shift left, V18 factor, V19 shift right, V20 zero, V21 and V22 the clamp.\n", 24)
	p.line("MOVD y+0(FP), R0")
	p.arguments(8, "sums", "t")
	p.line("VLD1.P 64(R2), [V16.S4, V17.S4, V18.S4, V19.S4]")
	p.line("VLD1 (R2), [V20.B16, V21.B16, V22.B16]")
	p.line("VLD1 (R1), [V8.S4, V9.S4, V10.S4, V11.S4]")
	for i := range 4 {
		p.line("VSUB V16.S4, V%d.S4, V%d.S4", 8+i, 8+i)
	}
	for _, step := range [...]struct {
		op   string
		with int
	}{{"sshl", 17}, {"sqrdmulh.s", 18}, {"srshl.s", 19}} {
		for i := range 4 {
			p.word(step.op, 8+i, 8+i, step.with)
		}
	}
	p.narrow(8, 20)
	p.word("smax", 6, 6, 21)
	p.word("smin", 6, 6, 22)
	p.line("VST1 [V6.B16], (R0)")
	p.line("RET")
	return Function{name, p.String()}
}
