package codegen

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A RingForm is a bilinear form of a convolution over Z/2^16, the same on both
// axes: with Taps taps, In inputs go to Points points and those to Out outputs. It
// computes 2^Lost times the true sums, so these have to fit 16 - Lost bits
// (runtime/c/snug_ring.h has the argument).
type RingForm struct {
	Name                  string
	Taps, In, Points, Out int
	Stride, Lost          int
	// Vectors that the input transform of a tile loads, and instructions of the
	// transforms of one axis: what costs count.
	Loads, InOps, OutOps int
}

var (
	ring43 = RingForm{Name: "ring43", Taps: 3, In: 6, Points: 6, Out: 4, Stride: 1, Lost: 2, Loads: 60, InOps: 19, OutOps: 12}
	ring33 = RingForm{Name: "ring33", Taps: 3, In: 5, Points: 5, Out: 3, Stride: 1, Lost: 2, Loads: 25, InOps: 10, OutOps: 7}
	ring42 = RingForm{Name: "ring42", Taps: 3, In: 9, Points: 9, Out: 4, Stride: 2, Lost: 2, Loads: 108, InOps: 11, OutOps: 12}
	ring22 = RingForm{Name: "ring22", Taps: 3, In: 5, Points: 5, Out: 2, Stride: 2, Lost: 0, Loads: 25, InOps: 3, OutOps: 4}
	// The points of ring43, for wider windows.
	ring34 = RingForm{Name: "ring34", Taps: 4, In: 6, Points: 6, Out: 3, Stride: 1, Lost: 2, Loads: 60, InOps: 19, OutOps: 10}
	ring25 = RingForm{Name: "ring25", Taps: 5, In: 6, Points: 6, Out: 2, Stride: 1, Lost: 2, Loads: 60, InOps: 19, OutOps: 8}
	// ring33x takes a place of degree two in the stead of two points.
	ring33x = RingForm{Name: "ring33x", Taps: 3, In: 5, Points: 6, Out: 3, Stride: 1, Lost: 0, Loads: 40, InOps: 6, OutOps: 6}
)

// ringTiles is the most tiles that one product of matrices takes.
const ringTiles = 8

// A RingConv is the geometry of a convolution in a ring form.
type RingConv struct {
	Form       *RingForm
	H, W       int // output pixels
	XRow, XCol int // input elements from one input row, column to the next
	YRow, YCol int
	// Groups of channels that have nothing in common, with Cin and C of one.
	Groups, Cin, C int
	Kernel         int // rows and columns of the window
	// Phase above one: a stride that the form does not have. Phase*Phase pixels are
	// one of as many times the channels, over which the window moves by one.
	Phase int
	Split int // parts of the input channels, each summed and proven on its own
	Tiles int // transformed together
	// Offset[s*Groups*C+c] is added to the sum of part s, so that it lies in the
	// signed register of 16 - Lost bits; the last Groups*C are added to the total.
	// Nil: zeros.
	Offset []int16
}

// phase is the stride that is left for the layout of the input when the form
// computes w's outputs, zero when it does not.
func (f *RingForm) phase(w *work) int {
	k, stride := w.kernel[0], w.strides[0]
	if w.kernel[len(w.kernel)-1] != k || w.strides[len(w.strides)-1] != stride || slices.Max(w.dilations) > 1 {
		return 0
	}
	phase := stride / f.Stride
	if phase*f.Stride != stride || phase > 1 && f.Stride > 1 || (k+phase-1)/phase != f.Taps || w.h < f.Out || w.w < f.Out {
		return 0
	}
	return phase
}

// cin is the number of input channels of a group as they are transformed.
func (g *RingConv) cin() int { return (g.Phase*g.Phase*g.Cin + 7) / 8 * 8 }

// side is how many rows and columns of input a tile spans.
func (g *RingConv) side() int { return (g.Form.Out-1)*g.Form.Stride*g.Phase + g.Kernel }

// PatchBytes is the size of the input of one tile of one group, its pixels one after the other.
func (g *RingConv) PatchBytes() int { return g.side() * g.side() * g.Cin }

// PreparedBytes is the size of the transformed weights.
func (g *RingConv) PreparedBytes() int {
	return 2 * g.Form.Points * g.Form.Points * g.cin() * g.Groups * ((g.C + blockLanes - 1) / blockLanes * blockLanes)
}

// ScratchBytes is what one run of the layer needs besides.
func (g *RingConv) ScratchBytes() int {
	points := g.Form.Points * g.Form.Points
	n := 2 * (points*g.Tiles*g.cin() + points*ringTiles*blockLanes + ringTiles*g.Form.Out*g.Form.Out*blockLanes)
	if g.Phase > 1 {
		n += g.Form.In * g.Form.In * g.cin()
	}
	return n
}

// ringSplits are the numbers of parts that are tried, in the order of cost.
var ringSplits = []int{1, 2, 3, 4, 6, 8, 12, 16, 24}

// planRing returns the geometry in which every part of every channel has a
// proof, with the fewest parts; nil when there is none.
func planRing(f *RingForm, w *work, s *ir.Sum, in *inputs, rows [][]int8, l2 int) *RingConv {
	g := &RingConv{Form: f, H: w.h, W: w.w, Groups: w.groups, Cin: w.cin, C: w.c, Kernel: w.kernel[0], Phase: f.phase(w)}
	for _, split := range ringSplits {
		if g.cin()%(8*split) != 0 {
			continue
		}
		g.Split = split
		if offset, ok := ringOffsets(g, s, in, rows); ok {
			g.Offset = offset
			g.Tiles = g.tilesFor(l2)
			return g
		}
	}
	return nil
}

// tilesFor returns how many tiles are transformed before any is multiplied. Weights
// that stay in the cache can be read again for every few tiles; others are read
// once for as many as the cache holds.
func (g *RingConv) tilesFor(l2 int) int {
	f := g.Form
	if g.PreparedBytes()/g.Groups <= l2/2 {
		return ringTiles
	}
	all := (g.H + f.Out - 1) / f.Out * ((g.W + f.Out - 1) / f.Out)
	fit := l2 / 2 / (2 * f.Points * f.Points * g.cin()) / ringTiles * ringTiles
	return min(max(fit, ringTiles), (all+ringTiles-1)/ringTiles*ringTiles)
}

// ringOffsets moves the window of every part into its register, and that of
// the total into sixteen bits.
func ringOffsets(g *RingConv, s *ir.Sum, in *inputs, rows [][]int8) ([]int16, bool) {
	offset := make([]int16, (g.Split+1)*len(rows))
	bits := 16 - g.Form.Lost
	any := false
	for c, row := range rows {
		rest := s.Channels[c].Window.Preload(g.totalBits())
		for i, b := range g.partWindows(c, row, in) {
			if !b.Fits(bits) {
				return nil, false
			}
			o := b.Preload(bits)
			offset[i*len(rows)+c] = int16(o)
			rest -= o
			any = any || o != 0
		}
		offset[g.Split*len(rows)+c] = int16(rest)
		any = any || rest != 0
	}
	if !any {
		return nil, true
	}
	return offset, true
}

// totalBits is the width of the register that the total of all parts is kept in.
// One part's sum needs no other offset than its own.
func (g *RingConv) totalBits() int {
	if g.Split == 1 {
		return 16 - g.Form.Lost
	}
	return 16
}

// partWindows returns the window of each part of the input channels of output
// channel c: row is in the order of row, column, channel of the window.
func (g *RingConv) partWindows(c int, row []int8, in *inputs) []ir.Bound {
	b := make([]ir.Bound, g.Split)
	size := g.cin() / g.Split
	for k, w := range row {
		r, s := k/g.Cin/g.Kernel, k/g.Cin%g.Kernel
		i := (r%g.Phase*g.Phase+s%g.Phase)*g.Cin + k%g.Cin
		b[i/size] = b[i/size].Plus(in.term(c, k, w))
	}
	return b
}

// RingBits says how many bits of its accumulator a convolution leaves free for
// the ring form that the target would run it in; zero for every other node. It
// is asked before formats are chosen, of a graph with shapes.
func RingBits(t *Target, o *Options) (func(*ir.Node) int, error) {
	families, err := o.families()
	if err != nil {
		return nil, err
	}
	return func(n *ir.Node) int {
		if n.Op != "Conv" {
			return 0
		}
		w := workOf(n)
		rows := allowed(t, "Conv", ir.Accum{Bits: 16}, families, w)
		if len(rows) == 0 || rows[0].Form == nil {
			return 0
		}
		return rows[0].Form.Lost
	}, nil
}
