package goasm

// depthwise sums eight pixels by sixteen channels of a depthwise convolution, or by
// eight: a tap takes one vector of weights and one of each pixel. It is fast when the
// requantizer is at its end, and then for one segment; eight channels are always.
func depthwise(fast bool, lanes int) Function {
	name, declaration, args, size := "depthTile8", "sums *[8][16]int32", 8, 72
	table := "start *[16]int16"
	text := "// Adds the sums of the 8 pixels whose windows begin at x[at[i]].\n"
	if fast {
		name, declaration, args, size = "depthFast8", "y *int8, to *[8]int", 16, 80
		table = "t *fastTable"
		text = "// Computes the 8 pixels whose windows begin at x[at[i]], to y[to[i]].\n"
	}
	if lanes == 8 {
		name = "depthHalf8"
	}
	const pixels = 8
	var p printer
	p.begin(name, declaration+", x *int8, at *[8]int, w string, "+table+", taps *Piece, n, stride int", text+
		"// R3 weights, stride from tap to tap, R4 start, R5 taps, R6 how many are left.\n", size)
	p.line("MOVD x+%d(FP), R1", args)
	p.line("MOVD at+%d(FP), R2", args+8)
	p.line("MOVD w_base+%d(FP), R3", args+16)
	if fast {
		p.line("MOVD t+%d(FP), R4", args+32)
	} else {
		p.line("MOVD sums+0(FP), R0")
		p.line("MOVD start+%d(FP), R4", args+32)
	}
	p.line("MOVD taps+%d(FP), R5", args+40)
	p.line("MOVD n+%d(FP), R6", args+48)
	p.line("MOVD stride+%d(FP), R7", args+56)
	p.segment(pixels)
	p.label("tap")
	p.line("MOVD.P %d(R5), R9", pieceSize)
	if lanes == 8 {
		p.line("FMOVD (R3), F8")
		p.line("ADD R7, R3")
		for i := range pixels {
			p.line("FMOVD (%s)(R9), F%d", base(i), i)
		}
		for i := range pixels {
			p.word("smlal.h", acc+2*i, 8, i)
		}
	} else {
		p.line("VLD1 (R3), [V8.B16]")
		p.line("ADD R7, R3")
		for i := range pixels {
			p.word("ldr.q", i, bases[i], 9)
		}
		for i := range pixels {
			p.word("smlal.h", acc+2*i, 8, i)
			p.word("smlal2.h", acc+2*i+1, 8, i)
		}
	}
	if fast {
		p.line("SUBS $1, R6")
		p.line("BNE tap")
		p.line("ADD $32, R4")
		p.finish(pixels, lanes)
		p.line("RET")
		return Function{name, p.String()}
	}
	p.untilFlush("tap")
	for i := range pixels {
		p.flush(acc + 2*i)
	}
	p.line("CBNZ R6, segment")
	p.line("RET")
	return Function{name, p.String()}
}

// untilFlush goes on with the next piece, unless this one ends a segment or is the
// last; then R9 is where the sums are.
func (p *printer) untilFlush(next string) {
	p.line("SUB $1, R6")
	p.line("CBZ R6, flush")
	p.line("MOVBU %d(R5), R9", pieceFlush-pieceSize)
	p.line("CBZ R9, %s", next)
	p.label("flush")
	p.line("MOVD R0, R9")
}
