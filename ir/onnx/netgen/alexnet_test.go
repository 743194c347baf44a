package netgen_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/ir/onnx/netgen"
	"github.com/snug-nn/snug/quant"
)

// TestAlexNet counts the products of the convolutions, and holds the file and the
// inputs to the same bytes on every host.
func TestAlexNet(t *testing.T) {
	a := &netgen.AlexNet{Seed: 1, Part: "conv", Norms: true}
	b, err := modeltext.Encode(a.Text())
	if err != nil {
		t.Fatal(err)
	}
	g, err := onnx.Read("alexnet.onnx", b, onnx.Options{})
	if err == nil {
		err = quant.Prepare(g, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	products, norms := 0, 0
	for _, n := range g.Nodes {
		switch n.Op {
		case "Conv":
			products += n.In[1].Const.Len() * ir.NumElements(n.Out[0].Shape[2:])
		case "LRN":
			norms++
		}
	}
	if products != 595938432 || norms != 2 || ir.NumElements(g.Out[0].Shape) != 9216 {
		t.Errorf("%d products, %d normalisations, output %v", products, norms, g.Out[0].Shape)
	}
	dense := &netgen.AlexNet{Seed: 1, Part: "fc"}
	for _, c := range []struct {
		name, want string
		bytes      []byte
	}{
		{"network", "f7a10157829497a0", b},
		{"pictures", "7c7b487a49290bd0", a.Inputs(2)},
		{"features", "dad020790c3f17dd", dense.Inputs(2)},
	} {
		if sum := fmt.Sprintf("%x", sha256.Sum256(c.bytes)); sum[:16] != c.want {
			t.Errorf("%s: SHA-256 %s, want %s...", c.name, sum, c.want)
		}
	}
}
