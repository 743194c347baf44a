package onnx

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// corpus is a few files that reach every part of the reader.
func corpus() [][]byte {
	x, y := input("x", "N", 4), output("y")
	return [][]byte{
		small(),
		file(9, x, call("a, b = Split(x)", attr("split", []int{2, 2})), call("y = Clip(a)", attr("max", float32(6))), y),
		file(21, x, initializer(stored("w", 22, []int{3}, raw(0x21, 3))), initializer(stored("s", 10, nil, listOf(tensorInt32s, 0x3c00))),
			call("y = DequantizeLinear(w, s)"), y),
		file(13, x, initializer(stored("e", 1, []int{0})), initializer(stored("d", 11, []int{1}, appendBytes([]byte(nil), tensorDoubles, doubles(1)))),
			call("y = Concat(x, e, d)", attr("axis", 0)), y),
		file(13, x, initializer(stored("c", 9, nil, raw(0))), call("y = If(c)", attr("else_branch",
			graphBytes(join([][]byte{call("t = ConstantOfShape(x)", attr("value", floats("", []int{1}, 2))), output("t")})))), y),
		file(13, x, initializer(stored("w", 1, []int{1}, appendVarint(nil, tensorLocation, 1))), call("y = LSTM(x, w)"), y),
	}
}

// tryRead fails the test unless b is read as a sound graph or refused in one
// line, with memory in proportion to its length.
func tryRead(t *testing.T, b []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	g, err := Read("m.onnx", b, Options{External: func(string, int64, int64) ([]byte, error) { return nil, errors.New("is lost") }})
	runtime.ReadMemStats(&after)
	// A byte can stand for four elements of 8 bytes, which are copied a few times.
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+500*uint64(len(b)) {
		t.Errorf("%d bytes allocated for %d", used, len(b))
	}
	if err == nil {
		err = ir.Check(g)
	} else if s := err.Error(); !strings.HasPrefix(s, "m.onnx: onnx: ") || strings.ContainsAny(s, "\n\r") {
		t.Errorf("the error is not one line: %q", s)
	} else {
		return
	}
	if err != nil {
		t.Errorf("the graph is not sound: %v", err)
	}
}

func TestPrefixes(t *testing.T) {
	for _, b := range corpus() {
		for n := range b {
			tryRead(t, b[:n])
		}
	}
}

// TestDamage flips bits, replaces and moves bytes.
func TestDamage(t *testing.T) {
	files := corpus()
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		b := slices.Clone(files[random.IntN(len(files))])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(b))
			switch random.IntN(3) {
			case 0:
				b[at] ^= 1 << random.IntN(8)
			case 1:
				b[at] = byte(random.Uint32())
			case 2:
				copy(b[at:], b[random.IntN(len(b)):])
			}
		}
		tryRead(t, b)
		if t.Failed() {
			t.Fatalf("%q", b)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range corpus() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { tryRead(t, b) })
}
