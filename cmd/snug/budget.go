package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
)

// budget holds what a program may take; a limit that was not given is negative.
type budget struct {
	text  [len(budgets)]string
	limit [len(budgets)]int
}

// The budgets, in the order in which they are held.
const (
	ram = iota
	flash
	stack
	instructions
)

// budgets is the table of them: what is counted, where the most of it is, and
// what may bring it down.
var budgets = [4]struct {
	flag, help string
	kilo       int    // what the letter k stands for
	unit       string // of the count
	count      func(*codegen.Program) int
	culprit    func(*codegen.Program) string
}{
	ram:   {"max-ram", "fail when the arena takes more than `BYTES`; k and M are 1024 and 1048576", 1 << 10, "bytes", func(p *codegen.Program) int { return p.Arena }, fullest},
	flash: {"max-flash", "fail when the tables take more than `BYTES`; code comes on top and is not counted", 1 << 10, "bytes", tableBytes, largestTables},
	stack: {"max-stack", "C: fail when the stated bound of the stack is more than `BYTES`", 1 << 10, "bytes", (*codegen.Program).StackBound, deepest},
	instructions: {"max-instructions", "fail when the cost model predicts more than `N` for the layers that sum products; k and M are 1000 and 1000000; snug bench counts",
		1000, "instructions as the cost model predicts", predicted, costliest},
}

func (b *budget) flags(set *pflag.FlagSet) {
	for i := range budgets {
		set.StringVar(&b.text[i], budgets[i].flag, "", budgets[i].help)
	}
}

// parse reads the limits.
func (b *budget) parse(emit string) error {
	for i, text := range b.text {
		b.limit[i] = -1
		if text == "" {
			continue
		}
		unit, digits := 1, text
		switch text[len(text)-1] {
		case 'k', 'K':
			unit, digits = budgets[i].kilo, text[:len(text)-1]
		case 'M':
			unit, digits = budgets[i].kilo*budgets[i].kilo, text[:len(text)-1]
		}
		n, err := strconv.ParseUint(digits, 10, 40)
		if err != nil {
			return usageError{fmt.Errorf("--%s: %q is not a number of %s such as 4096, 64k or 2M", budgets[i].flag, text, strings.Fields(budgets[i].unit)[0])}
		}
		b.limit[i] = int(n) * unit
	}
	if b.limit[stack] >= 0 && emit == "go" {
		return usageError{errors.New("--max-stack is for C: Go grows its stacks")}
	}
	return nil
}

// within holds p to the limits. The error names the layer that takes the most
// and the setting nearest to this one that fits: of those that take less memory, that
// with the fewest predicted instructions; of those that execute less, that with the
// least cache.
func (q *quantized) within(b *budget, p *codegen.Program) error {
	for i := range budgets {
		row := &budgets[i]
		n := row.count(p)
		if b.limit[i] < 0 || n <= b.limit[i] {
			continue
		}
		advice, err := q.advice(b, i, p)
		if err != nil {
			return err
		}
		return fmt.Errorf("--%s %s: %s takes %d %s, %d too many: %s; %s", row.flag, b.text[i], p.Name, n, row.unit, n-b.limit[i], row.culprit(p), advice)
	}
	return nil
}

// setting is another way to lower the same integers.
type setting struct {
	flags string
	prog  *codegen.Program
}

// try is one setting of flags.
type try struct {
	flags string
	o     codegen.Options
}

// The caches that settings are tried with.
const (
	leastCache = 16 << 10
	mostCache  = 8 << 20
)

// smaller are the settings that may take less memory than p: other kernels and less
// cache. Without a transformed layer there is nothing to choose.
func (q *quantized) smaller(p *codegen.Program) []try {
	if p.Kept == 0 {
		return nil
	}
	tries := []try{{"--kernels direct", codegen.Options{Kernels: "direct", L2: q.kernels.L2}}}
	for l2 := q.cache() / 2; l2 >= leastCache; l2 /= 2 {
		tries = append(tries, try{fmt.Sprintf("--l2 %d", l2), codegen.Options{Kernels: q.kernels.Kernels, L2: l2}})
	}
	return tries
}

// faster are those that may execute less: all kernels, and more cache.
func (q *quantized) faster(p *codegen.Program) []try {
	if p.Target != q.target { // Go has neither
		return nil
	}
	var tries []try
	flags := ""
	if q.kernels.Kernels != "best" {
		flags = "--kernels best"
		tries = append(tries, try{flags, codegen.Options{Kernels: "best", L2: q.kernels.L2}})
		flags += " "
	}
	for l2 := max(2*q.cache(), leastCache); l2 <= mostCache; l2 *= 2 {
		tries = append(tries, try{fmt.Sprintf("%s--l2 %d", flags, l2), codegen.Options{Kernels: "best", L2: l2}})
	}
	return tries
}

func (q *quantized) cache() int {
	if q.kernels.L2 == 0 {
		return q.target.L2
	}
	return q.kernels.L2
}

// settings lowers the network again in the ways that may help a budget, the
// nearest first.
func (q *quantized) settings(which int, p *codegen.Program) ([]setting, error) {
	tries := q.smaller(p)
	if which == instructions {
		tries = q.faster(p)
	}
	var all []setting
	for _, t := range tries {
		other, err := codegen.Lower(q.graph, q.target, &t.o)
		if err != nil {
			return nil, err
		}
		all = append(all, setting{t.flags, other})
	}
	if which != instructions {
		// Of two that cost the same, the one that was tried first is nearer.
		slices.SortStableFunc(all, func(a, b setting) int { return cmp.Compare(predicted(a.prog), predicted(b.prog)) })
	}
	return all, nil
}

// predicted is what the chosen kernels are thought to execute.
func predicted(p *codegen.Program) int {
	n := 0
	for _, c := range p.Calls {
		n += c.Predicted
	}
	return n
}

func costliest(p *codegen.Program) string {
	c := slices.MaxFunc(p.Calls, func(a, b *codegen.Call) int { return cmp.Compare(a.Predicted, b.Predicted) })
	return fmt.Sprintf("layer %s as %s is %d of them", c.Layer, c.Kernel, c.Predicted)
}

// roomHelps reports whether some layer would be transformed, or split less, if the
// bit-width pass left bits of its accumulator free.
func (q *quantized) roomHelps() bool {
	lost, err := codegen.RingBits(q.target, q.kernels)
	return err == nil && q.how.Spare == nil && slices.ContainsFunc(q.graph.Nodes, func(n *ir.Node) bool { return lost(n) > 0 })
}

func (q *quantized) advice(b *budget, which int, p *codegen.Program) (string, error) {
	all, err := q.settings(which, p)
	if err != nil {
		return "", err
	}
	count, least := budgets[which].count, setting{"", p}
	for _, s := range all {
		fits := true
		for i := range budgets {
			fits = fits && (b.limit[i] < 0 || budgets[i].count(s.prog) <= b.limit[i])
		}
		if fits {
			return fmt.Sprintf("%s takes %d", s.flags, count(s.prog)), nil
		}
		if count(s.prog) < count(least.prog) {
			least = s
		}
	}
	if n := multiplierBytes(p); which == flash && n >= count(p)-b.limit[flash] {
		return fmt.Sprintf("--scales pow2 has no multipliers, which are %d of them", n), nil
	}
	if which == instructions && p.Target == q.target && q.roomHelps() {
		return fmt.Sprintf("no choice of kernels takes less than %d, but --ring-bits 2 leaves more to Winograd", count(least.prog)), nil
	}
	if least.flags == "" {
		return "no other setting takes less: the network has to become smaller", nil
	}
	return fmt.Sprintf("no setting fits: %s takes the least, %d", least.flags, count(least.prog)), nil
}

func tableBytes(p *codegen.Program) int {
	n := 0
	for _, c := range p.Calls {
		n += codegen.TableBytes(c)
	}
	return n
}

func multiplierBytes(p *codegen.Program) int {
	n := 0
	for _, c := range p.Calls {
		if c.Requant != nil {
			n += 2 * len(c.Requant.Mul)
		}
	}
	return n
}

func largestTables(p *codegen.Program) string {
	c := slices.MaxFunc(p.Calls, func(a, b *codegen.Call) int { return cmp.Compare(codegen.TableBytes(a), codegen.TableBytes(b)) })
	return fmt.Sprintf("layer %s has tables of %d", c.Layer, codegen.TableBytes(c))
}

// fullest names the layer whose transformed weights take the most, or the one at
// which the tensors in the arena reach highest.
func fullest(p *codegen.Program) string {
	if p.Kept > p.Work {
		prepared := func(c *codegen.Call) int {
			if c.Prepared == nil {
				return 0
			}
			return c.Prepared.Size
		}
		c := slices.MaxFunc(p.Calls, func(a, b *codegen.Call) int { return cmp.Compare(prepared(a), prepared(b)) })
		return fmt.Sprintf("layer %s keeps transformed weights of %d", c.Layer, prepared(c))
	}
	top, at := 0, 0
	for _, b := range p.Bufs {
		if b.Place == codegen.InArena && b.Last >= 0 && b.Off+b.Size > top {
			top, at = b.Off+b.Size, b.First
		}
	}
	var live []string
	for _, b := range p.Bufs {
		if b.Place == codegen.InArena && b.Over == nil && b.First <= at && at <= b.Last {
			live = append(live, fmt.Sprint(b.Size))
		}
	}
	return fmt.Sprintf("at layer %s the arena holds buffers of %s", p.Calls[at].Layer, strings.Join(live, " + "))
}

// deepest names the first layer in a ring form: its transforms hold tiles on the
// stack.
func deepest(p *codegen.Program) string {
	for _, c := range p.Calls {
		if c.Prepared != nil {
			return fmt.Sprintf("layer %s runs as %s", c.Layer, c.Kernel)
		}
	}
	return "every layer's kernel is stated to take less than that"
}
