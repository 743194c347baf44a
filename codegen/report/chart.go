package report

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// Charts are drawn on a grid of across by some rows, in integers, so that the
// bytes of a page depend on no machine. They hold no text: it stands beside them.
const across = 1000

// A bar is a stretch of a chart's row.
type bar struct{ X, Y, W, H int }

// A chart is bars on a grid of across by Height; Mid is where zero lies.
type chart struct {
	Height, Mid int
	Bars        []bar
}

// A moved window is where a sum, from its preload on, can lie in the register.
type moved struct {
	ir.Bound
	channel int // -1: of all channels
}

// inRegister draws one line for each window in a signed register of the given
// bits, at most most of them, the widest among them.
func inRegister(windows []moved, bits, most int) chart {
	windows = slices.Clone(windows)
	slices.SortStableFunc(windows, func(a, b moved) int { return int(min(max(b.Width()-a.Width(), -1), 1)) })
	n := min(len(windows), most)
	const pitch = 4
	c := chart{Height: pitch * n, Mid: across / 2}
	half := int64(1) << (bits - 1)
	at := func(v int64) int { // of the left edge of v
		return int(min(max((v+half)*across/(2*half), 0), across))
	}
	for i := range n {
		w := windows[i*len(windows)/n]
		x := at(w.Lo)
		c.Bars = append(c.Bars, bar{x, i * pitch, max(at(w.Hi+1)-x, 1), pitch - 1})
	}
	return c
}

// preloaded moves the window of every channel by its preload.
func preloaded(f *Folder, l *Layer) []moved {
	pre := f.table(l.Call, "preload")
	all := make([]moved, len(l.Cert.Channels))
	for c, n := range l.Cert.Channels {
		b := ir.Bound{Lo: n[0], Hi: n[1]}
		if c < len(pre) {
			b = b.Plus(ir.Bound{Lo: int64(pre[c]), Hi: int64(pre[c])})
		}
		all[c] = moved{b, c}
	}
	return all
}

// hull widens b to hold o.
func hull(b, o ir.Bound) ir.Bound { return ir.Bound{Lo: min(b.Lo, o.Lo), Hi: max(b.Hi, o.Hi)} }

// term is what a product adds to any subset of a sum.
func term(levels ir.Bound, w int32) ir.Bound { return hull(ir.Bound{}, levels.Product(int64(w))) }

// A segment is a run of products between two flushes and the hull of what any of
// its partial sums, of any lane and channel, can be.
type segment struct {
	First, Last int // products, from 0
	ir.Bound
}

// segments derives them from the weights; none when sums are not flushed.
func segments(l *Layer) []segment {
	var all []segment
	lanes := l.Cert.Lanes
	open := make([]ir.Bound, len(l.Rows)*lanes)
	at, first := 0, 0
	for _, p := range l.Pieces {
		for c, row := range l.Rows {
			for i, w := range row[at : at+p[0]] {
				s := &open[c*lanes+i%lanes]
				*s = s.Plus(term(l.Cert.Input(c, at+i), w))
			}
		}
		at += p[0]
		if p[1] == 0 {
			continue
		}
		var b ir.Bound
		for _, s := range open {
			b = hull(b, s)
		}
		all = append(all, segment{first, at - 1, b})
		first = at
		clear(open)
	}
	return all
}

// partSize is how many transformed channels a part of a ring form has, zero when
// the report's numbers do not describe one.
func partSize(l *Layer) int {
	if len(l.Rows) == 0 || len(l.Rows[0]) != l.K || l.Phase < 1 || l.Phase > l.Side || l.Side > l.K || l.K%(l.Side*l.Side) != 0 {
		return 0
	}
	channels := (l.Phase*l.Phase*(l.K/(l.Side*l.Side)) + rowAlign - 1) / rowAlign * rowAlign
	if l.Split < 1 || l.Split > channels || channels%l.Split != 0 {
		return 0
	}
	return channels / l.Split
}

// parts gives the window of every channel in every part of the input channels
// of a ring form that splits them.
func parts(l *Layer) []ir.Bound {
	cin, size := l.K/(l.Side*l.Side), partSize(l)
	var all []ir.Bound
	for c, row := range l.Rows {
		b := make([]ir.Bound, l.Split)
		for k, w := range row {
			r, s := k/cin/l.Side, k/cin%l.Side
			i := ((r%l.Phase*l.Phase+s%l.Phase)*cin + k%cin) / size
			b[i] = b[i].Plus(term(l.Cert.Input(c, k), w))
		}
		all = append(all, b...)
	}
	return all
}

// A block is a buffer of the arena over the calls that it lives through.
type block struct {
	bar
	Kind, Text string
}

// arenaChart draws buffers: calls across, bytes upward from the bottom.
func arenaChart(f *Folder, height int) []block {
	r := &f.Report
	var all []block
	calls := max(len(r.Calls), 1)
	for i := range r.Buffers {
		b := &r.Buffers[i]
		x, top := b.First*across/calls, (b.Offset+b.Bytes)*height/max(r.Arena, 1)
		y := b.Offset * height / max(r.Arena, 1)
		all = append(all, block{bar{x, min(height-top, height-1), max((b.Last+1)*across/calls-x, 1), max(top-y, 1)}, b.Kind, b.Name})
	}
	return all
}
