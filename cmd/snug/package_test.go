package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/ir/onnx/modeltext"
)

// builders build each layout as its build system does, as far as a C compiler
// and CMake go; what only the build system has is played by testdata/package.
// Each ends by running the known-answer test.
var builders = map[string]func(b *build){
	"flat":       func(b *build) { b.cmake(".", "flat"); b.run("flat/tiny_test") },
	"cmake":      (*build).installed,
	"zephyr":     func(b *build) { b.cmake("test", "app", "-DZephyr_DIR="+b.fakes); b.run("app/app") },
	"platformio": (*build).plain,
	"arduino":    (*build).sketch,
	"esp-idf":    func(b *build) { b.cmake(filepath.Join(b.fakes, "idf"), "idf", "-DCOMPONENT="+b.dir); b.run("idf/app") },
}

// TestPackages compiles one network to every layout. The verbs that read a folder
// have to find their way in it, its own Makefile and its build system have to
// build it, and no source may differ from that of the flat folder.
func TestPackages(t *testing.T) {
	dir := t.TempDir()
	text, err := modeltext.Encode(tinyCNN)
	if err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(dir, "tiny.onnx")
	if err := os.WriteFile(model, text, 0o644); err != nil {
		t.Fatal(err)
	}
	fakes, err := filepath.Abs("testdata/package")
	if err != nil {
		t.Fatal(err)
	}
	snug := func(t *testing.T, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if err := run(context.Background(), args, &out); err != nil {
			t.Fatalf("snug %s: %v", strings.Join(args, " "), err)
		}
		return out.String()
	}
	compile := func(t *testing.T, pack string, more ...string) {
		t.Helper()
		snug(t, append([]string{"compile", model, "--calib", "random", "--calib-limit", "2", "--effort", "0", "--target", "generic-c", "--package", pack}, more...)...)
	}
	flat := filepath.Join(dir, "flat")
	compile(t, "flat", "-o", flat)
	for i := range layout.Layouts {
		l := &layout.Layouts[i]
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(dir, l.Name)
			if l.Name != "flat" {
				compile(t, l.Name, "-o", folder)
			}
			compile(t, l.Name, "--check", folder)
			if out := snug(t, "verify", folder); !strings.Contains(out, "proven: ") {
				t.Error(out)
			}
			if out := snug(t, "report", folder); !strings.Contains(out, "<code>"+l.Place("tiny", "tiny_weights.c")+"</code>") {
				t.Error("the report does not say where the tables are")
			}
			if l.Name != "flat" {
				sameSources(t, flat, folder)
			}
			b := &build{t, folder, t.TempDir(), fakes}
			b.call("", "make", "-s", "-C", b.dir, "test", "CFLAGS=-O0")
			builders[l.Name](b)
		})
	}
}

// sameSources holds the diff of a flat folder and one of another layout: it names
// the layout and the files that describe it, and nothing else.
func sameSources(t *testing.T, flat, other string) {
	t.Helper()
	var out bytes.Buffer
	if err := run(context.Background(), []string{"diff", flat, other}, &out); err != errDiffers {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || lines[0] != "package  flat -> "+filepath.Base(other) || !strings.HasPrefix(lines[1], "other files that differ: ") || strings.Contains(lines[1], ".h") {
		t.Errorf("diff says:\n%s", out.String())
	}
}

// A build is an emitted folder and where its objects go.
type build struct {
	t               *testing.T
	dir, out, fakes string
}

// call runs a tool and returns what it printed; a tool that is not there skips
// the test.
func (b *build) call(dir, tool string, args ...string) string {
	b.t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		b.t.Skipf("needs %s", tool)
	}
	cmd := exec.Command(tool, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// cmake builds a folder with CMake into a folder of b.out.
func (b *build) cmake(source, to string, args ...string) {
	b.t.Helper()
	if !filepath.IsAbs(source) {
		source = filepath.Join(b.dir, source)
	}
	to = filepath.Join(b.out, to)
	b.call("", "cmake", append([]string{"-S", source, "-B", to}, args...)...)
	b.call("", "cmake", "--build", to)
}

func (b *build) run(program string) {
	b.t.Helper()
	program = filepath.Join(b.out, program)
	if out := b.call("", program); !strings.Contains(out, "tiny: PASS") {
		b.t.Errorf("%s says %s", program, out)
	}
}

// installed installs the package and builds a program that finds it.
func (b *build) installed() {
	b.cmake(".", "lib", "-DCMAKE_INSTALL_PREFIX="+filepath.Join(b.out, "prefix"))
	b.run("lib/tiny_test")
	b.call("", "cmake", "--install", filepath.Join(b.out, "lib"))
	b.cmake(filepath.Join(b.fakes, "found"), "found", "-DCMAKE_PREFIX_PATH="+filepath.Join(b.out, "prefix"))
	b.call("", filepath.Join(b.out, "found/app"))
}

// objects compiles the files that match, as build systems do that compile what
// they find, and returns the objects.
func (b *build) objects(pattern, compiler string, flags ...string) []string {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, pattern))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("no file matches %s", pattern)
	}
	var objects []string
	for _, f := range files {
		o := filepath.Join(b.out, filepath.Base(f)+".o")
		b.call("", compiler, append(slices.Clone(flags), "-c", "-o", o, f)...)
		objects = append(objects, o)
	}
	return objects
}

// plain compiles what lies in src and links the test with all of it.
func (b *build) plain() {
	objects := b.objects("src/*.c", "cc", "-I", filepath.Join(b.dir, "include"))
	objects = append(objects, b.objects("test/*.c", "cc", "-I", filepath.Join(b.dir, "include"), "-I", filepath.Join(b.dir, "src"))...)
	b.call("", "cc", append(objects, "-o", filepath.Join(b.out, "app"))...)
	b.run("app")
}

// sketch compiles the library and the sketch, whose .ino is C++ with Arduino.h
// before it, and links all objects.
func (b *build) sketch() {
	src := filepath.Join(b.dir, "src")
	objects := b.objects("src/*.c", "cc", "-DARDUINO=10800", "-I", src)
	objects = append(objects, b.objects("examples/SelfTest/*.c", "cc", "-DARDUINO=10800", "-I", src)...)
	objects = append(objects, b.objects("examples/SelfTest/*.ino", "c++", "-DARDUINO=10800", "-I", src, "-include", filepath.Join(b.fakes, "Arduino.h"), "-x", "c++")...)
	b.call("", "c++", append(objects, "-o", filepath.Join(b.out, "app"))...)
	b.run("app")
}

// TestPackageMoves compiles over a folder of another layout: what snug wrote is
// gone, in subfolders too, and what others put there has stayed where it was.
func TestPackageMoves(t *testing.T) {
	dir := t.TempDir()
	text, err := modeltext.Encode(tinyOdd)
	if err != nil {
		t.Fatal(err)
	}
	model, out := filepath.Join(dir, "tiny.onnx"), filepath.Join(dir, "out")
	if err := os.WriteFile(model, text, 0o644); err != nil {
		t.Fatal(err)
	}
	compile := func(args ...string) error {
		return run(context.Background(), append([]string{"compile", model, "--calib", "random", "--calib-limit", "2", "--effort", "0", "--target", "generic-c"}, args...), io.Discard)
	}
	put := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(out, name), []byte("mine\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := compile("-o", out, "--package", "arduino"); err != nil {
		t.Fatal(err)
	}
	put("src/mine.c")
	put("examples/mine.txt")
	if err := compile("--check", out, "--package", "arduino"); err != nil {
		t.Error(err)
	}
	if err := compile("-o", out, "--package", "esp-idf"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"src/mine.c": true, "examples/mine.txt": true, "include/tiny.h": true, "src/tiny.c": true,
		"src/tiny.h": false, "examples/SelfTest": false, "library.properties": false} {
		if _, err := os.Stat(filepath.Join(out, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A file of another layout is of another compilation.
	if err := os.WriteFile(filepath.Join(out, "examples/SelfTest.ino"), []byte("// Code generated by snug; DO NOT EDIT.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := compile("--check", out, "--package", "esp-idf"); err == nil || !strings.Contains(err.Error(), "SelfTest.ino: check: is of another compilation") {
		t.Error(err)
	}
	if err := compile("--check", out); err == nil || !strings.Contains(err.Error(), "check: ") {
		t.Errorf("the flat layout: %v", err)
	}
	// A folder that claims a layout that there is not.
	cert := filepath.Join(out, "certificate.json")
	b, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cert, bytes.Replace(b, []byte("esp-idf"), []byte("../etc"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"verify", "report", "bench"} {
		if err := run(context.Background(), []string{verb, out}, io.Discard); err == nil || !strings.Contains(err.Error(), `package "../etc" is none`) {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

// TestNetworkNames gives networks the names of headers and build targets: the
// files that are named after them must hide none.
func TestNetworkNames(t *testing.T) {
	text, err := modeltext.Encode(tinyOdd)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"time": "ntime", "test": "ntest", "snug_requant": "nsnug_requant", "Net 1": "net_1", `a"*/;int x`: "a_int_x", "string": "nstring"} {
		dir := t.TempDir()
		model := filepath.Join(dir, strings.ReplaceAll(name, "/", "\\")+".onnx")
		if err := os.WriteFile(model, text, 0o644); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "out")
		if err := run(context.Background(), []string{"compile", model, "--calib", "random", "--calib-limit", "2", "--effort", "0", "--target", "generic-c", "-o", out}, io.Discard); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(out, want+".h")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
