package goasm

// What the assembly knows of a blockTable: bias, mul, right, left, zero, lo and hi
// follow each other; behind them are start and steps.
const tableSteps = 32 // behind hi

// requantize takes the sums of pixels to int8. SQRDMULH by mul<<16 is
// (t*mul + 2^14) >> 15, and SRSHL by -shift rounds as Requant.apply does.
// Saturation on the way is monotone and [lo, hi] lies inside int8, so that the
// clamp at the end decides.
func requantize() Function {
	const name = "requantTile"
	var p printer
	p.begin(name, "y *[8][16]int8, sums *[8][16]int32, t *blockTable, n int",
		"// Requantizes n pixels.\n// V16-V19 bias, V20-V23 multipliers, V24-V27 shifts right, V28-V31 left; R4 halves, R5 moves left, R6 multiplies.\n", 32)
	p.line("MOVD y+0(FP), R0")
	p.line("MOVD sums+8(FP), R1")
	p.line("MOVD t+16(FP), R2")
	p.line("MOVD n+24(FP), R3")
	for v := 16; v < 32; v += 4 {
		p.line("VLD1.P 64(R2), [V%d.S4, V%d.S4, V%d.S4, V%d.S4]", v, v+1, v+2, v+3)
	}
	p.line("VLD1.P 16(R2), [V12.H8]")
	p.line("VLD1.P 32(R2), [V13.B16, V14.B16]")
	for i := range 3 {
		p.line("MOVW %d(R2), R%d", tableSteps+4*i, 4+i)
	}
	p.label("pixel")
	p.line("VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]")
	for i := range 4 {
		p.line("VADD V%d.S4, V%d.S4, V%d.S4", 16+i, i, i)
	}
	p.line("CBZ R4, whole")
	for i := range 4 {
		p.word("srshr.1", i, i)
	}
	p.label("whole")
	p.line("CBZ R5, inside")
	for i := range 4 {
		p.word("sshl", i, i, 28+i)
	}
	p.label("inside")
	p.line("CBZ R6, scaled")
	for i := range 4 {
		p.word("sqrdmulh.s", i, i, 20+i)
	}
	p.label("scaled")
	for i := range 4 {
		p.word("srshl.s", i, i, 24+i)
	}
	p.narrow(0, 12)
	p.word("smax", 6, 6, 13)
	p.word("smin", 6, 6, 14)
	p.line("VST1.P [V6.B16], 16(R0)")
	p.line("SUBS $1, R3")
	p.line("BNE pixel")
	p.line("RET")
	return Function{name, p.String()}
}

// finish takes the sums of a tile, in registers from acc on, to int8 and to y[to[i]],
// where 16 bits are enough to requantize in. V0, V1 bias, V2, V3 multipliers,
// V4, V5 shifts, V6 zero, V7 and V8 the clamp. A pixel has one register or two.
func (p *printer) finish(pixels, lanes int) {
	p.line("MOVD y+0(FP), R0")
	p.line("MOVD to+8(FP), R2")
	p.line("VLD1.P 64(R4), [V0.H8, V1.H8, V2.H8, V3.H8]")
	p.line("VLD1.P 48(R4), [V4.H8, V5.H8, V6.H8]")
	p.line("VLD1.P 32(R4), [V7.B16, V8.B16]")
	p.line("MOVD (R4), R9")
	p.line("CBZ R9, whole")
	halves := lanes / 8
	bias := func(name string) {
		for i := range pixels {
			for h := range halves {
				p.word(name, acc+2*i+h, acc+2*i+h, h)
			}
		}
	}
	bias("srhadd")
	p.line("B scale")
	p.label("whole")
	bias("sqadd")
	p.label("scale")
	for i := range pixels {
		a, b := acc+2*i, acc+2*i+1
		for h := range halves {
			p.word("sqrdmulh.h", a+h, a+h, 2+h)
		}
		for h := range halves {
			p.word("srshl.h", a+h, a+h, 4+h)
		}
		for h := range halves {
			p.word("sqadd", a+h, a+h, 6)
		}
		p.word("sqxtn.b", 9, a)
		if halves == 2 {
			p.word("sqxtn2.b", 9, b)
		}
		p.word("smax", 9, 9, 7)
		p.word("smin", 9, 9, 8)
		p.line("MOVD.P 8(R2), R9")
		if halves == 2 {
			p.line("ADD R0, R9")
			p.line("VST1 [V9.B16], (R9)")
		} else {
			p.line("FMOVD F9, (R0)(R9)")
		}
	}
}
