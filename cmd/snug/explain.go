package main

import (
	"fmt"
	"io"

	"github.com/snug-nn/snug/codegen"
)

// explain prints why each layer has its kernel: what was considered, at which
// predicted cost, and what its form costs of the register. The kernel that is
// taken has a star: the cheapest whose sums the register holds.
func explain(out io.Writer, p *codegen.Program) {
	fmt.Fprintf(out, "kernels by predicted cost in thousands of %s; * is taken\n", p.Target.CostUnit())
	for _, c := range p.Calls {
		if c.Sum == nil {
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", c.Layer, registerUse(c))
		for _, k := range c.Candidates {
			mark := " "
			if k.Kernel == c.Kernel {
				mark = "*"
			}
			fmt.Fprintf(out, "  %s %-24s %10.1f  %s\n", mark, k.Kernel, k.Cost/1e3, k.Note)
		}
	}
}

// registerUse says how much of the accumulator the weights of c may fill.
func registerUse(c *codegen.Call) string {
	s := fmt.Sprintf("accumulator of %s bits", c.Sum.Acc)
	if c.Sum.Spare > 0 {
		s += fmt.Sprintf(", windows kept to %d", c.Sum.Acc.Total()-c.Sum.Spare)
	}
	if g, ok := c.Geometry.(*codegen.RingConv); ok {
		s += fmt.Sprintf("; its ring form loses %d; parts of its input channels: %d", g.Form.Lost, g.Split)
	}
	return s
}
