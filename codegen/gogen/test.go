package gogen

import (
	"fmt"
	"strings"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/runtime/kern"
)

// testFile prints the known-answer test.
func testFile(p *codegen.Program, pkg string, known *codegen.KnownAnswer, body string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("// layers are the calls that sum products.\nvar layers = []layer{\n")
	for _, c := range p.Calls {
		if c.Sum == nil {
			continue
		}
		v := layerVar(c)
		which := fmt.Sprintf("Conv: &%s, Run: %s", v, lower(kernels[c.Kernel]))
		if _, ok := c.Geometry.(*kern.Depthwise); ok {
			which = fmt.Sprintf("Depthwise: &%s, RunDepthwise: %s", v, lower(kernels[c.Kernel]))
		}
		if strings.HasSuffix(c.Kernel, "_a16") {
			which += ", Narrow: true"
		}
		fmt.Fprintf(&b, "{Name: %q, %s, W: %s, Q: &%sRequant, Lo: %d, Hi: %d%s},\n", c.Name, which, weightsName(c), v, c.Levels.Lo, c.Levels.Hi, tops(c))
	}
	b.WriteString("}\n\n")
	if strings.Contains(body, "func checkTwins(") {
		b.WriteString(twinsTest)
	}
	fmt.Fprintf(&b, knownAnswerTest, len(known.Vectors), known.Random, known.Random, known.Seed, known.Hash)
	b.WriteString("// vectors are inputs of the calibration set and what the simulator makes of them.\nvar vectors = []struct{ in, out string }{\n")
	for i := range known.Vectors {
		fmt.Fprintf(&b, "{vector%dIn, vector%dOut},\n", i, i)
	}
	b.WriteString("}\n\n")
	text := []byte(b.String())
	for i, v := range known.Vectors {
		text = appendString(text, fmt.Sprintf("vector%dIn", i), "", byteString(v.In), lineBytes, nil)
		text = appendString(text, fmt.Sprintf("vector%dOut", i), "", byteString(v.Out), lineBytes, nil)
	}
	return gofmt(pkg, "", "import \"testing\"\n\n", string(text)+body)
}

// tops prints the greatest levels of the channels that c reads, if they have their own.
func tops(c *codegen.Call) string {
	if c.Tops == nil {
		return ""
	}
	var b strings.Builder
	for _, t := range c.Tops {
		fmt.Fprintf(&b, "%d, ", t)
	}
	return fmt.Sprintf(", Tops: []int8{%s}, Cin: %d, Pixel: %d", strings.TrimSuffix(b.String(), ", "), c.Channels(), c.Pixel)
}

const twinsTest = `// TestTwins holds the assembly, where this machine has one, against plain Go, layer
// by layer on random inputs.
func TestTwins(t *testing.T) {
	state := uint32(1)
	for i := range layers {
		for n := 0; n < 3; n++ {
			var wrong string
			if state, wrong = checkTwins(&layers[i], state); wrong != "" {
				t.Error(wrong)
			}
		}
	}
}

`

const knownAnswerTest = `// TestKnownAnswer holds each layer against plain 64-bit sums, on inputs built
// from the weights, then whole inputs against the simulator: %d of the
// calibration set and %d random ones.
func TestKnownAnswer(t *testing.T) {
	sums := 0
	for i := range layers {
		n, wrong := checkLayer(&layers[i])
		if wrong != "" {
			t.Error(wrong)
		}
		sums += n
	}
	t.Logf("%%d layers, %%d extreme sums", len(layers), sums)
	m := New()
	in, out := make([]int8, InSize), make([]int8, OutSize)
	for i, v := range vectors {
		for j := range in {
			in[j] = int8(v.in[j])
		}
		m.Run(in, out)
		for j := range out {
			if out[j] != int8(v.out[j]) {
				t.Fatalf("input %%d: output %%d is %%d, the simulator has %%d", i, j, out[j], int8(v.out[j]))
			}
		}
	}
	const random = %d
	state, sum := uint32(%d), uint32(2166136261)
	for i := 0; i < random; i++ {
		state = nextRandom(state, in)
		m.Run(in, out)
		sum = hash(sum, out)
	}
	if sum != %d {
		t.Errorf("random inputs: hash %%d is not the simulator's", sum)
	}
}

`
