package measure

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/snug-nn/snug/ir"
)

// guest holds the plugin and what is built around a folder. It is text: none of it
// is part of this program.
//
//go:embed guest
var guest embed.FS

var mains = template.Must(template.New("").Option("missingkey=error").
	Funcs(template.FuncMap{"inc": func(i int) int { return i + 1 }}).ParseFS(guest, "guest/*.tmpl"))

// markCall is the system call that the plugin takes for a mark.
const markCall = 0x71C0

func (f *folder) main(name string, seed uint32) ([]byte, error) {
	var b bytes.Buffer
	err := mains.ExecuteTemplate(&b, name, struct {
		Network, Upper string
		Mark           int
		Seed           uint32
		Calls          []step
		Tables         []table
	}{f.cert.Network, strings.ToUpper(f.cert.Network), markCall, seed, f.steps, f.tables})
	return b.Bytes(), err
}

// buildPlugin compiles the plugin for this machine.
func buildPlugin(ctx context.Context, cc tool, dir string) (string, error) {
	text, err := guest.ReadFile("guest/count.c")
	if err != nil {
		return "", err
	}
	source, out := filepath.Join(dir, "count.c"), filepath.Join(dir, "count.so")
	if err := os.WriteFile(source, text, 0o644); err != nil {
		return "", err
	}
	_, _, err = call(ctx, dir, nil, nil, cc.path, "-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-o", out, source)
	return out, err
}

// buildC compiles NAME.c inside a main of ours, and its weights.
func (f *folder) buildC(ctx context.Context, cc tool, flags []string, seed uint32, dir string) (string, error) {
	text, err := f.main("main.c.tmpl", seed)
	if err != nil {
		return "", err
	}
	source, out := filepath.Join(dir, "main.c"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, text, 0o644); err != nil {
		return "", err
	}
	from, err := filepath.Abs(f.dir)
	if err != nil {
		return "", err
	}
	args := []string{"-std=gnu99", "-static", "-I", from}
	for _, d := range f.layout.Includes() {
		args = append(args, "-I", filepath.Join(from, d))
	}
	args = append(append(args, "-o", out, source), flags...)
	for i := 0; ; i++ {
		name := f.path(from, ir.WeightsFile(f.cert.Network, i))
		if _, err := os.Stat(name); err != nil {
			break // the compiler says so when it is the first
		}
		args = append(args, name)
	}
	_, _, err = call(ctx, dir, nil, nil, cc.path, args...)
	return out, err
}

// buildGo builds a copy of the package that is a program, with marks between
// the calls of Run. Tags may be empty.
func (f *folder) buildGo(ctx context.Context, gocmd tool, arch, tags string, seed uint32, dir string) (string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return "", err
	}
	files := map[string][]byte{"go.mod": []byte("module bench\n\ngo 1.21\n")}
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".s") && name != "go.mod" {
			continue
		}
		if files[name], err = os.ReadFile(filepath.Join(f.dir, name)); err != nil {
			return "", err
		}
		if strings.HasSuffix(name, ".go") {
			if files[name], err = markGo(name, files[name]); err != nil {
				return "", err
			}
		}
	}
	if files["bench_main.go"], err = f.main("main.go.tmpl", seed); err != nil {
		return "", err
	}
	from := filepath.Join(dir, "package")
	if err := os.Mkdir(from, 0o755); err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(from, name), text, 0o644); err != nil {
			return "", err
		}
	}
	out := filepath.Join(dir, "main")
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch, "GOARM=7", "GOFLAGS=", "GOWORK=off"}
	_, _, err = call(ctx, from, env, nil, gocmd.path, "build", "-tags="+tags, "-o", out, ".")
	return out, err
}

// markGo makes a file one of package main, and marks the calls of Run.
func markGo(name string, text []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out []byte
	from := 0
	insert := func(at token.Pos, s string) {
		to := fset.Position(at).Offset
		out = append(append(out, text[from:to]...), s...)
		from = to
	}
	insert(file.Name.Pos(), "main")
	from += len(file.Name.Name)
	for i, c := range kernelCalls(file) {
		if i == 0 {
			insert(c.Pos(), "benchMark(0); ")
		}
		insert(c.End(), fmt.Sprintf("; benchMark(%d)", i+1))
	}
	return append(out, text[from:]...), nil
}
