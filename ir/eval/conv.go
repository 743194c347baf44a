package eval

import (
	"errors"

	"github.com/snug-nn/snug/ir"
)

// window is a convolution or pool with three spatial axes; those that are
// absent have size 1.
type window struct {
	batch, c   int
	in, out    [3]int
	k, s, d, p [3]int // kernel, stride, dilation, padding before
}

func windowOf(a *ir.Attrs, x, y []int) (window, error) {
	rank := len(x) - 2
	if rank < 1 || rank > 3 {
		return window{}, errors.New("has more than three spatial dimensions")
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

// pointwise reports whether every output reads the one input at its place.
func (w *window) pointwise() bool {
	return w.k == [3]int{1, 1, 1} && w.s == [3]int{1, 1, 1} && w.p == [3]int{} && w.in == w.out
}

func conv(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	x, w, y := in[0], in[1], out[0]
	g, err := windowOf(&n.Attrs, x.Shape, y.Shape)
	if err != nil {
		return err
	}
	if x.Real == nil || w.Real == nil {
		return errNotReal
	}
	groups, m := max(n.Attrs.Group, 1), y.Shape[1]
	cg, mg := g.c/groups, m/groups
	size, pixels := g.inSize(), g.outSize()
	k := cg * g.k[0] * g.k[1] * g.k[2]
	for b := range g.batch {
		for i := range groups {
			xg := x.Real[(b*g.c+i*cg)*size:][:cg*size]
			yg := y.Real[(b*m+i*mg)*pixels:][:mg*pixels]
			wg := w.Real[i*mg*k:][:mg*k]
			switch {
			case g.pointwise():
				Gemm(mg, pixels, k, wg, k, xg, pixels, yg, pixels, false)
			case cg == 1 && mg == 1:
				g.depthwise(yg, xg, wg)
			default:
				cols := s.floats(k * pixels)
				g.columns(cols, xg, cg)
				Gemm(mg, pixels, k, wg, k, cols, pixels, yg, pixels, false)
			}
		}
		if len(in) > 2 && in[2] != nil {
			for c := range m {
				bias := in[2].Real[c]
				row := y.Real[(b*m+c)*pixels:][:pixels]
				for j := range row {
					row[j] += bias
				}
			}
		}
	}
	return nil
}

// each calls f for every position of the window and every row of outputs: the
// outputs [first, last) of that row read the input from at on, step apart; the
// others read padding.
func (w *window) each(f func(kernel, row, first, last, at int)) {
	kernel := 0
	for k0 := range w.k[0] {
		for k1 := range w.k[1] {
			for k2 := range w.k[2] {
				off := k2*w.d[2] - w.p[2]
				first := 0
				for first < w.out[2] && first*w.s[2]+off < 0 {
					first++
				}
				last := w.out[2]
				for last > first && (last-1)*w.s[2]+off >= w.in[2] {
					last--
				}
				row := 0
				for o0 := range w.out[0] {
					i0 := o0*w.s[0] + k0*w.d[0] - w.p[0]
					for o1 := range w.out[1] {
						i1 := o1*w.s[1] + k1*w.d[1] - w.p[1]
						if i0 < 0 || i0 >= w.in[0] || i1 < 0 || i1 >= w.in[1] {
							f(kernel, row, 0, 0, 0)
						} else {
							f(kernel, row, first, last, (i0*w.in[1]+i1)*w.in[2]+first*w.s[2]+off)
						}
						row++
					}
				}
				kernel++
			}
		}
	}
}

// columns lays out the patches of c channels: one row for each channel and
// position of the window, one column an output.
func (w *window) columns(cols, x []float32, c int) {
	size, pixels := w.inSize(), w.outSize()
	positions := w.k[0] * w.k[1] * w.k[2]
	w.each(func(kernel, row, first, last, at int) {
		for ch := range c {
			dst := cols[(ch*positions+kernel)*pixels+row*w.out[2]:][:w.out[2]]
			clear(dst[:first])
			clear(dst[last:])
			if first == last {
				continue
			}
			src := x[ch*size+at:]
			if w.s[2] == 1 {
				copy(dst[first:last], src)
				continue
			}
			for j := first; j < last; j++ {
				dst[j] = src[(j-first)*w.s[2]]
			}
		}
	})
}

// depthwise adds one shifted, scaled copy of the input for each weight.
func (w *window) depthwise(y, x, weights []float32) {
	clear(y)
	step := w.s[2]
	w.each(func(kernel, row, first, last, at int) {
		if first == last {
			return
		}
		v := weights[kernel]
		dst := y[row*w.out[2]+first : row*w.out[2]+last]
		src := x[at:]
		if step == 1 {
			src = src[:len(dst)]
			for j := range dst {
				dst[j] += float32(v * src[j])
			}
			return
		}
		for j := range dst {
			dst[j] += float32(v * src[j*step])
		}
	})
}
