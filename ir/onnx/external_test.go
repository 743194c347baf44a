package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBeside(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"data/w.bin": "0123456789", "../secret": "secret"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..", "secret"), filepath.Join(folder, "link")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	read := beside(filepath.Join(folder, "m.onnx"))
	tests := []struct {
		location       string
		offset, length int64
		want           string // what is read, or a part of the error
	}{
		{"data/w.bin", 2, 3, "234"},
		{"./data/w.bin", 0, 10, "0123456789"},
		{"data/w.bin", 10, 0, ""},
		{"data/w.bin", 8, 3, `is stored in bytes 8 to 11 of "data/w.bin", which has 10`},
		{"data/w.bin", 1 << 62, 1 << 62, "which has 10"},
		{"data/w.bin", 0, 1 << 40, "which has 10"},
		{"data", 0, 1, "is stored in bytes 0 to 1"},
		{"../secret", 0, 1, "not below the folder of the model"},
		{"link", 0, 1, "path escapes"},
		{"none.bin", 0, 1, "no such file"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.location, test.offset, test.length), func(t *testing.T) {
			b, err := read(test.location, test.offset, test.length)
			if err == nil && string(b) != test.want {
				t.Errorf("got %q, want %q", b, test.want)
			}
			if err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.onnx")
	if err := os.WriteFile(path, small(), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := ReadFile(path, Options{Dims: map[string]int{"N": 2}})
	if err != nil {
		t.Fatal(err)
	}
	if g.Name != "small" || g.In[0].Shape[0] != 2 {
		t.Errorf("got %s with the input %v", g.Name, g.In[0].Shape)
	}
	_, err = ReadFile(path+"2", Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "small.onnx2: onnx: ") {
		t.Errorf("a missing file: %v", err)
	}
}
