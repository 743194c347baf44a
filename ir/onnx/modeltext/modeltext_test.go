package modeltext_test

import (
	"math"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
)

// TestEncode reads back what every kind of statement writes.
func TestEncode(t *testing.T) {
	b, err := modeltext.Encode(`
opset 17
opset my.domain 2
input x float[N,2,4,4] # one sample
init w float[3,2,1,1] random 7 0.5
init b float[3] 1 -2 0.25
init s int64[2] 0 -1
first: c = Conv(x, w, b) strides=2,2 auto_pad=SAME_UPPER group=1
r = LeakyRelu(c) alpha=0.5
y = Reshape(r, s)
output y
`)
	if err != nil {
		t.Fatal(err)
	}
	g, err := onnx.Read("net.onnx", b, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conv, act := g.Nodes[0], g.Nodes[1]
	if g.Opset != 17 || conv.Name != "first" || conv.Attrs.AutoPad != "SAME_UPPER" || conv.Attrs.Strides[1] != 2 || act.Attrs.Alpha != 0.5 {
		t.Errorf("opset %d, %+v, %+v", g.Opset, conv, act)
	}
	if w := conv.In[1].Const; w.Len() != 6 || w.Real[0] == w.Real[1] || w.Real[0] > 0.5 || w.Real[0] < -0.5 {
		t.Errorf("weights %v", w.Real)
	}
	if b := conv.In[2].Const.Real; b[1] != -2 || b[2] != 0.25 {
		t.Errorf("bias %v", b)
	}
	if s := g.Nodes[2].In[1].Const.Int; s[0] != 0 || s[1] != -1 {
		t.Errorf("shape %v", s)
	}
}

func TestErrors(t *testing.T) {
	for _, line := range []string{"opset new", "input x", "input x half[2]", "init w float[2]", "init w float[a] 1", "init w float[2] one",
		"init w float[2] random a 1", "y Relu(x)", "y = Relu x", "y = Relu(x) alpha"} {
		_, err := modeltext.Encode("# a comment\n" + line)
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// TestNormal measures what is drawn: a mean of zero, the deviation that is asked
// for, and none beyond what twelve uniform numbers can sum to.
func TestNormal(t *testing.T) {
	b, err := modeltext.Encode("input x float[1,4]\ninit w float[4,5000] normal 3 2\ny = MatMul(x, w)\noutput y")
	if err != nil {
		t.Fatal(err)
	}
	g, err := onnx.Read("net.onnx", b, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum, squares, top := 0.0, 0.0, 0.0
	w := g.Nodes[0].In[1].Const.Real
	for _, v := range w {
		sum, squares, top = sum+float64(v), squares+float64(v)*float64(v), max(top, math.Abs(float64(v)))
	}
	n := float64(len(w))
	if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.05 || math.Abs(deviation-2) > 0.05 || top < 6 || top > 12 {
		t.Errorf("mean %g, deviation %g, greatest %g", mean, deviation, top)
	}
}
