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

// TestStackBound holds the stack that the header states to what compilers use:
// the deepest chain of calls must fit it, no frame may
// depend on data, and nothing may call itself.
func TestStackBound(t *testing.T) {
	compilers := []struct{ target, cc string }{{"generic-c", "cc"}, {"cortex-a53", "aarch64-linux-gnu-gcc"}, {"cortex-a72", "aarch64-linux-gnu-gcc"}, {"cortex-a55", "aarch64-linux-gnu-gcc"}, {"cortex-a7", "arm-linux-gnueabihf-gcc"}}
	for i, acc := range accums[:2] { // with whole sums and with segments
		g := zoo(uint64(i), acc)
		k := known(t, g)
		for _, c := range compilers {
			if _, err := exec.LookPath(c.cc); err != nil {
				t.Logf("%s: %s is not here: skipped", c.target, c.cc)
				continue
			}
			p, err := codegen.Lower(g, codegen.FindTarget(c.target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			files, err := cgen.Print(p, k)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range files {
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, opt := range []string{"-O2", "-O3"} {
				args := append(strings.Fields(p.Target.CFlags), "-std=c99", opt, "-fcallgraph-info=su", "-c", "zoo.c")
				cmd := exec.Command(c.cc, args...)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", c.cc, err, out)
				}
				text, err := os.ReadFile(filepath.Join(dir, "zoo.ci"))
				if err != nil {
					t.Fatal(err)
				}
				frames, calls := map[string]int{}, map[string][]string{}
				for _, m := range ciNode.FindAllStringSubmatch(string(text), -1) {
					if m[3] != "static" {
						t.Errorf("%s %s: the frame of %s is %s", c.target, opt, m[1], m[3])
					}
					if frames[m[1]], err = strconv.Atoi(m[2]); err != nil {
						t.Fatal(err)
					}
				}
				for _, m := range ciEdge.FindAllStringSubmatch(string(text), -1) {
					calls[m[1]] = append(calls[m[1]], m[2])
				}
				if frames["zoo_run"] == 0 {
					t.Fatalf("%s %s: no graph of calls", c.target, opt)
				}
				run, err := deepest("zoo_run", frames, calls, nil)
				if err != nil {
					t.Errorf("%s %s: %v", c.target, opt, err)
				}
				t.Logf("%s %s bits %s: %d bytes, %d are stated", c.target, acc, opt, run, p.StackBound())
				if run > p.StackBound() {
					t.Errorf("%s %s bits %s: a chain of frames of %d bytes, %d are stated", c.target, acc, opt, run, p.StackBound())
				}
			}
		}
	}
}
