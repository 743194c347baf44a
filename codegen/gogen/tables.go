package gogen

import (
	"fmt"
	"strconv"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// blockLines is how many lines one string constant has: the time that gofmt
// takes grows with the square of a chain of +.
const blockLines = 64

// lineBytes is what a line of a table holds that has no rows.
const lineBytes = 32

// appendString prints bytes as string constants, row bytes a line, note behind
// it: blocks name_0, name_1, ... and their sum.
func appendString(b []byte, name, comment, data string, row int, note func(int) string) []byte {
	lines := (len(data) + row - 1) / row
	blocks := (lines + blockLines - 1) / blockLines
	if comment != "" {
		b = append(b, "// "+comment+"\n"...)
	}
	for k := range blocks {
		id := name
		if blocks > 1 {
			id = name + strconv.Itoa(k)
		}
		b = append(b, "const "+id+" = \"\" +\n"...)
		last := min((k+1)*blockLines, lines)
		for i := k * blockLines; i < last; i++ {
			b = append(append(b, '\t'), quote(data[i*row:min((i+1)*row, len(data))])...)
			if i+1 < last {
				b = append(b, " +"...)
			}
			if note != nil {
				if s := note(i); s != "" {
					b = append(b, " // "+s...)
				}
			}
			b = append(b, '\n')
		}
		b = append(b, '\n')
	}
	if blocks > 1 {
		b = append(b, "const "+name+" = \"\""...)
		for k := range blocks {
			if k%8 == 0 {
				b = append(b, " +\n\t"...)
			} else {
				b = append(b, " + "...)
			}
			b = append(b, name+strconv.Itoa(k)...)
		}
		b = append(b, "\n\n"...)
	}
	return b
}

// quote writes every byte as \xNN: one weight is four characters, wherever it
// stands.
func quote(s string) []byte {
	b := make([]byte, 0, 4*len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		b = append(b, '\\', 'x', hex[s[i]>>4], hex[s[i]&15])
	}
	return append(b, '"')
}

const hex = "0123456789abcdef"

// tables collects the text of weights.go and what the certificate says of it.
type tables struct {
	text    []byte
	digests []ir.CertificateTable
}

func (t *tables) bytes(name, comment string, v []int8, row int, note func(int) string) {
	t.text = appendString(t.text, name, comment, byteString(v), row, note)
	t.digests = append(t.digests, codegen.Digest(name, v))
}

// ints prints an array of numbers.
func ints[T int8 | int16 | int32](t *tables, name, kind string, v []T) {
	t.digests = append(t.digests, codegen.Digest(name, v))
	b := fmt.Appendf(t.text, "var %s = [...]%s{", name, kind)
	for i, x := range v {
		if i%16 == 0 {
			b = append(b, "\n\t"...)
		} else {
			b = append(b, ' ')
		}
		b = append(strconv.AppendInt(b, int64(x), 10), ',')
	}
	t.text = append(b, "\n}\n\n"...)
}

// weightRows says how many bytes stand on a line of a call's weights, and what
// stands behind it.
func weightRows(c *codegen.Call) (comment string, row int, note func(int) string) {
	w := c.Weights
	if w.Packing == codegen.Taps {
		return "A line is one tap of all channels; L1 " + norms(c, 0, w.Channels) + ".", w.Channels, func(i int) string { return "tap " + strconv.Itoa(i) }
	}
	g := c.Geometry.(*kern.Conv).C
	blocks := (g + 15) / 16
	return "A line is one product of sixteen channels.", 16, func(i int) string {
		if i%w.K != 0 {
			return ""
		}
		group, b := i/w.K/blocks, i/w.K%blocks*16
		first, last := group*g+b, group*g+min(b+16, g)
		return fmt.Sprintf("channels %d to %d, L1 %s", first, last-1, norms(c, first, last))
	}
}

func norms(c *codegen.Call, first, last int) string {
	var b []byte
	for i := first; i < last; i++ {
		if i > first {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, c.Sum.Channels[i].L1, 10)
	}
	return string(b)
}

func byteString(v []int8) string {
	b := make([]byte, len(v))
	for i, x := range v {
		b[i] = byte(x)
	}
	return string(b)
}
