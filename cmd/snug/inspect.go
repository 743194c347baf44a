package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant"
)

// layer is one line of inspect.
type layer struct {
	Name   string `json:"name"`
	Op     ir.Op  `json:"op"`
	Out    []int  `json:"out"`
	K      int    `json:"k,omitempty"`
	MACs   int    `json:"macs,omitempty"`
	Params int    `json:"params,omitempty"`
}

func inspect(_ context.Context, args []string, out io.Writer) error {
	o := newFlags("inspect")
	o.reading()
	path, done, err := o.parse(args, "MODEL.onnx", out)
	if done || err != nil {
		return err
	}
	g, err := o.read(path)
	if err != nil {
		return err
	}
	if err := quant.Prepare(g, false); err != nil {
		return err
	}
	var layers []layer
	macs, params := 0, 0
	for _, n := range g.Nodes {
		l := layer{Name: n.Name, Op: n.Op, Out: n.Out[0].Shape}
		if n.Op == "Conv" {
			w := n.In[1].Const
			l.K = w.Len() / w.Shape[0]
			l.Params = w.Len() + w.Shape[0]
			l.MACs = w.Len() * n.Out[0].Shape[2] * n.Out[0].Shape[3]
		}
		macs, params = macs+l.MACs, params+l.Params
		layers = append(layers, l)
	}
	if o.json {
		return json.NewEncoder(out).Encode(struct {
			Name   string  `json:"name"`
			Opset  int     `json:"opset"`
			In     []int   `json:"in"`
			Out    []int   `json:"out"`
			MACs   int     `json:"macs"`
			Params int     `json:"params"`
			Layers []layer `json:"layers"`
		}{g.Name, g.Opset, g.In[0].Shape, g.Out[0].Shape, macs, params, layers})
	}
	fmt.Fprintf(out, "%s: opset %d, in %v, out %v, after folding:\n", g.Name, g.Opset, g.In[0].Shape, g.Out[0].Shape)
	fmt.Fprintf(out, "%-34s %-12s %-20s %6s %12s %10s\n", "layer", "operator", "output", "K", "products", "parameters")
	for _, l := range layers {
		fmt.Fprintf(out, "%-34s %-12s %-20s %6d %12d %10d\n", clip(l.Name, 34), l.Op, fmt.Sprint(l.Out), l.K, l.MACs, l.Params)
	}
	fmt.Fprintf(out, "%d products, %d parameters\n", macs, params)
	return nil
}
