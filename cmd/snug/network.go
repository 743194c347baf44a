package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/quant"
)

// read reads a network; it is named after its file.
func (o *options) read(path string) (*ir.Graph, error) {
	dims, err := o.dimensions()
	if err != nil {
		return nil, err
	}
	g, err := onnx.ReadFile(path, onnx.Options{Dims: dims, Output: o.until})
	if err != nil {
		return nil, err
	}
	g.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return g, nil
}

// quantized is a network after all passes, lowered for the simulator. The
// graph still holds the real weights: it is the float reference too.
type quantized struct {
	graph   *ir.Graph
	how     *quant.Options
	calib   quant.Samples
	prog    *codegen.Program
	target  *codegen.Target // that C is written for
	kernels *codegen.Options
}

// quantize reads a network and takes it through the passes.
func (o *options) quantize(ctx context.Context, path string) (*quantized, error) {
	if err := o.preprocessing(); err != nil {
		return nil, err
	}
	target, kernels, err := o.lowering()
	if err != nil {
		return nil, err
	}
	q, err := o.quantOptions()
	if err != nil {
		return nil, err
	}
	g, err := o.read(path)
	if err != nil {
		return nil, err
	}
	// Refusals come before anything is read or run.
	if err := quant.Prepare(g, o.softmax); err != nil {
		return nil, err
	}
	set, err := o.calibration(g.In[0].Shape)
	if err != nil {
		return nil, err
	}
	q.Calib = set
	q.DumpTo = os.Stderr
	if o.spare > 0 || o.narrow != nil {
		lost, err := codegen.RingBits(target, kernels)
		if err != nil {
			return nil, err
		}
		q.Spare = func(n *ir.Node) int { return max(min(lost(n), o.spare), o.narrow[n.Out[0].Name]) }
	}
	bar := newProgress()
	q.Progress = bar.update
	q.Note = func(line string) { fmt.Fprintln(os.Stderr, line) }
	err = quant.Run(ctx, g, q)
	bar.done()
	if err != nil {
		return nil, err
	}
	p, err := codegen.Lower(g, codegen.FindTarget("go"), &codegen.Options{})
	if err != nil {
		return nil, err
	}
	return &quantized{graph: g, how: q, calib: set, prog: p, target: target, kernels: kernels}, nil
}

// quantizeInput rounds one sample to the levels of the network's input.
func quantizeInput(x []float32, p *codegen.Port) []int8 {
	return quant.Quantize(x, &p.Format)
}

// stored reorders a sample from the network's shape to the port's order in
// memory: an image has its channels last.
func stored(q []int8, p *codegen.Port) []int8 {
	if p.H*p.W == 1 || p.C == 1 {
		return q
	}
	out := make([]int8, len(q))
	pixels := p.H * p.W
	for c := range p.C {
		for i := range pixels {
			out[i*p.C+c] = q[c*pixels+i]
		}
	}
	return out
}
