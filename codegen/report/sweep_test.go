package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sweepPoints are of two networks, with all that a row can hold.
var sweepPoints = []Point{
	{Setting: Setting{"a", "16", "window", "", "fixed", 2, 0, "cortex-a53", "best", 64, 200}, Float: 90.5, Top1: 90, Drop: 0.5, StdErr: 0.25, Cost: 2e6, Unit: "instructions", Flash: 100, RAM: 900},
	{Setting: Setting{"a", "16", "window", "", "fixed", 2, 2, "cortex-a53", "best", 64, 200}, Float: 90.5, Top1: 89.5, Drop: 1, StdErr: 0.25, Cost: 1e6, Unit: "instructions", Flash: 100, RAM: 900},
	{Setting: Setting{"a", "16", "l1", "", "fixed", 2, 0, "cortex-a53", "best", 64, 200}, Float: 90.5, Top1: 89, Drop: 1.5, StdErr: 0.25, Cost: 2e6, Unit: "instructions", Flash: 100, RAM: 900},
	{Setting: Setting{"a", "16", "observed", "layerwise", "pow2", 2, 0, "cortex-a53", "best", 64, 200}, Float: 90.5, Top1: 91, Drop: -0.5, StdErr: 0.25, Cost: 2e6, Unit: "instructions", Flash: 100, RAM: 900, Over: 3, Sums: 1 << 40},
	{Setting: Setting{"a", "16:32", "window", "", "fixed", 2, 0, "cortex-a53", "best", 64, 200}, Float: 90.5, Top1: 90.5, StdErr: 0.25, Cost: 3e6, Unit: "instructions", Flash: 100, RAM: 100},
	{Setting: Setting{"a", "8", "type", "", "fixed", 2, 0, "cortex-a53", "best", 64, 200}, Why: "conv: weights: no bit, \"none\""},
	{Setting: Setting{"b", "12", "window", "", "pow2", 0, 0, "cortex-a55", "direct", 8, 9}, Float: 50, Top1: 10, Drop: 40, StdErr: 4, Cost: 1000, Unit: "modelled cycles", Flash: 1, RAM: 1},
}

// TestSweepCSV: what was written in two parts is read as it was.
func TestSweepCSV(t *testing.T) {
	var b bytes.Buffer
	for i, p := range sweepPoints {
		if err := WriteSweep(&b, []Point{p}, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadSweep(bytes.NewReader(b.Bytes()))
	if err != nil || !slices.Equal(got, sweepPoints) {
		t.Fatalf("%v, read\n%+v, want\n%+v", err, got, sweepPoints)
	}
	text := b.String()
	for _, c := range []struct{ old, changed, want string }{
		{"drop_se", "error", "line 1: "},
		{",16:32,", ",wide,", "line 6: acc"},
		{",0.5,0.25,", ",much,0.25,", "line 2: drop"},
		{",3,1099511627776,", ",3,", "line 5"},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("no %q in\n%s", c.old, text)
		}
		if _, err := ReadSweep(strings.NewReader(strings.Replace(text, c.old, c.changed, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want %q", c.changed, c.old, err, c.want)
		}
	}
}

// TestFront: beaten points, and those that prove nothing, are not on it.
func TestFront(t *testing.T) {
	want := []bool{true, true, false, false, true, false}
	if got := Front(sweepPoints[:6]); !slices.Equal(got, want) {
		t.Errorf("front %v, want %v", got, want)
	}
}

// TestSweepPrints holds the tables to what they say, and the drawing to XML in
// which every point is drawn.
func TestSweepPrints(t *testing.T) {
	var table, md bytes.Buffer
	if err := WriteSweepTable(&table, sweepPoints); err != nil {
		t.Fatal(err)
	}
	if err := WriteSweepMarkdown(&md, sweepPoints); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{table.String(), "\n*     16  window, effort 2, ring 2     89.50 %     1.00   0.25      1000000       100       900\n"},
		{table.String(), "\n       8  type, effort 2             does not fit: conv: weights: no bit, \"none\"\n"},
		{table.String(), "3 of 1099511627776 sums left the accumulator\n"},
		{md.String(), "\n| drop in points (s.e.) | 16:32 | 16 | 8 |\n| --- | ---: | ---: | ---: |\n| window, effort 2 | 0.00 (0.25) | 0.50 (0.25) | |\n"},
		{md.String(), "\n| layerwise observed | | -0.50 (0.25) | |\n| type, effort 2 | | | does not fit |\n"},
		{md.String(), "\n| window, effort 0, pow2, direct | 40.00 (4.00) |\n"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("no %q in\n%s", c.want, c.text)
		}
	}
	md.Reset()
	if err := WriteSweepMarkdown(&md, []Point{sweepPoints[0], sweepPoints[4]}); err != nil {
		t.Fatal(err)
	}
	if want := "\n| a | 200 inputs judged, 64 for calibration | 90.50 % | 0.00 (0.25) | 0.50 (0.25) |\n"; !strings.HasSuffix(md.String(), want) {
		t.Errorf("no %q in\n%s", want, md.String())
	}
	svg := SweepSVG(sweepPoints)
	circles := 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	// Six points fit and are over the accumulators, the five that are proven over
	// instructions too.
	if circles != 11 {
		t.Errorf("%d circles in\n%s", circles, svg)
	}
}

// TestSweepPages holds the pages of docs that are printed from rows of explore to them.
func TestSweepPages(t *testing.T) {
	for _, page := range []string{"accuracy", "paper"} {
		name := filepath.Join("..", "..", "docs", page+".csv")
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		points, err := ReadSweep(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		base := strings.TrimSuffix(name, ".csv")
		page, err := os.ReadFile(base + ".md")
		if err != nil {
			t.Fatal(err)
		}
		var tables bytes.Buffer
		if err := WriteSweepMarkdown(&tables, points); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(page, tables.Bytes()) {
			t.Errorf("%s.md does not end with the tables of %s; print it again", base, name)
		}
		svg, err := os.ReadFile(base + ".svg")
		if err != nil || !bytes.Equal(svg, SweepSVG(points)) {
			t.Errorf("%s.svg is not the drawing of %s (%v); print it again", base, name, err)
		}
	}
}
