package quant

import (
	"context"
	"sync/atomic"

	"github.com/snug-nn/snug/ir"
)

// Overflows runs the integers of a quantized network on samples and counts the
// sums that leave the signed accumulator, and all sums: what rung observed
// proves nothing about.
func Overflows(ctx context.Context, g *ir.Graph, o *Options, samples Samples) (over, all int64, err error) {
	own := *o
	own.Progress = nil
	const chunk = 256 // images whose integers are held at once
	for from := 0; from < samples.Len(); from += chunk {
		own.Calib = part{samples, from, min(chunk, samples.Len()-from)}
		s := &state{g: g, o: &own, ctx: ctx}
		r := newRun(s)
		if err := r.quantizeInput(); err != nil {
			return 0, 0, err
		}
		for _, n := range g.Nodes {
			if n.Op == "Conv" {
				a, b, err := r.count(n)
				if err != nil {
					return 0, 0, err
				}
				over, all = over+a, all+b
				err = r.run(n)
				if err != nil {
					return 0, 0, err
				}
			} else if err := r.rounded(n); err != nil {
				return 0, 0, err
			}
			r.release(n)
		}
	}
	return over, all, nil
}

// part is some of a set of samples.
type part struct {
	of      Samples
	from, n int
}

func (p part) Len() int                          { return p.n }
func (p part) Sample(i int, dst []float32) error { return p.of.Sample(p.from+i, dst) }

// count returns how many sums of n leave the accumulator, and of how many.
func (r *intRun) count(n *ir.Node) (over, all int64, err error) {
	half := float32(int64(1) << (n.Sum.Acc.Total() - 1))
	var outside, total atomic.Int64
	err = r.s.parallel("", r.images(), func() (func(int) error, error) {
		sums := r.sums(n)
		return func(i int) error {
			y, err := sums(i)
			if err != nil {
				return err
			}
			found := int64(0)
			for _, v := range y {
				if v < -half || v >= half {
					found++
				}
			}
			outside.Add(found)
			total.Add(int64(len(y)))
			return nil
		}, nil
	})
	return outside.Load(), total.Load(), err
}
