package main

import (
	"fmt"
	"io"
	"strings"
)

// abouts says of each command what it does and how it is called.
var abouts = map[string]struct {
	text     string
	examples []string
}{
	"compile": {
		`Reads a float or QDQ network, chooses levels and weights whose sums are proven to
fit the accumulator, and writes a folder of C or Go with a certificate. The text of
the folder is proven before it is written. The same input gives the same bytes.
With --max-drop the accumulator is the narrowest with which top-1 on labelled inputs
drops by no more, and what was tried is printed; the drop that is left was chosen for,
so judge again on other inputs.`,
		[]string{
			"snug compile net.onnx --calib images.npy --scale 1/255 --target cortex-a53 -o net",
			"snug compile net.onnx --calib train.npy --data test.npy --labels labels.npy --max-drop 0.5 -o net",
			"snug compile net.onnx --calib images.csv --resize 256 --crop 224 --acc 16:32 --emit go --module example.com/net -o net",
			"snug compile net.onnx --calib images.npy --target generic-c --package zephyr -o modules/net",
		},
	},
	"eval": {
		`Quantizes as compile does and runs both networks on labelled inputs: the real one in
float32, the integer one in the simulator, which answers as the emitted code does.`,
		[]string{
			"snug eval net.onnx --calib train.npy --data test.npy --labels labels.npy --scale 1/255",
			"snug eval net.onnx --calib train.npy --data test.npy --labels labels.npy --acc 12 --limit 1000 --json",
		},
	},
	"explore": {
		`Quantizes with every combination of accumulator, bound, effort and ring bits, judges
each on labelled inputs and lowers it for the target. Prints what each costs: the drop
in points with its paired standard error, instructions as the kernels' costs predict
them, bytes of tables and of the arena; marks those that no other beats in everything.
With --csv a row is kept as soon as it is there, and rows that the file has are not
computed again. Given such a file in the stead of a network, prints and draws it.`,
		[]string{
			"snug explore net.onnx --calib train.npy --data test.npy --labels labels.npy --acc 16,14,12 --csv net.csv",
			"snug explore net.csv --svg net.svg --markdown",
		},
	},
	"verify": {
		`Reads the tables and calls of an emitted folder, C or Go, derives the window of every
channel again and holds it against certificate.json. It needs no network and no data.`,
		[]string{
			"snug verify net",
			"snug verify net --json",
		},
	},
	"bench": {
		`Builds the folder for each core, runs one inference under QEMU and counts every
instruction; counts are exact. Cycles are what llvm-mca predicts of them, not a
measurement. Needs qemu-user, a cross compiler and LLVM; names what is missing.`,
		[]string{
			"snug bench net --cpu cortex-a53,cortex-a72 --compiler clang",
			"snug bench net --json > before.json; snug bench net --against before.json",
		},
	},
	"diff": {
		`Says on one screen what changed from one emitted folder to another: formats, windows,
flushes, kernels, memory, and which weights; nothing when nothing did. Exits 0 when
the folders are the same, 1 when they differ.`,
		[]string{
			"snug diff before after",
			"snug diff before after --all --json",
			"snug diff before after --html change.html",
		},
	},
	"report": {
		`Prints the folder's report.html again, with what bench and eval measured when their
--json output lies in the folder as bench.json and eval.json.`,
		[]string{
			"snug report net > report.html",
		},
	},
	"inspect": {
		`Prints the network as it is after folding: operators, shapes, products. What is not
supported is listed at once, each with its operator and the reason.`,
		[]string{
			"snug inspect net.onnx",
			"snug inspect net.onnx --dim frames=49 --json",
		},
	},
}

// helpWidth is where the descriptions of flags are wrapped.
const helpWidth = 110

// help prints what a command does, its flags and examples.
func (o *options) help(operand string, out io.Writer) {
	about := abouts[strings.TrimPrefix(o.set.Name(), "snug ")]
	fmt.Fprintf(out, "usage: %s %s [flags]\n\n%s\n\n%s\nExamples:\n", o.set.Name(), operand, about.text, o.set.FlagUsagesWrapped(helpWidth))
	for _, e := range about.examples {
		fmt.Fprintln(out, "  "+e)
	}
}
