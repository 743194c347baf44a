package codegen

import (
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A view is where a value lives: a window into a buffer. A value of shape
// 1 x C x H x W is kept in row, column, channel order and may have a frame; any
// other is flat, in the network's own order, with h = w = 1.
type view struct {
	buf      *Buf
	at       int // of the first element inside the frame
	h, w, c  int
	row, col int
	frame    frame
	image    bool
	// steps are the strides of a value that was reshaped and transposed where it lies,
	// for what moves it on; nil for what kernels read.
	steps []int
}

// A frame is the border of a buffer, in rows and columns.
type frame struct{ top, bottom, left, right int }

func (f frame) union(g frame) frame {
	return frame{max(f.top, g.top), max(f.bottom, g.bottom), max(f.left, g.left), max(f.right, g.right)}
}

func (v view) ref() Ref { return Ref{v.buf, v.at} }

// strides returns the elements between neighbours along each dimension of a
// value of the given shape.
func (v view) strides(shape []int) []int {
	if v.steps != nil {
		return slices.Clone(v.steps)
	}
	if v.image {
		return []int{0, 1, v.row, v.col}
	}
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// plain reports whether v's elements lie in the network's own order, without
// gaps: then a reshape is only another name for it.
func (v view) plain() bool {
	return v.steps == nil && v.frame == frame{} && (!v.image || (v.c == 1 || v.h*v.w == 1) && v.col == v.c && (v.h == 1 || v.row == v.w*v.col))
}

// isImage reports whether a shape is stored channels last.
func isImage(shape []int) bool { return len(shape) == 4 && shape[0] == 1 }

// dims returns height, width and channels of a value as it is stored.
func dims(shape []int) (h, w, c int) {
	if isImage(shape) {
		return shape[2], shape[3], shape[1]
	}
	return 1, 1, ir.NumElements(shape)
}

// A layout decides which values need a frame and which are channel ranges of
// a concatenation, before any buffer is made.
type layout struct {
	frames map[*ir.Value]frame
	parent map[*ir.Value]*ir.Value // the concatenation that a value is a part of
	offset map[*ir.Value]int       // its first channel there
	grid   map[*ir.Value]grid      // of a part that is some pixels of its parent, not channels
	output *ir.Value               // what is written to the caller's output
	users  map[*ir.Value][]*ir.Node
}

// A grid is the pixel row, col of each block of so many rows and columns.
type grid struct{ rows, cols, row, col int }

// planLayout walks g backward, so that a concatenation that is itself part of
// one is placed first.
func planLayout(g *ir.Graph) *layout {
	l := &layout{
		frames: map[*ir.Value]frame{},
		parent: map[*ir.Value]*ir.Value{},
		offset: map[*ir.Value]int{},
		grid:   map[*ir.Value]grid{},
		users:  g.Consumers(),
	}
	producers := g.Producers()
	l.output = l.outputOf(g, producers)
	for _, n := range slices.Backward(g.Nodes) {
		switch n.Op {
		case "Conv":
			l.frames[n.In[0]] = l.frames[n.In[0]].union(convFrame(n))
		case "Concat":
			l.planConcat(n, g, producers)
		case "DepthToSpace":
			l.planBlocks(n, g, producers)
		}
	}
	for _, n := range slices.Backward(g.Nodes) {
		for _, v := range n.Out {
			if p := l.parent[v]; p != nil {
				root := l.root(v)
				l.frames[root] = l.frames[root].union(l.frames[v])
			}
		}
	}
	return l
}

// outputOf looks through reshapes at the end of the network that only rename
// the shape: the node before them writes to the caller's output itself. It is
// nil when something reads the output too: kernels may read a little past a
// tensor, which only the arena allows, so a copy is handed out then.
func (l *layout) outputOf(g *ir.Graph, producers map[*ir.Value]*ir.Node) *ir.Value {
	v := g.Out[0]
	if len(l.users[v]) > 0 {
		return nil
	}
	for {
		p := producers[v]
		if p == nil || p.Op != "Reshape" || len(l.users[p.In[0]]) != 1 || !dense(p.In[0].Shape) || !dense(v.Shape) || producers[p.In[0]] == nil {
			return v
		}
		v = p.In[0]
	}
}

// dense reports whether a value without a frame is stored in the network's own
// order.
func dense(shape []int) bool {
	h, w, c := dims(shape)
	return view{h: h, w: w, c: c, row: w * c, col: c, image: isImage(shape)}.plain()
}

// root returns the value whose buffer v lives in.
func (l *layout) root(v *ir.Value) *ir.Value {
	for l.parent[v] != nil {
		v = l.parent[v]
	}
	return v
}

// planConcat makes the inputs of a concatenation of channels parts of its
// output, so that nothing is copied. Those that other means already placed stay
// where they are and are copied.
func (l *layout) planConcat(n *ir.Node, g *ir.Graph, producers map[*ir.Value]*ir.Node) {
	out := n.Out[0]
	if !isImage(out.Shape) || n.Attrs.Axis != 1 {
		return
	}
	c := 0
	for _, v := range n.In {
		p := producers[v]
		// A padded tensor writes its whole frame, which is that of its neighbours here.
		if p != nil && p.Op != "Reshape" && p.Op != "Pad" && l.parent[v] == nil && v != l.output && !slices.Contains(g.Out, v) && isImage(v.Shape) {
			l.parent[v], l.offset[v] = out, c
		}
		c += v.Shape[1]
	}
}

// planBlocks lets convolutions whose channels, joined, become the pixels of blocks write
// these themselves.
func (l *layout) planBlocks(n *ir.Node, g *ir.Graph, producers map[*ir.Value]*ir.Node) {
	joined, out, b := n.In[0], n.Out[0], n.Attrs.Kernel
	p := producers[joined]
	if n.Attrs.Mode == "CRD" || p == nil || p.Op != "Concat" || p.Attrs.Axis != 1 || len(l.users[joined]) != 1 || !isImage(out.Shape) {
		return
	}
	for _, v := range p.In {
		if q := producers[v]; q == nil || q.Op != "Conv" || len(l.users[v]) != 1 || slices.Contains(g.Out, v) || v.Shape[1] != out.Shape[1] {
			return
		}
	}
	for i, v := range p.In {
		l.parent[v], l.grid[v] = out, grid{b[0], b[1], i / b[1], i % b[1]}
	}
}

// spread reports whether what a Concat joins has been written as pixels.
func (l *layout) spread(n *ir.Node) bool {
	_, ok := l.grid[n.In[0]]
	return ok
}

// convFrame returns the border that a convolution reads around its input.
func convFrame(n *ir.Node) frame {
	a, in, out := &n.Attrs, n.In[0].Shape, n.Out[0].Shape
	over := func(axis int) int { // rows read past the end of the input
		reach := (out[2+axis]-1)*a.Strides[axis] + (a.Kernel[axis]-1)*a.Dilations[axis] + 1
		return max(0, reach-a.Pads[axis]-in[2+axis])
	}
	return frame{top: a.Pads[0], bottom: over(0), left: a.Pads[1], right: over(1)}
}
