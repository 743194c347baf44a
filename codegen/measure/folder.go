package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/ir"
)

// A step is one call of the emitted run function.
type step struct {
	Name   string // of the call: an identifier
	Kernel string
	Layer  string // its name in the network, when it sums products
	MACs   int
}

// A table is one array of numbers; Text says that it is a string of Go.
type table struct {
	Name string
	Text bool
}

// A folder is what is read of the sources.
type folder struct {
	dir    string
	layout *layout.Layout
	cert   ir.Certificate
	steps  []step
	tables []table
}

// layerReport is what is read of a layer in report.json.
type layerReport struct {
	Name   string `json:"name"`
	Kernel string `json:"kernel"`
	MACs   int    `json:"macs"`
}

func readFolder(dir string) (*folder, error) {
	f := &folder{dir: dir}
	if err := f.json("certificate.json", &f.cert); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: bench: certificate.json is missing; is this a folder that snug compile wrote?", dir)
	} else if err != nil {
		return nil, fmt.Errorf("%s: bench: %w", dir, err)
	}
	var err error
	if f.layout, _, err = layout.Of(os.DirFS(dir)); err != nil {
		return nil, fmt.Errorf("%s: bench: %w", dir, err)
	}
	switch {
	case f.cert.Language == "c" && fs.ValidPath(f.cert.Network) && !strings.Contains(f.cert.Network, "/"):
		err = f.stepsC()
	case f.cert.Language == "go":
		err = f.stepsGo()
	default:
		err = fmt.Errorf("certificate.json: network %q in language %q", f.cert.Network, f.cert.Language)
	}
	if err == nil {
		err = f.products()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: bench: %w", dir, err)
	}
	return f, nil
}

func (f *folder) json(name string, v any) error {
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// path is where a source lies, from the folder's place on.
func (f *folder) path(from, name string) string {
	return filepath.Join(from, filepath.FromSlash(f.layout.Place(f.cert.Network, name)))
}

var (
	cStep = regexp.MustCompile(`snug_(\w+)\(&layer_(\w+), [^;]*;[^;]*?([A-Z0-9_]+)_MARK\(layer_(\w+)\);`)
	cCall = regexp.MustCompile(`(?m)^    snug_\w+\(&\w+, `)
)

// stepsC finds the calls of NAME.c by the hook behind each.
func (f *folder) stepsC() error {
	name := f.cert.Network
	text, err := os.ReadFile(f.path(f.dir, name+".c"))
	if err != nil {
		return err
	}
	text = text[max(bytes.Index(text, []byte("int "+name+"_run(")), 0):]
	for _, m := range cStep.FindAllSubmatch(text, -1) {
		if string(m[3]) == strings.ToUpper(name) && string(m[2]) == string(m[4]) {
			f.steps = append(f.steps, step{Name: string(m[2]), Kernel: string(m[1])})
		}
	}
	if n := len(cCall.FindAll(text, -1)); n == 0 || n != len(f.steps) {
		return fmt.Errorf("%s.c: %d of %d calls have a hook %s_MARK behind them; compile the network again", name, len(f.steps), n, strings.ToUpper(name))
	}
	for _, t := range f.cert.Tables {
		f.tables = append(f.tables, table{Name: t.Name})
	}
	return nil
}

// stepsGo finds the calls of Run in model.go, and which tables are strings.
func (f *folder) stepsGo() error {
	fset := token.NewFileSet()
	model, err := parser.ParseFile(fset, filepath.Join(f.dir, "model.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, s := range kernelCalls(model) {
		c := s.X.(*ast.CallExpr)
		kernel, ok := c.Fun.(*ast.Ident)
		if !ok || len(c.Args) == 0 {
			return errors.New("model.go: Run: a call of no kernel")
		}
		geometry, ok := c.Args[0].(*ast.UnaryExpr)
		if !ok {
			return fmt.Errorf("model.go: Run: call of %s without geometry", kernel.Name)
		}
		id, ok := geometry.X.(*ast.Ident)
		if !ok {
			return fmt.Errorf("model.go: Run: call of %s without geometry", kernel.Name)
		}
		f.steps = append(f.steps, step{Name: id.Name, Kernel: kernel.Name})
	}
	if len(f.steps) == 0 {
		return errors.New("model.go: Run calls nothing")
	}
	weights, err := parser.ParseFile(fset, filepath.Join(f.dir, "weights.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	constant := map[string]bool{}
	for _, d := range weights.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					constant[v.Names[0].Name] = g.Tok == token.CONST
				}
			}
		}
	}
	for _, t := range f.cert.Tables {
		text, ok := constant[t.Name]
		if !ok {
			return fmt.Errorf("weights.go: table %s is missing", t.Name)
		}
		f.tables = append(f.tables, table{t.Name, text})
	}
	return nil
}

// kernelCalls returns the statements of Run that are calls.
func kernelCalls(f *ast.File) []*ast.ExprStmt {
	var calls []*ast.ExprStmt
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "Run" || fn.Recv == nil || fn.Body == nil {
			continue
		}
		for _, s := range fn.Body.List {
			if e, ok := s.(*ast.ExprStmt); ok {
				if _, ok := e.X.(*ast.CallExpr); ok {
					calls = append(calls, e)
				}
			}
		}
	}
	return calls
}

// products gives the steps that sum products their MACs: the certificate and
// report.json list the same layers in the same order.
func (f *folder) products() error {
	var r struct {
		Layers []layerReport `json:"layers"`
	}
	if err := f.json("report.json", &r); err != nil {
		return err
	}
	if len(r.Layers) != len(f.cert.Layers) {
		return fmt.Errorf("report.json has %d layers, certificate.json %d", len(r.Layers), len(f.cert.Layers))
	}
	byName := map[string]int{}
	for i, s := range f.steps {
		if _, twice := byName[s.Name]; twice {
			return fmt.Errorf("two calls of %s", s.Name)
		}
		byName[s.Name] = i
	}
	for i, l := range f.cert.Layers {
		at, ok := byName[l.Name]
		if !ok || r.Layers[i].Kernel != l.Kernel {
			return fmt.Errorf("layer %s of certificate.json is not the one of report.json or has no call", l.Name)
		}
		s := &f.steps[at]
		s.Kernel, s.Layer, s.MACs = l.Kernel, r.Layers[i].Name, r.Layers[i].MACs
	}
	return nil
}
