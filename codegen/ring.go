package codegen

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A RingForm is a bilinear form of a 3x3 convolution over Z/2^16, the same on
// both axes: In inputs go to Points points and those to Out outputs. It
// computes 2^Lost times the true sums, so these have to fit 16 - Lost bits
// (runtime/c/snug_ring.h has the argument).
type RingForm struct {
	Name            string
	In, Points, Out int
	Stride, Lost    int
	// Vectors that the input transform of a tile loads, and instructions of the
	// transforms of one axis: what costs count.
	Loads, InOps, OutOps int
}

var (
	ring43 = RingForm{Name: "ring43", In: 6, Points: 6, Out: 4, Stride: 1, Lost: 2, Loads: 60, InOps: 19, OutOps: 12}
	ring33 = RingForm{Name: "ring33", In: 5, Points: 5, Out: 3, Stride: 1, Lost: 2, Loads: 25, InOps: 10, OutOps: 7}
	ring42 = RingForm{Name: "ring42", In: 9, Points: 9, Out: 4, Stride: 2, Lost: 2, Loads: 108, InOps: 11, OutOps: 12}
	ring22 = RingForm{Name: "ring22", In: 5, Points: 5, Out: 2, Stride: 2, Lost: 0, Loads: 25, InOps: 3, OutOps: 4}
	// ring33x takes a place of degree two in the stead of two points.
	ring33x = RingForm{Name: "ring33x", In: 5, Points: 6, Out: 3, Stride: 1, Lost: 0, Loads: 40, InOps: 6, OutOps: 6}
)

// ringTiles is the most tiles that one product of matrices takes.
const ringTiles = 8

// A RingConv is the geometry of a convolution in a ring form.
type RingConv struct {
	Form       *RingForm
	H, W       int // output pixels
	XRow, XCol int // input elements from one input row, column to the next
	YRow, YCol int
	Cin, C     int
	Split      int // groups of input channels, each summed and proven on its own
	Tiles      int // transformed together
	// Offset[s*C+c] is added to the sum of group s, so that it lies in the
	// signed register of 16 - Lost bits; the last C are added to the total. Nil: zeros.
	Offset []int16
}

// applies reports whether the form computes w's outputs.
func (f *RingForm) applies(w *work) bool {
	return w.groups == 1 && slices.Equal(w.kernel, []int{3, 3}) && slices.Equal(w.dilations, []int{1, 1}) &&
		slices.Equal(w.strides, []int{f.Stride, f.Stride}) && w.h >= f.Out && w.w >= f.Out
}

// cin is the number of input channels as they are laid out.
func (g *RingConv) cin() int { return (g.Cin + 7) / 8 * 8 }

// PreparedBytes is the size of the transformed weights.
func (g *RingConv) PreparedBytes() int {
	return 2 * g.Form.Points * g.Form.Points * g.cin() * ((g.C + blockLanes - 1) / blockLanes * blockLanes)
}

// ScratchBytes is what one run of the layer needs besides.
func (g *RingConv) ScratchBytes() int {
	points := g.Form.Points * g.Form.Points
	return 2 * (points*g.Tiles*g.cin() + points*ringTiles*blockLanes + ringTiles*g.Form.Out*g.Form.Out*blockLanes)
}

// ringSplits are the numbers of groups that are tried, in the order of cost.
var ringSplits = []int{1, 2, 3, 4, 6, 8, 12, 16, 24}

// planRing returns the geometry in which every group of every channel has a
// proof, with the fewest groups; nil when there is none.
func planRing(f *RingForm, w *work, s *ir.Sum, levels ir.Bound, rows [][]int8, l2 int) *RingConv {
	g := &RingConv{Form: f, H: w.h, W: w.w, Cin: w.cin, C: w.c}
	for _, split := range ringSplits {
		if g.cin()%(8*split) != 0 {
			continue
		}
		g.Split = split
		if offset, ok := ringOffsets(g, s, levels, rows); ok {
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
	if g.PreparedBytes() <= l2/2 {
		return ringTiles
	}
	all := (g.H + f.Out - 1) / f.Out * ((g.W + f.Out - 1) / f.Out)
	fit := l2 / 2 / (2 * f.Points * f.Points * g.cin()) / ringTiles * ringTiles
	return min(max(fit, ringTiles), (all+ringTiles-1)/ringTiles*ringTiles)
}

// ringOffsets moves the window of every group into its register, and that of
// the total into sixteen bits.
func ringOffsets(g *RingConv, s *ir.Sum, levels ir.Bound, rows [][]int8) ([]int16, bool) {
	offset := make([]int16, (g.Split+1)*g.C)
	bits := 16 - g.Form.Lost
	any := false
	for c, row := range rows {
		groups := groupWindows(row, g.Cin, g.cin()/g.Split, g.Split, levels)
		rest := s.Channels[c].Window.Preload(g.totalBits())
		for i, b := range groups {
			if !b.Fits(bits) {
				return nil, false
			}
			o := b.Preload(bits)
			offset[i*g.C+c] = int16(o)
			rest -= o
			any = any || o != 0
		}
		offset[g.Split*g.C+c] = int16(rest)
		any = any || rest != 0
	}
	if !any {
		return nil, true
	}
	return offset, true
}

// totalBits is the width of the register that the total of all groups is kept in.
// One group's sum needs no other offset than its own.
func (g *RingConv) totalBits() int {
	if g.Split == 1 {
		return 16 - g.Form.Lost
	}
	return 16
}

// groupWindows returns the window of each group of part input channels.
func groupWindows(row []int8, cin, part, split int, levels ir.Bound) []ir.Bound {
	b := make([]ir.Bound, split)
	for k, w := range row {
		i := k % cin / part
		b[i] = b[i].Plus(term(levels, w))
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
