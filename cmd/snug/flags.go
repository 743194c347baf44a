package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

// options are the flags that more than one command takes.
type options struct {
	set     *pflag.FlagSet
	acc     string
	scales  string
	rung    string
	effort  int
	search  string
	softmax bool
	calib   string
	skip    int
	without []string
	limit   int
	scale   string
	mean    string
	std     string
	data    dataset.Options
	dims    []string
	until   string
	target  string
	kernels codegen.Options
	prefer  string
	direct  bool
	spare   int
	narrow  map[string]int // bits that a sum's windows leave free, by its output
	workers int
	dump    string
	json    bool
}

func newFlags(name string) *options {
	o := &options{set: pflag.NewFlagSet("snug "+name, pflag.ContinueOnError)}
	o.set.SortFlags = false
	return o
}

// network adds the flags of commands that quantize once.
func (o *options) network() {
	f := o.set
	f.StringVar(&o.acc, "acc", "16", "accumulator of `P` bits (8 to 32), or P:32, P:16 to flush segments of P bits into 32, or into 16; P:32/N chooses weights for one flush in N products")
	f.StringVar(&o.rung, "rung", "window", "`BOUND` of a sum: type, l1, window or clamp, each finer than the one before; observed, with --search layerwise, proves nothing")
	f.IntVar(&o.effort, "effort", 2, "`WORK` that goes into rounding, 0 to 3: 0 takes seconds, 3 four times the samples of 2 and a search by what the network answers")
	f.IntVar(&o.spare, "ring-bits", 0, "`BITS` of the accumulator, 0 to 2, that layers leave free for Winograd in the ring; with 0 it is used where it fits without")
	o.inputs()
}

// inputs adds the flags of commands that quantize, once or often.
func (o *options) inputs() {
	f := o.set
	f.StringVar(&o.calib, "calib", "", "calibration inputs: .npy, IDX, CSV `DATA` of images; random: uniform noise")
	f.IntVar(&o.limit, "calib-limit", 256, "use the first `N` calibration inputs")
	f.IntVar(&o.skip, "calib-skip", 0, "leave the first `N` of them out: another draw")
	f.StringVar(&o.scales, "scales", "fixed", "`SCHEME` to requantize by: fixed (15-bit multiplier and shift) or pow2 (shift)")
	f.StringVar(&o.search, "search", "", "`HOW` bits are searched: layerwise chooses those of data and weights layer by layer, with --scales pow2")
	f.StringVar(&o.target, "target", "cortex-a53", "`CPU` that C is written for: "+targetNames())
	f.StringVar(&o.kernels.Kernels, "kernels", "best", "choose from these `KERNELS`: "+kernelNames())
	f.StringVar(&o.prefer, "prefer", "speed", "`WHAT` decides between kernels: speed, or size, which transforms no weights")
	f.BoolVar(&o.direct, "no-winograd", false, "the same as --prefer size, and as --kernels direct")
	f.IntVar(&o.kernels.L2, "l2", 0, "`BYTES` of second-level cache that transformed layers should stay in; 0: the target's")
	f.BoolVar(&o.softmax, "keep-softmax", false, "keep a softmax at the end; its order is that of its input")
	f.StringVar(&o.scale, "scale", "1", "real = (pixel * `S` - mean) / std; a number or a quotient: 1/255")
	f.StringVar(&o.mean, "mean", "", "`M` of --scale's formula, or one a channel: .485,.456,.406")
	f.StringVar(&o.std, "std", "", "std `D` of --scale's formula, or one a channel")
	f.StringVar(&o.data.Order, "order", "rgb", "`ORDER` of the network's channels: rgb or bgr")
	f.IntVar(&o.data.Resize, "resize", 0, "resize images so that the shorter side has `N` pixels")
	f.IntVar(&o.data.Crop, "crop", 0, "crop the middle `N` x N pixels")
	f.StringVar(&o.data.Layout, "layout", "", "`ORDER` of arrays: nhwc or nchw; guessed when not given")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "use `N` goroutines; the result does not depend on it")
	f.StringVar(&o.dump, "dump", "", "print the graph after `PASS` to standard error: ranges, formats, weights or bounds")
	o.reading()
}

// reading adds the flags of commands that read a network.
func (o *options) reading() {
	o.set.StringArrayVar(&o.dims, "dim", nil, "size of a symbolic dimension, `NAME=N`, or INPUT.AXIS=N by its place; the batch is 1")
	o.set.StringVar(&o.until, "until", "", "end the network at the tensor `NAME`, without what only others need")
	o.set.BoolVar(&o.json, "json", false, "print one JSON object")
}

// parse reads args and returns the one operand; done when help was asked for.
func (o *options) parse(args []string, operand string, out io.Writer) (arg string, done bool, err error) {
	all, done, err := o.operands(args, out, operand)
	if done || err != nil {
		return "", done, err
	}
	return all[0], false, nil
}

// operands reads args and returns one operand for each name.
func (o *options) operands(args []string, out io.Writer, names ...string) (operands []string, done bool, err error) {
	o.set.SetOutput(io.Discard)
	if err := o.set.Parse(args); errors.Is(err, pflag.ErrHelp) {
		o.help(strings.Join(names, " "), out)
		return nil, true, nil
	} else if err != nil {
		return nil, false, usageError{err}
	}
	if o.set.NArg() != len(names) {
		return nil, false, usageError{fmt.Errorf("%s: want %s, got %d arguments", o.set.Name(), wanted(names), o.set.NArg())}
	}
	return o.set.Args(), false, nil
}

func wanted(names []string) string {
	if len(names) == 1 {
		return "one " + names[0]
	}
	return strings.Join(names, " and ")
}

// lowering returns the target and the choice of kernels.
func (o *options) lowering() (*codegen.Target, *codegen.Options, error) {
	t := codegen.FindTarget(o.target)
	if t == nil || t.Has&codegen.GoWord != 0 {
		return nil, nil, usageError{fmt.Errorf("--target: %q is none of %s", o.target, targetNames())}
	}
	if o.prefer != "speed" && o.prefer != "size" {
		return nil, nil, usageError{fmt.Errorf("--prefer: %q is neither speed nor size", o.prefer)}
	}
	if (o.direct || o.prefer == "size") && o.kernels.Kernels == "best" {
		o.kernels.Kernels = "direct"
	}
	if o.spare < 0 || o.spare > 2 {
		return nil, nil, usageError{fmt.Errorf("--ring-bits: %d is not 0, 1 or 2", o.spare)}
	}
	return t, &o.kernels, nil
}

func targetNames() string {
	names := ""
	for _, t := range codegen.Targets {
		if t.Has&codegen.GoWord == 0 {
			names += ", " + t.Name
		}
	}
	return names[2:]
}

func kernelNames() string {
	names := ""
	for _, c := range codegen.Choices {
		names += ", " + c.Name + " (" + c.Why + ")"
	}
	return names[2:]
}

// accum reads "16", "16:32" or "16:32/64".
func (o *options) accum() (ir.Accum, error) {
	rest, segment, segmented := strings.Cut(o.acc, "/")
	bits, wide, flushed := strings.Cut(rest, ":")
	var a ir.Accum
	for _, part := range []struct {
		there bool
		text  string
		to    *int
	}{{true, bits, &a.Bits}, {flushed, wide, &a.Wide}, {segmented, segment, &a.Segment}} {
		var err error
		if !part.there {
			continue
		}
		if *part.to, err = strconv.Atoi(part.text); err != nil {
			return a, usageError{fmt.Errorf("--acc: %q is not a number of bits such as 16, nor 16:32, nor 16:32/64", o.acc)}
		}
	}
	return a, nil
}

// preprocessing fills data from the flags that hold numbers.
func (o *options) preprocessing() (err error) {
	if o.data.Scale, err = dataset.ParseNumber(o.scale); err != nil {
		return usageError{fmt.Errorf("--scale: %w", err)}
	}
	if o.mean != "" {
		if o.data.Mean, err = dataset.ParseNumbers(o.mean); err != nil {
			return usageError{fmt.Errorf("--mean: %w", err)}
		}
	}
	if o.std != "" {
		if o.data.Std, err = dataset.ParseNumbers(o.std); err != nil {
			return usageError{fmt.Errorf("--std: %w", err)}
		}
	}
	return o.data.Validate()
}

// dimensions reads NAME=N.
func (o *options) dimensions() (map[string]int, error) {
	dims := map[string]int{}
	for _, d := range o.dims {
		name, size, ok := strings.Cut(d, "=")
		n, err := strconv.Atoi(size)
		if !ok || err != nil || n < 1 {
			return nil, usageError{fmt.Errorf("--dim: %q is not NAME=N with N at least 1", d)}
		}
		dims[name] = n
	}
	return dims, nil
}

// randomRange is what --calib random draws from.
const randomRange = 1

// open opens the samples at path, or makes random ones.
func (o *options) open(path string, limit int, shape []int) (*dataset.Set, error) {
	if path == "random" {
		return dataset.Random(max(limit, 1), shape, 1, -randomRange, randomRange), nil
	}
	d := o.data
	d.Limit = limit
	return dataset.Open(path, shape, d)
}

// calibration opens what --calib, --calib-skip and --calib-limit say.
func (o *options) calibration(shape []int) (*dataset.Set, error) {
	limit := o.limit
	if limit > 0 {
		limit += o.skip
	}
	set, err := o.open(o.calib, limit, shape)
	if err == nil {
		set.Skip(o.skip)
	}
	return set, err
}

// quantOptions are those of the passes.
func (o *options) quantOptions() (*quant.Options, error) {
	acc, err := o.accum()
	if err != nil {
		return nil, err
	}
	if o.scales != "fixed" && o.scales != "pow2" {
		return nil, usageError{fmt.Errorf("--scales: %q is neither fixed nor pow2", o.scales)}
	}
	if o.limit < 0 {
		return nil, usageError{fmt.Errorf("--calib-limit: %d is no number of inputs", o.limit)}
	}
	if o.skip < 0 {
		return nil, usageError{fmt.Errorf("--calib-skip: %d is no number of inputs", o.skip)}
	}
	if o.calib == "" {
		return nil, usageError{errors.New("--calib: no calibration inputs; give a file, or random when there are none")}
	}
	return &quant.Options{Accum: acc, Pow2: o.scales == "pow2", Rung: o.rung, Effort: o.effort, Search: o.search, KeepSoftmax: o.softmax, Without: o.without,
		Workers: max(o.workers, 1), Dump: o.dump}, nil
}
