package quant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// branches is a residual network with pooling, a concatenation, depthwise and
// grouped convolutions: every path of the passes.
func branches() *network {
	b := newNetwork(4, 8)
	first := b.conv(8, 3, 1, true)
	b.conv(8, 3, 1, true)
	second := b.conv(8, 3, 2, false)
	sum := b.apply(&ir.Node{Op: "Add", In: []*ir.Value{second, first}})
	b.apply(&ir.Node{Op: "Relu", In: []*ir.Value{sum}})
	b.conv(16, 1, 1, false)
	b.apply(&ir.Node{Op: "Clip", In: []*ir.Value{b.v, scalar("zero", 0), scalar("six", 6)}})
	b.conv(16, 3, 16, true)
	left := b.conv(8, 1, 1, true)
	b.apply(&ir.Node{Op: "MaxPool", In: []*ir.Value{b.v}, Attrs: ir.Attrs{Kernel: []int{2, 2}, Strides: []int{2, 2}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}}})
	small := b.conv(8, 1, 1, true)
	b.v = left
	b.apply(&ir.Node{Op: "MaxPool", In: []*ir.Value{b.v}, Attrs: ir.Attrs{Kernel: []int{2, 2}, Strides: []int{2, 2}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}}})
	other := b.conv(4, 3, 1, true)
	b.apply(&ir.Node{Op: "Concat", In: []*ir.Value{small, other}, Attrs: ir.Attrs{Axis: 1}})
	b.conv(5, 1, 1, false)
	return b
}

// TestWorkers holds that the integers do not depend on the number of workers,
// at every effort, and that all of them keep the accumulator.
func TestWorkers(t *testing.T) {
	for effort := range recipes {
		for _, c := range []struct {
			acc  ir.Accum
			rung string
			pow2 bool
		}{{ir.Accum{Bits: 11}, "window", false}, {ir.Accum{Bits: 16}, "l1", false}, {ir.Accum{Bits: 16}, "type", true}, {ir.Accum{Bits: 12, Wide: 32}, "window", true}} {
			var want string
			for _, workers := range []int{1, 3} {
				g := branches().run(t, Options{Accum: c.acc, Effort: effort, Rung: c.rung, Pow2: c.pow2, Workers: workers})
				got := describe(g)
				if want == "" {
					want = got
				} else if got != want {
					t.Errorf("effort %d, %v: %d workers give\n%s\nand one\n%s", effort, c, workers, got, want)
				}
				for _, n := range g.Nodes {
					checkWindows(t, n)
				}
			}
		}
	}
}

// describe prints everything that is emitted of a graph.
func describe(g *ir.Graph) string {
	s := g.String()
	for _, n := range g.Nodes {
		if n.Sum != nil {
			s += fmt.Sprint(n.Name, n.In[1].Const.Int, n.In[1].Format, n.Sum.Bias, n.Sum.Mul, n.Sum.Shift)
		}
		s += fmt.Sprint(n.Table)
		for _, v := range n.Out {
			s += fmt.Sprint(*v.Format)
		}
	}
	return s
}

// checkWindows sums the intervals of a node's products anew.
func checkWindows(t *testing.T, n *ir.Node) {
	t.Helper()
	if n.Sum == nil {
		return
	}
	for c := range n.Sum.Channels {
		lo, hi := int64(0), int64(0)
		for _, w := range n.In[1].Const.Int[c*n.Sum.K : (c+1)*n.Sum.K] {
			a, b := w*n.In[0].Format.Levels.Lo, w*n.In[0].Format.Levels.Hi
			lo, hi = lo+min(a, b, 0), hi+max(a, b, 0)
		}
		if p := n.Sum.Acc.Total(); hi-lo > int64(1)<<p-1 {
			t.Errorf("%s: channel %d: window [%d,%d] is wider than %d bits", n.Name, c, lo, hi, p)
		}
	}
}

// TestEffort holds that more effort leaves less error at the sums of a narrow
// accumulator: that of the last layer, where all of it arrives. Effort 1 moves
// formats alone, which this small network hardly notices; effort 3 takes more samples,
// which it has not.
func TestEffort(t *testing.T) {
	gains := []float64{0, -0.1, 0.5, -0.2}
	last := 0.0
	for effort, gain := range gains {
		g := branches().run(t, Options{Accum: ir.Accum{Bits: 11}, Effort: effort, Calib: noise{64}})
		snr := g.Nodes[len(g.Nodes)-1].Sum.SNR
		t.Logf("effort %d: %.2f dB", effort, snr)
		if snr < last+gain {
			t.Errorf("effort %d: %.2f dB, one less gives %.2f", effort, snr, last)
		}
		last = snr
	}
}

// TestFewBits holds that no layer is given up where 8 bits leave its sums a
// level or two: all its weights zero is a plateau that no search may end on.
func TestFewBits(t *testing.T) {
	b := newNetwork(4, 8)
	for range 3 {
		first := b.v
		if len(b.g.Nodes) == 0 {
			first = b.conv(64, 1, 1, true)
		}
		b.conv(64, 3, 1, true)
		second := b.conv(64, 3, 1, false)
		b.apply(&ir.Node{Op: "Add", In: []*ir.Value{second, first}})
	}
	g := b.run(t, Options{Accum: ir.Accum{Bits: 8}, Effort: 2, Calib: noise{32}})
	for _, n := range g.Nodes {
		if n.Sum != nil && !slices.ContainsFunc(n.In[1].Const.Int, func(q int64) bool { return q != 0 }) {
			t.Errorf("%s has no weight but zero, for levels %s", n.Name, n.In[0].Format.Levels)
		}
	}
}

// TestSteps holds that channels get steps where only convolutions read them, and
// that what meets the limit of a Clip has one step: 6 stays one level.
func TestSteps(t *testing.T) {
	g := branches().run(t, Options{Accum: ir.Accum{Bits: 16}, Effort: 2})
	stepped := 0
	users := g.Consumers()
	for _, n := range g.Nodes {
		f := n.Out[0].Format
		if f.Steps == nil {
			continue
		}
		stepped++
		for _, u := range users[n.Out[0]] {
			if u.Op != "Conv" && u.Op != "MaxPool" && u.Op != "Concat" {
				t.Errorf("%s reads %s, whose channels have steps", u.Op, n.Out[0].Name)
			}
		}
		if k := n.Attrs.Clamp; k != nil && k[1] == 6 {
			for c, step := range f.Steps {
				if top := f.Scale() * step * float64(f.Levels.Hi-f.Zero); top > 6*(1+1e-6) {
					t.Errorf("channel %d of %s ends at %g, above its limit of 6", c, n.Out[0].Name, top)
				}
			}
		}
	}
	if stepped == 0 {
		t.Error("no value has steps")
	}
}

// TestConcatenated holds that the branches of a concatenation wait for each
// other, and that each has the steps of its channels of the whole.
func TestConcatenated(t *testing.T) {
	b := branches()
	g := b.run(t, Options{Accum: ir.Accum{Bits: 14}, Effort: 2})
	i := slices.IndexFunc(g.Nodes, func(n *ir.Node) bool { return n.Op == "Concat" })
	cat := g.Nodes[i]
	whole := cat.Out[0].Format.Steps
	if whole == nil {
		t.Fatal("a concatenation that only convolutions read has no steps")
	}
	for _, v := range cat.In {
		if n := channelsOf(v.Shape); !slices.Equal(v.Format.Steps, whole[:n]) {
			t.Errorf("%s has steps %v, its part of the whole %v", v.Name, v.Format.Steps, whole[:n])
		} else {
			whole = whole[n:]
		}
	}
	s := &state{g: g, o: &Options{Effort: 2}, recipe: recipes[2]}
	classesOf(s)
	groups := s.groups()
	if i := slices.IndexFunc(groups, func(group []*ir.Node) bool { return len(group) == 2 }); i < 0 || groups[i][0].Out[0] != cat.In[0] {
		t.Error("the branches are no group")
	}
}

// TestCancel holds that a cancelled run stops with the context's error.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	b := branches()
	if err := Prepare(b.g, false); err != nil {
		t.Fatal(err)
	}
	o := &Options{Accum: ir.Accum{Bits: 16}, Rung: "window", Effort: 2, Calib: noise{8}, Workers: 2, Progress: func(stage string, done, total int) {
		if stage == "weights" && done > 2 {
			cancel()
		}
	}}
	if err := Run(ctx, b.g, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestRounding holds that the solver's rows keep their budgets, repaired ones
// too, and leave less error than rounding to nearest.
func TestRounding(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, acc := range []ir.Accum{{Bits: 8}, {Bits: 10}, {Bits: 12}, {Bits: 16}, {Bits: 24},
		{Bits: 16, Wide: 32, Segment: 64}, {Bits: 10, Wide: 32, Segment: 30}, {Bits: 9, Wide: 16, Segment: 7}} {
		for _, k := range []int{9, 70, 200} {
			p := randomProduct(r, 8, k, 600, 15, acc)
			if !p.budget.leaves() {
				continue
			}
			plain := p.nearest()
			p.measure(&plain)
			for _, multipliers := range [][]float64{allMultipliers, {0.3}} { // at 0.3 nothing is feasible
				c := newSolver(p).round(multipliers)
				p.measure(&c)
				for i := range p.m {
					row := c.q[i*k : (i+1)*k]
					if over := p.budget.over(row); over > 0 {
						t.Errorf("%s bits, k %d: row %d spends %g more than %d", acc, k, i, over, p.budget.room)
					}
					if top := slices.MaxFunc(row, func(a, b float32) int { return int(abs32(a) - abs32(b)) }); abs32(top) > float32(p.budget.cap) {
						t.Errorf("%s bits, k %d: row %d has a weight of %g", acc, k, i, top)
					}
				}
				if len(multipliers) > 1 && c.noise > plain.noise {
					t.Errorf("%s bits, k %d: error %g, %g to nearest", acc, k, c.noise, plain.noise)
				}
			}
		}
	}
}

func abs32(v float32) float32 { return max(v, -v) }

// TestPeaks holds that what only an average over many elements reads is not clipped,
// though its samples would fare better, which miss the few great elements.
func TestPeaks(t *testing.T) {
	for _, size := range []int{8, 2} {
		b := newNetwork(1, size)
		v := b.conv(1, 1, 1, false)
		b.apply(&ir.Node{Op: "GlobalAveragePool", In: []*ir.Value{v}})
		b.conv(1, 1, 1, false)
		if err := Prepare(b.g, false); err != nil {
			t.Fatal(err)
		}
		s := &state{g: b.g, o: &Options{}, stats: &stats{values: map[*ir.Value]*spread{v: {samples: []float32{1, 2, 3, 4}}}}}
		classesOf(s)
		c := s.classOf[v]
		c.lo, c.hi = 0, 100
		f := s.bestClip(c)
		if top, whole := f.Real(f.Levels.Hi), size == 8; top >= 100 != whole {
			t.Errorf("an average of %d elements: levels end at %g of 100", size*size, top)
		}
	}
}

// TestRecipe holds which steps an accumulator leaves of an effort's.
func TestRecipe(t *testing.T) {
	for _, c := range []struct {
		acc                     ir.Accum
		effort                  int
		yield, descent, answers bool
	}{
		{ir.Accum{Bits: 11}, 3, true, true, false},
		{ir.Accum{Bits: 12}, 3, false, true, true},
		{ir.Accum{Bits: 8, Wide: 16}, 3, false, false, true},
		{ir.Accum{Bits: 15}, 2, false, true, false},
		{ir.Accum{Bits: 16}, 2, false, false, false},
		{ir.Accum{Bits: 8}, 1, false, false, false},
	} {
		r, err := (&Options{Accum: c.acc, Effort: c.effort}).recipe()
		if err != nil || r.yield != c.yield || r.descent != c.descent || r.answers != c.answers {
			t.Errorf("%s, effort %d: yield %t, descent %t, answers %t (%v)", c.acc, c.effort, r.yield, r.descent, r.answers, err)
		}
	}
}
