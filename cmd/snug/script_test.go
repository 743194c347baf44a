package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/snug-nn/snug/ir/onnx/modeltext"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"snug": main})
}

// TestScripts runs testdata/script/*.txtar: commands and what they print.
func TestScripts(t *testing.T) {
	data, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(ts *testscript.TestScript, neg bool, args []string){"model": model},
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATA", data)
			return os.MkdirAll(e.Getenv("TMPDIR"), 0o755)
		},
	})
}

// model writes each NAME.txt as NAME.onnx: scripts hold their networks as text.
func model(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		b, err := modeltext.Encode(ts.ReadFile(name + ".txt"))
		if err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
		ts.Check(os.WriteFile(ts.MkAbs(name+".onnx"), b, 0o644))
	}
}
