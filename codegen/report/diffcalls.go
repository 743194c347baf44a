package report

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/layout"
)

// compareCalls compares the calls that sum no products. Each is known by its
// layer and kernel, and counted.
func compareCalls(a, b *Folder) []Change {
	x, y := otherCalls(a), otherCalls(b)
	var c []Change
	keys := []string{}
	for _, calls := range []map[string][]codegen.CallReport{x, y} {
		for k := range calls {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		if n, m := len(x[k]), len(y[k]); n != m {
			c = append(c, Change{k, n, m})
		}
		for i := range min(len(x[k]), len(y[k])) {
			p, q := &x[k][i], &y[k][i]
			if !slices.Equal(p.Numbers, q.Numbers) {
				c = append(c, Change{k + ": constants", p.Numbers, q.Numbers})
			}
			for _, t := range compareTables(a, b, p.Name, q.Name) {
				c = append(c, Change{fmt.Sprintf("%s: %s", k, t.Name), "", fmt.Sprintf("%d of %d entries changed", t.Changed, t.All)})
			}
		}
	}
	return c
}

func otherCalls(f *Folder) map[string][]codegen.CallReport {
	sums := map[string]bool{}
	for i := range f.Layers {
		sums[f.Layers[i].Call] = true
	}
	calls := map[string][]codegen.CallReport{}
	for _, c := range f.Report.Calls {
		if !sums[c.Name] {
			k := c.Layer + " " + c.Kernel
			calls[k] = append(calls[k], c)
		}
	}
	return calls
}

// differing lists the emitted files that are not the same in both, sorted.
func differing(a, b *Folder) ([]string, error) {
	x, err := a.emitted()
	if err != nil {
		return nil, err
	}
	y, err := b.emitted()
	if err != nil {
		return nil, err
	}
	var names []string
	for name, data := range x {
		if other, ok := y[name]; !ok || !bytes.Equal(data, other) {
			names = append(names, name)
		}
	}
	for name := range y {
		if _, ok := x[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// emitted reads the files that snug wrote, by the names that they have in a flat
// folder: a layout alone makes no file another.
func (f *Folder) emitted() (map[string][]byte, error) {
	paths, err := layout.Walk(f.files)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		info, err := fs.Stat(f.files, p)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		data, err := fs.ReadFile(f.files, p)
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		name := path.Base(p)
		if f.layout.Place(f.Cert.Network, name) != p {
			name = p
		}
		if codegen.IsEmitted(p, data) {
			all[name] = data
		}
	}
	return all, nil
}

// describes reports whether what a file holds is spoken of in facts, layers
// and calls.
func (f *Folder) describes(name string) bool {
	n := f.Cert.Network
	return slices.Contains([]string{"certificate.json", "report.json", "report.html", n + ".c", n + ".h", n + "_weights.h",
		n + "_test.c", "model.go", "weights.go", "kernels_test.go"}, name) ||
		strings.HasPrefix(name, n+"_weights") && strings.HasSuffix(name, ".c")
}
