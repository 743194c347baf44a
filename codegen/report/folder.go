package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/codegen/measure"
	"github.com/snug-nn/snug/ir"
)

// A Folder is an emitted folder as its files say it.
type Folder struct {
	files  fs.FS // as it is
	layout *layout.Layout
	Cert   ir.Certificate
	Report codegen.Report
	Layers []Layer
	tables map[string][]int32 // by the name in the sources, without the network's
	// Bench and Accuracy are what "snug bench --json" and "snug eval --json" said, when
	// bench.json and eval.json lie beside the sources and are about them.
	Bench    *measure.Report
	Accuracy *Accuracy
}

// A Layer is a call that sums products: Rows has the weights of each output
// channel in the order of Pieces, whatever the packing.
type Layer struct {
	*codegen.LayerDetail
	Cert *ir.CertificateLayer
	Rows [][]int32
}

// An Accuracy is what is read of eval.json.
type Accuracy struct {
	Float     top1                  `json:"float"`
	Quantized top1                  `json:"quantized"`
	Drop      *float64              `json:"drop"`    // points; nil without labels
	DropSE    float64               `json:"drop_se"` // its paired standard error
	Agreement float64               `json:"agreement"`
	Images    int                   `json:"images"`
	Layers    []codegen.LayerReport `json:"layers"`
}

type top1 struct {
	Top1 *float64 `json:"top1"`
}

// Open reads the folder. The error names the file that is missing or damaged.
func Open(files fs.FS) (*Folder, error) {
	l, _, err := layout.Of(files)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	f := &Folder{files: files, layout: l}
	if err := f.json("certificate.json", &f.Cert); errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("report: certificate.json is missing; is this a folder that snug compile wrote?")
	} else if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := f.json("report.json", &f.Report); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	f.measured()
	return f, nil
}

func (f *Folder) json(name string, v any) error {
	b, err := fs.ReadFile(f.files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// read joins certificate, report and tables.
func (f *Folder) read() error {
	c, r := &f.Cert, &f.Report
	if len(c.Layers) != len(r.Layers) {
		return fmt.Errorf("report.json has %d layers, certificate.json %d", len(r.Layers), len(c.Layers))
	}
	name := "weights.go"
	read := readGo
	switch {
	case c.Language == "c" && fs.ValidPath(c.Network) && !strings.Contains(c.Network, "/"):
		name, read = ir.WeightsFile(c.Network, 0), readC
	case c.Language != "go":
		return fmt.Errorf("certificate.json: network %q in language %q", c.Network, c.Language)
	}
	name = f.layout.Place(c.Network, name)
	text, err := f.weights(name)
	if err != nil {
		return err
	}
	if f.tables, err = read(text, c.Network); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i := range r.Layers {
		l := Layer{LayerDetail: &r.Layers[i], Cert: &c.Layers[i]}
		if l.Call != l.Cert.Name {
			return fmt.Errorf("report.json: layer %s has call %q, certificate.json %q; compile the network again", l.Name, l.Call, l.Cert.Name)
		}
		if n := l.Cert.Groups; l.Cert.Tops != nil && (n < 1 || len(l.Cert.Tops)%n != 0 || len(l.Cert.Channels)%n != 0 || len(l.Cert.Tops) < n || len(l.Cert.Channels) < n) {
			return fmt.Errorf("certificate.json: layer %s: %d greatest levels and %d channels in %d groups", l.Name, len(l.Cert.Tops), len(l.Cert.Channels), n)
		}
		if l.Rows, err = unpack(&l, f.table(l.Call, "w")); err != nil {
			return fmt.Errorf("%s: layer %s: %w", name, l.Name, err)
		}
		if l.Split != 0 && partSize(&l) == 0 {
			return fmt.Errorf("report.json: layer %s: %d products, of a window of side %d and phase %d, cannot be summed in %d parts", l.Name, l.K, l.Side, l.Phase, l.Split)
		}
		f.Layers = append(f.Layers, l)
	}
	return nil
}

// weights returns the text of the tables, which are in the Go file name or in as many
// files of C as the network needs.
func (f *Folder) weights(name string) ([]byte, error) {
	if f.Cert.Language != "c" {
		return fs.ReadFile(f.files, name)
	}
	all, err := layout.Flat(f.files)
	if err != nil {
		return nil, err
	}
	return ir.WeightsText(all, f.Cert.Network)
}

// measured takes in what was measured of exactly these sources: files that
// stayed from an earlier compilation are left alone.
func (f *Folder) measured() {
	b := &measure.Report{}
	if f.json("bench.json", b) == nil && f.ran(b) {
		f.Bench = b
	}
	a := &Accuracy{}
	if f.json("eval.json", a) == nil && len(a.Layers) == len(f.Report.Layers) {
		for i, l := range a.Layers {
			r := &f.Report.Layers[i]
			if l.Name != r.Name || l.Levels != r.Levels || l.SNR != r.SNR || l.Fill != r.Fill {
				return
			}
		}
		f.Accuracy = a
	}
}

func (f *Folder) ran(b *measure.Report) bool {
	if b.Network != f.Cert.Network || b.Language != f.Cert.Language || len(b.Runs) == 0 {
		return false
	}
	for _, run := range b.Runs {
		if len(run.Layers) != len(f.Report.Calls) {
			return false
		}
		for i, l := range run.Layers {
			if c := f.Report.Calls[i]; l.Name != c.Name || f.Cert.Language == "c" && l.Kernel != c.Kernel {
				return false
			}
		}
	}
	return true
}

// table returns a table of a call; kind is what C calls it.
func (f *Folder) table(call, kind string) []int32 {
	if f.Cert.Language == "c" {
		return f.tables[call+"_"+kind]
	}
	return f.tables[call+goTables[kind]]
}

// goTables is what Go calls the tables of a call.
var goTables = map[string]string{"w": "Weights", "bias": "Bias", "mul": "Mul", "shift": "Shift", "preload": "Preload", "tops": "Tops",
	"offset": "Offset", "exp": "Exp", "table": "Table"}

// tableKinds are the tables that a call may have besides its weights, and what a
// reviewer calls them.
var tableKinds = []struct{ kind, name string }{
	{"bias", "biases"}, {"mul", "multipliers"}, {"shift", "shifts"}, {"preload", "preloads"}, {"tops", "greatest levels"},
	{"offset", "offsets"}, {"exp", "exponentials"}, {"table", "table"},
}
