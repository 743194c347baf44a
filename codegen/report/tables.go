package report

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

var (
	cTable = regexp.MustCompile(`^const int(?:8|16|32)_t (\w+)\[\d+\] \w+ = \{$`)
)

// readC reads the tables of NAME_weights.c, line by line: a line may end in a
// comment, and is not read as anything else.
func readC(text []byte, network string) (map[string][]int32, error) {
	tables := map[string][]int32{}
	name := ""
	var values []int32
	for line := range bytes.Lines(text) {
		line, _, _ = bytes.Cut(bytes.TrimRight(line, "\n"), []byte("/*"))
		if name == "" {
			if m := cTable.FindSubmatch(line); m != nil {
				name, values = strings.TrimPrefix(string(m[1]), network+"_"), nil
			}
			continue
		}
		if string(line) == "};" {
			tables[name], name = values, ""
			continue
		}
		for word := range bytes.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || r == ' ' }) {
			v, err := strconv.ParseInt(string(word), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("table %s: %q is not an integer", name, word)
			}
			values = append(values, int32(v))
		}
	}
	return tables, nil
}

// readGo reads the tables of weights.go: strings, which are bytes, and arrays.
func readGo(text []byte, _ string) (map[string][]int32, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	tables, texts := map[string][]int32{}, map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
				continue
			}
			name := v.Names[0].Name
			var values []int32
			switch e := v.Values[0].(type) {
			case *ast.CompositeLit:
				for _, x := range e.Elts {
					n, err := integer(x)
					if err != nil {
						return nil, fmt.Errorf("table %s: %w", name, err)
					}
					values = append(values, n)
				}
			default:
				var b strings.Builder
				if err := concatenate(&b, e, texts); err != nil {
					return nil, fmt.Errorf("table %s: %w", name, err)
				}
				texts[name] = b.String()
				for _, x := range []byte(b.String()) {
					values = append(values, int32(int8(x)))
				}
			}
			tables[name] = values
		}
	}
	return tables, nil
}

// concatenate writes a sum of string constants.
func concatenate(b *strings.Builder, e ast.Expr, known map[string]string) error {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		b.WriteString(s)
		return err
	case *ast.Ident:
		b.WriteString(known[e.Name])
		return nil
	case *ast.BinaryExpr:
		if err := concatenate(b, e.X, known); err != nil {
			return err
		}
		return concatenate(b, e.Y, known)
	}
	return errors.New("not a string constant")
}

func integer(e ast.Expr) (int32, error) {
	sign := ""
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		sign, e = "-", u.X
	}
	l, ok := e.(*ast.BasicLit)
	if !ok {
		return 0, errors.New("not an integer")
	}
	v, err := strconv.ParseInt(sign+l.Value, 10, 32)
	return int32(v), err
}

// How the packings of a certificate lay out rows.
const (
	blockLanes = 16 // lanes16: channels side by side
	rowAlign   = 8  // rows8: a piece is padded to a multiple
	quadLanes  = 8  // quads8: channels side by side, four products of each
)

// unpack returns one row a channel, without padding.
func unpack(l *Layer, data []int32) ([][]int32, error) {
	k, channels := l.Cert.K, len(l.Cert.Channels)
	align := max(map[string]int{"rows8": rowAlign, "quads8": 4}[l.Cert.Packing], 1) // of a piece
	length, packed := 0, 0
	for _, p := range l.Pieces {
		if p[0] < 0 || p[0] > k {
			return nil, fmt.Errorf("a piece of %d products", p[0])
		}
		length += p[0]
		packed += (p[0] + align - 1) / align * align
	}
	if length != k || k < 1 || channels < 1 || l.Group < 1 || channels%l.Group != 0 {
		return nil, fmt.Errorf("pieces of %d products for K = %d, %d channels in groups of %d", length, k, channels, l.Group)
	}
	blocks := (l.Group + blockLanes - 1) / blockLanes // of a group
	want := channels * packed
	if l.Cert.Packing == "lanes16" {
		want = channels / l.Group * blocks * blockLanes * k
	}
	eights := (l.Group + quadLanes - 1) / quadLanes
	if l.Cert.Packing == "quads8" {
		want = channels / l.Group * eights * quadLanes * packed
	}
	if len(data) != want {
		return nil, fmt.Errorf("%d weights packed as %s, want %d", len(data), l.Cert.Packing, want)
	}
	rows := make([][]int32, channels)
	for c := range rows {
		switch l.Cert.Packing {
		case "rows":
			rows[c] = data[c*k:][:k]
		case "rows8":
			at := c * packed
			for _, p := range l.Pieces {
				rows[c] = append(rows[c], data[at:at+p[0]]...)
				at += (p[0] + align - 1) / align * align
			}
		case "taps":
			for t := range k {
				rows[c] = append(rows[c], data[t*channels+c])
			}
		case "lanes16":
			at := (c/l.Group*blocks+c%l.Group/blockLanes)*blockLanes*k + c%l.Group%blockLanes
			for i := range k {
				rows[c] = append(rows[c], data[at+i*blockLanes])
			}
		case "quads8":
			at := (c/l.Group*eights+c%l.Group/quadLanes)*quadLanes*packed + c%l.Group%quadLanes*4
			for _, p := range l.Pieces {
				for i := range p[0] {
					rows[c] = append(rows[c], data[at+i/4*4*quadLanes+i%4])
				}
				at += (p[0] + 3) / 4 * 4 * quadLanes
			}
		default:
			return nil, fmt.Errorf("packing %q is not known", l.Cert.Packing)
		}
	}
	return rows, nil
}
