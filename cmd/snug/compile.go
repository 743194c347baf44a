package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// printers is the table of languages. A Go package is one folder: it has no
// other layout.
var printers = []struct {
	name  string
	print func(*codegen.Program, *codegen.KnownAnswer, *layout.Layout) ([]codegen.File, error)
}{
	{"c", cgen.PrintAs},
	{"go", func(p *codegen.Program, k *codegen.KnownAnswer, _ *layout.Layout) ([]codegen.File, error) {
		return gogen.Print(p, k)
	}},
}

// testInputs is how many calibration inputs, and testRandom how many random
// ones, the emitted known-answer test holds; bigInput counts elements from which
// one of each has to do.
const (
	testInputs = 2
	testRandom = 8
	bigInput   = 1 << 15
)

func compile(ctx context.Context, args []string, out io.Writer) error {
	o := newFlags("compile")
	var emit, pack, dir, module, check string
	var verbose bool
	var limits budget
	o.set.StringVarP(&dir, "output", "o", "", "write to `DIR`; what an earlier run wrote there is replaced as a whole")
	o.set.StringVar(&check, "check", "", "write nothing: fail unless `DIR` holds exactly what would be written")
	o.set.StringVar(&emit, "emit", "c", "`LANGUAGE` to write: c or go")
	o.set.StringVar(&pack, "package", layout.Default, "C: `LAYOUT` of the folder: "+layoutNames())
	o.set.StringVar(&module, "module", "", "Go: also write a go.mod for module `PATH`")
	limits.flags(o.set)
	var narrow narrowing
	narrow.flags(o.set)
	o.set.BoolVarP(&verbose, "verbose", "v", false, "print why each layer has its kernel: what was considered, at which cost")
	o.network()
	path, done, err := o.parse(args, "MODEL.onnx", out)
	if done || err != nil {
		return err
	}
	if o.rung == "observed" {
		return usageError{errors.New("--rung observed: proves nothing, so that there is nothing to compile; it is for snug eval")}
	}
	switch {
	case dir == "" && check == "":
		return usageError{errors.New("-o: no folder to write to")}
	case dir != "" && check != "":
		return usageError{errors.New("--check writes nothing: it cannot be used with -o")}
	case dir != "":
		if err := writable(dir); err != nil {
			return err
		}
	}
	if err := limits.parse(emit); err != nil {
		return err
	}
	place := layout.Find(pack)
	switch {
	case place == nil:
		return usageError{fmt.Errorf("--package: %q is none of %s", pack, layoutNames())}
	case emit == "go" && place.Name != layout.Default:
		return usageError{errors.New("--package is for C: a Go package is one folder")}
	}
	acc, err := o.accum()
	if err != nil {
		return err
	}
	if err := narrow.check(acc); err != nil {
		return err
	}
	if emit == "go" {
		o.spare = 0 // its kernels have no ring form
	}
	var q *quantized
	var tried []*trial
	if narrow.asked() {
		progress := out
		if o.json {
			progress = nil
		}
		q, tried, err = o.narrowest(ctx, path, &narrow, progress)
		if err == nil && ctx.Err() != nil { // interrupted, and the best is kept: writing can be interrupted again
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
			defer stop()
		}
	} else {
		q, err = o.quantize(ctx, path)
	}
	if err != nil {
		return err
	}
	files, p, err := q.print(emit, place)
	if err != nil {
		return err
	}
	if err := q.within(&limits, p); err != nil {
		return err
	}
	if module != "" && emit == "go" {
		files = append(files, codegen.File{Name: "go.mod", Data: fmt.Appendf(nil, "module %s\n\ngo 1.21\n", module)})
	}
	html, err := page(files)
	if err != nil {
		return err
	}
	files = append(files, html)
	// The folder is proven from its text before anything is written.
	r, err := proven(memory(files))
	if err != nil {
		return fmt.Errorf("what was about to be written does not verify, which is a mistake of snug: %w", err)
	}
	if check != "" {
		err = checkFolder(check, files)
	} else {
		err = writeFolder(ctx, dir, files)
	}
	if err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(out).Encode(struct {
			*verify.Result
			Arena int      `json:"arena_bytes"`
			Live  int      `json:"arena_lower_bound"`
			Tried []*trial `json:"tried,omitempty"`
		}{r, p.Arena, p.Live, tried})
	}
	if check != "" {
		fmt.Fprintf(out, "%s: the same bytes: %d files\n", check, len(files))
		return nil
	}
	printLayers(out, p)
	if verbose {
		explain(out, p)
	}
	kept := ""
	if p.Kept > 0 {
		kept = fmt.Sprintf(": %d of transformed weights and %d of tensors", p.Kept, p.Work)
	}
	fmt.Fprintf(out, "%s: %d files for %s, %d layers and %d channels proven (%s bound, %s bits); arena %d bytes%s (lower bound %d)\n",
		dir, len(files), p.Target.Name, r.Layers, r.Channels, p.Rung, p.Accum, p.Arena, kept, p.Live)
	printNeed(out, p)
	return nil
}

// print emits the sources in a language, with the test that the simulator
// answers.
func (q *quantized) print(emit string, place *layout.Layout) ([]codegen.File, *codegen.Program, error) {
	inputs, random := testInputs, testRandom
	if q.prog.In.Len() > bigInput {
		inputs, random = 1, 1
	}
	var real [][]int8
	x := make([]float32, ir.NumElements(q.graph.In[0].Shape))
	for i := range min(inputs, q.calib.Len()) {
		if err := q.calib.Sample(i, x); err != nil {
			return nil, nil, err
		}
		real = append(real, stored(quantizeInput(x, &q.prog.In), &q.prog.In))
	}
	known, err := codegen.Answer(q.prog, real, random)
	if err != nil {
		return nil, nil, err
	}
	p := q.prog
	if emit != "go" {
		if p, err = codegen.Lower(q.graph, q.target, q.kernels); err != nil {
			return nil, nil, err
		}
	}
	for _, l := range printers {
		if l.name == emit {
			files, err := l.print(p, known, place)
			return files, p, err
		}
	}
	return nil, nil, usageError{fmt.Errorf("--emit: %q is neither c nor go", emit)}
}

func layoutNames() string {
	names := ""
	for _, l := range layout.Layouts {
		names += ", " + l.Name + " (" + l.Why + ")"
	}
	return names[2:]
}

func printLayers(out io.Writer, p *codegen.Program) {
	fmt.Fprintf(out, "%-28s %6s %7s %5s %7s %6s %5s  %s\n", "layer", "K", "levels", "bits", "fill", "SNR", "segs", "kernel")
	for _, l := range codegen.Layers(p) {
		fmt.Fprintf(out, "%-28s %6d %7d %5s %6.1f%% %6.1f %5d  %s\n", clip(l.Name, 28), l.K, l.Levels, bitsOf(l.Accum, l.Spare), 100*l.Fill, l.SNR, l.Segments, l.Kernel)
	}
}

// bitsOf is the accumulator less what the windows of a layer leave free.
func bitsOf(a ir.Accum, spare int) string {
	a.Bits -= spare
	a.Segment = 0
	return a.String()
}

// printNeed says so when no sum needs all bits of the accumulator, as with a
// network whose own integers keep a narrower one.
func printNeed(out io.Writer, p *codegen.Program) {
	need := 0
	for _, c := range p.Calls {
		if c.Sum == nil {
			continue
		}
		for _, ch := range c.Sum.Channels {
			need = max(need, ch.Window.BitsFor()+c.Sum.Spare)
		}
	}
	if need > 0 && need < p.Accum.Total() && p.Accum.Wide == 0 {
		fmt.Fprintf(out, "the widest window needs %d bits of the %d asked for\n", need, p.Accum.Bits)
	}
}

// clip keeps the end of a long name: it tells more.
func clip(s string, n int) string {
	if len(s) > n {
		return "~" + s[len(s)-n+1:]
	}
	return s
}
