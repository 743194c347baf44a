package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/snug-nn/snug/ir/onnx/netgen"
)

var (
	netCount = flag.Int("nets", 50, "random networks that TestRandomNetworks tries")
	netSeed  = flag.Uint64("netseed", 1, "the first of them; each has the seed of its own after it")
	netDir   = flag.String("netdir", "", "write networks that fail to this folder, smallest form")
)

// batch is how many networks share one build.
const batch = 50

// A platform runs emitted code: for which target it is emitted, how it is built
// and run, and which networks take their turn on it.
type platform struct {
	name, target, build, run string
	turn, of                 int
}

var platforms = []platform{
	{"C on the host, ASan and UBSan", "generic-c", "gcc -O0 -Wunused-variable -Werror -fsanitize=address,undefined -fno-sanitize-recover", "", 0, 1},
	{"C for cortex-a53 on the host, ASan and UBSan", "cortex-a53", "gcc -O0 -fsanitize=address,undefined -fno-sanitize-recover", "", 1, 2},
	{"C on aarch64, cortex-a53", "cortex-a53", "aarch64-linux-gnu-gcc -O1 -mcpu=cortex-a53", "qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu", 0, 2},
	{"C on aarch64, cortex-a72", "cortex-a72", "aarch64-linux-gnu-gcc -O1 -mcpu=cortex-a72", "qemu-aarch64 -cpu cortex-a72 -L /usr/aarch64-linux-gnu", 1, 2},
	{"C on aarch64, cortex-a55", "cortex-a55", "aarch64-linux-gnu-gcc -O1 -mcpu=cortex-a55", "qemu-aarch64 -cpu neoverse-n1 -L /usr/aarch64-linux-gnu", 1, 2},
	{"C on armv7, cortex-a7", "cortex-a7", "arm-linux-gnueabihf-gcc -O1 -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard", "qemu-arm -cpu cortex-a7 -L /usr/arm-linux-gnueabihf", 0, 2},
	{"Go on amd64", "go", "go amd64", "", 0, 1},
	{"Go on arm64", "go", "go arm64", "qemu-aarch64", 0, 1},
}

// refusals are what compile may say to a network of the generator.
var refusals = regexp.MustCompile(`leave no bit|needs \d+ bits|leaves 32 bits|times finer|NaN or infinity|does not fit|does not depend on the input|part of a concatenation|no kernel of target`)

// TestRandomNetworks compiles random networks for every target and runs what is
// emitted everywhere: the known-answer test of each holds it to the simulator.
// Rewriting has to keep the reals. One that fails is printed in its smallest form.
func TestRandomNetworks(t *testing.T) {
	tried, ran := 0, 0
	reasons := map[string]int{}
	for first := 0; first < *netCount; first += batch {
		var nets []*netgen.Net
		var texts []string
		for i := range min(batch, *netCount-first) {
			nets = append(nets, netgen.Random(rand.New(rand.NewPCG(*netSeed+uint64(first+i), 3))))
			texts = append(texts, nets[i].Text(prefixMark))
		}
		for _, pl := range platforms {
			if !installed(t, &pl) {
				continue
			}
			for i, o := range execute(t, &pl, texts) {
				tried++
				switch {
				case o.skipped:
					tried--
				case o.defect != "":
					shrink(t, &pl, nets[i], *netSeed+uint64(first+i), o.defect)
				case o.refused != "":
					reasons[refusals.FindString(o.refused)]++
				default:
					ran++
				}
			}
		}
		if testing.Verbose() {
			t.Logf("%d networks, %d executions, refused: %v", min(first+batch, *netCount), ran, reasons)
		}
	}
	if ran*10 < tried*6 {
		t.Errorf("only %d of %d are compiled: %v", ran, tried, reasons)
	}
}

// prefixMark stands before every name of a network's text: a build of several
// needs names that differ.
const prefixMark = "$"

// TestFoundNetworks runs what TestRandomNetworks has found over time. The first
// line of each file has the flags.
func TestFoundNetworks(t *testing.T) {
	names, err := filepath.Glob("testdata/found/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	var texts []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	for _, pl := range platforms {
		if !installed(t, &pl) {
			continue
		}
		pl.turn, pl.of = 0, 1
		for i, o := range execute(t, &pl, texts) {
			if o != (outcome{}) {
				t.Errorf("%s: %s: %s%s", names[i], pl.name, o.defect, o.refused)
			}
		}
	}
}

// installed reports whether the tools of a platform are there, and says it when
// they are not.
func installed(t *testing.T, pl *platform) bool {
	for _, tool := range []string{strings.Fields(pl.build)[0], strings.Fields(pl.run + " true")[0]} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("skipped: %s: %s is not installed; scripts/tools.sh says what to install", pl.name, tool)
			return false
		}
	}
	return true
}

// An outcome is what became of a network on a platform.
type outcome struct {
	skipped bool // it is not its turn
	refused string
	defect  string
}

// execute compiles the networks, builds them together and runs them.
func execute(t *testing.T, pl *platform, nets []string) []outcome {
	t.Helper()
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	all := make([]outcome, len(nets))
	var built []int
	for i, text := range nets {
		if len(nets) > 1 && i%pl.of != pl.turn {
			all[i].skipped = true
			continue
		}
		all[i] = emit(t, pl, text, dir, fmt.Sprintf("n%d", i))
		if all[i] == (outcome{}) {
			built = append(built, i)
		}
	}
	if len(built) == 0 {
		return all
	}
	out, err := buildAndRun(pl, dir, built)
	if err == nil {
		return all
	}
	if len(built) == 1 {
		all[built[0]].defect = fmt.Sprintf("%v\n%s", err, tail(out))
		return all
	}
	for _, i := range built { // which of them?
		alone := execute(t, pl, nets[i:i+1])
		all[i] = alone[0]
	}
	return all
}

// emit compiles one network to dir/name.
func emit(t *testing.T, pl *platform, text, dir, name string) (o outcome) {
	t.Helper()
	model := filepath.Join(dir, name+".onnx")
	b := encode(t, strings.ReplaceAll(text, prefixMark, name+"_"))
	flags, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
	if err := os.WriteFile(model, b, 0o644); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != nil {
			stack := make([]byte, 1<<13)
			o.defect = fmt.Sprintf("panic: %v\n%s", p, stack[:runtime.Stack(stack, false)])
		}
	}()
	args := append([]string{"compile", model, "--calib", "random", "--calib-limit", "3", "-o", filepath.Join(dir, name)}, strings.Fields(flags)...)
	if pl.target == "go" {
		args = append(args, "--emit", "go")
	} else {
		args = append(args, "--target", pl.target)
	}
	if err := run(context.Background(), args, io.Discard); err != nil && refusals.MatchString(err.Error()) && !strings.Contains(err.Error(), "mistake of snug") {
		return outcome{refused: err.Error()}
	} else if err != nil {
		return outcome{defect: err.Error()}
	}
	if strings.Contains(text, "QuantizeLinear") || strings.Contains(text, "::Quant(") {
		return outcome{} // whose reals are rounded on the way
	}
	before, after := reals(t, b, false), reals(t, b, true)
	scale := 1.0
	for _, v := range before {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i := range before {
		if d := math.Abs(float64(before[i]) - float64(after[i])); d > 1e-3*scale {
			return outcome{defect: fmt.Sprintf("rewriting made %g of %g at element %d", after[i], before[i], i)}
		}
	}
	return outcome{}
}

// buildAndRun builds the emitted folders nI of dir as one program and runs it.
func buildAndRun(pl *platform, dir string, nets []int) ([]byte, error) {
	exe := filepath.Join(dir, "test.exe")
	var cmd *exec.Cmd
	if arch, ok := strings.CutPrefix(pl.build, "go "); ok {
		if err := goProgram(dir, nets); err != nil {
			return nil, err
		}
		cmd = exec.Command("go", "build", "-o", exe, ".")
		cmd.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	} else {
		if err := os.WriteFile(filepath.Join(dir, "all.c"), cProgram(nets), 0o644); err != nil {
			return nil, err
		}
		cmd = exec.Command("sh", "-c", pl.build+" -std=c99 -o "+exe+" all.c")
	}
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return out, fmt.Errorf("build: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	args := append(strings.Fields(pl.run), exe)
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	// Go's prints one line for all of them.
	if want := map[bool]int{true: 1, false: len(nets)}[pl.target == "go"]; err == nil && bytes.Count(out, []byte("PASS")) < want {
		err = errors.New("not every test reports")
	}
	return out, err
}

// private are the names of emitted C that do not begin with the network's.
var private = []string{"main", "arena", "check_x", "check_y", "check_in", "check_out", "vectors_in", "vectors_out", "input", "output", "T_END"}

// cProgram is one source that holds every test.
func cProgram(nets []int) []byte {
	var b, calls bytes.Buffer
	for _, i := range nets {
		for _, name := range private {
			fmt.Fprintf(&b, "#undef %s\n#define %s n%d_%s\n", name, name, i, name)
		}
		fmt.Fprintf(&b, "#include \"n%d/n%d_test.c\"\n#include \"n%d/n%d_weights.c\"\n", i, i, i, i)
		fmt.Fprintf(&calls, "    failed += n%d_main();\n", i)
	}
	fmt.Fprintf(&b, "#undef main\nint main(void)\n{\n    int failed = 0;\n%s    return failed != 0;\n}\n", calls.Bytes())
	return b.Bytes()
}

var goTest = regexp.MustCompile(`(?m)^func (Test\w*)\(`)

// goProgram makes a program of the packages' own tests: a test binary each
// would take a link each.
func goProgram(dir string, nets []int) error {
	var imports, tests strings.Builder
	for _, i := range nets {
		from := filepath.Join(dir, fmt.Sprintf("n%d", i), "kernels_test.go")
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.Rename(from, filepath.Join(filepath.Dir(from), "known.go")); err != nil {
			return err
		}
		fmt.Fprintf(&imports, "\t\"m/n%d\"\n", i)
		for _, m := range goTest.FindAllSubmatch(text, -1) {
			fmt.Fprintf(&tests, "\t\t{Name: \"n%d/%s\", F: n%d.%s},\n", i, m[1], i, m[1])
		}
	}
	main := "package main\n\nimport (\n\t\"testing\"\n" + imports.String() + ")\n\nfunc main() {\n" +
		"\ttesting.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{\n" + tests.String() + "\t}, nil, nil)\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.21\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o644)
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }

// shrink makes a network smaller that fails on a platform and prints it.
func shrink(t *testing.T, pl *platform, n *netgen.Net, seed uint64, defect string) {
	t.Helper()
	until := time.Now().Add(time.Minute)
	last := defect
	small := n.Shrink(func(c *netgen.Net) bool {
		if time.Now().After(until) {
			return false
		}
		o := execute(t, pl, []string{c.Text(prefixMark)})[0]
		if o.defect != "" && kindOf(o.defect) == kindOf(defect) {
			last = o.defect
			return true
		}
		return false
	})
	text := small.Text(prefixMark)
	t.Errorf("seed %d: %s: %s\n%s", seed, pl.name, last, text)
	if *netDir != "" {
		name := fmt.Sprintf("%s-%d.txt", strings.ReplaceAll(pl.name, " ", "-"), seed)
		if err := os.WriteFile(filepath.Join(*netDir, name), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// kindOf is what two failures have to share to be taken for one.
func kindOf(defect string) string {
	for _, kind := range []string{"panic", "build", "rewriting", "verif", "ERROR: AddressSanitizer", "runtime error", "FAIL"} {
		if strings.Contains(defect, kind) {
			return kind
		}
	}
	words := strings.Fields(defect)
	return strings.Join(words[max(0, len(words)-4):], " ")
}
