package goasm

import "fmt"

const acc = 16 // first of the registers of sums: a tile of eight pixels has 16 to 31

// tile sums the given number of pixels, at most eight, by sixteen channels: the
// sums of pixel p are in v(16+2p) and v(17+2p), a lane is a channel. Eight
// products take a vector of each pixel, widened, and eight pairs of vectors of
// weights. The rest of a piece goes one product at a time with the pixels side by
// side in one vector, so that nothing is read past a piece.
func tile(pixels int) Function {
	name := fmt.Sprintf("mlaTile%d", pixels)
	var p printer
	p.begin(name, "sums *[8][16]int32, x *int8, at *[8]int, words *[4]uint64, start *[16]int16, pieces *Piece, n int",
		fmt.Sprintf("// Adds the sums of the %d pixels whose windows begin at x[at[i]].\n"+
			"// R0 sums, R3 words, R4 start, R5 pieces, R6 how many are left, R7 products left.\n", pixels), 56)
	p.line("MOVD sums+0(FP), R0")
	p.arguments(8, "x", "at", "words", "start", "pieces", "n")
	p.segment(pixels)
	p.products(pixels, mla(16))
	p.untilFlush("piece")
	for i := range pixels {
		p.flush(acc + 2*i)
	}
	p.line("CBNZ R6, segment")
	p.line("RET")
	return Function{name, p.String()}
}

// fast is tile for sums of one segment, with the requantizer at its end; of sixteen
// channels or of the first eight.
func fast(pixels, lanes int) Function {
	name := fmt.Sprintf("mlaFast%d", pixels)
	if lanes == 8 {
		name = fmt.Sprintf("mlaHalf%d", pixels)
	}
	var p printer
	p.begin(name, "y *int8, to *[8]int, x *int8, at *[8]int, words *[4]uint64, t *fastTable, pieces *Piece, n int",
		fmt.Sprintf("// Computes the %d pixels whose windows begin at x[at[i]], to y[to[i]].\n"+
			"// R3 words, R4 table, R5 pieces, R6 how many are left, R7 products left.\n", pixels), 64)
	p.arguments(16, "x", "at", "words", "t", "pieces", "n")
	p.segment(pixels)
	p.products(pixels, mla(lanes))
	p.line("SUBS $1, R6")
	p.line("BNE piece")
	p.line("ADD $32, R4")
	p.finish(pixels, lanes)
	p.line("RET")
	return Function{name, p.String()}
}

// wide is tile with sums of 32 bits: pixel p has v(16+4p) to v(19+4p).
func wide(pixels int) Function {
	name := fmt.Sprintf("smlalTile%d", pixels)
	var p printer
	p.begin(name, "sums *[8][16]int32, x *int8, at *[8]int, words *[4]uint64, pieces *Piece, n int",
		fmt.Sprintf("// Writes the sums of the %d pixels whose windows begin at x[at[i]].\n"+
			"// R0 sums, R3 words, R5 pieces, R6 how many are left, R7 products left.\n", pixels), 48)
	p.line("MOVD sums+0(FP), R0")
	p.arguments(8, "x", "at", "words", "", "pieces", "n")
	p.windows(pixels)
	for i := range 4 * pixels {
		p.line("VEOR V%d.B16, V%d.B16, V%d.B16", acc+i, acc+i, acc+i)
	}
	p.products(pixels, func(p *printer, pixel, w, x, k int) {
		for i, name := range [...]string{"smlal.e", "smlal2.e", "smlal.e", "smlal2.e"} {
			p.word(name, acc+4*pixel+i, w+i/2, x, k)
		}
	})
	p.line("SUBS $1, R6")
	p.line("BNE piece")
	for i := 0; i < 4*pixels; i += 4 {
		p.line("VST1.P [V%d.S4, V%d.S4, V%d.S4, V%d.S4], 64(R0)", acc+i, acc+i+1, acc+i+2, acc+i+3)
	}
	p.line("RET")
	return Function{name, p.String()}
}

// mla adds the products of element k of v(x) with the channels' weights from v(w) on.
func mla(lanes int) func(p *printer, pixel, w, x, k int) {
	return func(p *printer, pixel, w, x, k int) {
		for h := range lanes / 8 {
			p.word("mla", acc+2*pixel+h, w+h, x, k)
		}
	}
}

// arguments loads the last ones, of which the first stands at args, to R1, R2...; one
// without a name is not there.
func (p *printer) arguments(args int, names ...string) {
	for i, a := range names {
		if a != "" {
			p.line("MOVD %s+%d(FP), R%d", a, args, i+1)
			args += 8
		}
	}
}

// products prints the loops of a tile, to the end of a piece; add prints a product.
func (p *printer) products(pixels int, add func(p *printer, pixel, w, x, k int)) {
	p.label("piece")
	p.line("LDP (R5), (R9, R7)")
	p.line("ADD $%d, R5", pieceSize)
	for i := range pixels {
		p.line("ADD R9, %s, R%d", base(i), 10+i)
	}
	p.line("SUBS $8, R7")
	p.line("BLT rest")
	p.label("eight")
	for i := range pixels {
		p.line("FMOVD.P 8(R%d), F%d", 10+i, i)
	}
	for i := range pixels {
		p.word("sxtl", i, i)
	}
	for k := 0; k < 8; k += 2 {
		w := 8 + k%4*2 // v8 to v11 and v12 to v15 in turn
		p.line("VLD1.P 64(R3), [V%d.H8, V%d.H8, V%d.H8, V%d.H8]", w, w+1, w+2, w+3)
		for j := range 2 {
			for i := range pixels {
				add(p, i, w+2*j, i, k+j)
			}
		}
	}
	p.line("SUBS $8, R7")
	p.line("BGE eight")
	p.label("rest")
	p.line("ADDS $8, R7")
	p.line("BEQ end")
	p.label("one")
	for i := range pixels {
		p.line("VLD1.P 1(R%d), V0.B[%d]", 10+i, i)
	}
	p.line("VLD1.P 32(R3), [V8.H8, V9.H8]")
	p.word("sxtl", 1, 0)
	for i := range pixels {
		add(p, i, 8, 1, i)
	}
	p.line("SUBS $1, R7")
	p.line("BNE one")
	p.label("end")
}

// segment takes the windows, and begins a segment with the sums at R4.
func (p *printer) segment(pixels int) {
	p.windows(pixels)
	p.label("segment")
	for i := range pixels {
		p.line("VLD1 (R4), [V%d.H8, V%d.H8]", acc+2*i, acc+2*i+1)
	}
}

// windows takes x in R1 and the offsets at R2 to the windows' beginnings.
func (p *printer) windows(pixels int) {
	for i := 0; i < pixels; i += 2 {
		p.line("LDP.P 16(R2), (%s, %s)", base(i), base(i+1))
	}
	for i := range pixels {
		p.line("ADD R1, %s", base(i))
	}
}

// What the assembly knows of a Piece: At, Len, Flush.
const (
	pieceFlush = 16
	pieceSize  = 24
)

var bases = [...]int{19, 20, 21, 22, 23, 24, 25, 8}

// base is the register that holds where the window of pixel i begins; pointers
// into it are in R10 to R17.
func base(i int) string {
	return fmt.Sprintf("R%d", bases[i])
}

// flush adds the sums in two registers from v to (R9), and moves that on.
func (p *printer) flush(v int) {
	p.line("VLD1 (R9), [V0.S4, V1.S4, V2.S4, V3.S4]")
	p.word("saddw", 0, 0, v)
	p.word("saddw2", 1, 1, v)
	p.word("saddw", 2, 2, v+1)
	p.word("saddw2", 3, 3, v+1)
	p.line("VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R9)")
}

// pixel sums one pixel by sixteen channels, from weights of eight bits: no
// other pixel would use what widening gives. Odd products have registers of
// their own, as each SMLAL waits for the one before.
func pixel() Function {
	const name = "smlalPixel"
	var p printer
	p.begin(name, "sums *[8][16]int32, x *int8, w string, start *[16]int16, pieces *Piece, n int",
		"// Adds the sums of the pixel whose window begins at x to sums[0].\n"+
			"// R0 sums, R2 weights, R4 start, R5 pieces, R6 how many are left, R7 products left.\n", 56)
	p.line("MOVD sums+0(FP), R0")
	p.line("MOVD x+8(FP), R1")
	p.line("MOVD w_base+16(FP), R2")
	p.line("MOVD start+32(FP), R4")
	p.line("MOVD pieces+40(FP), R5")
	p.line("MOVD n+48(FP), R6")
	p.label("segment")
	p.line("VLD1 (R4), [V16.H8, V17.H8]")
	p.line("VEOR V18.B16, V18.B16, V18.B16")
	p.line("VEOR V19.B16, V19.B16, V19.B16")
	p.label("piece")
	p.line("LDP (R5), (R9, R7)")
	p.line("ADD $%d, R5", pieceSize)
	p.line("ADD R1, R9, R10")
	p.line("SUBS $8, R7")
	p.line("BLT rest")
	p.label("eight")
	p.line("VLD1.P 64(R2), [V8.B16, V9.B16, V10.B16, V11.B16]")
	p.line("VLD1.P 64(R2), [V12.B16, V13.B16, V14.B16, V15.B16]")
	for i := range 8 {
		p.line("VLD1R.P 1(R10), [V%d.B16]", i)
	}
	for i := range 8 {
		p.word("smlal.h", acc+i%2*2, 8+i, i)
		p.word("smlal2.h", acc+i%2*2+1, 8+i, i)
	}
	p.line("SUBS $8, R7")
	p.line("BGE eight")
	p.label("rest")
	p.line("ADDS $8, R7")
	p.line("BEQ end")
	p.label("one")
	p.line("VLD1R.P 1(R10), [V0.B16]")
	p.line("VLD1.P 16(R2), [V8.B16]")
	p.word("smlal.h", acc, 8, 0)
	p.word("smlal2.h", acc+1, 8, 0)
	p.line("SUBS $1, R7")
	p.line("BNE one")
	p.label("end")
	p.untilFlush("piece")
	p.line("VADD V18.H8, V16.H8, V16.H8")
	p.line("VADD V19.H8, V17.H8, V17.H8")
	p.flush(acc)
	p.line("CBNZ R6, segment")
	p.line("RET")
	return Function{name, p.String()}
}

// widen takes weights to 16 bits, four products at a time and then one.
func widen() Function {
	const name = "widenBlock"
	var p printer
	p.begin(name, "words *[4]uint64, w string", "// Writes w, a multiple of sixteen weights, as numbers of 16 bits.\n", 24)
	p.line("MOVD words+0(FP), R0")
	p.line("MOVD w_base+8(FP), R1")
	p.line("MOVD w_len+16(FP), R2")
	p.line("SUBS $64, R2")
	p.line("BLT rest")
	p.label("four")
	p.line("VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]")
	for i := range 4 {
		p.word("sxtl", 4+2*i, i)
		p.word("sxtl2", 5+2*i, i)
	}
	p.line("VST1.P [V4.H8, V5.H8, V6.H8, V7.H8], 64(R0)")
	p.line("VST1.P [V8.H8, V9.H8, V10.H8, V11.H8], 64(R0)")
	p.line("SUBS $64, R2")
	p.line("BGE four")
	p.label("rest")
	p.line("ADDS $64, R2")
	p.line("BEQ end")
	p.label("one")
	p.line("VLD1.P 16(R1), [V0.B16]")
	p.word("sxtl", 4, 0)
	p.word("sxtl2", 5, 0)
	p.line("VST1.P [V4.H8, V5.H8], 32(R0)")
	p.line("SUBS $16, R2")
	p.line("BNE one")
	p.label("end")
	p.line("RET")
	return Function{name, p.String()}
}
