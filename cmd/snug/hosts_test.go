package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen/layout"
)

var allHosts = flag.Bool("hosts", false, "TestHosts compiles every bundled network in several ways")

// TestHosts builds snug for arm64, runs it in an emulator and compares every byte of
// what it emits with what this host does; with -hosts of all networks, with images
// too. No function that computes numbers may have a fused multiply-add in it but those
// that are listed below.
func TestHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds snug for another host")
	}
	qemu, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skip("needs qemu-aarch64 (Debian: qemu-user)")
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "snug")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data := filepath.Join("..", "..", "testdata")
	quick := []string{"--calib", "random", "--calib-limit", "2", "--effort", "0"}
	tests := []struct {
		network string
		flags   []string
	}{{"dscnn_kws", quick}, {"dscnn_kws", slices.Concat(quick, []string{"--emit", "go"})}}
	if *allHosts {
		images := []string{"--calib", filepath.Join(data, "cifar10_200.npy"), "--calib-limit", "8", "--effort", "1"}
		tests = append(tests, []struct {
			network string
			flags   []string
		}{
			{"resnet8_cifar10", quick},
			{"resnet8_cifar10", slices.Concat(quick, []string{"--emit", "go"})},
			{"resnet8_cifar10", images},
			{"resnet8_cifar10", slices.Concat(quick, []string{"--acc", "16:32", "--target", "cortex-a55"})},
			{"dscnn_kws", slices.Concat(quick, []string{"--acc", "12", "--scales", "pow2", "--keep-softmax"})},
		}...)
	}
	noFused(t, exe)
	for _, test := range tests {
		here, there := filepath.Join(dir, "here"), filepath.Join(dir, "there")
		args := append([]string{"compile", filepath.Join(data, test.network+".onnx")}, test.flags...)
		if err := run(context.Background(), append(args, "-o", here), io.Discard); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(qemu, append([]string{exe}, append(args, "-o", there)...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s %s: %d bytes, the same", test.network, strings.Join(test.flags, " "), sameFolders(t, here, there))
	}
}

// sameFolders compares the files of two folders and counts their bytes.
func sameFolders(t *testing.T, a, b string) int {
	t.Helper()
	paths, err := layout.Walk(os.DirFS(a))
	if err != nil {
		t.Fatal(err)
	}
	others, err := layout.Walk(os.DirFS(b))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(paths, " ") != strings.Join(others, " ") {
		t.Fatalf("files %q here, %q there", paths, others)
	}
	n := 0
	for _, p := range paths {
		x, err := os.ReadFile(filepath.Join(a, p))
		if err != nil {
			t.Fatal(err)
		}
		y, err := os.ReadFile(filepath.Join(b, p))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Errorf("%s:%d differs from what the other host writes", p, firstLine(x, y))
		}
		n += len(x)
	}
	return n
}

var (
	textLine  = regexp.MustCompile(`^TEXT (\S+)\(SB\)`)
	fusedLine = regexp.MustCompile(`\bFN?M(ADD|SUB)[SD]\b`)
)

// mayFuse are the functions whose products may be rounded together with their sums:
// costs, which are rounded to whole numbers, and counts of cycles, which are printed
// and nothing else. What fuses on purpose stands in fused_arm64.go.
var mayFuse = regexp.MustCompile(`/codegen\.(cost\w+|\(\*RingForm\)\.cost)$|/codegen/measure\.`)

// noFused looks for fused multiply-adds in what was built.
func noFused(t *testing.T, exe string) {
	t.Helper()
	out, err := exec.Command("go", "tool", "objdump", "-s", `snug-nn/snug/(ir|quant|codegen)|^main\.`, exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	function, found := "", 0
	for line := range strings.Lines(string(out)) {
		if m := textLine.FindStringSubmatch(line); m != nil {
			function = m[1]
		} else if fusedLine.MatchString(line) {
			found++
			if at := strings.Fields(line)[0]; !mayFuse.MatchString(function) && !strings.HasPrefix(at, "fused_arm64.go:") {
				t.Errorf("%s: a fused product at %s", function, at)
			}
		}
	}
	if found == 0 {
		t.Error("no fused instruction in all of it: this test cannot read the listing")
	}
}
