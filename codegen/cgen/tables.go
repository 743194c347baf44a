package cgen

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// A table is one array of NAME_weights.c. Rows are its lines: row i is
// Values[i*Row:][:Row], and Note(i) stands behind it.
type table struct {
	Name, Type string
	Comment    string
	Values     []int32
	Row        int
	Note       func(row int) string
	Len        int
}

// lineNumbers is how many numbers a line holds when nothing else cuts it.
const lineNumbers = 16

// tablesOf lists the tables of a program in the order of its calls.
func tablesOf(p *codegen.Program) []table {
	var all []table
	add := func(name, ctype, comment string, values []int32, row int, note func(int) string) {
		all = append(all, table{Name: p.Name + "_" + name, Type: ctype, Comment: comment, Values: values, Row: row, Note: note, Len: len(values)})
	}
	for _, c := range p.Calls {
		if w := c.Weights; w != nil {
			comment, row, note := layoutOf(c)
			add(c.Name+"_w", "int8_t", comment, widen(w.Data), row, note)
		}
		if q := c.Requant; q != nil {
			add(c.Name+"_bias", "int32_t", "", q.Bias, lineNumbers, nil)
			if q.Mul != nil {
				add(c.Name+"_mul", "int16_t", "", widen(q.Mul), lineNumbers, nil)
			}
			add(c.Name+"_shift", "int8_t", "", widen(q.Shift), lineNumbers, nil)
			if q.Preload != nil {
				add(c.Name+"_preload", "int16_t", "", widen(q.Preload), lineNumbers, nil)
			}
		}
		switch g := c.Geometry.(type) {
		case *kern.Pool:
			if g.Mul != nil {
				add(c.Name+"_mul", "int16_t", "", widen(g.Mul), lineNumbers, nil)
				add(c.Name+"_shift", "int8_t", "", widen(g.Shift), lineNumbers, nil)
			}
		case *codegen.RingConv:
			if g.Offset != nil {
				add(c.Name+"_offset", "int16_t", "", widen(g.Offset), lineNumbers, nil)
			}
		case *kern.Norm:
			add(c.Name+"_factor", "int32_t", fmt.Sprintf("for sums of squares 0 to 63, and 32 in each octave, in 1/2^%d", g.Shift), g.Factor, lineNumbers, nil)
		case *kern.Softmax:
			add(c.Name+"_exp", "int32_t", "exp(-d * scale) in 1/2^23", g.Exp, lineNumbers, nil)
		}
		if c.Table != "" {
			add(c.Name+"_table", "int8_t", "", widen([]byte(c.Table)), lineNumbers, nil)
			t := all[len(all)-1].Values
			for i := range t {
				t[i] = int32(int8(t[i]))
			}
		}
	}
	return all
}

func widen[T int8 | int16 | byte](v []T) []int32 {
	w := make([]int32, len(v))
	for i, x := range v {
		w[i] = int32(x)
	}
	return w
}

// layoutOf says how the weights of a call are laid out, how many stand on a
// line and what stands behind it.
func layoutOf(c *codegen.Call) (comment string, row int, note func(int) string) {
	w := c.Weights
	l1 := func(i int) string { return fmt.Sprintf("channel %d, L1 %d", i, c.Sum.Channels[i].L1) }
	side := func(lines, n int) func(int) string { // blocks of n channels, lines long
		return func(i int) string {
			if i%lines != 0 {
				return ""
			}
			g := c.Geometry.(*kern.Conv).C
			blocks := (g + n - 1) / n
			first := i/lines/blocks*g + i/lines%blocks*n
			last := min(first+n, (i/lines/blocks+1)*g)
			return fmt.Sprintf("channels %d to %d, L1 %s", first, last-1, norms(c, first, last))
		}
	}
	switch w.Packing {
	case codegen.Lanes16:
		return "a line is one product of sixteen channels", 16, side(w.K, 16)
	case codegen.Quads8:
		return "a line is four products of eight channels, pieces padded to a multiple of four", 32, side(w.K/4, 8)
	case codegen.Taps:
		return "a line is one tap of all channels; L1 " + norms(c, 0, len(c.Sum.Channels)), w.Channels, func(i int) string { return "tap " + strconv.Itoa(i) }
	case codegen.Rows8:
		return "a line is one channel, its pieces padded to a multiple of eight", w.K, l1
	}
	return "a line is one channel", w.K, l1
}

func norms(c *codegen.Call, first, last int) string {
	var b []byte
	for i := first; i < last; i++ {
		b = strconv.AppendInt(append(b, ' '), c.Sum.Channels[i].L1, 10)
	}
	return string(bytes.TrimSpace(b))
}

// appendTable prints one array.
func appendTable(b []byte, upper string, t *table) []byte {
	if t.Comment != "" {
		b = append(b, "/* "+t.Comment+" */\n"...)
	}
	b = fmt.Appendf(b, "const %s %s[%d] %s_TABLE = {\n", t.Type, t.Name, t.Len, upper)
	for i := 0; i < len(t.Values); i += t.Row {
		b = append(b, "   "...)
		for _, v := range t.Values[i:min(i+t.Row, len(t.Values))] {
			b = strconv.AppendInt(append(b, ' '), int64(v), 10)
			b = append(b, ',')
		}
		if t.Note != nil {
			if s := t.Note(i / t.Row); s != "" {
				b = append(b, " /* "+s+" */"...)
			}
		}
		b = append(b, '\n')
	}
	return append(b, "};\n\n"...)
}
