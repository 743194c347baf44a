// Command alexnet writes AlexNet with random weights and inputs to calibrate it
// with: a network of 61 million parameters to measure kernels, compile time and
// memory by. The same flags give the same bytes on every host.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/ir/onnx/netgen"
)

func main() {
	var a netgen.AlexNet
	flag.Uint64Var(&a.Seed, "seed", 1, "of weights and inputs")
	flag.StringVar(&a.Part, "part", "", "conv: up to the last pool; fc: the layers after it; else all")
	flag.BoolVar(&a.Norms, "lrn", false, "with the two local response normalisations")
	model := flag.String("o", "alexnet.onnx", "`FILE` to write the network to")
	inputs := flag.String("inputs", "", "`FILE`.npy to write inputs to; for pictures give snug --mean 128")
	n := flag.Int("n", 8, "how many inputs")
	flag.Parse()
	if flag.NArg() > 0 || !slices.Contains(netgen.AlexParts, a.Part) || *n < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(&a, *model, *inputs, *n); err != nil {
		fmt.Fprintln(os.Stderr, "alexnet: "+err.Error())
		os.Exit(1)
	}
}

func write(a *netgen.AlexNet, model, inputs string, n int) error {
	b, err := modeltext.Encode(a.Text())
	if err != nil {
		return err
	}
	if err := os.WriteFile(model, b, 0o644); err != nil {
		return err
	}
	if inputs == "" {
		return nil
	}
	return os.WriteFile(inputs, a.Inputs(n), 0o644)
}
