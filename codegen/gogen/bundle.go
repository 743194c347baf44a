package gogen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/goasm"
	"github.com/snug-nn/snug/runtime"
)

// A bundle is package kern as one list of declarations, each with the names
// that it uses.
type bundle struct {
	decls []decl
}

type decl struct {
	file string   // that it is printed to
	name []string // that it declares
	uses []string
	text string // renamed
}

// constrained are the files of package kern that not every build has: what each
// is called beside the emitted kernels.go, and its constraint.
var constrained = map[string]struct{ name, constraint string }{
	"kern/neon_arm64.go": {"kernels_arm64.go", goasm.Constraint},
	"kern/noneon.go":     {"kernels_noasm.go", "//go:build !arm64 || purego || tinygo\n"},
}

// readKern parses the embedded kernels. Exported names become unexported: they
// are not the interface of the emitted package.
func readKern() (*bundle, error) {
	names, err := fs.Glob(runtime.Kern, "kern/*.go")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	b := &bundle{}
	top := map[string]bool{}
	fset := token.NewFileSet()
	var files []*ast.File
	var texts [][]byte
	for _, name := range names {
		text, err := fs.ReadFile(runtime.Kern, name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files, texts = append(files, f), append(texts, text)
		for _, d := range f.Decls {
			for _, n := range declared(d) {
				top[n] = true
			}
		}
	}
	for i, f := range files {
		for _, d := range f.Decls {
			b.decls = append(b.decls, cut(fset, names[i], texts[i], d, top))
		}
	}
	return b, nil
}

// declared returns the top-level names of d; methods have those of their type.
func declared(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		t := d.Recv.List[0].Type
		if p, ok := t.(*ast.StarExpr); ok {
			t = p.X
		}
		return []string{t.(*ast.Ident).Name + "." + d.Name.Name}
	case *ast.GenDecl:
		var names []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
		return names
	}
	return nil
}

// cut returns the text of d with every use of an exported top-level name
// changed. A name after a dot, or before a colon in a literal, is a field.
func cut(fset *token.FileSet, file string, text []byte, d ast.Decl, top map[string]bool) decl {
	out := decl{file: "kernels.go", name: declared(d)}
	if c, ok := constrained[file]; ok {
		out.file = c.name
	}
	fields := map[*ast.Ident]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			fields[n.Sel] = true
		case *ast.KeyValueExpr:
			if k, ok := n.Key.(*ast.Ident); ok {
				fields[k] = true
			}
		case *ast.Field:
			for _, name := range n.Names {
				fields[name] = true
			}
		}
		return true
	})
	start := d.Pos()
	if g, ok := d.(*ast.GenDecl); ok && g.Doc != nil {
		start = g.Doc.Pos()
	}
	if g, ok := d.(*ast.FuncDecl); ok && g.Doc != nil {
		start = g.Doc.Pos()
	}
	var edits []*ast.Ident
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && top[id.Name] && !fields[id] {
			out.uses = append(out.uses, id.Name)
			edits = append(edits, id)
		}
		return true
	})
	slices.SortFunc(edits, func(a, b *ast.Ident) int { return int(a.Pos() - b.Pos()) })
	var b bytes.Buffer
	at := fset.Position(start).Offset
	for _, id := range edits {
		p := fset.Position(id.Pos()).Offset
		b.Write(text[at:p])
		b.WriteString(lower(id.Name))
		at = p + len(id.Name)
	}
	b.Write(text[at:fset.Position(d.End()).Offset])
	out.text = b.String()
	if g, ok := d.(*ast.FuncDecl); ok && g.Doc != nil && g.Recv == nil { // the comment names what it documents
		out.text = strings.Replace(out.text, "// "+g.Name.Name+" ", "// "+lower(g.Name.Name)+" ", 1)
	}
	return out
}

func lower(name string) string {
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// source returns the declarations that roots need, less those in without, as
// the bodies of the files they are printed to; and the names it declares.
func (b *bundle) source(roots []string, without map[string]bool) (bodies map[string]string, need map[string]bool) {
	need = map[string]bool{}
	var want func(name string)
	want = func(name string) {
		if need[name] {
			return
		}
		need[name] = true
		for _, d := range b.decls {
			for _, n := range d.name {
				if n == name || strings.HasPrefix(n, name+".") { // a type brings its methods
					need[n] = true
					for _, u := range d.uses {
						want(u)
					}
				}
			}
		}
	}
	for _, r := range roots {
		want(r)
	}
	bodies = map[string]string{}
	for _, d := range b.decls {
		if slices.ContainsFunc(d.name, func(n string) bool { return need[n] && !without[n] }) {
			bodies[d.file] += d.text + "\n\n"
		}
	}
	return bodies, need
}

// files prints the kernels that roots need, and returns the names they declare.
func (b *bundle) files(pkg string, roots []string) ([]codegen.File, map[string]bool, error) {
	bodies, need := b.source(roots, nil)
	constraints := map[string]string{}
	for _, c := range constrained {
		constraints[c.name] = c.constraint + "\n"
	}
	var files []codegen.File
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		text, err := gofmt(pkg, constraints[name], "", bodies[name])
		if err != nil {
			return nil, nil, err
		}
		files = append(files, codegen.File{Name: name, Data: text})
		if constraints[name] == goasm.Constraint+"\n" {
			asm := goasm.Source(func(f string) bool { return need[f] })
			files = append(files, codegen.File{Name: strings.TrimSuffix(name, ".go") + ".s", Data: asm})
		}
	}
	return files, need, nil
}

// gofmt formats a file of its header, constraint, package clause and body.
func gofmt(pkg, constraint, imports, body string) ([]byte, error) {
	text := "// Code generated by snug; DO NOT EDIT.\n\n" + constraint + "package " + pkg + "\n\n" + imports + body
	out, err := format.Source([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("format kernels: %w", err)
	}
	return out, nil
}
