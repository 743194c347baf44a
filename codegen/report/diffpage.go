package report

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/templates"
)

var diffTemplate = template.Must(template.ParseFS(templates.FS, "html/diff.html.tmpl", "html/style.html.tmpl"))

// A diffPage is what the template prints: text and numbers that are ready.
type diffPage struct {
	*Diff
	Title, Counts string
	Facts, Calls  []changePage
	Head          []string
	Layers        []layerDiffPage
}

type changePage struct{ What, A, B, Change string }

type layerDiffPage struct {
	*LayerDiff
	ID, Short string
	Cells     []string
	Changes   []changePage
	Weights   *weightPage
}

type weightPage struct {
	*WeightDiff
	Text          string
	Chart         chart
	Most, K, Last int
}

// Page returns what WriteText says, of every layer and call, as one HTML file
// that needs no other.
func (d *Diff) Page() ([]byte, error) {
	p := &diffPage{Diff: d, Title: d.network, Counts: d.counts(), Facts: changePages(d.Facts), Calls: changePages(d.Calls)}
	lines := d.lines(len(d.Layers))
	p.Head = lines[0]
	for i := range d.Layers {
		l := &d.Layers[i]
		line := lines[i+1]
		q := layerDiffPage{LayerDiff: l, ID: "layer-" + strconv.Itoa(i+1), Short: line[0], Cells: line[1:], Changes: changePages(l.Changes)}
		for j := range q.Cells {
			q.Cells[j] = strings.ReplaceAll(q.Cells[j], "->", "\u2192")
		}
		if l.Weights != nil {
			q.Weights = weightsPage(l.Weights)
		}
		p.Layers = append(p.Layers, q)
	}
	var b bytes.Buffer
	if err := diffTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

func changePages(changes []Change) []changePage {
	var all []changePage
	for i := range changes {
		c := &changes[i]
		all = append(all, changePage{strings.TrimSpace(c.What), value(c.A), value(c.B), strings.Replace(c.percent(), "-", "\u2212", 1)})
	}
	return all
}

// value writes one side of a change, of a kernel what lines shorten it to: a
// narrow page has room for no more.
func value(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimPrefix(v, commonKernel)
	case int:
		return thousands(int64(v))
	case int64:
		return thousands(v)
	}
	return fmt.Sprint(v)
}

// weightsPage draws a bar for each channel, as high as the part of its weights
// that changed.
func weightsPage(w *WeightDiff) *weightPage {
	const height = 40
	p := &weightPage{WeightDiff: w, Text: w.text() + ".", K: w.Of / w.All, Last: w.All - 1, Chart: chart{Height: height}}
	for _, c := range w.Channels {
		p.Most = max(p.Most, c.Changed)
		x := c.Channel * across / w.All
		h := max(c.Changed*height/p.K, 2)
		p.Chart.Bars = append(p.Chart.Bars, bar{x, height - h, max((c.Channel+1)*across/w.All-x, 1), h})
	}
	return p
}
