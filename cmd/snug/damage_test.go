package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snug-nn/snug/ir/onnx/modeltext"
)

// tiny is four networks that take every pass through its main cases in a
// millisecond or two.
var tiny = []string{tinyCNN, tinyOdd, tinyQDQ, tinyUp}

const tinyCNN = `
input x float[N,2,6,6]
init w0 float[6,2,3,3] random 1 0.6
init b0 float[6] random 2 0.3
init gamma float[6] 1 2 0.5 1 0 1
init beta float[6] random 3 0.2
init mean float[6] 0.1
init var float[6] 0.9
init w1 float[6,1,3,3] random 4 0.8
init w2 float[6,3,1,1] random 5 0.8
init six float[] 6
init zero float[] 0
init shape int64[2] 0 -1
init w3 float[4,12] random 6 0.4
init b3 float[4] 1 -1 0.5 0
c0 = Conv(x, w0, b0) pads=1,1,1,1
n0 = BatchNormalization(c0, gamma, beta, mean, var)
r0 = Relu(n0)
c1 = Conv(r0, w1) pads=1,1,1,1 group=6
r1 = Clip(c1, zero, six)
c2 = Conv(r1, w2) group=2
s = Add(c2, r0)
j = Concat(s, r1) axis=1
m = MaxPool(j) kernel_shape=2,2 strides=2,2
h = HardSwish(m)
g = GlobalAveragePool(h)
f = Reshape(g, shape)
l = Gemm(f, w3, b3) transB=1
y = Softmax(l)
output y
`

const tinyOdd = `
opset 17
input x float[N,3,8]
init w0 float[4,3,3] random 1 0.6
init slope float[] 0.3
init pads int64[6] 0 0 1 0 0 1
init half int64[2] 2 2
init starts int64[1] 1
init ends int64[1] 100
init axes int64[1] 2
init two float[] 2
init w1 float[4,6] random 3 0.5
init c float[4] 1 2 3 4
p = Pad(x, pads)
c0 = Conv(p, w0)
r0 = PRelu(c0, slope)
d = Dropout(r0)
a, b = Split(d, half) axis=1
e = Sub(a, b)
q = Mul(e, two)
l = LeakyRelu(q) alpha=0.1
t = Transpose(l) perm=0,2,1
s = Slice(t, starts, ends, axes)
u = Flatten(s)
k = Shape(u)
g = Gather(k, axes)
i = Slice(u, starts, ends, starts)
z = Identity(u)
w2 = Transpose(w1) perm=1,0
m = AveragePool(d) kernel_shape=3, strides=2,
f = Flatten(m)
o = Concat(f, z) axis=1
h = HardSigmoid(o)
n = Tanh(h)
init w3 float[20,4] random 5 0.4
y0 = MatMul(n, w3)
y = Add(y0, c)
output y
`

const tinyUp = `
input x float[N,2,3,4]
init w0 float[2,3,3,3] random 1 0.6
init b0 float[3] 1 0 -1
init s float[4] 1 1 2 3
init z int64[4] 1 3 6 16
init w1 float[12,3,1,1] random 2 0.5
init e int64[8] 0 0 1 0 0 0 0 2
init w2 float[3,1,2,3] random 3 0.5
u = ConvTranspose(x, w0, b0) strides=2,2 pads=1,1,1,1 output_padding=1,1
r = Relu(u)
c = Conv(r, w1)
d = DepthToSpace(c) blocksize=2 mode=CRD
f = SpaceToDepth(d) blocksize=2
g = Conv(f, w3)
init w3 float[3,12,1,1] random 4 0.5
n = Resize(g, -, s) mode=nearest nearest_mode=floor coordinate_transformation_mode=asymmetric
l = Resize(g, -, -, z) mode=linear
p = Pad(l, e) mode=edge
t = ConvTranspose(p, w2) group=3 dilations=2,1
a = GlobalAveragePool(t)
b = GlobalAveragePool(n)
y = Add(a, b)
output y
`

const tinyQDQ = `
opset 13
input x float[1,2,5,5]
init sx float[] 0.02
init zx uint8[] 128
init w8 int8[4,2,3,3] random 1 20
init sw float[4] 0.01 0.02 0.01 0.03
init zw int8[4] 0
init b32 int32[4] 100 -20 30 0
init sb float[4] 0.0002 0.0004 0.0002 0.0006
init sy float[] 0.05
init zy int8[] -3
xq = QuantizeLinear(x, sx, zx)
xd = DequantizeLinear(xq, sx, zx)
w = DequantizeLinear(w8, sw, zw) axis=0
b = DequantizeLinear(b32, sb) axis=0
c = Conv(xd, w, b) pads=1,1,1,1
cr = Relu(c)
cq = QuantizeLinear(cr, sy, zy)
cd = DequantizeLinear(cq, sy, zy)
g = GlobalAveragePool(cd)
gq = QuantizeLinear(g, sy, zy)
gd = DequantizeLinear(gq, sy, zy)
y = Flatten(gd)
output y
`

func encode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := modeltext.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// damage compiles a network that may be broken. defect says what is wrong with
// the outcome: it has to be compiled, or refused in one line of place: pass:
// what, without leaving anything behind, and with memory in proportion.
func damage(parent string, b []byte, flags ...string) (err error, defect string) {
	model, dir := filepath.Join(parent, "tiny.onnx"), filepath.Join(parent, "out")
	if err := os.WriteFile(model, b, 0o644); err != nil {
		return err, "cannot write the file"
	}
	defer func() {
		if p := recover(); p != nil {
			stack := make([]byte, 1<<14)
			defect = fmt.Sprintf("panic: %v\n%s", p, stack[:runtime.Stack(stack, false)])
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	args := append([]string{"compile", model, "--calib", "random", "--calib-limit", "2", "--workers", "1", "-o", dir}, flags...)
	err = run(context.Background(), args, io.Discard)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	entries, readErr := os.ReadDir(parent)
	want := 1
	if err == nil {
		want = 2
	}
	switch used := after.TotalAlloc - before.TotalAlloc; {
	case readErr != nil || len(entries) != want:
		return err, fmt.Sprintf("%d entries are left, want %d (%v)", len(entries), want, readErr)
	case used > maxDamageBytes:
		return err, fmt.Sprintf("%d bytes allocated", used)
	case took > maxDamageTime:
		return err, fmt.Sprintf("took %v", took)
	case err == nil:
		return nil, ""
	case errors.As(err, new(usageError)):
		return err, "a broken file is no usage error"
	}
	if s := err.Error(); !strings.HasPrefix(s, "tiny") || strings.ContainsAny(s, "\n\r") || strings.Count(s, ": ") < 2 {
		return err, "the error is not one line of place: pass: what"
	}
	return err, ""
}

// The limits are far above what the tiny network takes, and far below what a
// size in the file could ask for.
const (
	maxDamageBytes = 256 << 20
	maxDamageTime  = 10 * time.Second
)

// TestDamagedFlips flips one to three bits of a tiny network, ten thousand
// times, and compiles what comes of it.
func TestDamagedFlips(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 500
	}
	var whole [][]byte
	for _, text := range tiny {
		whole = append(whole, encode(t, text))
	}
	r := rand.New(rand.NewPCG(1, 2))
	compiled := 0
	for i := range n {
		b := slices.Clone(whole[i%len(whole)])
		for range 1 + r.IntN(3) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		parent := t.TempDir()
		var quick []string
		if i%8 > 0 { // most of the time goes into rounding, which reads no file
			quick = []string{"--effort", "0"}
		}
		err, defect := damage(parent, b, quick...)
		if err == nil {
			compiled++
		}
		if defect != "" {
			t.Fatalf("flip %d: %s: %v\nthe file: %q", i, defect, err, b)
		}
		os.RemoveAll(parent)
	}
	t.Logf("%d files: %d compiled, %d refused", n, compiled, n-compiled)
}

// TestDamagedPrefixes compiles every prefix of the tiny networks: only the
// whole is one.
func TestDamagedPrefixes(t *testing.T) {
	for i, text := range tiny {
		whole := encode(t, text)
		for n := range len(whole) + 1 {
			err, defect := damage(t.TempDir(), whole[:n])
			if defect != "" || (err == nil) != (n == len(whole)) {
				t.Errorf("network %d, %d of %d bytes: %s: %v", i, n, len(whole), defect, err)
			}
		}
	}
}
