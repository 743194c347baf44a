package quant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// Samples are the inputs of a calibration, in the network's input layout.
type Samples interface {
	Len() int
	Sample(i int, dst []float32) error
}

// Options say what to build.
type Options struct {
	Accum ir.Accum
	Pow2  bool // requantize by shifts alone
	// Effort is how much work goes into rounding: 0 rounds to nearest, in seconds;
	// 1 chooses levels by the true error behind the layers before; 2 also feeds
	// the error of each weight into those that are rounded after it; 3 does so on
	// more samples of the calibration images, and chooses levels in the end by what
	// the whole network answers.
	Effort int
	// Without are steps of the effort that are left out, to measure what they are
	// worth: settle, feedback, descent, asymmetric, scales, steps, fork, compensate, answers, correct.
	Without []string
	// Search is "", or "layerwise" for that of arXiv 2004.11783.
	Search string
	Rung   string // type, l1, window or clamp: the argument that bounds a sum; observed: none
	// Note takes a line that a user should see. nil: nobody does.
	Note func(string)
	// Spare says how many bits of the register the windows of a convolution
	// have to leave free, as kernels do that sum a multiple of the result. nil:
	// none. Sums that are flushed spare nothing.
	Spare       func(*ir.Node) int
	KeepSoftmax bool
	Calib       Samples
	Workers     int
	Progress    func(stage string, done, total int) // nil: silent
	Dump        string                              // name of a pass to print the graph after
	DumpTo      io.Writer
}

// A pass is one step; its comment in the table says what holds after it.
type pass struct {
	name string
	run  func(*state) error
}

var passes = [...]pass{
	{"shapes", shapes},     // every value has a static shape, what depends on shapes alone is constant
	{"legalize", legalize}, // only operators that codegen has a rule for; batch norms are folded
	{"ranges", ranges},     // every activation has a range, every sum samples of its inputs
	{"formats", formats},   // every activation has a format
	{"weights", weights},   // every weight is an integer, every sum has its bias and scales
	{"bounds", bounds},     // every sum has a proof, or the error names channel and bits
}

// passOrder gives the pairs that must stay in this order, and why.
var passOrder = [...]struct{ first, then, why string }{
	{"shapes", "legalize", "rules ask for the number of channels and the size of windows"},
	{"legalize", "ranges", "a fused activation's range is that of the result"},
	{"ranges", "formats", "levels are chosen from samples"},
	{"formats", "weights", "a channel's scale depends on the levels of its input"},
	{"weights", "bounds", "the proof is about the integers that are emitted"},
}

// state is what the passes share.
type state struct {
	g      *ir.Graph
	o      *Options
	ctx    context.Context
	recipe recipe
	stats  *stats
	// classOf is the class of every activation, from the formats pass on.
	classOf map[*ir.Value]*class
	search  search
}

// prepared is how many of the passes need no data.
const prepared = 2

// Prepare runs the passes that need no data: it refuses what cannot be
// compiled, and leaves the network that reals and integers are compared on.
func Prepare(g *ir.Graph, keepSoftmax bool) error {
	s := &state{g: g, o: &Options{KeepSoftmax: keepSoftmax}, ctx: context.Background()}
	return s.run(passes[:prepared])
}

// Run quantizes g, which Prepare has been over; g is rewritten in place.
func Run(ctx context.Context, g *ir.Graph, o *Options) error {
	if err := o.check(); err != nil {
		return err
	}
	steps, err := o.recipe()
	if err != nil {
		return err
	}
	s := &state{g: g, o: o, ctx: ctx, recipe: steps}
	return s.run(passes[prepared:])
}

func (s *state) run(passes []pass) error {
	for _, p := range passes {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if err := p.run(s); err != nil {
			return fmt.Errorf("%s: %w", s.g.Name, err)
		}
		if err := ir.Check(s.g); err != nil {
			panic("quant: " + p.name + " left a broken graph: " + err.Error())
		}
		if s.o.Dump == p.name {
			if _, err := io.WriteString(s.o.DumpTo, s.g.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// minBits and maxBits bound the accumulator widths that are supported.
const (
	minBits = 8
	maxBits = 32
)

func (o *Options) check() error {
	a := o.Accum
	if a.Bits < minBits || a.Bits > maxBits {
		return fmt.Errorf("options: --acc: accumulator of %d bits, want %d to %d", a.Bits, minBits, maxBits)
	}
	if a.Wide != 0 && (a.Wide != 32 && a.Wide != 16 || a.Bits > 16 || a.Bits == a.Wide) {
		return fmt.Errorf("options: --acc: %s: segments of 8 to 16 bits flush into 32, or shorter ones into 16, such as 16:32 and 12:16", a)
	}
	if a.Segment != 0 && (a.Wide == 0 || a.Segment < 1) {
		return fmt.Errorf("options: --acc: %s: segments of a number of products are those of a register that is flushed, such as 16:32/64", a)
	}
	switch o.Rung {
	case "type", "l1", "window":
	case "clamp":
		if o.Effort == 0 || o.Pow2 || o.Search != "" {
			return errors.New("options: --rung clamp: the maxima of channels are chosen with their levels, above --effort 0 and with --scales fixed; use --rung window")
		}
	case "observed":
		if o.Search != "layerwise" {
			return errors.New("options: --rung observed: proves nothing, and is for --search layerwise alone")
		}
	default:
		return fmt.Errorf("options: --rung: %q is none of type, l1, window, clamp, observed", o.Rung)
	}
	if o.Search != "" && o.Search != "layerwise" {
		return fmt.Errorf("options: --search: %q is not layerwise", o.Search)
	}
	if o.Search == "layerwise" && (!o.Pow2 || o.Accum.Wide != 0) {
		return errors.New("options: --search layerwise: takes --scales pow2, and sums that are not flushed")
	}
	if o.Dump != "" && !slices.ContainsFunc(passes[prepared:], func(p pass) bool { return p.name == o.Dump }) {
		return fmt.Errorf("options: --dump: %q is none of ranges, formats, weights, bounds", o.Dump)
	}
	if o.Calib == nil || o.Calib.Len() == 0 {
		return fmt.Errorf("options: --calib: no calibration samples; give images or other inputs of the network")
	}
	return nil
}

// accum is the accumulator of n: where one segment would hold all its products, and
// weights are chosen for that, the narrow register alone, which holds the sum from a
// preload on.
func (s *state) accum(n *ir.Node) ir.Accum {
	if n.Sum != nil {
		return n.Sum.Acc
	}
	a, w := s.o.Accum, n.In[1]
	if k := w.Const.Len() / w.Shape[0]; k <= a.Segment && !isGiven(w) {
		return ir.Accum{Bits: a.Bits}
	}
	return a
}

// spare is Options.Spare of a sum that is not flushed.
func (s *state) spare(n *ir.Node) int {
	if s.o.Spare == nil || s.accum(n).Wide != 0 {
		return 0
	}
	return s.o.Spare(n)
}

func (s *state) progress(stage string, done, total int) {
	if s.o.Progress != nil {
		s.o.Progress(stage, done, total)
	}
}
