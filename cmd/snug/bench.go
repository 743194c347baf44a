package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/snug-nn/snug/codegen/measure"
)

func bench(ctx context.Context, args []string, out io.Writer) error {
	o := newFlags("bench")
	var m measure.Options
	var against string
	o.set.StringSliceVar(&m.CPUs, "cpu", nil, "build for, run as and model each of these `CORES`: "+measure.CPUNames()+"; the folder's target when not given")
	o.set.StringSliceVar(&m.Compilers, "compiler", nil, "`COMPILERS` of C: gcc, clang or both; each that is there when not given")
	o.set.StringVar(&m.Opt, "opt", "-O3", "optimization `LEVEL` of C: -O2 or -O3")
	o.set.BoolVar(&m.PureGo, "purego", false, "build Go with the tag purego: without its NEON assembly")
	o.set.Uint32Var(&m.Seed, "seed", 1, "`SEED` of the random input; counts do not depend on it")
	o.set.StringVar(&against, "against", "", fmt.Sprintf("compare instructions with `FILE`, an earlier --json; fail on a rise over %d %%", measure.Tolerance))
	o.set.BoolVar(&o.json, "json", false, "print one JSON object")
	dir, done, err := o.parse(args, "DIR", out)
	if done || err != nil {
		return err
	}
	for _, c := range m.CPUs {
		if measure.FindCPU(c) == nil {
			return usageError{fmt.Errorf("--cpu: %q is none of %s", c, measure.CPUNames())}
		}
	}
	for _, c := range m.Compilers {
		if c != "gcc" && c != "clang" {
			return usageError{fmt.Errorf("--compiler: %q is neither gcc nor clang", c)}
		}
	}
	if !slices.Contains([]string{"-O2", "-O3"}, m.Opt) {
		return usageError{fmt.Errorf("--opt: %q is neither -O2 nor -O3", m.Opt)}
	}
	if o.json && against != "" {
		return usageError{fmt.Errorf("--against prints what changed: it cannot be used with --json")}
	}
	var old *measure.Report
	if against != "" {
		if old, err = readReport(against); err != nil {
			return err
		}
	}
	p := newProgress()
	r, err := measure.Folder(ctx, dir, m, func(done, total int) { p.update("bench", done, total) })
	p.done()
	if err != nil {
		return err
	}
	if old != nil {
		return r.Compare(old, out)
	}
	if o.json {
		return r.WriteJSON(out)
	}
	return r.WriteTable(out)
}

func readReport(name string) (*measure.Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := &measure.Report{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: not a report of snug bench --json: %w", name, err)
	}
	return r, nil
}
