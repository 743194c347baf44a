package codegen_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/onnx"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
	"github.com/snug-nn/snug/quant"
	"github.com/snug-nn/snug/quant/dataset"
)

var (
	mutants    = flag.Int("mutants", 0, "faulty kernels that TestKernelMutants makes; 200 take minutes")
	mutantSeed = flag.Uint64("mutantseed", 1, "what they are drawn from")
)

// slips are the mistakes that are made in kernels: one operator for another.
var slips = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(` \+ `), " - "}, {regexp.MustCompile(` - `), " + "}, {regexp.MustCompile(` \* `), " + "},
	{regexp.MustCompile(` < `), " <= "}, {regexp.MustCompile(` > `), " >= "}, {regexp.MustCompile(` <= `), " < "}, {regexp.MustCompile(` >= `), " > "},
	{regexp.MustCompile(` == `), " != "}, {regexp.MustCompile(` != `), " == "}, {regexp.MustCompile(` && `), " || "}, {regexp.MustCompile(` \|\| `), " && "},
	{regexp.MustCompile(` \+= `), " -= "}, {regexp.MustCompile(`= 0u?;`), "= 1;"}, {regexp.MustCompile(` >> `), " << "}, {regexp.MustCompile(` 1\b`), " 2"},
	{regexp.MustCompile(`->lo\b`), "->hi"}, {regexp.MustCompile(`x_row\b`), "x_col"}, {regexp.MustCompile(`y_col\b`), "y_row"}, {regexp.MustCompile(`stride_h\b`), "stride_w"},
	{regexp.MustCompile(`->half\b`), "->zero"},
}

// same begin lines where another operator computes the same: a clamp at its ends, a
// choice between two orders of one computation.
var same = []string{"return v < lo ? lo : v > hi ? hi : v;", "return w >= 7 && "}

// A site is a place in a kernel's file where a slip can be made.
type site struct {
	file, line, from, to int
	put                  string
}

// gcovLine is a line of gcov's listing that ran.
var gcovLine = regexp.MustCompile(`^\s*\d+\*?:\s*(\d+):`)

// ran lists the lines of each kernel's file that the known-answer test runs.
func ran(t *testing.T, files []codegen.File) map[string]map[int]bool {
	t.Helper()
	if _, err := exec.LookPath("gcov"); err != nil {
		t.Skip("needs gcov (Debian: gcc)")
	}
	dir := write(t, files)
	for _, args := range [][]string{{"gcc", "-w", "--coverage", "-o", "test", "zoo_test.c", "zoo_weights.c"}, {"./test"}, {"gcov", "test-zoo_test.gcda"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	all := map[string]map[int]bool{}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name+".gcov"))
		if err != nil {
			continue
		}
		all[f.Name] = map[int]bool{}
		for line := range strings.Lines(string(text)) {
			if m := gcovLine.FindStringSubmatch(line); m != nil {
				n, _ := strconv.Atoi(m[1])
				all[f.Name][n-1] = true
			}
		}
	}
	return all
}

// sites lists those in statements that run of the portable C of kernels that sum
// products: those that the known-answer test drives to the ends of every window.
func sites(files []codegen.File, ran map[string]map[int]bool) []site {
	var all []site
	for i, f := range files {
		if !strings.HasPrefix(f.Name, "snug_conv") && !strings.HasPrefix(f.Name, "snug_depthwise") && f.Name != "snug_requant.h" {
			continue
		}
		var skip []bool // of each open #if: is this part left out?
		for j, line := range strings.Split(string(f.Data), "\n") {
			switch {
			case strings.HasPrefix(line, "#if"):
				skip = append(skip, strings.HasPrefix(line, "#if SNUG_NEON"))
			case strings.HasPrefix(line, "#else"):
				skip[len(skip)-1] = !skip[len(skip)-1]
			case strings.HasPrefix(line, "#endif"):
				skip = skip[:len(skip)-1]
			}
			code, _, _ := strings.Cut(line, "/*")
			if slices.Contains(skip, true) || !ran[f.Name][j] || !strings.HasPrefix(line, "    ") || strings.HasSuffix(line, "\\") || !strings.ContainsAny(code, ";{") ||
				slices.ContainsFunc(same, func(s string) bool { return strings.HasPrefix(strings.TrimSpace(line), s) }) {
				continue
			}
			for _, s := range slips {
				for _, at := range s.find.FindAllStringIndex(code, -1) {
					all = append(all, site{i, j, at[0], at[1], s.put})
				}
			}
		}
	}
	return all
}

// mutantText is a network whose outputs depend on all that its layers compute: they
// are not clamped on the way.
const mutantText = `
input x float[N,3,9,7]
init w0 float[8,3,3,3] random 1 0.4
init b0 float[8] random 2 0.2
init w1 float[8,1,3,3] random 3 0.5
init w2 float[8,4,1,1] random 4 0.5
init w3 float[6,8,3,3] random 5 0.3
a = Conv(x, w0, b0) pads=1,1,1,1
b = Conv(a, w1) pads=1,1,1,1 group=8 strides=2,1
c = Conv(b, w2) group=2
d = Conv(c, w3)
output d
`

func mutantNet(t *testing.T, acc ir.Accum) *ir.Graph {
	t.Helper()
	b, err := modeltext.Encode(mutantText)
	if err != nil {
		t.Fatal(err)
	}
	g, err := onnx.Read("zoo.onnx", b, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g.Name = "zoo"
	if err := quant.Prepare(g, false); err != nil {
		t.Fatal(err)
	}
	o := &quant.Options{Accum: acc, Rung: "window", Calib: dataset.Random(8, g.In[0].Shape, 1, -1, 1), Workers: 1}
	if err := quant.Run(context.Background(), g, o); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestKernelMutants makes kernels faulty, one operator at a time, and holds that the
// emitted known-answer test, built with sanitizers, notices nine of ten. A mutant that does not compile does
// not count. A survivor is a mistake that the test lets pass, or none at all, as
// a < for a != at the end of a loop: each is printed with its line, for a reader to judge.
func TestKernelMutants(t *testing.T) {
	if *mutants == 0 {
		t.Skip("-mutants says how many")
	}
	var nets [][]codegen.File
	var all [][]site
	for _, acc := range []ir.Accum{{Bits: 16}, {Bits: 10, Wide: 32}} {
		g := mutantNet(t, acc)
		p, err := codegen.Lower(g, codegen.FindTarget("generic-c"), &codegen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := cgen.Print(p, known(t, g))
		if err != nil {
			t.Fatal(err)
		}
		nets = append(nets, files)
		all = append(all, sites(files, ran(t, files)))
	}
	r := rand.New(rand.NewPCG(*mutantSeed, 0))
	tried, killed := 0, 0
	for tried < *mutants {
		files := slices.Clone(nets[tried%2])
		s := all[tried%2][r.IntN(len(all[tried%2]))]
		lines := strings.Split(string(files[s.file].Data), "\n")
		old := lines[s.line]
		lines[s.line] = old[:s.from] + s.put + old[s.to:]
		files[s.file].Data = []byte(strings.Join(lines, "\n"))
		noticed, err := runMutant(t, files)
		if err != nil {
			continue
		}
		tried++
		if noticed {
			killed++
			continue
		}
		t.Logf("%s:%d: not noticed: %s for %s", files[s.file].Name, s.line+1, strings.TrimSpace(lines[s.line]), strings.TrimSpace(old))
	}
	t.Logf("%d of %d faulty kernels noticed", killed, tried)
	if 10*killed < 9*tried {
		t.Errorf("only %d of %d faulty kernels noticed", killed, tried)
	}
}

// runMutant builds and runs the known-answer test; the error says that it does not
// compile. A test that does not end has noticed too.
func runMutant(t *testing.T, files []codegen.File) (noticed bool, err error) {
	dir, err := os.MkdirTemp(t.TempDir(), "mutant")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "test")
	if out, err := exec.Command("gcc", "-w", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-o", exe, filepath.Join(dir, "zoo_test.c"), filepath.Join(dir, "zoo_weights.c")).CombinedOutput(); err != nil {
		return false, fmt.Errorf("%w: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, exe).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err != nil || !bytes.Contains(out, []byte("zoo: PASS")), nil
}
