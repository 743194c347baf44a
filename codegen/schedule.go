package codegen

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// schedule returns the pieces with marks where narrow sums are flushed. When the
// whole window of every channel fits the narrow register, nothing is flushed.
// Otherwise each segment is the longest run of products for which no lane of no
// channel can leave the signed register, taken from the weights themselves: all
// channels flush together, so the worst of them decides.
func schedule(k *Kernel, s *ir.Sum, in *inputs, pieces []kern.Piece, rows [][]int8) ([]kern.Piece, error) {
	if k.Family == Pairs {
		return pieces, pairs(in, pieces, rows)
	}
	if s.Acc.Short() || !k.Flushes {
		return pieces, nil // one register holds the whole sum
	}
	bits := min(s.Acc.Bits, k.Acc)
	whole := true
	for _, ch := range s.Channels {
		whole = whole && ch.Window.Fits(bits)
	}
	if whole {
		return pieces, nil
	}
	half := int64(1) << (bits - 1)
	fits := func(b ir.Bound) bool { return b.Lo >= -half && b.Hi <= half-1 }
	lanes := k.Lanes
	sums := make([]ir.Bound, len(rows)*lanes) // of the open segment, by channel and lane
	var out []kern.Piece
	at := 0 // product at which the current piece starts
	for _, p := range pieces {
		open := kern.Piece{At: p.At}
		for i := 0; i < p.Len; i += lanes {
			n := min(lanes, p.Len-i)
			if !advance(sums, rows, in, at+i, n, lanes, fits) {
				if open.Len == 0 && len(out) > 0 {
					out[len(out)-1].Flush = true
				} else {
					open.Flush = true
					out = append(out, open)
					open = kern.Piece{At: p.At + i}
				}
				clear(sums)
				if !advance(sums, rows, in, at+i, n, lanes, fits) {
					return nil, fmt.Errorf("one product of product %d does not fit %d bits: use narrower operands or a wider accumulator", at+i, bits)
				}
			}
			open.Len += n
		}
		out = append(out, open)
		at += p.Len
	}
	out[len(out)-1].Flush = true
	return out, nil
}

// widest returns the widest sum of any lane and channel between two flushes.
func widest(lanes int, in *inputs, pieces []kern.Piece, rows [][]int8) ir.Bound {
	var most ir.Bound
	if segments(pieces) == 0 {
		return most
	}
	for c, row := range rows {
		sums, at := make([]ir.Bound, lanes), 0
		for _, p := range pieces {
			for i := range p.Len {
				s := &sums[i%lanes]
				*s = s.Plus(in.term(c, at+i, row[at+i]))
				if s.Width() > most.Width() {
					most = *s
				}
			}
			at += p.Len
			if p.Flush {
				clear(sums)
			}
		}
	}
	return most
}

// pairs checks what a kernel of pairs relies on: of sixteen products of a piece,
// those eight apart are added in 16 bits before they are widened.
func pairs(in *inputs, pieces []kern.Piece, rows [][]int8) error {
	for c, row := range rows {
		at := 0
		for _, p := range pieces {
			for i := range p.Len {
				if i%16 >= 8 || i+8 >= p.Len {
					continue
				}
				if b := in.term(c, at+i, row[at+i]).Plus(in.term(c, at+i+8, row[at+i+8])); b.Lo < math.MinInt16 || b.Hi > math.MaxInt16 {
					return fmt.Errorf("products %d and %d of channel %d add up to %s, which leaves 16 bits", at+i, at+i+8, c, b)
				}
			}
			at += p.Len
		}
	}
	return nil
}

// advance adds products [k, k+n) of every row to the open segment, product i to
// lane i % lanes of the step, and reports whether all sums still fit; when they
// do not, sums are left as they were.
func advance(sums []ir.Bound, rows [][]int8, in *inputs, k, n, lanes int, fits func(ir.Bound) bool) bool {
	for c, row := range rows {
		for i := range n {
			if !fits(sums[c*lanes+i].Plus(in.term(c, k+i, row[k+i]))) {
				return false
			}
		}
	}
	for c, row := range rows {
		for i := range n {
			s := &sums[c*lanes+i]
			*s = s.Plus(in.term(c, k+i, row[k+i]))
		}
	}
	return true
}

// inputs are the levels of what a convolution reads.
type inputs struct {
	format *ir.Format
	cin, c int // channels of a group: of the input, of the output
}

// term is the interval that product k of output channel c, in the order of row,
// column, channel of the window, adds to any subset of a sum when its weight is w.
func (in *inputs) term(c, k int, w int8) ir.Bound {
	b := in.format.Channel(c/in.c*in.cin + k%in.cin).Product(int64(w))
	return ir.Bound{Lo: min(0, b.Lo), Hi: max(0, b.Hi)}
}
