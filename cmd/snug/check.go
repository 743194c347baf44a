package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/snug-nn/snug/codegen"
)

// checkFolder compares a folder with the files that a compilation writes. The
// error names the first file, and the line in it, at which they part; files
// that others put there do not count.
func checkFolder(dir string, files []codegen.File) error {
	names := map[string]bool{}
	for _, f := range files {
		names[f.Name] = true
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		old, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: check: is missing; compile again", path)
		case err != nil:
			return fmt.Errorf("check: %w", err)
		case !bytes.Equal(old, f.Data):
			return fmt.Errorf("%s:%d: check: differs from what the network compiles to; snug diff says how", path, firstLine(old, f.Data))
		}
	}
	ours, _, err := contents(dir)
	if err != nil {
		return fmt.Errorf("%s: check: %w", dir, err)
	}
	for _, name := range ours {
		if !names[name] {
			return fmt.Errorf("%s: check: is of another compilation; compile again", filepath.Join(dir, filepath.FromSlash(name)))
		}
	}
	return nil
}

// firstLine is the line, from 1, of the first byte that differs.
func firstLine(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return 1 + bytes.Count(a[:i], []byte("\n"))
}
