package codegen_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/ir"
)

var (
	ciNode = regexp.MustCompile(`node: \{ title: "([^"]*)" label: "[^"]*\\n(\d+) bytes \((\w+)\)`)
	ciEdge = regexp.MustCompile(`edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"`)
)

// indirect is what gcc calls the function behind a pointer: ring forms pass
// their transforms so.
const indirect = "__indirect_call"

// deepest is the greatest sum of frames of a chain of calls from name on, as
// the compiler's own graph of calls has it.
func deepest(name string, frames map[string]int, calls map[string][]string, open []string) (int, error) {
	if slices.Contains(open, name) {
		return 0, fmt.Errorf("%s is recursive", name)
	}
	most := 0
	next := calls[name]
	if name == indirect { // to any function that is not waiting already
		for f := range frames {
			if !slices.Contains(open, f) {
				next = append(next, f)
			}
		}
	}
	for _, c := range next {
		n, err := deepest(c, frames, calls, append(open, name))
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return frames[name] + most, nil
}

// chainOf is the greatest chain of frames below NAME_run of a folder, as gcc with
// options counts it. No frame may depend on data, and nothing may call itself.
func chainOf(t *testing.T, dir, name, cc string, options []string) int {
	t.Helper()
	cmd := exec.Command(cc, append(options, "-std=c99", "-fcallgraph-info=su", "-c", name+".c")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, name+".ci"))
	if err != nil {
		t.Fatal(err)
	}
	frames, calls := map[string]int{}, map[string][]string{}
	for _, m := range ciNode.FindAllStringSubmatch(string(text), -1) {
		if m[3] != "static" {
			t.Errorf("%s %v: the frame of %s is %s", cc, options, m[1], m[3])
		}
		if frames[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range ciEdge.FindAllStringSubmatch(string(text), -1) {
		calls[m[1]] = append(calls[m[1]], m[2])
	}
	if frames[name+"_run"] == 0 {
		t.Fatalf("%s %v: no graph of calls", cc, options)
	}
	most, err := deepest(name+"_run", frames, calls, nil)
	if err != nil {
		t.Errorf("%s %v: %v", cc, options, err)
	}
	return most
}

// TestStackBound holds the stack that the header states to what compilers use: the
// deepest chain of calls must fit it.
func TestStackBound(t *testing.T) {
	compilers := []struct{ target, cc string }{{"generic-c", "cc"}, {"cortex-a53", "aarch64-linux-gnu-gcc"}, {"cortex-a72", "aarch64-linux-gnu-gcc"}, {"cortex-a55", "aarch64-linux-gnu-gcc"}, {"cortex-a7", "arm-linux-gnueabihf-gcc"}}
	for _, n := range []struct {
		what    string
		g       *ir.Graph
		targets []string // nil: all
		levels  []string
	}{
		{"whole sums", zoo(0, accums[0]), nil, []string{"-O2", "-O3"}},
		{"segments", zoo(1, accums[1]), nil, []string{"-O2", "-O3"}},
		{"segments of many products", flushNet(0), []string{"cortex-a53", "cortex-a72", "cortex-a7"}, []string{"-O2", "-O3"}},
		{"ring forms", ringNet(0, 1), []string{"cortex-a53", "cortex-a7"}, []string{"-O3"}},
		{"ring forms by phases", ringNet(1, 1), []string{"cortex-a53", "cortex-a7"}, []string{"-O3"}},
		{"depthwise of five rows", mobileNet("fives", 1), []string{"cortex-a53", "cortex-a7"}, []string{"-O3"}},
	} {
		k := known(t, n.g)
		for _, c := range compilers {
			if n.targets != nil && !slices.Contains(n.targets, c.target) {
				continue
			}
			if _, err := exec.LookPath(c.cc); err != nil {
				t.Logf("%s: %s is not here: skipped", c.target, c.cc)
				continue
			}
			p, err := codegen.Lower(n.g, codegen.FindTarget(c.target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			files, err := cgen.Print(p, k)
			if err != nil {
				t.Fatal(err)
			}
			dir := write(t, files)
			for _, level := range n.levels {
				run := chainOf(t, dir, p.Name, c.cc, append(strings.Fields(p.Target.CFlags), level))
				t.Logf("%s, %s, %s: %d bytes, %d are stated", n.what, c.target, level, run, p.StackBound())
				if run > p.StackBound() {
					t.Errorf("%s, %s, %s: a chain of frames of %d bytes, %d are stated", n.what, c.target, level, run, p.StackBound())
				}
			}
		}
	}
}
