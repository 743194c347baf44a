package report

import (
	"bytes"
	"fmt"
	"html/template"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/templates"
)

var pageTemplate = template.Must(template.ParseFS(templates.FS, "html/report.html.tmpl", "html/style.html.tmpl"))

// A page is what the template prints: text and numbers that are ready.
type page struct {
	*codegen.Report
	Language             string
	Channels             int
	RAM, Flash, Products string
	Example              example
	Flushed, Ring        bool
	Whole                bool // some layer's sums are not cut
	Layers               []layerPage
	Arena                []block
	ArenaHeight          int
	Instructions         []instructions
	Accuracy             []fact
	Sources, Test        string
}

type fact struct{ Name, Value string }

// example is one channel, in numbers that a reader can add up.
type example struct {
	Layer               string
	Channel             int
	Levels              ir.Bound
	Least, Most         string // its ends, as factors
	K                   int
	L1, Positive, Minus int64
	Lo, Hi, Width       string
	Bits                int
	Room                string
	Preload             int64
	Moved               ir.Bound
}

type layerPage struct {
	*Layer
	ID          string
	Levels      ir.Bound
	Tops        string // where the channels of the input end, if not all there
	Fill, Slack string
	Percent     int // of the fill bar, in 1/10
	Window      ir.Bound
	Chart       chart
	Drawn       int
	Least, Most string
	Segments    []segmentPage
	Ring        string
	Unit        string // of their costs
	Candidates  []candidate
	SNR         string
}

type segmentPage struct {
	First, Last int
	Window      ir.Bound
	Percent     int
	Fill        string
	X, W        int
}

type candidate struct {
	Kernel, Cost, Note string
	Chosen             bool
}

type instructions struct {
	Title string
	Rows  []instructionRow
}

type instructionRow struct {
	Name, Count string
	Percent     int
}

// Page returns the report of a folder: one HTML file that needs no other.
func Page(f *Folder) ([]byte, error) {
	const height = 320
	p := &page{Report: &f.Report, Language: "C99", Products: thousands(int64(products(&f.Report))), ArenaHeight: height,
		RAM: thousands(int64(f.Report.Arena)), Flash: thousands(int64(f.Report.Tables)), Arena: arenaChart(f, height)}
	p.Sources, p.Test = f.layout.Place(f.Cert.Network, f.Cert.Network+"_weights.c"), "make test"
	if f.Cert.Language == "go" {
		p.Language, p.Sources, p.Test = "Go", "weights.go", "go test"
	}
	for i := range f.Layers {
		l := layerOf(f, &f.Layers[i])
		l.ID = "layer-" + strconv.Itoa(i+1)
		p.Channels += l.LayerDetail.Channels
		p.Flushed = p.Flushed || len(l.Segments) > 0
		p.Whole = p.Whole || len(l.Segments) == 0
		p.Ring = p.Ring || l.Layer.Split > 0
		p.Layers = append(p.Layers, l)
	}
	if len(f.Layers) > 0 {
		p.Example = exampleOf(f)
	}
	p.measured(f)
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

// most is how many lines a chart of windows has.
const most = 48

func layerOf(f *Folder, l *Layer) layerPage {
	bits := l.Register
	half := int64(1) << (bits - 1)
	p := layerPage{Layer: l, Unit: f.Report.Unit, Levels: l.Cert.Levels, Window: widest(l), Least: thousands(-half), Most: thousands(half - 1), SNR: fmt.Sprintf("%.1f", l.LayerDetail.SNR)}
	if t := l.Cert.Tops; t != nil {
		p.Tops = fmt.Sprintf(", whose channels end at %d to %d", slices.Min(t), slices.Max(t))
	}
	full := int64(1)<<bits - 1
	width := p.Window.Width()
	windows := preloaded(f, l)
	if cut := segments(l); len(cut) > 0 {
		windows = nil
		width = 0
		for _, s := range cut {
			windows = append(windows, moved{s.Bound, -1})
			p.Segments = append(p.Segments, segmentPage{s.First + 1, s.Last + 1, s.Bound, int(s.Width() * across / full), percentOf(s.Width(), full),
				s.First * across / l.K, max((s.Last+1)*across/l.K-s.First*across/l.K, 1)})
			width = max(width, s.Width())
		}
	}
	p.Fill, p.Slack, p.Percent = percentOf(width, full), thousands(full-width), int(width*across/full)
	p.Chart = inRegister(windows, bits, most)
	p.Drawn = len(p.Chart.Bars)
	if l.Split > 0 {
		p.Ring = ringText(l)
	}
	for _, c := range l.LayerDetail.Candidates {
		p.Candidates = append(p.Candidates, candidate{c.Kernel, thousands(int64(c.Cost)), c.Note, c.Kernel == l.Kernel})
	}
	return p
}

func ringText(l *Layer) string {
	bits := 16 - l.Lost
	var b ir.Bound
	for _, g := range parts(l) {
		if g.Width() > b.Width() {
			b = g
		}
	}
	text := "This kernel sums transformed values, which may wrap: it works modulo 2^16, where only the final value has to fit."
	if l.Lost > 0 {
		text += fmt.Sprintf(" That is %d times the sum, so the sum has %d bits.", 1<<l.Lost, bits)
	}
	what := "window"
	if l.Split > 1 {
		text += fmt.Sprintf(" The input channels are summed in %d parts, each with its own proof.", l.Split)
		what = "part's window"
	}
	return text + fmt.Sprintf(" The widest %s is %s, %s of %d bits.", what, b, percentOf(b.Width(), int64(1)<<bits-1), bits)
}

// percentOf is a part of a whole with one digit, rounded down: what is not full
// never reads as full.
func percentOf(part, whole int64) string {
	n := part * 1000 / whole
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// exampleOf takes the widest channel of the layer with the fewest products, of those
// whose inputs all have the same levels: the first is one, as nothing clamps what a
// caller hands in channel by channel.
func exampleOf(f *Folder) example {
	l := &f.Layers[0]
	for i := range f.Layers {
		if o := &f.Layers[i]; o.K < l.K && o.Cert.Tops == nil {
			l = o
		}
	}
	worst := 0
	for c, n := range l.Cert.Channels {
		if n[1]-n[0] > l.Cert.Channels[worst][1]-l.Cert.Channels[worst][0] {
			worst = c
		}
	}
	n := l.Cert.Channels[worst]
	e := example{Layer: l.Name, Channel: worst, Levels: l.Cert.Levels, K: l.K, L1: n[2], Positive: (n[2] + n[3]) / 2, Minus: (n[2] - n[3]) / 2,
		Least: factor(l.Cert.Levels.Lo), Most: factor(l.Cert.Levels.Hi),
		Lo: thousands(n[0]), Hi: thousands(n[1]), Width: thousands(n[1] - n[0]), Bits: l.Register, Moved: preloaded(f, l)[worst].Bound}
	if hasFlush(l) {
		e.Bits = l.AccBits
		if f.Cert.Accum.Wide != 0 {
			e.Bits = f.Cert.Accum.Wide
		}
	}
	e.Preload = e.Moved.Lo - n[0]
	room := new(big.Int).Lsh(big.NewInt(1), uint(e.Bits))
	e.Room = thousands(room.Int64() - 1)
	return e
}

// factor writes a number as it stands in a product.
func factor(n int64) string {
	if n < 0 {
		return "(" + thousands(n) + ")"
	}
	return thousands(n)
}

func hasFlush(l *Layer) bool {
	for _, p := range l.Pieces {
		if p[1] != 0 {
			return true
		}
	}
	return false
}

// measured adds what bench.json and eval.json say.
func (p *page) measured(f *Folder) {
	if f.Bench != nil {
		for i := range f.Bench.Runs {
			r := &f.Bench.Runs[i]
			t := instructions{Title: fmt.Sprintf("%s, %s %s: %s instructions", r.CPU, r.Compiler, r.Version, thousands(r.Total.Instructions))}
			for j := range r.Layers {
				l := &r.Layers[j]
				t.Rows = append(t.Rows, instructionRow{l.Name, thousands(l.Instructions), int(l.Instructions * across / max(r.Total.Instructions, 1))})
			}
			p.Instructions = append(p.Instructions, t)
		}
	}
	if a := f.Accuracy; a != nil {
		p.Accuracy = append(p.Accuracy, fact{"inputs", strconv.Itoa(a.Images)})
		if a.Float.Top1 != nil && a.Quantized.Top1 != nil {
			p.Accuracy = append(p.Accuracy, fact{"top-1 of the network in reals", percent(*a.Float.Top1)}, fact{"top-1 of these integers", percent(*a.Quantized.Top1)})
		}
		if a.Drop != nil {
			p.Accuracy = append(p.Accuracy, fact{"drop, and its paired standard error", fmt.Sprintf("%.2f points, %.2f", *a.Drop, a.DropSE)})
		}
		p.Accuracy = append(p.Accuracy, fact{"inputs to which both say the same", percent(a.Agreement)})
	}
}

// thousands writes n in groups of three digits, with spaces that do not break.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "\u2212", s[1:]
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return sign + strings.Join(append([]string{s}, parts...), "\u202f")
}
