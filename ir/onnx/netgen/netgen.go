// Package netgen makes random networks for tests, as text that package
// modeltext encodes. A network is a list of genes; whatever the genes, building
// gives a valid network, so that one that fails shrinks by dropping genes and
// setting their numbers to zero.
package netgen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Net is a network and the flags it is compiled with. The zero number always
// stands for the simplest choice.
type Net struct {
	Input   [3]int // channels, rows, columns, less one
	Genes   []Gene
	Acc     int // which accumulator
	Rung    int
	Pow2    int
	Keep    int // --keep-softmax
	Kernels int // which family
	Effort  int // how much work rounding is
	Ring    int // --ring-bits
}

// A Gene is one operator, or a few that belong together, with numbers that its
// builder reads as it likes.
type Gene struct {
	Kind string
	N    [numbers]int
}

const (
	numbers  = 9
	maxGenes = 9
	maxSize  = 3000 // elements of a tensor: small networks find as much, sooner
)

var (
	accs  = []string{"16", "16:32", "12", "14", "20", "24", "32", "15", "13", "17", "11", "10", "9", "8", "12:32", "14:32", "18", "28", "12:16", "8:16", "10:16", "16:32/40", "12:16/9"}
	rungs = []string{"window", "clamp", "l1", "type"}
	// The default comes first.
	kernels = []string{"", "direct", "classical32", "best32"}
	efforts = []string{"", "0", "1"}
	rings   = []string{"", "1", "2"} // bits that windows leave free
)

// Random returns a network.
func Random(r *rand.Rand) *Net {
	n := &Net{
		Input: [3]int{r.IntN(8), r.IntN(14), r.IntN(14)},
		Acc:   max(0, r.IntN(len(accs)+6)-6), Rung: max(0, r.IntN(6)-2), Pow2: r.IntN(4) / 3, Keep: r.IntN(2),
		Kernels: max(0, r.IntN(8)-4), Effort: max(0, r.IntN(5)-2), Ring: r.IntN(3),
	}
	for range 1 + r.IntN(maxGenes) {
		g := Gene{Kind: kinds[r.IntN(len(kinds))]}
		if r.IntN(3) == 0 {
			g.Kind = "conv"
		}
		for i := range g.N {
			if r.IntN(3) > 0 {
				g.N[i] = r.IntN(1 << 10)
			}
		}
		n.Genes = append(n.Genes, g)
	}
	if r.IntN(2) == 0 {
		g := Gene{Kind: "head"}
		for i := range g.N {
			g.N[i] = r.IntN(1 << 10)
		}
		n.Genes = append(n.Genes, g)
	}
	return n
}

// Flags are the flags of compile that are the network's own.
func (n *Net) Flags() []string {
	rung, effort := rungs[n.Rung%len(rungs)], efforts[n.Effort%len(efforts)]
	if rung == "clamp" && (n.Pow2 > 0 || effort == "0") { // which do not choose levels again
		rung = "window"
	}
	f := []string{"--acc", accs[n.Acc%len(accs)], "--rung", rung}
	if n.Pow2 > 0 {
		f = append(f, "--scales", "pow2")
	}
	if n.Keep > 0 {
		f = append(f, "--keep-softmax")
	}
	if k := kernels[n.Kernels%len(kernels)]; k != "" {
		f = append(f, "--kernels", k)
	}
	if effort != "" {
		f = append(f, "--effort", effort)
	}
	if b := rings[n.Ring%len(rings)]; b != "" {
		f = append(f, "--ring-bits", b)
	}
	return f
}

// Text returns the network. Its first line is a comment with the flags. Names
// start with prefix.
func (n *Net) Text(prefix string) string {
	b := &builder{prefix: prefix}
	fmt.Fprintf(&b.out, "# %s\n", strings.Join(n.Flags(), " "))
	b.last = tensor{prefix + "x", n.Input[0] + 1, n.Input[1] + 1, n.Input[2] + 1, false}
	fmt.Fprintf(&b.out, "input %s float[N,%d,%d,%d]\n", b.last.name, b.last.c, b.last.h, b.last.w)
	b.seen = []tensor{b.last}
	for _, g := range n.Genes {
		if build := builders[g.Kind]; build != nil && !b.last.flat {
			build(b, g.N)
		}
	}
	if !b.summed { // without a sum there is nothing to compile
		b.conv([numbers]int{})
	}
	fmt.Fprintf(&b.out, "output %s\n", b.last.name)
	return b.out.String()
}

// Shrink returns the simplest network that still fails, which n does.
func (n *Net) Shrink(fails func(*Net) bool) *Net {
	best := n
	try := func(change func(*Net)) bool {
		c := *best
		c.Genes = append([]Gene(nil), best.Genes...)
		change(&c)
		if c.Text("") == best.Text("") || !fails(&c) {
			return false
		}
		best = &c
		return true
	}
	for again := true; again; {
		again = false
		for i := len(best.Genes) - 1; i >= 0; i-- {
			if i < len(best.Genes) && try(func(c *Net) { c.Genes = append(c.Genes[:i:i], c.Genes[i+1:]...) }) {
				again = true
			}
		}
		for i := range best.Genes {
			for j := range numbers {
				for _, v := range []int{0, best.Genes[i].N[j] / 2, best.Genes[i].N[j] - 1} {
					if v >= 0 && v < best.Genes[i].N[j] && try(func(c *Net) { c.Genes[i].N[j] = v }) {
						again = true
					}
				}
			}
		}
		for i := range best.Input {
			for _, v := range []int{0, best.Input[i] / 2, best.Input[i] - 1} {
				if v >= 0 && v < best.Input[i] && try(func(c *Net) { c.Input[i] = v }) {
					again = true
				}
			}
		}
		for _, field := range []func(*Net) *int{
			func(c *Net) *int { return &c.Acc }, func(c *Net) *int { return &c.Rung }, func(c *Net) *int { return &c.Pow2 },
			func(c *Net) *int { return &c.Keep }, func(c *Net) *int { return &c.Kernels }, func(c *Net) *int { return &c.Effort },
			func(c *Net) *int { return &c.Ring },
		} {
			if *field(best) != 0 && try(func(c *Net) { *field(c) = 0 }) {
				again = true
			}
		}
	}
	return best
}
