package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/quant"
)

// accuracy is what eval prints; a top-1 without labels is null.
type accuracy struct {
	Float     top1                  `json:"float"`
	Quantized top1                  `json:"quantized"`
	*drop                           // nil without labels
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
	var data judged
	data.flags(o.set)
	o.set.StringSliceVar(&o.without, "without", nil, "leave `STEPS` of the effort out, to measure what they are worth: settle, feedback, descent, asymmetric, scales, steps, fork, compensate, answers, correct")
	o.network()
	path, done, err := o.parse(args, "MODEL.onnx", out)
	if done || err != nil {
		return err
	}
	if err := data.check(); err != nil {
		return err
	}
	q, err := o.quantize(ctx, path)
	if err != nil {
		return err
	}
	j, err := o.judge(&data, q.graph.In[0].Shape)
	if err != nil {
		return err
	}
	a, err := j.accuracy(ctx, q)
	if err != nil {
		return err
	}
	if o.rung == "observed" {
		a.Overflows = &overflows{}
		if a.Overflows.Over, a.Overflows.Sums, err = quant.Overflows(ctx, q.graph, q.how, j.set); err != nil {
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
	cost := ""
	if a.drop != nil {
		cost = fmt.Sprintf(" drop %s,", a.drop)
	}
	fmt.Fprintf(out, "%d images: float top-1 %s, %s-bit top-1 %s,%s agreement %.2f %%\n", a.Images, show(a.Float), q.prog.Accum, show(a.Quantized), cost, 100*a.Agreement)
	printNeed(out, q.prog)
	if v := a.Overflows; v != nil {
		fmt.Fprintf(out, "rung observed proves nothing: %d of %d sums left the accumulator\n", v.Over, v.Sums)
	}
	return nil
}
