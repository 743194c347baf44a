package cgen

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime"
	"github.com/snug-nn/snug/templates"
)

var tmpl = template.Must(template.New("").Option("missingkey=error").ParseFS(templates.FS, "c/*.tmpl", "package/*.tmpl"))

// port, buf, call and vector are what the templates print: strings and numbers
// that are ready.
type port struct {
	Text, Scale string
	Size        int
	Zero        int64
}

type buf struct {
	Name      string
	Off, Size int
}

type call struct {
	Name, Struct, Call, Bound string
	Comment, Arrays, Fields   []string
}

type vector struct{ In, Out string }

type file struct {
	Name, Upper, Summary, CFlags string
	In, Out                      port
	Arena, Work, Live, Kept      int
	Stack                        int
	Tag                          []byte
	TagAt                        int
	Prepares                     []string
	Tables                       []table
	Weights                      []string // files of tables, without their suffix
	Includes                     []string
	Bufs                         []buf
	Calls                        []call
	CheckX, CheckY               int
	CheckIncludes, Checks        []string
	Vectors                      []vector
	Seed, Hash                   uint32
	Random                       int
	Sources, Test                string   // what stands before the names of files there: "" or a folder and /
	Dirs, Headers                []string // where compilers look, and all that hold headers
	Builds                       []string // what compilers define in each way to build the sources
}

// Print returns the sources of p and its certificate, in one folder, sorted by
// name.
func Print(p *codegen.Program, known *codegen.KnownAnswer) ([]codegen.File, error) {
	return PrintAs(p, known, layout.Find(layout.Default))
}

// PrintAs is Print for any layout: the same sources, elsewhere.
func PrintAs(p *codegen.Program, known *codegen.KnownAnswer, l *layout.Layout) ([]codegen.File, error) {
	d := &file{
		Name: p.Name, Upper: strings.ToUpper(p.Name), Summary: summary(p), CFlags: p.Target.CFlags,
		In: portOf(&p.In), Out: portOf(&p.Out), Arena: p.Arena, Work: p.Work, Live: p.Live, Kept: p.Kept, Stack: p.StackBound(),
		Tables: tablesOf(p), Seed: known.Seed, Hash: known.Hash, Random: known.Random,
		CheckX: 1, CheckY: 1, CheckIncludes: []string{"snug_check.h"},
		Sources: prefix(l.Sources), Test: prefix(l.Test), Dirs: l.Includes(), Headers: []string{""},
		Builds: buildsOf(p.Target),
	}
	if len(d.Dirs) > 0 {
		d.Headers = nil
		for _, dir := range d.Dirs {
			d.Headers = append(d.Headers, prefix(dir))
		}
	}
	names := map[*codegen.Buf]string{}
	for _, b := range p.Bufs {
		names[b] = bufName(b)
		if b.Place == codegen.Kept || b.Place == codegen.InArena && b.Last >= 0 {
			d.Bufs = append(d.Bufs, buf{names[b], b.Off, b.Size})
		}
	}
	for _, c := range p.Calls {
		h := headers[c.Kernel]
		if !slices.Contains(d.Includes, h) {
			d.Includes = append(d.Includes, h)
		}
		d.Calls = append(d.Calls, callOf(p, c, names))
		if c.Prepared != nil {
			form := c.Geometry.(*codegen.RingConv).Form.Name
			d.Prepares = append(d.Prepares, fmt.Sprintf("snug_%s_prepare(&%s, t + %s);", form, layerName(c), names[c.Prepared]))
		}
		if c.Sum != nil {
			d.Checks = append(d.Checks, checkOf(c, names))
			d.CheckX = max(d.CheckX, patchSize(c))
			d.CheckY = max(d.CheckY, checkOutputs(c))
		}
	}
	slices.Sort(d.Includes)
	if d.Kept > 0 {
		d.CheckIncludes = append(d.CheckIncludes, "snug_check_ring.h")
	}
	d.Tag, d.TagAt = tagOf(d.Tables), p.Arena-codegen.TagSize
	for _, v := range known.Vectors {
		d.Vectors = append(d.Vectors, vector{numbers(v.In), numbers(v.Out)})
	}
	for i := range 1 + d.Tables[len(d.Tables)-1].File {
		d.Weights = append(d.Weights, strings.TrimSuffix(ir.WeightsFile(p.Name, i), ".c"))
	}
	files, err := print(d, l)
	if err != nil {
		return nil, err
	}
	kernels, err := kernelFiles(append(slices.Clone(d.Includes), d.CheckIncludes...))
	if err != nil {
		return nil, err
	}
	var digests []ir.CertificateTable
	for _, t := range d.Tables {
		digests = append(digests, codegen.Digest(strings.TrimPrefix(t.Name, p.Name+"_"), t.Values))
	}
	cert, err := codegen.Certify(p, "c", packageOf(l), callName, digests, kernels)
	if err != nil {
		return nil, err
	}
	report, err := codegen.ReportFile(p, callName)
	if err != nil {
		return nil, err
	}
	files = append(append(files, kernels...), cert, report)
	files = append(files, misraFile(p.Name, files))
	for i := range files {
		files[i].Name = l.Place(p.Name, files[i].Name)
	}
	slices.SortFunc(files, func(a, b codegen.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// prefix is what stands before the name of a file in a folder.
func prefix(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "/"
}

// packageOf is what the certificate says of a layout: nothing of the default.
func packageOf(l *layout.Layout) string {
	if l.Name == layout.Default {
		return ""
	}
	return l.Name
}

func print(d *file, l *layout.Layout) ([]codegen.File, error) {
	var files []codegen.File
	for _, t := range append([]layout.Text{
		{Path: d.Name + ".c", Template: "model.c.tmpl"},
		{Path: d.Name + ".h", Template: "model.h.tmpl"},
		{Path: d.Name + "_test.c", Template: "test.c.tmpl"},
		{Path: d.Name + "_weights.h", Template: "weights.h.tmpl"},
	}, l.Texts...) {
		var b bytes.Buffer
		if err := tmpl.ExecuteTemplate(&b, t.Template, d); err != nil {
			return nil, fmt.Errorf("print %s: %w", t.Path, err)
		}
		files = append(files, codegen.File{Name: t.Path, Data: b.Bytes()})
	}
	return append(files, weightsFiles(d)...), nil
}

// kernelFiles returns the headers that are wanted, and those that they include.
func kernelFiles(want []string) ([]codegen.File, error) {
	var files []codegen.File
	for i := 0; i < len(want); i++ {
		text, err := fs.ReadFile(runtime.C, "c/"+want[i])
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), `#include "`); ok {
				name = strings.TrimSuffix(name, `"`)
				if !slices.Contains(want, name) {
					want = append(want, name)
				}
			}
		}
		head := "// Code generated by snug; DO NOT EDIT.\n"
		files = append(files, codegen.File{Name: want[i], Data: append([]byte(head), text...)})
	}
	return files, nil
}

// summary is the first comment of every file.
func summary(p *codegen.Program) string {
	scales := "15-bit multipliers and shifts"
	if p.Scheme == "pow2" {
		scales = "shifts"
	}
	return fmt.Sprintf("sums in %s bits, proven by the %s bound; requantized by %s; for %s.", p.Accum, p.Rung, scales, p.Target.Name)
}

func portOf(p *codegen.Port) port {
	text := fmt.Sprintf("%d int8", p.Len())
	if p.H*p.W > 1 {
		text = fmt.Sprintf("%d x %d x %d int8: rows, columns, channels", p.H, p.W, p.C)
	}
	shape := make([]string, len(p.Shape))
	for i, s := range p.Shape {
		shape[i] = strconv.Itoa(s)
	}
	text += "; the network's " + p.Name + " of shape " + strings.Join(shape, " x ")
	scale := strconv.FormatFloat(p.Format.Scale(), 'g', 9, 32)
	if !strings.ContainsAny(scale, ".e") {
		scale += ".0"
	}
	return port{Text: strings.ReplaceAll(text, "*/", "* /"), Size: p.Len(), Scale: scale, Zero: p.Format.Zero}
}

// numbers prints a vector in lines.
func numbers(v []int8) string {
	var b []byte
	for i := 0; i < len(v); i += lineNumbers {
		b = append(b, "       "...)
		for _, x := range v[i:min(i+lineNumbers, len(v))] {
			b = append(strconv.AppendInt(append(b, ' '), int64(x), 10), ',')
		}
		b = append(b, '\n')
	}
	return string(b)
}

// tagOf marks an arena that holds the transformed weights of these tables.
func tagOf(tables []table) []byte {
	h := sha256.New()
	var b []byte
	for _, t := range tables {
		b = b[:0]
		for _, v := range t.Values {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		h.Write(b)
	}
	return h.Sum(nil)[:8]
}
