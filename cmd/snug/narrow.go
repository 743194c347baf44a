package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/snug-nn/snug/ir"
)

// The accumulators that --max-drop tries: every width from leastNarrow to
// mostNarrow, which the kernels sum in 16 bits, and wide when none of these will do.
const (
	leastNarrow = 8
	mostNarrow  = 16
	wide        = 32
)

// narrowing are the flags that have compile choose the accumulator.
type narrowing struct {
	data     judged
	most     float64
	perLayer bool
	keep     bool // what holds when the search is interrupted
	set      *pflag.FlagSet
}

func (n *narrowing) flags(set *pflag.FlagSet) {
	n.set = set
	set.Float64Var(&n.most, "max-drop", 0, "choose the narrowest accumulator whose top-1 on --data drops by at most `POINTS`")
	set.BoolVar(&n.perLayer, "per-layer", false, "with --max-drop: also narrow layers one by one, inside the register of all; with --acc, that is all that is narrowed")
	set.BoolVar(&n.keep, "keep-best", false, "with --max-drop: when interrupted, write the narrowest accumulator that holds so far; a second interrupt writes nothing")
	n.data.flags(set)
}

func (n *narrowing) asked() bool { return n.set.Changed("max-drop") }

// check refuses what does not go together.
func (n *narrowing) check(acc ir.Accum) error {
	switch given := n.set.Changed("acc"); {
	case !n.asked():
		for _, f := range []string{"per-layer", "keep-best", "data", "labels", "limit", "class-offset"} {
			if n.set.Changed(f) {
				return usageError{fmt.Errorf("--%s: is for --max-drop", f)}
			}
		}
		return nil
	case n.most < 0:
		return usageError{fmt.Errorf("--max-drop: %g is no number of points from 0 on", n.most)}
	case given && !n.perLayer:
		return usageError{errors.New("--acc: --max-drop chooses the accumulator; with --per-layer it narrows the layers inside the one given")}
	case given && !acc.Short():
		return usageError{fmt.Errorf("--per-layer: layers share a register of at most %d bits; sums of %s would not become cheaper", mostNarrow, acc)}
	}
	return n.data.check()
}

// A trial is one quantization that the search judged: the accumulator of all
// layers and, when it is about one layer, the bits that its windows keep to.
type trial struct {
	Accum string `json:"acc"`
	Layer string `json:"layer,omitempty"`
	Bits  int    `json:"bits,omitempty"`
	*drop        // nil when the accumulator does not hold the network
	Why   string `json:"why,omitempty"`
	Holds bool   `json:"holds"` // the drop is allowed

	q *quantized
}

// A cut is what a trial takes of one layer: its windows keep to bits.
type cut struct {
	name, output string
	macs         int
	bits         int
}

// A narrower searches for the narrowest accumulators.
type narrower struct {
	o     *options
	path  string
	most  float64
	judge *judge
	tried []*trial
	best  *trial    // the narrowest that holds so far
	out   io.Writer // nil: silent
}

// narrowest quantizes with the narrowest accumulator whose drop is allowed, and
// tells what it tried.
func (o *options) narrowest(ctx context.Context, path string, n *narrowing, out io.Writer) (*quantized, []*trial, error) {
	_, j, err := o.labelled(path, &n.data)
	if err != nil {
		return nil, nil, err
	}
	s := &narrower{o: o, path: path, most: n.most, judge: j, out: out}
	var at *trial
	if n.set.Changed("acc") {
		if at, err = s.try(ctx, o, nil); err == nil && !at.Holds {
			err = s.refused(at)
		}
	} else {
		at, err = s.wholeNet(ctx)
	}
	if err == nil && n.perLayer {
		at, err = s.layers(ctx, at)
	}
	if err != nil && ctx.Err() != nil && n.keep && s.best != nil {
		s.say("interrupted: what holds so far is kept\n")
		at, err = s.best, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return at.q, s.tried, nil
}

// refused says that what at tried drops too much.
func (s *narrower) refused(at *trial) error {
	if at.drop == nil {
		return fmt.Errorf("--max-drop %g: %s bits: %s", s.most, at.Accum, at.Why)
	}
	return fmt.Errorf("--max-drop %g: with %s bits the drop is %s; use a wider accumulator, more calibration inputs, or allow more", s.most, at.Accum, at.drop)
}

// wholeNet searches for P.
func (s *narrower) wholeNet(ctx context.Context) (*trial, error) {
	known := map[int]*trial{}
	p, err := narrowestWidth(func(p int) (bool, error) {
		if known[p] == nil {
			o := *s.o
			o.acc = strconv.Itoa(p)
			t, err := s.try(ctx, &o, nil)
			if err != nil {
				return false, err
			}
			known[p] = t
		}
		return known[p].Holds, nil
	})
	if err == nil && p == 0 {
		err = s.refused(known[wide])
	}
	if err != nil {
		return nil, err
	}
	if above := known[p+1]; above != nil && !above.Holds {
		s.say("%d bits drop less than %d: the difference is noise; judge on more inputs\n", p, p+1)
	}
	return known[p], nil
}

// narrowestWidth returns the least width that holds, 0 when none does. That a
// width holds when a narrower one does is what bisection stands on, and true only
// up to the noise of accuracy: of what it finds, the next above and the next two
// below are tried as well, and a narrower one that holds is taken.
func narrowestWidth(holds func(p int) (bool, error)) (int, error) {
	ok, err := holds(mostNarrow)
	if err != nil {
		return 0, err
	}
	if !ok {
		if ok, err = holds(wide); ok {
			return wide, err
		}
		return 0, err
	}
	p := mostNarrow
	for fails := leastNarrow - 1; p-fails > 1; {
		mid := (p + fails) / 2
		if ok, err = holds(mid); err != nil {
			return 0, err
		}
		if ok {
			p = mid
		} else {
			fails = mid
		}
	}
	for below := p - 1; below >= max(p-2, leastNarrow); below-- {
		if ok, err = holds(below); err != nil {
			return 0, err
		}
		if ok {
			p = below
		}
	}
	if p < mostNarrow {
		_, err = holds(p + 1)
	}
	return p, err
}

// layers takes one bit of each layer in turn, those with the most products first,
// round after round; a layer that would drop too much keeps what it has. Kernels
// sum in 16 bits whatever P is: what a narrower layer gains there is a form of
// Winograd with fewer groups, and a proof for hardware whose registers are narrow.
func (s *narrower) layers(ctx context.Context, at *trial) (*trial, error) {
	total := at.q.prog.Accum.Total()
	if !at.q.prog.Accum.Short() {
		s.say("per layer: nothing is narrowed inside a register of %d bits\n", total)
		return at, nil
	}
	var open []cut
	for _, n := range at.q.graph.Nodes {
		if n.Sum != nil {
			open = append(open, cut{name: n.Name, output: n.Out[0].Name, macs: n.Sum.K * ir.NumElements(n.Out[0].Shape)})
		}
	}
	slices.SortStableFunc(open, func(a, b cut) int { return cmp.Compare(b.macs, a.macs) })
	o := *s.o
	o.acc, o.narrow = at.Accum, map[string]int{}
	for bits := total - 1; bits >= leastNarrow; bits-- {
		var still []cut
		for _, c := range open {
			c.bits = bits
			next := o
			next.narrow = maps.Clone(o.narrow)
			next.narrow[c.output] = total - bits
			t, err := s.try(ctx, &next, &c)
			if err != nil {
				return nil, err
			}
			if t.Holds {
				o, at, still = next, t, append(still, c)
			}
		}
		open = still
	}
	return at, nil
}

// try quantizes and judges once; c is nil when no layer is narrower than o has it.
func (s *narrower) try(ctx context.Context, o *options, c *cut) (*trial, error) {
	t := &trial{Accum: o.acc}
	what := t.Accum + " bits"
	if c != nil {
		t.Layer, t.Bits = c.name, c.bits
		what += fmt.Sprintf(", %s in %d", clip(c.name, 28), c.bits)
	}
	q, err := o.quantize(ctx, s.path)
	if t.Why = tooNarrow(ctx, err); err != nil && t.Why == "" {
		return nil, err
	}
	if err == nil && c != nil && !c.kept(q) {
		t.Why = "the network's own integers need more"
	}
	s.tried = append(s.tried, t)
	if t.Why != "" {
		s.say("%s: does not fit: %s\n", what, t.Why)
		return t, nil
	}
	a, err := s.judge.accuracy(ctx, q)
	if err != nil {
		return nil, err
	}
	t.drop, t.q, t.Holds = a.drop, q, a.drop.Points <= s.most
	if t.Holds && (s.best == nil || q.prog.Accum.Total() <= s.best.q.prog.Accum.Total()) {
		s.best = t
	}
	verdict := "too much"
	if t.Holds {
		verdict = "holds"
	}
	s.say("%s: drop %s: %s\n", what, t.drop, verdict)
	return t, nil
}

// kept reports whether the layer of c has the width that it asks for: integers
// that a network came with are not changed.
func (c *cut) kept(q *quantized) bool {
	for _, n := range q.graph.Nodes {
		if n.Sum != nil && n.Out[0].Name == c.output {
			return n.Sum.Acc.Total()-n.Sum.Spare <= c.bits
		}
	}
	return false
}

func (s *narrower) say(format string, args ...any) {
	if s.out != nil {
		fmt.Fprintf(s.out, format, args...)
	}
}

// tooNarrow returns why an accumulator does not hold a network, when err is that.
func tooNarrow(ctx context.Context, err error) string {
	narrow := new(ir.Error)
	if ctx.Err() != nil || !errors.As(err, &narrow) || narrow.Pass != "weights" && narrow.Pass != "bounds" {
		return ""
	}
	return strings.ReplaceAll(narrow.Error(), "\n", " ")
}
