package eval

import (
	"math"

	"github.com/snug-nn/snug/ir"
)

// maxPool takes padding for minus infinity. A window with a NaN gives NaN.
func maxPool(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	w, err := windowOf(&n.Attrs, x.Shape, y.Shape)
	if err != nil {
		return err
	}
	size, pixels := w.inSize(), w.outSize()
	if y.Real == nil {
		for i := range y.Int {
			y.Int[i] = math.MinInt64
		}
		for c := range w.batch * w.c {
			w.each(0, w.rows(), func(_, row, first, last, at int) {
				for j := first; j < last; j++ {
					d := &y.Int[c*pixels+row*w.out[2]+j]
					*d = max(*d, x.Int[c*size+at+(j-first)*w.s[2]])
				}
			})
		}
		return nil
	}
	for i := range y.Real {
		y.Real[i] = float32(math.Inf(-1))
	}
	for c := range w.batch * w.c {
		xc, yc := x.Real[c*size:][:size], y.Real[c*pixels:][:pixels]
		w.each(0, w.rows(), func(_, row, first, last, at int) {
			dst := yc[row*w.out[2]:][:w.out[2]]
			for j := first; j < last; j++ {
				dst[j] = max(dst[j], xc[at+(j-first)*w.s[2]])
			}
		})
	}
	return nil
}

// averagePool divides by the elements of a window: by the real ones, or by
// those inside the padded input when padding counts.
func averagePool(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	x, y := in[0], out[0]
	w, err := windowOf(&n.Attrs, x.Shape, y.Shape)
	if err != nil {
		return err
	}
	size, pixels := w.inSize(), w.outSize()
	counts := s.floats(pixels)
	clear(counts)
	padded := w
	if n.Attrs.CountIncludePad {
		rank := len(x.Shape) - 2
		for i := range rank {
			j := 3 - rank + i
			padded.in[j] += n.Attrs.Pads[i] + n.Attrs.Pads[rank+i]
			padded.p[j] = 0
		}
	}
	padded.each(0, w.rows(), func(_, row, first, last, _ int) {
		for j := first; j < last; j++ {
			counts[row*w.out[2]+j]++
		}
	})
	for c := range w.batch * w.c {
		xc, yc := x.Real[c*size:][:size], y.Real[c*pixels:][:pixels]
		clear(yc)
		w.each(0, w.rows(), func(_, row, first, last, at int) {
			for j := first; j < last; j++ {
				yc[row*w.out[2]+j] += xc[at+(j-first)*w.s[2]]
			}
		})
		for j := range yc {
			yc[j] /= max(counts[j], 1)
		}
	}
	return nil
}

// globalAverage adds in float64, as a plane may have many pixels.
func globalAverage(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	per := x.Len() / max(y.Len(), 1)
	for i := range y.Real {
		sum := 0.0
		for _, v := range x.Real[i*per:][:per] {
			sum += float64(v)
		}
		y.Real[i] = float32(sum / float64(per))
	}
	return nil
}

func globalMax(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	per := x.Len() / max(y.Len(), 1)
	for i := range y.Real {
		best := float32(math.Inf(-1))
		for _, v := range x.Real[i*per:][:per] {
			best = max(best, v)
		}
		y.Real[i] = best
	}
	return nil
}
