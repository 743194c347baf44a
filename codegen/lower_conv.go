package codegen

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// maxTaps is the widest window of a depthwise kernel.
const maxTaps = 64

// workOf is what costs see of a convolution, without its input's layout.
func workOf(n *ir.Node) *work {
	a, in, out, weights := &n.Attrs, n.In[0].Shape, n.Out[0].Shape, n.In[1].Shape
	w := &work{h: out[2], w: out[3], cin: weights[1], c: weights[0] / a.Group, groups: a.Group,
		kernel: a.Kernel, strides: a.Strides, dilations: a.Dilations}
	w.k = w.cin * a.Kernel[0] * a.Kernel[1]
	v := view{row: in[1] * (in[3] + a.Pads[1] + a.Pads[3]), col: in[1]}
	w.pieces = window(a, v, w.cin, true)
	return w
}

func inputsOf(n *ir.Node) *inputs {
	return &inputs{n.In[0].Format, n.In[1].Shape[1], n.In[1].Shape[0] / n.Attrs.Group}
}

// isDepthwise reports whether every channel of n is its own group.
func isDepthwise(n *ir.Node) bool {
	a := &n.Attrs
	return a.Group > 1 && a.Group == n.In[0].Shape[1] && a.Group == n.Out[0].Shape[1] && a.Kernel[0]*a.Kernel[1] <= maxTaps
}

// conv takes the cheapest kernel that the layer's integers allow, for each part of it.
func (l *lowering) conv(n *ir.Node) error {
	for _, p := range cut(n, l.prog.MaxTable) {
		if err := l.convPart(p); err != nil {
			return err
		}
	}
	return nil
}

func (l *lowering) convPart(p part) error {
	n := p.Node
	op := n.Op
	if isDepthwise(n) {
		op = "Depthwise"
	}
	w := workOf(n)
	x := l.views[n.In[0]]
	w.pieces = window(&n.Attrs, x, w.cin, op == "Conv")
	kernels := allowed(l.target, op, n.Sum.Acc, l.families, w)
	c := Call{
		Name: l.unique(n.Name), Layer: p.name, Sum: n.Sum, Levels: n.In[0].Format.Levels, Tops: n.In[0].Format.Tops, Pixel: x.col,
		MACs: w.pixels() * w.groups * w.c * w.k,
	}
	rows := rowsOf(n.In[1].Const)
	var err error
	for _, o := range l.options(n, w, kernels, rows) {
		c.Candidates = append(c.Candidates, Candidate{Kernel: o.kernel.Name, Cost: o.cost, Note: o.note})
		switch {
		case c.Kernel != "":
		case o.refused:
			err = cmp.Or(err, o.err)
		default:
			l.use(&c, &o, p, rows)
			c.Predicted = int(o.instructions(l.target))
		}
	}
	if c.Kernel == "" {
		if err == nil {
			err = fmt.Errorf("no kernel of target %s sums %s in %s bits", l.target.Name, op, n.Sum.Acc)
		}
		return err
	}
	l.call(c)
	return nil
}

// option is a kernel that could run a layer. A ring form comes with the parts of
// input channels that the layer's integers ask for, and costs what these do, or
// is refused; another form with the flushes that they ask for.
type option struct {
	kernel  *Kernel
	work    *work
	cost    float64
	plan    *RingConv
	note    string
	refused bool
	err     error // why the integers do not allow it
}

// instructions is what the cost model says the option executes, whatever unit t
// compares in: an instruction is one, however many cycles it takes.
func (o *option) instructions(t *Target) float64 {
	plain := *t
	plain.MLA, plain.Pace = 1, nil
	if o.plan != nil {
		return whole(o.kernel.Form.cost(o.work, o.plan.Split, &plain))
	}
	return o.kernel.cost(o.work, &plain)
}

// options returns kernels in the order of their cost for these integers.
func (l *lowering) options(n *ir.Node, w *work, kernels []*Kernel, rows [][]int8) []option {
	options := make([]option, len(kernels))
	for i, k := range kernels {
		o := &options[i]
		o.kernel, o.work = k, w
		if k.Form == nil {
			flushed := *w
			var err error
			if flushed.pieces, err = schedule(k, n.Sum, inputsOf(n), w.pieces, rows); err != nil {
				o.note, o.refused, o.err = err.Error(), true, err
			} else {
				o.work = &flushed
			}
			o.cost = k.cost(o.work, l.target)
			continue
		}
		o.cost = k.cost(w, l.target)
		if !n.Sum.Acc.Short() {
			o.note, o.refused = "flushed sums cannot be split inside a transform", true
		} else if o.plan = planRing(k.Form, w, n.Sum, inputsOf(n), rows, l.l2); o.plan == nil {
			o.note, o.refused = fmt.Sprintf("no split of the input channels fits %d bits", 16-k.Form.Lost), true
		} else {
			o.note, o.cost = fmt.Sprintf("split %d", o.plan.Split), whole(k.Form.cost(w, o.plan.Split, l.target)*l.target.pace(k))
		}
	}
	slices.SortStableFunc(options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	return options
}

// use fills c in for an option that the layer's integers allow.
func (l *lowering) use(c *Call, o *option, p part, rows [][]int8) {
	n, k, w := p.Node, o.kernel, o.work
	a, x := &n.Attrs, l.views[n.In[0]]
	out := p.output()
	if g := o.plan; g != nil {
		y := l.place(n.Out[0])
		y.at += p.first
		g.XRow, g.XCol, g.YRow, g.YCol = x.row, x.col, y.row, y.col
		c.Geometry = g
		c.Requant = requantizer(n.Sum, out, g.totalBits(), true)
		c.Weights = pack(Rows, rows, []kern.Piece{{Len: w.k}}, w.c)
		c.Scratch = l.newBuf("s_"+c.Name, InArena, g.ScratchBytes())
		c.Prepared = l.newBuf("u_"+c.Name, Kept, g.PreparedBytes())
		l.finish(c, k, n, x, y)
		return
	}
	pieces := w.pieces
	c.Segment = widest(k.Lanes, inputsOf(n), pieces, rows)
	y := l.place(n.Out[0])
	y.at += p.first
	c.Requant = requantizer(n.Sum, out, 16, k.Acc <= 16 && segments(pieces) == 0)
	if k.Op == "Depthwise" {
		c.Geometry = &kern.Depthwise{H: y.h, W: y.w, XRow: a.Strides[0] * x.row, XCol: a.Strides[1] * x.col,
			YRow: y.row, YCol: y.col, C: y.c, Taps: pieces}
		c.Weights = packTaps(rows)
	} else {
		padded := 0
		for _, p := range pieces {
			padded += packedLen(k.Packing, p.Len)
		}
		c.Geometry = &kern.Conv{H: y.h, W: y.w, XRow: a.Strides[0] * x.row, XCol: a.Strides[1] * x.col,
			YRow: y.row, YCol: y.col, Groups: a.Group, XGroup: w.cin, C: w.c, K: padded, Pieces: pieces}
		c.Weights = pack(k.Packing, rows, pieces, w.c)
		if k.Packing == Lanes16 {
			c.Scratch = l.newBuf("s_"+c.Name, InArena, scratchOf(k, w))
		}
		l.prog.Words = max(l.prog.Words, 4*padded)
	}
	l.finish(c, k, n, x, y)
}

// scratchOf returns the bytes that a kernel of blocks of channels works in.
func scratchOf(k *Kernel, w *work) int {
	block := 2 * blockLanes * ((w.k + 7) / 8 * 8)
	switch k.Name {
	case "conv_s8_a16_first":
		return pointTables + block
	case "conv_s8_a16_point":
		return pointTables + block*min(2, (w.c+blockLanes-1)/blockLanes)
	case "conv_s8_a16_saddw": // loads run a product ahead
		return 2 * blockLanes * (w.k + 1)
	}
	return 2 * blockLanes * w.k
}

// finish fills in what every kernel has.
func (l *lowering) finish(c *Call, k *Kernel, n *ir.Node, x, y view) {
	a := &n.Attrs
	c.Kernel = k.Name
	c.Src = []Ref{{x.buf, x.at - a.Pads[0]*x.row - a.Pads[1]*x.col}}
	c.Dst = y.ref()
	c.Narrow = narrowOf(c)
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

// requantizer gives the kernel its tables. A whole sum in a narrow register starts
// from the preload that moves its window into the register's signed bits.
func requantizer(s *ir.Sum, f *ir.Format, bits int, narrow bool) *kern.Requant {
	q := &kern.Requant{Bias: make([]int32, len(s.Bias)), Shift: s.Shift, Half: s.Half,
		Zero: int32(f.Zero), Lo: int32(f.Levels.Lo), Hi: int32(f.Levels.Hi)}
	copy(q.Bias, s.Bias)
	for _, top := range f.Tops {
		q.Tops = append(q.Tops, int8(top))
	}
	if s.Mul != nil {
		q.Mul = make([]int16, len(s.Mul))
		for i, m := range s.Mul {
			q.Mul[i] = int16(m)
		}
	}
	if !narrow {
		return q
	}
	for c, ch := range s.Channels {
		if pre := ch.Window.Preload(bits); pre != 0 {
			if q.Preload == nil {
				q.Preload = make([]int16, len(s.Channels))
			}
			q.Preload[c] = int16(pre)
			q.Bias[c] -= int32(pre)
		}
	}
	return q
}

// narrowOf says how few bits a layer may be requantized in: 1 when no shift goes
// left, 2 when 16 bits are enough: every bias fits, and sum and bias are halved
// as they are added, or are added with saturation and where they can leave
// the register, its end already gives the end of the output's levels, so that
// nothing beyond it matters.
func narrowOf(c *Call) int {
	q := c.Requant
	if slices.Min(q.Shift) < 0 {
		return 0
	}
	if !c.Sum.Acc.Short() {
		return 1
	}
	for i, ch := range c.Sum.Channels {
		bias := int64(q.Bias[i])
		pre := int64(0)
		if q.Preload != nil {
			pre = int64(q.Preload[i])
		}
		mul := int32(0)
		if q.Mul != nil {
			mul = int32(q.Mul[i])
		}
		top := q.Hi
		if q.Tops != nil {
			top = int32(q.Tops[i])
		}
		end := func(t int32) int32 { return ir.Requantize(t, mul, q.Shift[i]) + q.Zero }
		if bias < math.MinInt16 || bias > math.MaxInt16 {
			return 1
		}
		if q.Half {
			continue
		}
		if ch.Window.Hi+pre+bias > math.MaxInt16 && end(math.MaxInt16) < top ||
			ch.Window.Lo+pre+bias < math.MinInt16 && end(math.MinInt16) > q.Lo {
			return 1
		}
	}
	return 2
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
