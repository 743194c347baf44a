package eval

import (
	"errors"
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// window is a convolution or pool with three spatial axes; those that are
// absent have size 1.
type window struct {
	batch, c   int
	in, out    [3]int
	k, s, d, p [3]int // kernel, stride, dilation, padding before
}

// maxTaps bounds the time for one output of a pool: its window has no weights
// that a file would have to hold.
const maxTaps = 1 << 24

func windowOf(a *ir.Attrs, x, y []int) (window, error) {
	rank := len(x) - 2
	if rank < 1 || rank > 3 {
		return window{}, errors.New("has more than three spatial dimensions")
	}
	taps := 1.0
	for _, k := range a.Kernel {
		taps *= float64(k)
	}
	if taps > maxTaps {
		return window{}, fmt.Errorf("window of %v elements is too large", a.Kernel)
	}
	w := window{batch: x[0], c: x[1]}
	for i := range 3 {
		w.in[i], w.out[i], w.k[i], w.s[i], w.d[i] = 1, 1, 1, 1, 1
	}
	for i := range rank {
		j := 3 - rank + i
		w.in[j], w.out[j] = x[2+i], y[2+i]
		w.k[j], w.s[j], w.d[j], w.p[j] = a.Kernel[i], a.Strides[i], a.Dilations[i], a.Pads[i]
	}
	return w, nil
}

func (w *window) inSize() int  { return w.in[0] * w.in[1] * w.in[2] }
func (w *window) outSize() int { return w.out[0] * w.out[1] * w.out[2] }

// rows returns how many rows of outputs there are.
func (w *window) rows() int { return w.out[0] * w.out[1] }

// pointwise reports whether every output reads the one input at its place.
func (w *window) pointwise() bool {
	return w.k == [3]int{1, 1, 1} && w.s == [3]int{1, 1, 1} && w.p == [3]int{} && w.in == w.out
}

// conv starts from the bias, to which products are added.
func conv(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	x, w, y := in[0], in[1], out[0]
	g, err := windowOf(&n.Attrs, x.Shape, y.Shape)
	if err != nil {
		return err
	}
	groups, m := n.Attrs.Group, y.Shape[1]
	cg, mg := g.c/groups, m/groups
	size, pixels := g.inSize(), g.outSize()
	k := cg * g.k[0] * g.k[1] * g.k[2]
	for b := range g.batch {
		for c := range m {
			fill(y.Real[(b*m+c)*pixels:][:pixels], in, c)
		}
		for i := range groups {
			xg := x.Real[(b*g.c+i*cg)*size:][:cg*size]
			yg := y.Real[(b*m+i*mg)*pixels:][:mg*pixels]
			wg := w.Real[i*mg*k:][:mg*k]
			switch {
			case g.pointwise():
				Gemm(mg, pixels, k, wg, k, xg, pixels, yg, pixels, true)
			case cg == 1 && g.splits():
				g.depthwise(yg, xg, wg, s)
			default:
				g.multiply(yg, xg, wg, cg, s)
			}
		}
	}
	return nil
}

// fill sets a channel of the output to its bias.
func fill(y []float32, in []*ir.Tensor, c int) {
	if len(in) < 3 || in[2] == nil {
		clear(y)
		return
	}
	bias := in[2].Real[c]
	for i := range y {
		y[i] = bias
	}
}

// blockColumns is the size of the patches that are laid out at once: they stay
// in the second cache. Long sums get leastColumns outputs nonetheless, as Gemm
// packs the weights anew for each block.
const blockColumns, leastColumns = 1 << 18, 192

// multiply adds the product of weights and patches to y, for a block of outputs
// at a time: some rows, or a part of one.
func (w *window) multiply(y, x, weights []float32, c int, s *scratch) {
	k := c * w.k[0] * w.k[1] * w.k[2]
	rows, width, pixels := w.rows(), w.out[2], w.outSize()
	if pixels == 0 {
		return
	}
	most := max(blockColumns/k, leastColumns)
	step, part := max(most/width, 1), min(most, width)
	for row := 0; row < rows; row += step {
		for col := 0; col < width; col += part {
			b := block{row, min(row+step, rows), col, min(col+part, width)}
			n := (b.to - b.from) * (b.right - b.left)
			cols := s.floats(k * n)
			w.columns(cols, x, c, b)
			Gemm(len(weights)/k, n, k, weights, k, cols, n, y[row*width+col:], pixels, true)
		}
	}
}

// A block is the outputs of rows [from, to) and columns [left, right).
type block struct{ from, to, left, right int }

// each calls f for every position of the window and every row of outputs in
// [from, to): the outputs [first, last) of that row read the input from at on,
// step apart; the others read padding.
func (w *window) each(from, to int, f func(kernel, row, first, last, at int)) {
	kernel := 0
	for k0 := range w.k[0] {
		for k1 := range w.k[1] {
			for k2 := range w.k[2] {
				off := k2*w.d[2] - w.p[2]
				first := min(max((-off+w.s[2]-1)/w.s[2], 0), w.out[2])
				last := max(min((w.in[2]-1-off+w.s[2])/w.s[2], w.out[2]), first)
				for row := from; row < to; row++ {
					i0 := row/w.out[1]*w.s[0] + k0*w.d[0] - w.p[0]
					i1 := row%w.out[1]*w.s[1] + k1*w.d[1] - w.p[1]
					if i0 < 0 || i0 >= w.in[0] || i1 < 0 || i1 >= w.in[1] {
						f(kernel, row, 0, 0, 0)
					} else {
						f(kernel, row, first, last, (i0*w.in[1]+i1)*w.in[2]+first*w.s[2]+off)
					}
				}
				kernel++
			}
		}
	}
}

// columns lays out the patches of c channels for a block of outputs: one row for
// each channel and position of the window, one column an output.
func (w *window) columns(cols, x []float32, c int, b block) {
	size, width, stride := w.inSize(), b.right-b.left, w.s[2]
	positions := w.k[0] * w.k[1] * w.k[2]
	w.each(b.from, b.to, func(kernel, row, first, last, at int) {
		// What of the row's outputs the block has, counted from its left.
		skip := max(b.left-first, 0)
		first, last = max(first-b.left, 0), min(last, b.right)-b.left
		empty := first >= last
		for ch := range c {
			dst := cols[((ch*positions+kernel)*(b.to-b.from)+row-b.from)*width:][:width]
			if empty {
				clear(dst)
				continue
			}
			clear(dst[:first])
			clear(dst[last:])
			src := x[ch*size+at+skip*stride:]
			if stride == 1 {
				copy(dst[first:last], src)
				continue
			}
			for j := first; j < last; j++ {
				dst[j] = src[(j-first)*stride]
			}
		}
	})
}
