package codegen

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// Lower turns an integer graph into a Program for t. The graph is as
// quant.Run leaves it: every activation has a Format, every Conv a Sum.
func Lower(g *ir.Graph, t *Target, o *Options) (*Program, error) {
	families, err := o.families()
	if err != nil {
		return nil, err
	}
	l := &lowering{
		graph:    g,
		target:   t,
		families: families,
		l2:       o.L2,
		plan:     planLayout(g),
		views:    map[*ir.Value]view{},
		names:    map[string]int{},
		prog:     &Program{Name: networkName(g.Name), Target: t},
	}
	if l.l2 == 0 {
		l.l2 = t.L2
	}
	if l.prog.MaxTable = o.MaxTable; o.MaxTable == 0 {
		l.prog.MaxTable = maxTable
	}
	l.ports()
	for _, n := range g.Nodes {
		if err := l.node(n); err != nil {
			return nil, &ir.Error{Pass: "lower", Place: n.Name, Err: err}
		}
	}
	l.handOut()
	p := l.prog
	for _, c := range p.Calls {
		if c.Sum != nil {
			p.Rung, p.Scheme = c.Sum.Rung, "fixed"
			if c.Sum.Acc.Total() >= p.Accum.Total() { // some layers may do with less
				p.Accum = c.Sum.Acc
			}
			if c.Sum.Mul == nil {
				p.Scheme = "pow2"
			}
		}
	}
	p.Work, p.Live, p.Kept = placeBuffers(p.Bufs, len(p.Calls))
	p.Arena = p.Work + p.Kept
	return p, nil
}

type lowering struct {
	graph    *ir.Graph
	target   *Target
	families []Family
	l2       int
	plan     *layout
	views    map[*ir.Value]view
	names    map[string]int
	prog     *Program
}

// A rule lowers one node; the table has one row for each operator that
// legalize leaves.
var rules = map[ir.Op]func(*lowering, *ir.Node) error{
	"Add":          (*lowering).add,
	"AveragePool":  (*lowering).averagePool,
	"Concat":       (*lowering).concat,
	"Conv":         (*lowering).conv,
	"DepthToSpace": (*lowering).depthToSpace,
	"LRN":          (*lowering).norm,
	"MaxPool":      (*lowering).maxPool,
	"Mul":          (*lowering).mul,
	"Pad":          (*lowering).pad,
	"Reshape":      (*lowering).reshape,
	"Resize":       (*lowering).resize,
	"Slice":        (*lowering).slice,
	"Softmax":      (*lowering).softmax,
	"Sub":          (*lowering).add,
	"Transpose":    (*lowering).transpose,
}

func (l *lowering) node(n *ir.Node) error {
	if n.Table != nil {
		return l.lookup(n)
	}
	rule := rules[n.Op]
	if rule == nil {
		return fmt.Errorf("operator %s has no kernel", n.Op)
	}
	return rule(l, n)
}

// ports makes the buffers that the caller owns, and clamps the input to its
// levels where an int8 could lie outside them: the proof stands on that. What a
// convolution reads is in the arena, as its kernel may read a little past it.
func (l *lowering) ports() {
	in, out := l.graph.In[0], l.graph.Out[0]
	port := func(v *ir.Value) Port {
		h, w, c := dims(v.Shape)
		return Port{Name: v.Name, Shape: v.Shape, H: h, W: w, C: c, Format: *v.Format}
	}
	l.prog.In, l.prog.Out = port(in), port(out)
	h, w, c := dims(in.Shape)
	caller := l.newBuf("in", Input, h*w*c)
	v := view{buf: caller, h: h, w: w, c: c, row: w * c, col: c, image: isImage(in.Shape)}
	full := in.Format.Levels == ir.Bound{Lo: -128, Hi: 127}
	summed := slices.ContainsFunc(l.plan.users[in], func(n *ir.Node) bool { return n.Op == "Conv" })
	if full && !summed && l.plan.frames[in] == (frame{}) {
		l.views[in] = v
		return
	}
	y := l.place(in)
	g := &kern.Order{Dim: [5]int{1, 1, h, w, c}, X: [5]int{0, 0, v.row, v.col, 1}, Y: [5]int{0, 0, y.row, y.col, 1}}
	call := Call{Name: l.unique("input"), Layer: in.Name, Kernel: "copy_s8", Src: []Ref{v.ref()}, Dst: y.ref(), Geometry: g}
	if !full {
		call.Kernel, call.Table = "lookup_s8", clampTable(in.Format.Levels)
	}
	l.call(call)
}

// handOut copies the output to the caller when it has to live in the arena.
func (l *lowering) handOut() {
	if l.plan.output != nil {
		return
	}
	v := l.graph.Out[0]
	x := l.views[v]
	y := view{buf: l.newBuf("out", Output, x.h*x.w*x.c), row: x.w * x.c, col: x.c}
	l.call(Call{Name: l.unique("output"), Layer: v.Name, Kernel: "copy_s8", Src: []Ref{x.ref()}, Dst: y.ref(),
		Geometry: &kern.Order{Dim: [5]int{1, 1, x.h, x.w, x.c}, X: [5]int{0, 0, x.row, x.col, 1}, Y: [5]int{0, 0, y.row, y.col, 1}}})
}

func clampTable(b ir.Bound) string {
	t := make([]byte, 256)
	for i := range t {
		t[i] = byte(b.Clamp(int64(int8(i))))
	}
	return string(t)
}

func (l *lowering) newBuf(name string, place Place, size int) *Buf {
	b := &Buf{Name: name, Place: place, Size: size, First: math.MaxInt, Last: -1}
	l.prog.Bufs = append(l.prog.Bufs, b)
	return b
}

// call appends c and extends the life of the buffers it touches.
func (l *lowering) call(c Call) {
	i := len(l.prog.Calls)
	touch := func(b *Buf) { b.First, b.Last = min(b.First, i), max(b.Last, i) }
	for _, r := range c.Src {
		touch(r.Buf)
	}
	touch(c.Dst.Buf)
	if c.Scratch != nil {
		touch(c.Scratch)
	}
	l.prog.Calls = append(l.prog.Calls, &c)
}

// unique turns the name of a layer into an identifier that no other has.
func (l *lowering) unique(name string) string {
	id := identifier(name)
	l.names[id]++
	if n := l.names[id]; n > 1 {
		return l.unique(id + "_" + strconv.Itoa(n))
	}
	return id
}

// identifier makes a lower-case C identifier of any name.
func identifier(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
			b.WriteByte('_')
		}
	}
	id := strings.TrimRight(b.String(), "_")
	if id == "" || id[0] >= '0' && id[0] <= '9' || reserved[id] {
		id = "n" + id
	}
	return id
}

// reserved are names that C or Go, or the emitted code itself, gives a meaning.
var reserved = map[string]bool{
	"in": true, "out": true, "arena": true, "int": true, "float": true, "double": true, "char": true, "short": true,
	"long": true, "if": true, "else": true, "for": true, "while": true, "do": true, "switch": true, "case": true,
	"default": true, "break": true, "continue": true, "return": true, "goto": true, "static": true, "const": true,
	"void": true, "struct": true, "union": true, "enum": true, "auto": true, "register": true, "inline": true,
	"func": true, "var": true, "type": true, "map": true, "range": true, "package": true, "import": true, "chan": true,
	"go": true, "defer": true, "select": true, "interface": true, "string": true, "len": true, "cap": true, "model": true,
	"main": true, "extern": true, "signed": true, "unsigned": true, "sizeof": true, "typedef": true, "volatile": true,
	"restrict": true, "nil": true, "true": true, "false": true, "byte": true, "min": true, "max": true, "new": true,
	"make": true, "copy": true, "clear": true, "append": true, "init": true, "conv": true, "fallthrough": true, "const_": true,
}

// networkName is an identifier that is also the name of files and build targets: it
// must not hide a header of the system or of the kernels, nor be a target that
// CMake keeps for itself.
func networkName(name string) string {
	id := identifier(name)
	if taken[id] || strings.HasPrefix(id, "snug_") {
		id = "n" + id
	}
	return id
}

// taken are C's own headers, those that these include on common systems, and
// targets of CMake.
var taken = map[string]bool{
	"assert": true, "complex": true, "ctype": true, "errno": true, "fenv": true, "inttypes": true, "iso646": true,
	"limits": true, "locale": true, "math": true, "setjmp": true, "signal": true, "stdalign": true, "stdarg": true,
	"stdatomic": true, "stdbool": true, "stddef": true, "stdint": true, "stdio": true, "stdlib": true, "stdnoreturn": true,
	"strings": true, "tgmath": true, "threads": true, "time": true, "uchar": true, "wchar": true, "wctype": true,
	"alloca": true, "endian": true, "features": true, "memory": true, "sched": true, "unistd": true, "arm_neon": true,
	"all": true, "clean": true, "depend": true, "help": true, "install": true, "object": true, "test": true,
}

// place gives v a home: the caller's output, a part of a concatenation, or a
// buffer of its own with the frame that its readers need.
func (l *lowering) place(v *ir.Value) view {
	if w, ok := l.views[v]; ok {
		return w
	}
	h, w, c := dims(v.Shape)
	if p := l.plan.parent[v]; p != nil {
		whole := l.place(p)
		part := whole
		part.at += l.plan.offset[v]
		part.c = c
		if g, ok := l.plan.grid[v]; ok {
			part.at += g.row*whole.row + g.col*whole.col
			part.h, part.w, part.row, part.col, part.frame = h, w, g.rows*whole.row, g.cols*whole.col, frame{}
		}
		l.views[v] = part
		return part
	}
	if v == l.plan.output {
		y := view{buf: l.newBuf("out", Output, h*w*c), h: h, w: w, c: c, row: w * c, col: c, image: isImage(v.Shape)}
		l.views[v] = y
		return y
	}
	f := l.plan.frames[v]
	row := (f.left + w + f.right) * c
	b := l.newBuf(l.bufName(v), InArena, (f.top+h+f.bottom)*row)
	y := view{buf: b, at: f.top*row + f.left*c, h: h, w: w, c: c, row: row, col: c, frame: f, image: isImage(v.Shape)}
	l.views[v] = y
	if f != (frame{}) {
		l.call(Call{
			Name: l.unique(b.Name + "_frame"), Layer: v.Name, Kernel: "frame_s8", Dst: Ref{b, 0},
			Geometry: &kern.Frame{H: f.top + h + f.bottom, W: f.left + w + f.right, C: c,
				Top: f.top, Bottom: f.bottom, Left: f.left, Right: f.right, Zero: int8(v.Format.Zero)},
		})
	}
	return y
}

// bufName names a buffer after the value it is first made for.
func (l *lowering) bufName(v *ir.Value) string { return l.unique("t_" + v.Name) }

// dying reports whether node n is the last reader of v and v owns its buffer:
// then n may write its result over it.
func (l *lowering) dying(v *ir.Value, n *ir.Node) bool {
	users := l.plan.users[v]
	x := l.views[v]
	if users[len(users)-1] != n || x.buf.Place != InArena || l.plan.parent[v] != nil || v == l.plan.output {
		return false
	}
	for _, w := range l.graph.Nodes { // no other value may share the buffer
		for _, o := range w.Out {
			if o != v && l.views[o].buf == x.buf {
				return false
			}
		}
	}
	return l.views[l.graph.In[0]].buf != x.buf || v == l.graph.In[0]
}

// placeOver is place for a node that may write over one of its inputs.
func (l *lowering) placeOver(n *ir.Node, v *ir.Value) view {
	out := n.Out[0]
	_, placed := l.views[out]
	x := l.views[v]
	if placed || l.plan.parent[out] != nil || out == l.plan.output || !l.dying(v, n) || x.image != isImage(out.Shape) {
		return l.place(out)
	}
	h, w, c := dims(out.Shape)
	// A frame would have to keep the zero point of both tensors.
	if x.frame != (frame{}) || l.plan.frames[out] != (frame{}) || x.h != h || x.w != w || x.c != c {
		return l.place(out)
	}
	over := x.buf
	x.buf = l.newBuf(l.bufName(out), InArena, over.Size)
	x.buf.Over = over
	l.views[out] = x
	return x
}
