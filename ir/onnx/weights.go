package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// weighted lists the operators whose constants are weights.
var weighted = []ir.Op{"BatchNormalization", "Conv", "Gemm", "MatMul"}

// checkWeights looks for NaN and infinity in weights: they would make every
// bound meaningless.
func (b *builder) checkWeights() error {
	checked := map[*ir.Value]bool{}
	for _, n := range b.g.Nodes {
		if !slices.Contains(weighted, n.Op) {
			continue
		}
		for i := range n.In {
			v := b.origin(n.In, i)
			if v == nil || v.Const == nil || checked[v] {
				continue
			}
			checked[v] = true
			for at, x := range v.Const.Real {
				if !finite(x) {
					return fmt.Errorf("tensor %q, weights of node %s, has %v at element %d, train or export again", v.Name, show(n.Name), x, at)
				}
			}
		}
	}
	return nil
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
