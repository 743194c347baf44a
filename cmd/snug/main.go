// Command snug compiles trained networks to integer firmware whose sums are
// proven to fit their accumulators.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// A verb is one command of the program.
type verb struct {
	name, args, help string
	run              func(ctx context.Context, args []string, out io.Writer) error
}

var verbs []verb

func init() {
	verbs = []verb{
		{"compile", "MODEL.onnx --calib DATA -o DIR", "write C or Go sources and their certificate", compile},
		{"eval", "MODEL.onnx --calib DATA --data DATA", "accuracy: the real network and the integers", evaluate},
		{"explore", "MODEL.onnx|ROWS.csv", "accumulators against accuracy, instructions, flash and RAM", explore},
		{"verify", "DIR", "prove emitted sources again", verifyFolder},
		{"bench", "DIR --cpu cortex-a53,cortex-a72", "instructions of every layer under QEMU, and modelled cycles", bench},
		{"diff", "DIR DIR", "what changed from one emitted folder to another", diff},
		{"report", "DIR", "print report.html with bench.json and eval.json, which lie in the folder", reportFolder},
		{"inspect", "MODEL.onnx", "operators, shapes, products, and what is not supported", inspect},
	}
}

// Exit codes.
const (
	exitFails = 1
	exitUsage = 2
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	out := &output{w: os.Stdout}
	err := run(ctx, os.Args[1:], out)
	stop()
	if err == nil && out.err != nil { // what was asked for did not arrive
		err = fmt.Errorf("standard output: %w", out.err)
	}
	if err == nil {
		return
	}
	if errors.Is(err, errDiffers) { // said on standard output
		os.Exit(exitFails)
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; nothing was written")
	}
	fmt.Fprintln(os.Stderr, "snug: "+strings.ReplaceAll(err.Error(), "\n", " "))
	if errors.As(err, new(usageError)) {
		os.Exit(exitUsage)
	}
	os.Exit(exitFails)
}

// output keeps the first error of a writer, so that nobody who prints has to.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	var n int
	n, o.err = o.w.Write(b)
	return n, o.err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("no command; try snug help")}
	}
	if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		if len(args) == 1 {
			usage(out)
			return nil
		}
		args = []string{args[1], "--help"}
	}
	for _, v := range verbs {
		if v.name == args[0] {
			return v.run(ctx, args[1:], out)
		}
	}
	return usageError{fmt.Errorf("no command %q; try snug help", args[0])}
}

func usage(out io.Writer) {
	fmt.Fprintln(out, "snug compiles trained networks to integer firmware whose sums are proven to fit their accumulators.")
	fmt.Fprintln(out)
	for _, v := range verbs {
		fmt.Fprintf(out, "  snug %-8s %-38s %s\n", v.name, v.args, v.help)
	}
	fmt.Fprintln(out, "\nStart with:\n  snug inspect net.onnx\n  snug compile net.onnx --calib images.npy -o net\n  snug verify net")
	fmt.Fprintln(out, "\nFlags and examples of a command: snug help COMMAND. Exit status: 0 done, 1 the input fails or folders differ, 2 usage.")
}
