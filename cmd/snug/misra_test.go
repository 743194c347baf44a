package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir/onnx/modeltext"
)

var wholeMisra = flag.String("misra", "", "TestMisra looks at these networks on every target, which takes minutes; all: at all of them")

// misraNetworks are compiled for each target; the flags bring in what the defaults
// leave out.
var misraNetworks = []struct {
	name, text string
	flags      []string
}{
	{"tiny", tinyCNN, []string{"--keep-softmax"}},
	{"odd", tinyOdd, []string{"--acc", "10:32"}},
	{"wide", tinyCNN, []string{"--acc", "32"}},
	{"segments", windowsNet, []string{"--acc", "16:32/24"}},
	{"classical", tinyCNN, []string{"--kernels", "classical32"}},
	{"best", tinyCNN, []string{"--kernels", "best32"}},
	{"windows", windowsNet, []string{"--ring-bits", "2"}},
	{"dscnn_kws", "", nil},
	{"resnet8_cifar10", "", nil},
	{"spare", "", []string{"--ring-bits", "2"}},
}

// windowsNet has windows of every form that there are kernels for.
const windowsNet = `
input x float[N,3,32,32]
init w7 float[16,3,7,7] random 1 0.4
init w5 float[16,16,5,5] random 2 0.3
init d5 float[16,1,5,5] random 3 0.6
init d3 float[16,1,3,3] random 4 0.6
init w4 float[16,16,4,4] random 5 0.3
init w3 float[16,16,3,3] random 6 0.4
init s3 float[16,16,3,3] random 7 0.4
a = Conv(x, w7) pads=3,3,3,3 strides=2,2
b = Relu(a)
c = Conv(b, w5) pads=2,2,2,2
d = Relu(c)
e = Conv(d, d5) pads=2,2,2,2 group=16
f = Conv(e, d3) pads=1,1,1,1 group=16
g = Conv(f, w4) pads=1,1,2,2
h = Conv(g, w3) pads=1,1,1,1
i = Conv(h, s3) pads=1,1,1,1 strides=2,2
output i
`

// A finding is a rule in a file; NAME stands for the network.
type finding struct{ rule, file string }

var misraLine = regexp.MustCompile(`^([\w.]+):(\d+): misra-c2012-([\d.]+)$`)

// TestMisra runs cppcheck's addon for MISRA C:2012 over emitted folders: their own
// lists of deviations have to cover what it finds. With -misra all it does so for
// every network, target and way to build, and each row of the table has to be needed.
func TestMisra(t *testing.T) {
	if _, err := exec.LookPath("cppcheck"); err != nil {
		t.Skip("needs cppcheck (Debian: cppcheck)")
	}
	if *wholeMisra == "" {
		quickMisra(t)
		return
	}
	allowed, found := map[finding]bool{}, map[finding]bool{}
	for _, n := range misraNetworks {
		if *wholeMisra != "all" && !slices.Contains(strings.Split(*wholeMisra, ","), n.name) {
			continue
		}
		for _, target := range []string{"generic-c", "cortex-a7", "cortex-a53", "cortex-a55"} {
			if target == "generic-c" && n.name != "tiny" {
				continue // the portable half of the others is built for every target
			}
			dir := filepath.Join(t.TempDir(), "out")
			if err := misraCompile(n.name, n.text, dir, append([]string{"--target", target}, n.flags...)...); err != nil {
				t.Logf("%s for %s: %v", n.name, target, err)
				continue
			}
			list := deviationsOf(t, dir)
			lines := map[string]bool{}
			for _, build := range misraBuilds(t, dir) {
				for _, line := range build {
					m := misraLine.FindStringSubmatch(line)
					if m == nil {
						t.Fatalf("cppcheck says %q", line)
					}
					lines[line] = true
					f := finding{m[3], "NAME" + strings.TrimPrefix(m[1], networkOf(t, dir))}
					if !strings.HasPrefix(m[1], networkOf(t, dir)) {
						f.file = m[1]
					}
					found[f] = true
					if !slices.ContainsFunc(list, func(d finding) bool { ok, _ := path.Match(d.file, m[1]); return ok && d.rule == m[3] }) {
						t.Errorf("%s for %s: %s is not in misra.txt", n.name, target, line)
					}
				}
			}
			for _, d := range list {
				allowed[finding{d.rule, strings.Replace(d.file, networkOf(t, dir), "NAME", 1)}] = true
			}
			t.Logf("%s for %s: %d findings, each in misra.txt", n.name, target, len(lines))
		}
	}
	if *wholeMisra != "all" {
		return
	}
	for _, d := range slices.SortedFunc(maps.Keys(allowed), func(a, b finding) int { return strings.Compare(a.rule+a.file, b.rule+b.file) }) {
		used := false
		for f := range found {
			ok, _ := path.Match(d.file, f.file)
			used = used || ok && d.rule == f.rule
		}
		if !used {
			t.Errorf("no finding needs the deviation from %s in %s", d.rule, d.file)
		}
	}
}

// quickMisra runs the folder's own target on one network in portable C, and holds
// that a finding shows without its deviation.
func quickMisra(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := misraCompile("tiny", tinyCNN, dir, "--target", "generic-c", "--keep-softmax"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("make", "-s", "-C", dir, "misra").CombinedOutput(); err != nil {
		t.Fatalf("make misra: %v\n%s", err, out)
	}
	list := filepath.Join(dir, "misra.txt")
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, []byte(strings.ReplaceAll(string(text), "misra-c2012-2.5:*tiny.h\n", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cppcheck", "--addon=misra", "--std=c99", "-q", "--suppressions-list=misra.txt", "tiny_weights.c")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "tiny.h:") {
		t.Errorf("without a deviation: %v\n%s", err, out)
	}
}

func misraCompile(name, text, dir string, flags ...string) error {
	model := filepath.Join("..", "..", "testdata", name+".onnx")
	if name == "spare" {
		model = filepath.Join("..", "..", "testdata", "resnet8_cifar10.onnx")
	}
	if text != "" {
		b, err := modeltext.Encode(text)
		if err != nil {
			return err
		}
		model = filepath.Join(filepath.Dir(dir), name+".onnx")
		if err := os.WriteFile(model, b, 0o644); err != nil {
			return err
		}
	}
	return run(context.Background(), append([]string{"compile", model, "--calib", "random", "--calib-limit", "4", "--effort", "0", "-o", dir}, flags...), io.Discard)
}

func networkOf(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*_test.c"))
	if err != nil || len(found) != 1 {
		t.Fatal(err, found)
	}
	return strings.TrimSuffix(filepath.Base(found[0]), "_test.c")
}

// deviationsOf reads misra.txt.
func deviationsOf(t *testing.T, dir string) []finding {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "misra.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []finding
	for line := range strings.Lines(string(text)) {
		if rule, file, ok := strings.Cut(strings.TrimSpace(line), ":*"); ok && strings.HasPrefix(rule, "misra-c2012-") {
			all = append(all, finding{strings.TrimPrefix(rule, "misra-c2012-"), file})
		}
	}
	return all
}

// misraBuilds runs what the folder's Makefile runs, without the list, and returns
// the lines of each run. The addon is told a text for each rule: cppcheck prints a
// line's findings that read alike once.
func misraBuilds(t *testing.T, dir string) [][]string {
	t.Helper()
	tmp := t.TempDir()
	addon, texts := filepath.Join(tmp, "misra.json"), filepath.Join(tmp, "rules.txt")
	rules := "Appendix A Summary of guidelines\n"
	for i := range 22 * 24 {
		rules += fmt.Sprintf("Rule %d.%d Required\nText of %[1]d.%[2]d\n", i/24+1, i%24+1)
	}
	if err := errors.Join(os.WriteFile(texts, []byte(rules), 0o644),
		os.WriteFile(addon, fmt.Appendf(nil, `{"script": "misra.py", "args": ["--rule-texts=%s"]}`, texts), 0o644)); err != nil {
		t.Fatal(err)
	}
	make := exec.Command("make", "-n", "-C", dir, "misra", "MISRA=cppcheck --addon="+addon+" --std=c99 -U__cplusplus -q --template={file}:{line}:\\ {id}")
	out, err := make.Output()
	if err != nil {
		t.Fatal(err)
	}
	var runs [][]string
	for line := range strings.Lines(string(out)) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "! cppcheck ")
		if !ok {
			continue
		}
		line = "cppcheck " + strings.TrimSuffix(line, " 2>&1 | grep .")
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w\n%s", line, err, text))
		}
		var lines []string
		for l := range strings.Lines(string(text)) {
			if l = strings.TrimSpace(l); misraLine.MatchString(l) {
				lines = append(lines, l)
			}
		}
		runs = append(runs, lines)
	}
	return runs
}
