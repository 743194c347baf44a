package report

import (
	"fmt"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/measure"
	"github.com/snug-nn/snug/ir"
)

// A Diff is what changed from one folder to another, and nothing else.
type Diff struct {
	Equal  bool        `json:"equal"` // every emitted file has the same bytes
	Facts  []Change    `json:"facts,omitempty"`
	Layers []LayerDiff `json:"layers,omitempty"`
	Same   int         `json:"layers_unchanged"`
	Calls  []Change    `json:"calls,omitempty"` // that sum no products; A or B is empty when it is new or gone
	// Files are those that differ and that the rest does not speak of.
	Files   []string `json:"files,omitempty"`
	network string   // its name, or both names
}

// A Change is one fact before and after: a number or a text.
type Change struct {
	What string `json:"what"`
	A    any    `json:"a"`
	B    any    `json:"b"`
}

// A LayerDiff is what changed in a layer.
type LayerDiff struct {
	Name    string       `json:"name"`          // in B; in A when it is gone
	Old     string       `json:"old,omitempty"` // its name in A, when it has another one
	Status  string       `json:"status"`        // changed, new or gone
	Text    string       `json:"text,omitempty"`
	Changes []Change     `json:"changes,omitempty"`
	Weights *WeightDiff  `json:"weights,omitempty"`
	Tables  []TableCount `json:"tables,omitempty"`
}

// A WeightDiff counts the weights of a layer that changed.
type WeightDiff struct {
	Changed  int            `json:"changed"`
	Of       int            `json:"of"`
	Greatest int32          `json:"greatest"` // of the absolute differences
	Channels []ChannelCount `json:"channels"`
	All      int            `json:"channels_of"`
}

// A ChannelCount counts the weights of an output channel that changed.
type ChannelCount struct {
	Channel int `json:"channel"`
	Changed int `json:"changed"`
}

// A TableCount counts the entries of a table that changed; All is what both
// tables have at most.
type TableCount struct {
	Name    string `json:"name"`
	Changed int    `json:"changed"`
	All     int    `json:"of"`
}

// Compare says what changed from a to b.
func Compare(a, b *Folder) (*Diff, error) {
	differ, err := differing(a, b)
	if err != nil {
		return nil, err
	}
	d := &Diff{Equal: len(differ) == 0, Facts: facts(a, b), network: b.Cert.Network}
	if a.Cert.Network != b.Cert.Network {
		d.network = a.Cert.Network + " to " + b.Cert.Network
	}
	for _, p := range alignLayers(a.Layers, b.Layers) {
		switch {
		case p.b < 0:
			l := &a.Layers[p.a]
			d.Layers = append(d.Layers, LayerDiff{Name: l.Name, Status: "gone", Text: outline(l)})
		case p.a < 0:
			l := &b.Layers[p.b]
			d.Layers = append(d.Layers, LayerDiff{Name: l.Name, Status: "new", Text: outline(l)})
		default:
			if l := compareLayers(a, b, &a.Layers[p.a], &b.Layers[p.b]); l != nil {
				d.Layers = append(d.Layers, *l)
			} else {
				d.Same++
			}
		}
	}
	d.Calls = compareCalls(a, b)
	said := len(d.Facts)+len(d.Layers)+len(d.Calls) > 0
	for _, name := range differ {
		if !said || !a.describes(name) && a.Cert.Language == b.Cert.Language {
			d.Files = append(d.Files, name)
		}
	}
	return d, nil
}

func outline(l *Layer) string {
	return fmt.Sprintf("K %d, %d channels, %s, %d levels, %d table bytes", l.K, l.Channels, l.Kernel, l.Levels, l.Tables)
}

// changes collects facts that differ.
type changes []Change

func (c *changes) add(what string, a, b any) {
	if a != b {
		*c = append(*c, Change{what, a, b})
	}
}

func facts(a, b *Folder) []Change {
	var c changes
	r, s := &a.Report, &b.Report
	c.add("network", r.Network, s.Network)
	c.add("language", a.Cert.Language, b.Cert.Language)
	c.add("package", a.layout.Name, b.layout.Name)
	c.add("target", r.Target, s.Target)
	c.add("accumulator bits", r.Acc, s.Acc)
	c.add("bound", r.Rung, s.Rung)
	c.add("scales", r.Scales, s.Scales)
	c.add("input", port(&r.In), port(&s.In))
	c.add("output", port(&r.Out), port(&s.Out))
	c.add("products", products(r), products(s))
	c.add("RAM: arena bytes", r.Arena, s.Arena)
	if r.Kept != 0 && s.Kept != 0 {
		c.add("  tensors", r.Work, s.Work)
		c.add("  transformed weights", r.Kept, s.Kept)
	}
	c.add("flash: table bytes", r.Tables, s.Tables)
	c.add("stack bytes, bound", r.Stack, s.Stack)
	if a.Bench != nil && b.Bench != nil {
		for i := range a.Bench.Runs {
			run := &a.Bench.Runs[i]
			if other := sameRun(b.Bench, run); other != nil {
				c.add(fmt.Sprintf("instructions, %s %s", run.CPU, run.Compiler), run.Total.Instructions, other.Total.Instructions)
			}
		}
	}
	if x, y := a.Accuracy, b.Accuracy; x != nil && y != nil {
		if x.Quantized.Top1 != nil && y.Quantized.Top1 != nil {
			c.add("top-1 of the integers", percent(*x.Quantized.Top1), percent(*y.Quantized.Top1))
		}
		if x.Drop != nil && y.Drop != nil {
			c.add("drop in points, s.e.", fmt.Sprintf("%.2f, %.2f", *x.Drop, x.DropSE), fmt.Sprintf("%.2f, %.2f", *y.Drop, y.DropSE))
		}
		c.add("agreement with float", percent(x.Agreement), percent(y.Agreement))
		c.add("inputs judged", x.Images, y.Images)
	}
	return c
}

func percent(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }

func port(p *codegen.PortReport) string {
	return fmt.Sprintf("%s %v in %s, zero %d, scale %.9g", p.Name, p.Shape, p.Levels, p.Zero, p.Scale)
}

func products(r *codegen.Report) int {
	n := 0
	for i := range r.Layers {
		n += r.Layers[i].MACs
	}
	return n
}

// sameRun finds the build for the same core by the same compiler.
func sameRun(r *measure.Report, run *measure.Run) *measure.Run {
	for i := range r.Runs {
		if o := &r.Runs[i]; o.CPU == run.CPU && o.Compiler == run.Compiler {
			return o
		}
	}
	return nil
}

func compareLayers(fa, fb *Folder, a, b *Layer) *LayerDiff {
	var c changes
	c.add("kernel", a.Kernel, b.Kernel)
	if a.Split > 0 && b.Split > 0 {
		c.add("split", a.Split, b.Split)
	}
	c.add("K", a.K, b.K)
	c.add("channels", a.Channels, b.Channels)
	c.add("products", a.MACs, b.MACs)
	c.add("input levels", a.Cert.Levels.String(), b.Cert.Levels.String())
	c.add("output levels", a.Out.String(), b.Out.String())
	c.add("flush points", flushText(a), flushText(b))
	c.add("widest window", widest(a).String(), widest(b).String())
	c.add("fill", fmt.Sprintf("%.2f %%", 100*a.Fill), fmt.Sprintf("%.2f %%", 100*b.Fill))
	c.add("SNR", fmt.Sprintf("%.1f dB", a.SNR), fmt.Sprintf("%.1f dB", b.SNR))
	c.add("scratch bytes", a.Scratch, b.Scratch)
	c.add("transformed bytes", a.Prepared, b.Prepared)
	if x, y := fa.instructions(a.Call), fb.instructions(b.Call); x > 0 && y > 0 {
		c.add("instructions", x, y)
	}
	l := &LayerDiff{Name: b.Name, Status: "changed", Changes: c, Weights: compareRows(a.Rows, b.Rows)}
	if a.Name != b.Name {
		l.Old = a.Name
	}
	l.Tables = compareTables(fa, fb, a.Call, b.Call)
	if l.Old == "" && l.Weights == nil && len(l.Changes)+len(l.Tables) == 0 {
		return nil
	}
	return l
}

// instructions of a call in the first run of the bench; 0 when there is none.
func (f *Folder) instructions(call string) int64 {
	if f.Bench == nil {
		return 0
	}
	for i := range f.Bench.Runs[0].Layers {
		if l := &f.Bench.Runs[0].Layers[i]; l.Name == call {
			return l.Instructions
		}
	}
	return 0
}

// compareRows counts weights of two layers of one shape; nil when the shape
// changed, which is said elsewhere, or none did.
func compareRows(a, b [][]int32) *WeightDiff {
	if len(a) != len(b) || len(a[0]) != len(b[0]) {
		return nil
	}
	w := &WeightDiff{Of: len(a) * len(a[0]), All: len(a)}
	for c := range a {
		n := 0
		for k, x := range a[c] {
			if y := b[c][k]; x != y {
				n++
				w.Greatest = max(w.Greatest, x-y, y-x)
			}
		}
		if n > 0 {
			w.Changed += n
			w.Channels = append(w.Channels, ChannelCount{c, n})
		}
	}
	if w.Changed == 0 {
		return nil
	}
	return w
}

func compareTables(fa, fb *Folder, a, b string) []TableCount {
	var counts []TableCount
	for _, t := range tableKinds {
		x, y := fa.table(a, t.kind), fb.table(b, t.kind)
		if t.kind == "offset" && (x == nil || y == nil) {
			continue // only ring forms have them: the kernel says so
		}
		n := max(len(x), len(y)) - min(len(x), len(y))
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, TableCount{t.name, n, max(len(x), len(y))})
		}
	}
	return counts
}

func widest(l *Layer) ir.Bound {
	var w ir.Bound
	for i, c := range l.Cert.Channels {
		if b := (ir.Bound{Lo: c[0], Hi: c[1]}); i == 0 || b.Width() > w.Width() {
			w = b
		}
	}
	return w
}

// flushText lists the products behind which the narrow sums are flushed.
func flushText(l *Layer) string {
	const few = 8
	points, at := []string{}, 0
	for _, p := range l.Pieces {
		if at += p[0]; p[1] != 0 {
			points = append(points, fmt.Sprint(at))
		}
	}
	switch {
	case len(points) == 0:
		return "none"
	case len(points) > few:
		return fmt.Sprintf("%d from %s to %s", len(points), points[0], points[len(points)-1])
	}
	return strings.Join(points, ",")
}
