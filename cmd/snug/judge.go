package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

// judged are the flags that say what accuracy is measured on.
type judged struct {
	data, labels  string
	limit, offset int
}

func (j *judged) flags(set *pflag.FlagSet) {
	set.StringVar(&j.data, "data", "", "inputs to judge on: .npy, IDX, CSV `DATA` of images")
	set.StringVar(&j.labels, "labels", "", "their classes: .npy, IDX or CSV `FILE`; a CSV of images has its own")
	set.IntVar(&j.offset, "class-offset", 0, "add `N` to every class: 1 for a network whose class 0 is the background")
	set.IntVar(&j.limit, "limit", 0, "judge on the first `N` inputs; 0: all")
}

func (j *judged) check() error {
	if j.data == "" {
		return usageError{errors.New("--data: no inputs to judge on")}
	}
	if j.limit < 0 {
		return usageError{fmt.Errorf("--limit: %d is no number of inputs", j.limit)}
	}
	return nil
}

// A judge has the inputs that networks are judged on. What the real network
// answers is kept: it is the same however its weights are rounded.
type judge struct {
	set     *dataset.Set
	classes []int // nil: no labels
	real    []int // nil until the first judgement
	workers int
}

// judge opens the inputs, of the network's input shape.
func (o *options) judge(j *judged, shape []int) (*judge, error) {
	set, err := o.open(j.data, j.limit, shape)
	if err != nil {
		return nil, err
	}
	classes, err := readClasses(j.labels, j.limit, set)
	if err != nil {
		return nil, err
	}
	for i := range classes {
		classes[i] += j.offset
	}
	return &judge{set: set, classes: classes, workers: max(o.workers, 1)}, nil
}

// labelled opens the inputs for a network that is to be quantized more than once;
// without classes there is nothing to compare.
func (o *options) labelled(path string, data *judged) (*ir.Graph, *judge, error) {
	if err := o.preprocessing(); err != nil {
		return nil, nil, err
	}
	g, err := o.read(path)
	if err != nil {
		return nil, nil, err
	}
	if err := quant.Prepare(g, o.softmax); err != nil {
		return nil, nil, err
	}
	j, err := o.judge(data, g.In[0].Shape)
	if err == nil && j.classes == nil {
		err = usageError{errors.New("--labels: without classes there is no drop in accuracy")}
	}
	return g, j, err
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

// answers runs both networks on every input.
func (j *judge) answers(ctx context.Context, q *quantized) ([]answer, error) {
	sim, err := codegen.NewSim(q.prog)
	if err != nil {
		return nil, err
	}
	n := j.set.Len()
	answers := make([]answer, n)
	bar := newProgress()
	defer bar.done()
	runners := make(chan *eval.Runner, j.workers)
	for range j.workers {
		r, err := eval.NewRunner(q.graph)
		if err != nil {
			return nil, err
		}
		runners <- r
	}
	err = sim.Each(n, j.workers, func(s *codegen.Sim, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := <-runners
		defer func() { runners <- r }()
		x := ir.NewTensor(ir.Float32, q.graph.In[0].Shape)
		if err := j.set.Sample(i, x.Real); err != nil {
			return err
		}
		if j.real != nil {
			answers[i].real = j.real[i]
		} else {
			if err := r.Run(x); err != nil {
				return err
			}
			answers[i].real = greatest(r.Output().Real)
		}
		y := make([]int8, q.prog.Out.Len())
		s.Run(stored(quantizeInput(x.Real, &q.prog.In), &q.prog.In), y)
		answers[i].integer = greatest(y)
		bar.step("eval", n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if j.real == nil {
		j.real = make([]int, n)
		for i, a := range answers {
			j.real[i] = a.real
		}
	}
	return answers, nil
}

// accuracy judges q.
func (j *judge) accuracy(ctx context.Context, q *quantized) (*accuracy, error) {
	answers, err := j.answers(ctx, q)
	if err != nil {
		return nil, err
	}
	a := &accuracy{Images: len(answers), Layers: codegen.Layers(q.prog)}
	var real, integer, same float64
	for i, s := range answers {
		if j.classes != nil && s.real == j.classes[i] {
			real++
		}
		if j.classes != nil && s.integer == j.classes[i] {
			integer++
		}
		if s.real == s.integer {
			same++
		}
	}
	n := float64(len(answers))
	a.Agreement = same / n
	if j.classes != nil {
		real, integer = real/n, integer/n
		d := dropOf(answers, j.classes)
		a.Float.Top1, a.Quantized.Top1, a.drop = &real, &integer, &d
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
