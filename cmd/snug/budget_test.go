package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/snug-nn/snug/codegen"
)

// TestPredicted holds the cost model that --max-instructions asks to what was
// counted of the bundled networks: layers that sum products, gcc and clang.
func TestPredicted(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	for _, test := range []struct {
		network, target string
		off             float64
	}{
		{"resnet8_cifar10", "cortex-a53", 0.2}, {"resnet8_cifar10", "cortex-a55", 0.2}, {"resnet8_cifar10", "cortex-a72", 0.2},
		{"resnet8_cifar10", "cortex-a7", 0.2}, {"dscnn_kws", "cortex-a53", 0.2},
		{"dscnn_kws", "cortex-a7", 0.5}, // depthwise layers are counted as on 64 bits
	} {
		o := newFlags("compile")
		o.network()
		if _, _, err := o.parse([]string{"--calib", "random", "--calib-limit", "4", "--effort", "0", "--target", test.target, "m"}, "MODEL.onnx", os.Stdout); err != nil {
			t.Fatal(err)
		}
		q, err := o.quantize(context.Background(), filepath.Join(root, test.network+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := codegen.Lower(q.graph, q.target, q.kernels)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := readReport(filepath.Join(root, "bench", test.network+"-"+test.target+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range golden.Runs {
			run := &golden.Runs[i]
			counted := int64(0)
			for j := range run.Layers {
				if run.Layers[j].MACs > 0 {
					counted += run.Layers[j].Instructions
				}
			}
			part := float64(predicted(p))/float64(counted) - 1
			t.Logf("%s on %s, %s: %+.1f %%", test.network, run.CPU, run.Compiler, 100*part)
			if math.Abs(part) > test.off {
				t.Errorf("%s on %s: %d predicted, %s executes %d", test.network, run.CPU, predicted(p), run.Compiler, counted)
			}
		}
	}
}
