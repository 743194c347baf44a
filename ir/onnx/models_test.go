package onnx

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestModels reads every .onnx file below the folder SNUG_MODELS: each is
// read, or refused with a list of nodes.
func TestModels(t *testing.T) {
	folder := os.Getenv("SNUG_MODELS")
	if folder == "" {
		t.Skip("SNUG_MODELS is not set to a folder of models")
	}
	read, refused, total := 0, 0, 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".onnx") {
			return err
		}
		total++
		rel, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		g, err := ReadFile(path, Options{})
		switch {
		case err == nil:
			read++
			if err := ir.Check(g); err != nil {
				t.Errorf("%s: %v", rel, err)
			}
			t.Logf("%s: read, opset %d, %d nodes", rel, g.Opset, len(g.Nodes))
		case strings.Contains(err.Error(), "not supported: "):
			refused++
			t.Logf("%s: refused: %v", rel, err)
		default:
			t.Logf("%s: error: %v", rel, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d read, %d refused, %d other errors of %d", read, refused, total-read-refused, total)
}
