package codegen

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// maxTable is Options.MaxTable when that is zero: compilers take 65 bytes of memory
// and more, and two microseconds, for each number of a file.
const maxTable = 4 << 20

// cutAlign is what the channels of a part are a multiple of: the blocks of all
// packings.
const cutAlign = 16

// A part is a range of the output channels of a node, as a node of its own with the
// same output, which it writes from channel first on.
type part struct {
	*ir.Node
	name  string
	first int
}

// output is the format of what p writes.
func (p *part) output() *ir.Format {
	f := *p.Out[0].Format
	if f.Tops != nil {
		f.Tops = f.Tops[p.first:][:len(p.Sum.Channels)]
	}
	return &f
}

// cut splits a node whose weights would be too large a table by output channels.
func cut(n *ir.Node, most int) []part {
	w := n.In[1]
	m, k := w.Shape[0], w.Const.Len()/w.Shape[0]
	size := max((most/k)/cutAlign, 1) * cutAlign
	if w.Const.Len() <= most || n.Attrs.Group > 1 || m <= size {
		return []part{{n, n.Name, 0}}
	}
	parts := (m + size - 1) / size
	size = ((m+parts-1)/parts + cutAlign - 1) / cutAlign * cutAlign // of about the same size
	var all []part
	for from := 0; from < m; from += size {
		to := min(from+size, m)
		t := *w.Const
		t.Shape = append([]int{to - from}, w.Shape[1:]...)
		t.Int = t.Int[from*k : to*k]
		if t.Real != nil {
			t.Real = t.Real[from*k : to*k]
		}
		v := *w
		v.Shape, v.Const = t.Shape, &t
		s := *n.Sum
		s.Channels, s.Bias, s.Shift = s.Channels[from:to], s.Bias[from:to], s.Shift[from:to]
		if s.Mul != nil {
			s.Mul = s.Mul[from:to]
		}
		c := *n
		c.In = append([]*ir.Value{n.In[0], &v}, n.In[2:]...)
		c.Sum = &s
		all = append(all, part{&c, fmt.Sprintf("%s[%d:%d]", n.Name, from, to), from})
	}
	return all
}
