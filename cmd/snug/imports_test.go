package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/snug-nn/snug"

// mayImport is the import policy: what each package may import of ours, and
// which third parties have their one place in it. Do not change it to fix a
// build.
var mayImport = map[string][]string{
	"ir":                {},
	"templates":         {},
	"runtime":           {},
	"runtime/kern":      {},
	"ir/onnx/modeltext": {},
	"ir/onnx/netgen":    {},
	"scripts/alexnet":   {"ir/onnx/modeltext", "ir/onnx/netgen"},
	"ir/onnx":           {"ir", "github.com/owulveryck/onnx-go", "gorgonia.org/tensor", "gonum.org/v1/gonum"},
	"ir/elementary":     {},
	"ir/eval":           {"ir", "ir/elementary", "golang.org/x/sys"},
	"quant/verify":      {"ir"},
	"quant/dataset":     {"ir", "golang.org/x/image"},
	"quant":             {"ir", "ir/elementary", "ir/eval", "gonum.org/v1/gonum"},
	"codegen":           {"ir", "ir/elementary", "runtime/kern"},
	"codegen/layout":    {},
	"codegen/cgen":      {"ir", "codegen", "codegen/layout", "runtime", "runtime/kern", "templates"},
	"codegen/goasm":     {},
	"codegen/gogen":     {"ir", "codegen", "codegen/goasm", "runtime", "runtime/kern", "github.com/dave/jennifer"},
	"cmd/snug": {"ir", "ir/onnx", "ir/eval", "quant", "quant/dataset", "quant/verify", "codegen", "codegen/cgen", "codegen/gogen", "codegen/layout", "codegen/measure", "codegen/report",
		"github.com/spf13/pflag", "github.com/schollz/progressbar", "golang.org/x/term"},
	"codegen/measure": {"ir", "codegen/layout"},
	"codegen/report":  {"ir", "codegen", "codegen/layout", "codegen/measure", "templates"},
}

// TestImports holds every package to the table, and the table to the tree.
func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "demo-out") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		seen[pkg] = true
		allowed, ok := mayImport[pkg]
		if !ok {
			t.Errorf("package %s is not in the table", pkg)
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			p, ours := strings.CutPrefix(p, module+"/")
			standard := !ours && !strings.Contains(strings.Split(p, "/")[0], ".")
			if standard || slices.ContainsFunc(allowed, func(a string) bool { return p == a || strings.HasPrefix(p, a+"/") && strings.Contains(a, ".") }) {
				continue
			}
			t.Errorf("%s imports %s, which the table does not allow", path, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("package %s of the table does not exist", pkg)
		}
	}
}
