package codegen_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
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

var rects = regexp.MustCompile(`<svg [^>]*viewBox="0 0 1000 (\d+)"|<rect [^>]*x="(-?\d+)" y="(-?\d+)" width="(-?\d+)" height="(-?\d+)"`)

// TestPage holds report.html to what makes it one offline file: nothing from
// elsewhere, names that are text whatever they hold, charts that stay inside
// their frames, the same bytes every time.
func TestPage(t *testing.T) {
	for i, acc := range accums {
		g := zoo(uint64(i), acc)
		for _, n := range g.Nodes {
			n.Name += `</title><script>alert("x")</script>' onload="`
		}
		for _, target := range []string{"cortex-a53", "generic-c", "go"} {
			p, err := codegen.Lower(g, codegen.FindTarget(target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			print := cgen.Print
			if target == "go" {
				print = gogen.Print
			}
			files, err := print(p, known(t, g))
			if err != nil {
				t.Fatal(err)
			}
			f := open(t, files)
			html, err := report.Page(f)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := report.Page(open(t, files)); err != nil || !bytes.Equal(html, again) {
				t.Errorf("%s %s: another page the second time: %v", target, acc, err)
			}
			for _, bad := range []string{"<script", "http", "src=", "url(", "@import", `onload="`, "ZgotmplZ"} {
				if bytes.Contains(html, []byte(bad)) {
					t.Errorf("%s %s: the page holds %q", target, acc, bad)
				}
			}
			if n := bytes.Count(html, []byte("<section")); n != len(f.Layers) {
				t.Errorf("%s %s: %d sections for %d layers", target, acc, n, len(f.Layers))
			}
			inCharts(t, html)
		}
	}
}

// inCharts holds the bars of a page to the charts that they stand in.
func inCharts(t *testing.T, html []byte) {
	t.Helper()
	height := 0
	for _, m := range rects.FindAllSubmatch(html, -1) {
		if len(m[1]) > 0 {
			height, _ = strconv.Atoi(string(m[1]))
			continue
		}
		var v [4]int
		for j := range v {
			v[j], _ = strconv.Atoi(string(m[2+j]))
		}
		if v[0] < 0 || v[1] < 0 || v[2] < 1 || v[3] < 1 || v[0]+v[2] > 1001 || v[1]+v[3] > height {
			t.Errorf("%s leaves its chart of height %d", m[0], height)
		}
	}
}

// TestDiffPage: the page has what the text has, is one offline file and the same
// every time, and takes names as text.
func TestDiffPage(t *testing.T) {
	all := folders(t)
	pages := func(a, b *report.Folder) (*report.Diff, []byte) {
		t.Helper()
		d, err := report.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		html, err := d.Page()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.Page(); err != nil || !bytes.Equal(html, again) {
			t.Errorf("another page the second time: %v", err)
		}
		return d, html
	}
	before := open(t, all[0].files)
	if _, html := pages(before, before); !bytes.Contains(html, []byte("No difference")) || bytes.Contains(html, []byte("<table")) {
		t.Error("the page of a folder and itself says more than that")
	}
	mutant, _ := all[0].mutate(rand.New(rand.NewPCG(3, 2)))
	weight := open(t, mutant)
	// The last has other accumulators, other kernels, and names that are markup.
	last := open(t, all[len(all)-2].files)
	for i := range last.Layers {
		last.Layers[i].Name += `</h3><script>alert("x")</script>' onload="`
	}
	for _, to := range []*report.Folder{weight, last} {
		d, html := pages(before, to)
		for _, bad := range []string{"<script", "http", "src=", "url(", "@import", `onload="`, "ZgotmplZ"} {
			if bytes.Contains(html, []byte(bad)) {
				t.Errorf("the page holds %q", bad)
			}
		}
		if n := bytes.Count(html, []byte("<section")); n != len(d.Layers) || n == 0 {
			t.Errorf("%d sections for %d layers", n, len(d.Layers))
		}
		rows := len(d.Facts) + len(d.Calls) + len(d.Layers)
		charts := 0
		for _, l := range d.Layers {
			rows += len(l.Changes)
			if l.Weights != nil {
				charts++
				rows += len(l.Weights.Channels)
			}
		}
		if n := bytes.Count(html, []byte("<tr><t")) - bytes.Count(html, []byte("<thead>")); n != rows {
			t.Errorf("%d rows for %d changes", n, rows)
		}
		if n := bytes.Count(html, []byte("<svg")); n != charts || charts == 0 {
			t.Errorf("%d charts for %d layers whose weights changed", n, charts)
		}
		inCharts(t, html)
	}
}
