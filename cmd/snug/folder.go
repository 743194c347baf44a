package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing/fstest"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/layout"
	"github.com/snug-nn/snug/quant/verify"
)

// memory is the folder as verify and the report read it.
func memory(files []codegen.File) fs.FS {
	m := fstest.MapFS{}
	for _, f := range files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return m
}

// proven verifies a folder of any layout.
func proven(files fs.FS) (*verify.Result, error) {
	flat, err := layout.Flat(files)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return verify.Folder(flat)
}

// writable refuses a folder that is not ours to replace, before any work.
func writable(dir string) error {
	if inside(dir) {
		return fmt.Errorf("%s: output: the current folder cannot be replaced as a whole; name another", dir)
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return failed(dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "certificate.json")); err != nil {
		return fmt.Errorf("%s: output: the folder holds something that snug did not write; choose another or empty it", dir)
	}
	return nil
}

// inside reports whether the current folder is dir or below it.
func inside(dir string) bool {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(abs, here)
	return err == nil && filepath.IsLocal(rel)
}

// failed names the folder in place of the file beside it that was at hand.
func failed(dir string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) {
		err = path.Err
	} else if errors.As(err, &link) {
		err = link.Err
	}
	return fmt.Errorf("%s: output: %w", dir, err)
}

// writeFolder writes all files to a folder beside dir, then puts it in dir's
// place: whatever fails on the way, dir is what it was. Files of an earlier
// compilation that this one does not write are gone; other files stay.
func writeFolder(ctx context.Context, dir string, files []codegen.File) error {
	place, err := filepath.EvalSymlinks(dir) // what a link leads to is replaced, not the link
	if err != nil {
		place = filepath.Clean(dir)
	}
	parent := filepath.Dir(place)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return failed(dir, err)
	}
	tmp, err := os.MkdirTemp(parent, ".snug-*")
	if err != nil {
		return failed(dir, err)
	}
	defer os.RemoveAll(tmp)
	next, old := filepath.Join(tmp, "next"), filepath.Join(tmp, "old")
	if err := os.Mkdir(next, 0o755); err != nil {
		return failed(dir, err)
	}
	written := map[string]bool{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(next, filepath.FromSlash(f.Name)), f.Data); err != nil {
			return failed(dir, err)
		}
		written[f.Name] = true
	}
	var moves [][2]string
	_, others, err := contents(place)
	if err != nil {
		return failed(dir, err)
	}
	var keep []string
	for _, name := range others {
		if written[name] {
			continue
		}
		keep = append(keep, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Join(next, filepath.Dir(keep[len(keep)-1])), 0o755); err != nil {
			return failed(dir, err)
		}
	}
	if _, err := os.Lstat(place); err == nil {
		moves = append(moves, [2]string{place, old})
	}
	moves = append(moves, [2]string{next, place})
	for _, name := range keep {
		moves = append(moves, [2]string{filepath.Join(old, name), filepath.Join(place, name)})
	}
	if err := renameAll(moves); err != nil {
		return failed(dir, err)
	}
	return nil
}

// renameAll makes all moves or none.
func renameAll(moves [][2]string) error {
	for i, m := range moves {
		err := os.Rename(m[0], m[1])
		if err == nil {
			continue
		}
		for _, m := range slices.Backward(moves[:i]) {
			err = errors.Join(err, os.Rename(m[1], m[0]))
		}
		return err
	}
	return nil
}

// contents lists what lies in dir and in the folders of every layout inside it:
// what snug wrote, and what it did not, which stays beside the sources. A folder
// that does not exist holds nothing.
func contents(dir string) (ours, others []string, err error) {
	paths, err := layout.Walk(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	for _, p := range paths {
		name := filepath.Join(dir, filepath.FromSlash(p))
		info, err := os.Lstat(name)
		if err != nil {
			return nil, nil, err
		}
		emitted := false
		if info.Mode().IsRegular() {
			if emitted, err = isEmitted(name, p); err != nil {
				return nil, nil, err
			}
		}
		if emitted {
			ours = append(ours, p)
		} else {
			others = append(others, p)
		}
	}
	return ours, others, err
}

// isEmitted reads the start of a file, which tells who wrote it; within is its
// path in the emitted folder.
func isEmitted(name, within string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	return codegen.IsEmitted(within, head[:n]), nil
}

// writeFile writes and closes: a full disk shows at one of the two.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
