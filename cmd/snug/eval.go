package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

// accuracy is what eval prints; a top-1 without labels is null.
type accuracy struct {
	Float     top1                  `json:"float"`
	Quantized top1                  `json:"quantized"`
	Agreement float64               `json:"agreement"`
	Images    int                   `json:"images"`
	Layers    []codegen.LayerReport `json:"layers"`
	Overflows *overflows            `json:"overflows,omitempty"` // of rung observed
}

// overflows are the sums that left the accumulator on the inputs of eval.
type overflows struct {
	Sums int64 `json:"sums"`
	Over int64 `json:"over"`
}

type top1 struct {
	Top1 *float64 `json:"top1"`
}

func evaluate(ctx context.Context, args []string, out io.Writer) error {
	o := newFlags("eval")
	var data, labels string
	var limit, offset int
	o.set.StringVar(&data, "data", "", "inputs to judge on: .npy, IDX, CSV `DATA` of images")
	o.set.StringVar(&labels, "labels", "", "their classes: .npy, IDX or CSV `FILE`; a CSV of images has its own")
	o.set.IntVar(&offset, "class-offset", 0, "add `N` to every class: 1 for a network whose class 0 is the background")
	o.set.IntVar(&limit, "limit", 0, "use the first `N` inputs; 0: all")
	o.network()
	path, done, err := o.parse(args, "MODEL.onnx", out)
	if done || err != nil {
		return err
	}
	if data == "" {
		return usageError{errors.New("--data: no inputs to judge on")}
	}
	if limit < 0 {
		return usageError{fmt.Errorf("--limit: %d is no number of inputs", limit)}
	}
	q, err := o.quantize(ctx, path)
	if err != nil {
		return err
	}
	set, err := o.open(data, limit, q.graph.In[0].Shape)
	if err != nil {
		return err
	}
	classes, err := readClasses(labels, limit, set)
	if err != nil {
		return err
	}
	for i := range classes {
		classes[i] += offset
	}
	a, err := q.accuracy(ctx, set, classes, max(o.workers, 1))
	if err != nil {
		return err
	}
	if o.rung == "observed" {
		a.Overflows = &overflows{}
		if a.Overflows.Over, a.Overflows.Sums, err = quant.Overflows(ctx, q.graph, q.how, set); err != nil {
			return err
		}
	}
	if o.json {
		return json.NewEncoder(out).Encode(a)
	}
	printLayers(out, q.prog)
	show := func(t top1) string {
		if t.Top1 == nil {
			return "no labels"
		}
		return fmt.Sprintf("%.2f %%", 100**t.Top1)
	}
	fmt.Fprintf(out, "%d images: float top-1 %s, %s-bit top-1 %s, agreement %.2f %%\n", a.Images, show(a.Float), q.prog.Accum, show(a.Quantized), 100*a.Agreement)
	printNeed(out, q.prog)
	if v := a.Overflows; v != nil {
		fmt.Fprintf(out, "rung observed proves nothing: %d of %d sums left the accumulator\n", v.Over, v.Sums)
	}
	return nil
}

func readClasses(path string, limit int, set *dataset.Set) ([]int, error) {
	classes := set.Labels()
	if path != "" {
		var err error
		if classes, err = dataset.ReadLabels(path, limit); err != nil {
			return nil, err
		}
	}
	if classes != nil && len(classes) < set.Len() {
		return nil, fmt.Errorf("%s: labels: %d for %d inputs", path, len(classes), set.Len())
	}
	return classes, nil
}

// answer is what the two networks say to one input.
type answer struct{ real, integer int }

// accuracy runs both networks on every sample.
func (q *quantized) accuracy(ctx context.Context, set *dataset.Set, classes []int, workers int) (*accuracy, error) {
	sim, err := codegen.NewSim(q.prog)
	if err != nil {
		return nil, err
	}
	in := q.graph.In[0]
	n := set.Len()
	answers := make([]answer, n)
	bar := newProgress()
	defer bar.done()
	runners := make(chan *eval.Runner, workers)
	for range workers {
		r, err := eval.NewRunner(q.graph)
		if err != nil {
			return nil, err
		}
		runners <- r
	}
	err = sim.Each(n, workers, func(s *codegen.Sim, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := <-runners
		defer func() { runners <- r }()
		x := ir.NewTensor(ir.Float32, in.Shape)
		if err := set.Sample(i, x.Real); err != nil {
			return err
		}
		if err := r.Run(x); err != nil {
			return err
		}
		y := make([]int8, q.prog.Out.Len())
		s.Run(stored(quantizeInput(x.Real, &q.prog.In), &q.prog.In), y)
		answers[i] = answer{real: greatest(r.Output().Real), integer: greatest(y)}
		bar.step("eval", n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a := &accuracy{Images: n, Layers: codegen.Layers(q.prog)}
	var real, integer, same float64
	for i, s := range answers {
		if classes != nil && s.real == classes[i] {
			real++
		}
		if classes != nil && s.integer == classes[i] {
			integer++
		}
		if s.real == s.integer {
			same++
		}
	}
	a.Agreement = same / float64(n)
	if classes != nil {
		real, integer = real/float64(n), integer/float64(n)
		a.Float.Top1, a.Quantized.Top1 = &real, &integer
	}
	return a, nil
}

// greatest returns the index of the greatest element, the first of equals.
func greatest[T int8 | float32](v []T) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
