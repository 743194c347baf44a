package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// What fits one screen: layers in words, layers in a table, other calls. The
// rest is only counted, unless all is asked for.
const (
	fewLayers = 6
	rows      = 32
	fewCalls  = 8
)

// WriteJSON prints one object.
func (d *Diff) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(d) }

// WriteText prints what changed: facts of the whole, one line a layer, other
// calls, other files. all names every layer, however many.
func (d *Diff) WriteText(w io.Writer, all bool) error {
	var b strings.Builder
	if d.Equal {
		b.WriteString("no difference\n")
	}
	width := 0
	for _, c := range d.Facts {
		width = max(width, len(c.What))
	}
	for _, c := range d.Facts {
		fmt.Fprintf(&b, "%-*s  %s\n", width, c.What, c.text())
	}
	if len(d.Layers) > 0 {
		fmt.Fprintf(&b, "layers: %s\n", d.counts())
	}
	switch {
	case len(d.Layers) <= fewLayers:
		for i := range d.Layers {
			fmt.Fprintf(&b, "  %s\n", d.Layers[i].text())
		}
	case all || len(d.Layers) <= rows:
		d.table(&b, len(d.Layers))
	default:
		d.table(&b, rows)
		fmt.Fprintf(&b, "  and %d more: --all names them\n", len(d.Layers)-rows)
	}
	switch {
	case len(d.Calls) > fewCalls && !all:
		fmt.Fprintf(&b, "other calls: %d differences: --all names them\n", len(d.Calls))
	case len(d.Calls) > 0:
		b.WriteString("other calls:\n")
		for _, c := range d.Calls {
			fmt.Fprintf(&b, "  %s: %s\n", c.What, c.text())
		}
	}
	if len(d.Files) > 0 {
		fmt.Fprintf(&b, "other files that differ: %s\n", strings.Join(d.Files, " "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Diff) counts() string {
	n := map[string]int{}
	for i := range d.Layers {
		n[d.Layers[i].Status]++
	}
	text := fmt.Sprintf("%d unchanged", d.Same)
	for _, s := range []string{"changed", "new", "gone"} {
		if n[s] > 0 {
			text += fmt.Sprintf(", %d %s", n[s], s)
		}
	}
	return text
}

// text is the change, with its size when both sides are numbers.
func (c *Change) text() string {
	if c.A == "" {
		return fmt.Sprint(c.B)
	}
	t := fmt.Sprintf("%v -> %v", c.A, c.B)
	if p := c.percent(); p != "" {
		t += " (" + p + ")"
	}
	return t
}

// percent is the size of a change; empty unless both sides are numbers.
func (c *Change) percent() string {
	a, b := number(c.A), number(c.B)
	if a <= 0 || b <= 0 {
		return ""
	}
	return fmt.Sprintf("%+.1f %%", 100*(b-a)/a)
}

// number is a count as a real; 0 when v is a text.
func number(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	}
	return 0
}

func (l *LayerDiff) text() string {
	if l.Status != "changed" {
		return fmt.Sprintf("%s: %s: %s", l.Name, l.Status, l.Text)
	}
	var parts []string
	if l.Old != "" {
		parts = append(parts, "was "+l.Old)
	}
	if l.Weights != nil {
		parts = append(parts, l.Weights.text())
	}
	for _, t := range l.Tables {
		parts = append(parts, fmt.Sprintf("%d of %d %s", t.Changed, t.All, t.Name))
	}
	for _, c := range l.Changes {
		parts = append(parts, fmt.Sprintf("%s %v -> %v", c.What, c.A, c.B))
	}
	return l.Name + ": " + strings.Join(parts, "; ")
}

func (w *WeightDiff) text() string {
	const few = 8
	text := fmt.Sprintf("%d of %d weights by at most %d, ", w.Changed, w.Of, w.Greatest)
	if len(w.Channels) > few {
		return text + fmt.Sprintf("in %d of %d channels", len(w.Channels), w.All)
	}
	names := make([]string, len(w.Channels))
	for i, c := range w.Channels {
		names[i] = fmt.Sprint(c.Channel)
	}
	if len(names) == 1 {
		return text + "in channel " + names[0]
	}
	return text + "in channels " + strings.Join(names, ", ")
}

// columns are the changes that the table of layers has room for.
var columns = []string{"K", "channels", "input levels", "flush points", "fill", "SNR", "kernel", "instructions"}

// table prints one line a layer, with the columns in which anything changed.
func (d *Diff) table(b *strings.Builder, n int) {
	lines := d.lines(n)
	for _, line := range lines {
		b.WriteByte(' ')
		text := ""
		for j, cell := range line {
			text += fmt.Sprintf(" %-*s ", width(lines, j), cell)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

// lines are the table's: names of columns, then the first n layers.
func (d *Diff) lines(n int) [][]string {
	lines := [][]string{append([]string{"layer", "weights"}, columns...)}
	used := make([]bool, len(lines[0]))
	used[0] = true
	for i := range d.Layers[:n] {
		l := &d.Layers[i]
		line := make([]string, len(used))
		line[0] = clip(l.Name)
		switch {
		case l.Status != "changed":
			line[1] = l.Status
		case l.Weights != nil:
			line[1] = fmt.Sprintf("%d of %d", l.Weights.Changed, l.Weights.Of)
		case len(l.Tables) > 0:
			line[1] = "same, but " + l.Tables[0].Name
		}
		if l.Old != "" {
			line[0] += " (was " + clip(l.Old) + ")"
		}
		for _, c := range l.Changes {
			if at := slices.Index(columns, c.What); at >= 0 {
				line[2+at] = shorten(c.A, c.B)
			}
		}
		for j, cell := range line {
			used[j] = used[j] || cell != ""
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		lines[i] = nil
		for j, cell := range line {
			if used[j] {
				lines[i] = append(lines[i], cell)
			}
		}
	}
	return lines
}

func width(lines [][]string, j int) int {
	w := 0
	for _, l := range lines {
		w = max(w, len(l[j]))
	}
	return w
}

// clip keeps the end of a long name: it tells more.
func clip(s string) string {
	const longest = 28
	if len(s) > longest {
		return "~" + s[len(s)-longest+1:]
	}
	return s
}

// commonKernel is what the names of most kernels begin with.
const commonKernel = "conv_s8_"

// shorten writes a unit once and leaves out what two kernels begin with.
func shorten(a, b any) string {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if i, j := strings.LastIndexByte(x, ' '), strings.LastIndexByte(y, ' '); i > 0 && j > 0 && x[i:] == y[j:] {
		x = x[:i]
	}
	return strings.TrimPrefix(x, commonKernel) + " -> " + strings.TrimPrefix(y, commonKernel)
}
