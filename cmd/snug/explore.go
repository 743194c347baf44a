package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/report"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant"
)

// exploreAccums are the accumulators that explore tries unless told.
const exploreAccums = "16:32,16,14,12,10,8"

// A grid is what explore combines.
type grid struct {
	accs, rungs     []string
	efforts, spares []int
}

func explore(ctx context.Context, args []string, out io.Writer) error {
	o := newFlags("explore")
	var data judged
	var g grid
	var rows, svg string
	var markdown bool
	data.flags(o.set)
	o.set.StringSliceVar(&g.accs, "acc", strings.Split(exploreAccums, ","), "`ACCUMULATORS`, each of P bits (8 to 32), or P:32 to flush segments of P bits into 32, P:32/N for one flush in N products")
	o.set.StringSliceVar(&g.rungs, "rung", []string{"window"}, "`BOUNDS` of a sum: type, l1, window, clamp; observed, with --search layerwise, proves nothing")
	o.set.IntSliceVar(&g.efforts, "effort", []int{2}, "`WORK` that goes into rounding, each 0 to 3")
	o.set.IntSliceVar(&g.spares, "ring-bits", []int{0, 1, 2}, "`BITS` of the accumulator, each 0 to 2, that layers leave free for Winograd in the ring; more than 0 only where a layer would gain by it")
	o.set.StringVar(&rows, "csv", "", "keep rows in `FILE`: those that it has are taken from it, new ones added as they come")
	o.set.StringVar(&svg, "svg", "", "draw drop over P and over instructions to `FILE`")
	o.set.BoolVar(&markdown, "markdown", false, "print drops and their standard errors as tables in Markdown, accumulators across")
	o.inputs()
	path, done, err := o.parse(args, "MODEL.onnx|ROWS.csv", out)
	if done || err != nil {
		return err
	}
	var points []report.Point
	if strings.HasSuffix(path, ".csv") {
		points, err = readSweep(path)
	} else {
		points, err = o.sweep(ctx, path, &data, &g, rows)
	}
	if err != nil {
		return err
	}
	if svg != "" {
		if err := os.WriteFile(svg, report.SweepSVG(points), 0o644); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		return json.NewEncoder(out).Encode(points)
	case markdown:
		return report.WriteSweepMarkdown(out, points)
	}
	return report.WriteSweepTable(out, points)
}

func readSweep(path string) ([]report.Point, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	points, err := report.ReadSweep(f)
	if err != nil {
		return nil, fmt.Errorf("%s: explore: %w", path, err)
	}
	return points, nil
}

// sweep computes the points of a grid, less those that the file of rows has.
func (o *options) sweep(ctx context.Context, path string, data *judged, g *grid, rows string) ([]report.Point, error) {
	if err := data.check(); err != nil {
		return nil, err
	}
	target, kernels, err := o.lowering()
	if err != nil {
		return nil, err
	}
	var known []report.Point
	if rows != "" {
		if known, err = readSweep(rows); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	net, j, err := o.labelled(path, data)
	if err != nil {
		return nil, err
	}
	calib, err := o.calibration(net.In[0].Shape)
	if err != nil {
		return nil, err
	}
	lost, err := codegen.RingBits(target, kernels)
	if err != nil {
		return nil, err
	}
	for _, n := range g.spares {
		t := *o
		t.spare = n
		if _, _, err := t.lowering(); err != nil {
			return nil, err
		}
	}
	trials := g.trials(o, ringBits(net, lost))
	if len(trials) == 0 {
		return nil, usageError{errors.New("--ring-bits: no layer takes any of them, and sums that are flushed have none; 0 is a point of every network")}
	}
	for _, t := range trials { // a mistake in the last shows before the first is run
		if _, err := t.quantOptions(); err != nil {
			return nil, err
		}
	}
	var points []report.Point
	for _, t := range trials {
		p := report.Point{Setting: report.Setting{Network: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)),
			Accum: t.acc, Rung: t.rung, Search: t.search, Scales: t.scales, Effort: t.effort, RingBits: t.spare,
			Target: target.Name, Kernels: kernels.Kernels, Calibrated: calib.Len(), Images: j.set.Len()}}
		if i := slices.IndexFunc(known, func(k report.Point) bool { return k.Setting == p.Setting }); i >= 0 {
			points = append(points, known[i])
			continue
		}
		err := t.point(ctx, path, j, &p)
		if ctx.Err() != nil && rows != "" {
			return nil, fmt.Errorf("interrupted; the rows so far are in %s, and the same command goes on", rows)
		}
		if err != nil {
			return nil, err
		}
		points = append(points, p)
		if rows != "" {
			if err := addRow(rows, p); err != nil {
				return nil, err
			}
		}
	}
	return points, nil
}

// ringBits is the most that a ring form of a layer takes of the accumulator.
func ringBits(g *ir.Graph, lost func(*ir.Node) int) int {
	most := 0
	for _, n := range g.Nodes {
		most = max(most, lost(n))
	}
	return most
}

// trials lists the options of every point, the accumulators of one method side
// by side. Ring bits that no layer would take, or that sums which are flushed do
// not have, are left out.
func (g *grid) trials(o *options, ring int) []*options {
	var all []*options
	for _, rung := range g.rungs {
		for _, effort := range g.efforts {
			for _, spare := range g.spares {
				for _, acc := range g.accs {
					if spare > 0 && (spare > ring || strings.Contains(acc, ":")) {
						continue
					}
					t := *o
					t.acc, t.rung, t.effort, t.spare = acc, rung, effort, spare
					all = append(all, &t)
				}
			}
		}
	}
	return all
}

// point quantizes, judges and lowers one setting.
func (o *options) point(ctx context.Context, path string, j *judge, p *report.Point) error {
	q, err := o.quantize(ctx, path)
	if p.Why = tooNarrow(ctx, err); p.Why != "" {
		return nil
	}
	if err != nil {
		return err
	}
	a, err := j.accuracy(ctx, q)
	if err != nil {
		return err
	}
	if o.rung == "observed" {
		if p.Over, p.Sums, err = quant.Overflows(ctx, q.graph, q.how, j.set); err != nil {
			return err
		}
	}
	prog, err := codegen.Lower(q.graph, q.target, q.kernels)
	if err != nil {
		return err
	}
	p.Float, p.Top1, p.Drop, p.StdErr = 100**a.Float.Top1, 100**a.Quantized.Top1, a.drop.Points, a.drop.StdErr
	p.Cost, p.Unit, p.Flash, p.RAM = float64(predicted(prog)), prog.Target.CostUnit(), tableBytes(prog), prog.Arena
	return nil
}

// addRow appends a point to a file of rows.
func addRow(name string, p report.Point) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	at, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		err = report.WriteSweep(f, []report.Point{p}, at == 0)
	}
	return errors.Join(err, f.Close())
}
