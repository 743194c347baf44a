package codegen

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// maxTaps is the widest window of a depthwise kernel.
const maxTaps = 64

func (l *lowering) conv(n *ir.Node) error {
	a, x, y := &n.Attrs, l.views[n.In[0]], l.place(n.Out[0])
	w := n.In[1].Const
	cin := w.Shape[1] // of one group
	taps := a.Kernel[0] * a.Kernel[1]
	depthwise := a.Group == x.c && a.Group == y.c && cin == 1 && taps <= maxTaps && a.Group > 1
	op := n.Op
	if depthwise {
		op = "Depthwise"
	}
	k := pick(l.target, op, n.Sum.Acc)
	if k == nil {
		return fmt.Errorf("no kernel of target %s sums %s in %s bits", l.target.Name, op, n.Sum.Acc)
	}
	pieces := window(a, x, cin, !depthwise)
	rows := rowsOf(w)
	levels := n.In[0].Format.Levels
	if err := schedule(k, n.Sum, levels, &pieces, rows); err != nil {
		return err
	}
	c := Call{
		Name: l.unique(n.Name), Layer: n.Name, Kernel: k.Name,
		Src: []Ref{{x.buf, x.at - a.Pads[0]*x.row - a.Pads[1]*x.col}}, Dst: y.ref(),
		Requant: requantizer(n.Sum, n.Out[0].Format, pieces, k),
		Sum:     n.Sum, Levels: levels,
		MACs: y.h * y.w * len(w.Int),
	}
	if depthwise {
		c.Geometry = &kern.Depthwise{H: y.h, W: y.w, XRow: a.Strides[0] * x.row, XCol: a.Strides[1] * x.col,
			YRow: y.row, YCol: y.col, C: y.c, Taps: pieces}
		c.Weights = packTaps(rows)
	} else {
		padded := 0
		for _, p := range pieces {
			padded += packedLen(k.Packing, p.Len)
		}
		c.Geometry = &kern.Conv{H: y.h, W: y.w, XRow: a.Strides[0] * x.row, XCol: a.Strides[1] * x.col,
			YRow: y.row, YCol: y.col, Groups: a.Group, XGroup: cin, C: y.c / a.Group, K: padded, Pieces: pieces}
		c.Weights = pack(k.Packing, rows, pieces, y.c/a.Group)
		l.prog.Words = max(l.prog.Words, 4*padded)
	}
	l.call(c)
	return nil
}

// window cuts a convolution's window into pieces contiguous in memory,
// in row, column, channel order.
func window(a *ir.Attrs, x view, cin int, merge bool) []kern.Piece {
	var pieces []kern.Piece
	for r := range a.Kernel[0] {
		for s := range a.Kernel[1] {
			at := r*a.Dilations[0]*x.row + s*a.Dilations[1]*x.col
			if n := len(pieces); merge && n > 0 && pieces[n-1].At+pieces[n-1].Len == at && pieces[n-1].Len+cin <= math.MaxInt16 {
				pieces[n-1].Len += cin
				continue
			}
			pieces = append(pieces, kern.Piece{At: at, Len: cin})
		}
	}
	return pieces
}

// rowsOf returns one row of weights for each output channel, in the order of
// the window: row, column, channel.
func rowsOf(w *ir.Tensor) [][]int8 {
	m, c, h, wd := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	rows := make([][]int8, m)
	for i := range rows {
		row := make([]int8, 0, c*h*wd)
		for r := range h {
			for s := range wd {
				for j := range c {
					row = append(row, int8(w.Int[((i*c+j)*h+r)*wd+s]))
				}
			}
		}
		rows[i] = row
	}
	return rows
}

// requantizer gives the kernel its tables. A sum that is not split starts
// from the preload that moves its window into the signed 16-bit register.
func requantizer(s *ir.Sum, f *ir.Format, pieces []kern.Piece, k *Kernel) *kern.Requant {
	q := &kern.Requant{Bias: make([]int32, len(s.Bias)), Shift: s.Shift,
		Zero: int32(f.Zero), Lo: int32(f.Levels.Lo), Hi: int32(f.Levels.Hi)}
	copy(q.Bias, s.Bias)
	if s.Mul != nil {
		q.Mul = make([]int16, len(s.Mul))
		for i, m := range s.Mul {
			q.Mul[i] = int16(m)
		}
	}
	if k.Acc > 16 || segments(pieces) > 0 {
		return q
	}
	for c, ch := range s.Channels {
		if pre := ch.Window.Preload(16); pre != 0 {
			if q.Preload == nil {
				q.Preload = make([]int16, len(s.Channels))
			}
			q.Preload[c] = int16(pre)
			q.Bias[c] -= int32(pre)
		}
	}
	return q
}

func segments(pieces []kern.Piece) int {
	n := 0
	for _, p := range pieces {
		if p.Flush {
			n++
		}
	}
	return n
}
