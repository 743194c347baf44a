package codegen_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/report"
)

func open(t *testing.T, files []codegen.File) *report.Folder {
	t.Helper()
	f, err := report.Open(memory(files))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestDiffPackings: the same integers give the same rows in every packing and
// language, so a diff of two targets has no weights in it.
func TestDiffPackings(t *testing.T) {
	all := folders(t)
	for i := 1; i < len(all); i++ {
		if _, a, _ := strings.Cut(all[i].name, " "); !strings.HasSuffix(all[i-1].name, a) {
			continue
		}
		d, err := report.Compare(open(t, all[i-1].files), open(t, all[i].files))
		if err != nil {
			t.Fatal(err)
		}
		if d.Equal {
			t.Errorf("%s and %s are equal", all[i-1].name, all[i].name)
		}
		for _, l := range d.Layers {
			if l.Status != "changed" || l.Weights != nil || l.Old != "" {
				t.Errorf("%s to %s: layer %s: %s, was %q, weights %v", all[i-1].name, all[i].name, l.Name, l.Status, l.Old, l.Weights)
			}
			for _, n := range l.Tables {
				if n.Name != "preloads" && n.Name != "biases" && n.Name != "offsets" { // a preload is taken off the bias
					t.Errorf("%s to %s: layer %s: %d %s changed", all[i-1].name, all[i].name, l.Name, n.Changed, n.Name)
				}
			}
		}
	}
}

// TestDiffWeight changes one number of one table of weights at random: the diff
// names it and nothing else, or, when it only pads a vector, the file.
func TestDiffWeight(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, f := range folders(t) {
		before := open(t, f.files)
		if d, err := report.Compare(before, open(t, f.files)); err != nil || !d.Equal || len(d.Facts)+len(d.Layers)+len(d.Calls)+len(d.Files) > 0 {
			t.Fatalf("%s: with itself: %v %+v", f.name, err, d)
		}
		found := 0
		for range 20 {
			files, what := f.mutate(r)
			d, err := report.Compare(before, open(t, files))
			if err != nil {
				t.Fatal(err)
			}
			if d.Equal || len(d.Facts)+len(d.Calls) > 0 {
				t.Errorf("%s: %+v", what, d)
			}
			if len(d.Layers) == 0 {
				if !slices.Equal(d.Files, []string{f.file}) {
					t.Errorf("%s: files %q, want %s", what, d.Files, f.file)
				}
				continue
			}
			found++
			l := d.Layers[0]
			if len(d.Layers) != 1 || l.Weights == nil || l.Weights.Changed != 1 || len(l.Weights.Channels) != 1 || len(l.Changes)+len(l.Tables)+len(d.Files) > 0 {
				t.Errorf("%s: %+v", what, d)
			}
		}
		if found < 5 {
			t.Errorf("%s: only %d of 20 changes were of weights", f.name, found)
		}
	}
}

// TestTableBytes holds table_bytes to the tables that were printed.
func TestTableBytes(t *testing.T) {
	sizes := map[string]int{"int8_t": 1, "int16_t": 2, "int32_t": 4}
	for _, f := range folders(t) {
		if f.file == "weights.go" {
			continue // the same tables
		}
		at := slices.IndexFunc(f.files, func(x codegen.File) bool { return x.Name == f.file })
		n := 0
		for line := range strings.Lines(string(f.files[at].Data)) {
			var kind, name string
			if _, err := fmt.Sscanf(line, "const %s %s", &kind, &name); err == nil {
				var size int
				if _, err := fmt.Sscanf(name[strings.IndexByte(name, '['):], "[%d]", &size); err != nil {
					t.Fatal(line)
				}
				n += size * sizes[kind]
			}
		}
		if got := open(t, f.files).Report.Tables; got != n || n == 0 {
			t.Errorf("%s: report.json says %d bytes of tables, %s has %d", f.name, got, f.file, n)
		}
	}
}
