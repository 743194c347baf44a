package codegen

import (
	"slices"

	"github.com/snug-nn/snug/runtime/kern"
)

// lane counts of the packings.
const (
	blockLanes = 16 // Lanes16
	rowAlign   = 8  // Rows8
	quad       = 4  // Quads8
	quadLanes  = 8
)

// packedLen returns the weights that a piece of n products takes in a row.
func packedLen(p Packing, n int) int {
	switch p {
	case Rows8:
		return (n + rowAlign - 1) / rowAlign * rowAlign
	case Quads8:
		return (n + quad - 1) / quad * quad
	}
	return n
}

// pack lays out rows of weights, one an output channel in the order of the
// pieces, as a kernel reads them; group is the channels of one group.
func pack(p Packing, rows [][]int8, pieces []kern.Piece, group int) *Weights {
	w := &Weights{Packing: p, Channels: len(rows)}
	for _, t := range pieces {
		w.K += packedLen(p, t.Len)
	}
	if p == Lanes16 {
		w.Data = packLanes(rows, group)
		return w
	}
	padded := make([][]int8, len(rows))
	for i, row := range rows {
		for _, t := range pieces {
			padded[i] = append(padded[i], row[:t.Len]...)
			padded[i] = append(padded[i], make([]int8, packedLen(p, t.Len)-t.Len)...)
			row = row[t.Len:]
		}
	}
	if p == Quads8 {
		w.Data = packQuads(padded, group)
	} else {
		w.Data = slices.Concat(padded...)
	}
	return w
}

// packLanes puts sixteen channels side by side for each product; the last
// block of a group is filled with zeros.
func packLanes(rows [][]int8, group int) []int8 {
	var data []int8
	for g := 0; g < len(rows); g += group {
		for c := 0; c < group; c += blockLanes {
			for k := range rows[0] {
				for i := range blockLanes {
					v := int8(0)
					if c+i < group {
						v = rows[g+c+i][k]
					}
					data = append(data, v)
				}
			}
		}
	}
	return data
}

// packQuads puts eight channels side by side for each four products; the last
// block of a group is filled with zeros.
func packQuads(rows [][]int8, group int) []int8 {
	var data []int8
	for g := 0; g < len(rows); g += group {
		for c := 0; c < group; c += quadLanes {
			for k := 0; k < len(rows[0]); k += quad {
				for i := range quadLanes {
					if c+i < group {
						data = append(data, rows[g+c+i][k:k+quad]...)
					} else {
						data = append(data, make([]int8, quad)...)
					}
				}
			}
		}
	}
	return data
}

// packTaps puts the channels of a depthwise convolution side by side for each
// tap.
func packTaps(rows [][]int8) *Weights {
	w := &Weights{Packing: Taps, Channels: len(rows), K: len(rows[0])}
	for t := range rows[0] {
		for _, row := range rows {
			w.Data = append(w.Data, row[t])
		}
	}
	return w
}
