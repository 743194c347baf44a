package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/snug-nn/snug/codegen"
)

// memory is the folder as verify reads it.
func memory(files []codegen.File) fs.FS {
	m := fstest.MapFS{}
	for _, f := range files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return m
}

// writable refuses a folder that is not ours to replace, before any work.
func writable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "certificate.json")); err != nil {
		return fmt.Errorf("%s: output: the folder holds something that snug did not write; choose another or empty it", dir)
	}
	return nil
}

// writeFolder writes all files to a folder beside dir, then puts it in dir's
// place: whatever fails on the way, dir is what it was.
func writeFolder(ctx context.Context, dir string, files []codegen.File) (err error) {
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	tmp, err := os.MkdirTemp(parent, ".snug-*")
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	defer os.RemoveAll(tmp)
	next := filepath.Join(tmp, "next")
	if err := os.Mkdir(next, 0o755); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(next, f.Name), f.Data); err != nil {
			return fmt.Errorf("%s: output: %w", dir, err)
		}
	}
	old := filepath.Join(tmp, "old")
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("output: %w", err)
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(fmt.Errorf("output: %w", err), restore(old, dir))
	}
	return nil
}

// restore puts the old folder back, when there was one.
func restore(old, dir string) error {
	if err := os.Rename(old, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeFile writes and closes: a full disk shows at one of the two.
func writeFile(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
