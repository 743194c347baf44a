package verify

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// goKernels gives the functions of an emitted package the names of their
// kernels in certificates.
var goKernels = map[string]string{
	"conv16": "conv_s8_a16", "conv32": "conv_s8_a32", "depthwiseConv": "dw_s8_a32", "depthwiseConv16": "dw_s8_a16", "add": "add_s8", "mul": "mul_s8",
	"maxPool": "maxpool_s8", "averagePool": "avgpool_s8", "lookup": "lookup_s8", "rearrange": "copy_s8",
	"fillFrame": "frame_s8", "normalize": "lrn_s8", "softmaxRows": "softmax_s8",
}

// goFields gives the fields of emitted Go literals the names of those in C.
var goFields = map[string]string{
	"Zero": "zero", "Lo": "lo", "Hi": "hi", "K": "k", "C": "c", "Groups": "groups", "Tops": "tops", "XGroup": "x_group",
	"H": "h", "W": "w", "XH": "xh", "XW": "xw", "XRow": "x_row", "XCol": "x_col", "YRow": "y_row", "YCol": "y_col",
	"KH": "kh", "KW": "kw", "StrideH": "stride_h", "StrideW": "stride_w", "PadH": "pad_h", "PadW": "pad_w",
	"DilationH": "dilation_h", "DilationW": "dilation_w", "Top": "top", "Bottom": "bottom", "Left": "left", "Right": "right",
	"Dim": "dim", "X": "x", "Y": "y",
	"Half": "half", "Narrow": "narrow", "XZero": "x_zero", "Before": "before", "After": "after", "Factor": "factor", "Bias": "bias", "Mul": "mul", "Shift": "shift", "Preload": "preload",
}

// readGo reads model.go and weights.go.
func readGo(model, weights string) (*source, error) {
	s := &source{tables: map[string][]int64{}, pieces: map[string][]piece{}, geometry: map[string]fields{}}
	fset := token.NewFileSet()
	w, err := parser.ParseFile(fset, "weights.go", weights, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	m, err := parser.ParseFile(fset, "model.go", model, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if err := s.goTables(w); err != nil {
		return nil, fmt.Errorf("weights.go: %w", err)
	}
	runs := 0
	for _, d := range m.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok || d.Tok != token.VAR || len(v.Values) != 1 {
					continue
				}
				if err := s.goLiteral(v.Names[0].Name, v.Values[0]); err != nil {
					return nil, fmt.Errorf("model.go: %s: %w", v.Names[0].Name, err)
				}
			}
		case *ast.FuncDecl:
			if d.Name.Name == "Run" && d.Body != nil {
				runs++
				if err := s.goCalls(d.Body); err != nil {
					return nil, fmt.Errorf("model.go: Run: %w", err)
				}
			}
		}
	}
	if runs != 1 {
		return nil, fmt.Errorf("model.go: holds %d functions Run, want one", runs)
	}
	return s, nil
}

// goTables reads string constants, which are bytes, and arrays of integers.
func (s *source) goTables(f *ast.File) error {
	texts := map[string]string{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
				continue
			}
			name := v.Names[0].Name
			if g.Tok == token.CONST {
				text, err := goString(v.Values[0], texts)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				texts[name] = text
				ast.Inspect(v.Values[0], func(n ast.Node) bool { // a part of a table is none
					if id, ok := n.(*ast.Ident); ok {
						delete(s.tables, id.Name)
					}
					return true
				})
				values := make([]int64, len(text))
				for i := range len(text) {
					values[i] = int64(int8(text[i]))
				}
				s.tables[name] = values
				continue
			}
			lit, ok := v.Values[0].(*ast.CompositeLit)
			if !ok {
				return fmt.Errorf("%s is not a literal", name)
			}
			var values []int64
			for _, e := range lit.Elts {
				n, err := goInt(e)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				values = append(values, n)
			}
			s.tables[name] = values
		}
	}
	return nil
}

// goString evaluates a sum of string constants.
func goString(e ast.Expr, known map[string]string) (string, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.Ident:
		t, ok := known[e.Name]
		if !ok {
			return "", fmt.Errorf("constant %s is not known", e.Name)
		}
		return t, nil
	case *ast.BinaryExpr:
		a, err := goString(e.X, known)
		if err != nil {
			return "", err
		}
		b, err := goString(e.Y, known)
		return a + b, err
	}
	return "", errors.New("not a string constant")
}

func goInt(e ast.Expr) (int64, error) {
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		v, err := goInt(u.X)
		return -v, err
	}
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.INT {
		return strconv.ParseInt(l.Value, 10, 64)
	}
	return 0, errors.New("not an integer")
}

// goScalar reads an integer, or a truth value as zero or one.
func goScalar(e ast.Expr) (int64, error) {
	switch id, ok := e.(*ast.Ident); {
	case ok && id.Name == "true":
		return 1, nil
	case ok && id.Name == "false":
		return 0, nil
	}
	return goInt(e)
}

// goLiteral reads the geometry or the requantizer of a layer.
func (s *source) goLiteral(name string, e ast.Expr) error {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	layer := name
	if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "requant" {
		layer = strings.TrimSuffix(name, "Requant")
	}
	f, ok := s.geometry[layer]
	if !ok {
		f = newFields()
		s.geometry[layer] = f
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			return errors.New("field without a name")
		}
		key := kv.Key.(*ast.Ident).Name
		switch v := kv.Value.(type) {
		case *ast.SliceExpr:
			if id, ok := v.X.(*ast.Ident); ok {
				f.ref[goFields[key]] = id.Name
			}
		case *ast.CompositeLit:
			if key == "Pieces" || key == "Taps" {
				ps, err := goPieces(v)
				if err != nil {
					return err
				}
				s.pieces[layer] = ps
				continue
			}
			var row []int64
			for _, e := range v.Elts {
				n, err := goInt(e)
				if err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
				row = append(row, n)
			}
			f.vec[goFields[key]] = row
		default:
			n, err := goScalar(v)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			if c := goFields[key]; c != "" {
				f.num[c] = n
			}
		}
	}
	return nil
}

func goPieces(lit *ast.CompositeLit) ([]piece, error) {
	var ps []piece
	for _, e := range lit.Elts {
		t, ok := e.(*ast.CompositeLit)
		if !ok || len(t.Elts) != 3 {
			return nil, errors.New("a piece has three fields")
		}
		at, err := goInt(t.Elts[0])
		if err != nil {
			return nil, err
		}
		n, err := goInt(t.Elts[1])
		if err != nil {
			return nil, err
		}
		id, ok := t.Elts[2].(*ast.Ident)
		if !ok {
			return nil, errors.New("the third field of a piece is true or false")
		}
		ps = append(ps, piece{at, int(n), id.Name == "true"})
	}
	return ps, nil
}

// goAround are the statements before the calls.
var goAround = map[string]bool{"t := m.arena": true, "in, out = in[:InSize], out[:OutSize]": true}

// goAssignment writes an assignment as gofmt does.
func goAssignment(a *ast.AssignStmt) string {
	side := func(all []ast.Expr) string {
		var names []string
		for _, e := range all {
			names = append(names, types.ExprString(e))
		}
		return strings.Join(names, ", ")
	}
	return side(a.Lhs) + " " + a.Tok.String() + " " + side(a.Rhs)
}

// goCalls reads the statements of Run. It refuses what is no call of a kernel: the
// proof would say nothing about it.
func (s *source) goCalls(body *ast.BlockStmt) error {
	for _, st := range body.List {
		if a, ok := st.(*ast.AssignStmt); ok && len(s.calls) == 0 && goAround[goAssignment(a)] {
			continue
		}
		e, ok := st.(*ast.ExprStmt)
		if !ok {
			return errors.New("a statement of Run that is not a call")
		}
		c, ok := e.X.(*ast.CallExpr)
		if !ok {
			return errors.New("a statement of Run that is not a call")
		}
		id, ok := c.Fun.(*ast.Ident)
		if !ok || goKernels[id.Name] == "" {
			return errors.New("a call of no kernel")
		}
		out := call{kernel: goKernels[id.Name]}
		for _, a := range c.Args {
			switch a := a.(type) {
			case *ast.UnaryExpr:
				if v, ok := a.X.(*ast.Ident); ok && out.layer == "" {
					out.layer = v.Name
				}
			case *ast.SliceExpr:
				name, at := goTensor(a)
				out.src, out.srcAt = append(out.src, name), append(out.srcAt, at)
			case *ast.Ident:
				if a.Name == "in" || a.Name == "out" {
					out.src, out.srcAt = append(out.src, a.Name), append(out.srcAt, 0)
				} else if g, ok := s.geometry[out.layer]; ok { // weights, or a table
					g.ref["weights"] = a.Name
					g.ref["table"] = a.Name
				}
			}
		}
		if len(out.src) == 0 || s.geometry[out.layer].num == nil {
			return fmt.Errorf("call of %s without tensors or geometry", id.Name)
		}
		out.give()
		s.calls = append(s.calls, out)
	}
	return nil
}

// goTensor returns the name of the tensor in t[name+n:] or in[n:], and n.
func goTensor(e *ast.SliceExpr) (name string, at int64) {
	low := e.Low
	if b, ok := low.(*ast.BinaryExpr); ok {
		at, _ = goInt(b.Y)
		if b.Op == token.SUB {
			at = -at
		}
		low = b.X
	}
	if id, ok := e.X.(*ast.Ident); ok && id.Name != "t" {
		at, _ = goInt(low)
		return id.Name, at
	}
	if id, ok := low.(*ast.Ident); ok {
		return id.Name, at
	}
	return "", 0
}
