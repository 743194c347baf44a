package layout

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// flat shows a folder as if every file of the network lay in its root.
type flat struct {
	fs.FS
	network string
	layout  *Layout
}

// Of returns the layout of an emitted folder and its network, as its certificate
// names them. A certificate that cannot be read is none of its business: the
// folder is then taken as it is, and who reads it says what is wrong.
func Of(files fs.FS) (l *Layout, network string, err error) {
	var c struct{ Network, Package string }
	if b, err := fs.ReadFile(files, "certificate.json"); err != nil || json.Unmarshal(b, &c) != nil {
		return Find(Default), "", nil
	}
	if l = Find(c.Package); l == nil {
		return nil, "", fmt.Errorf("certificate.json: package %q is none that this snug knows", c.Package)
	}
	return l, c.Network, nil
}

// Flat returns an emitted folder with its files in one place, whatever layout
// it has.
func Flat(files fs.FS) (fs.FS, error) {
	l, network, err := Of(files)
	if err != nil || l.Name == Default {
		return files, err
	}
	return &flat{files, network, l}, nil
}

func (f *flat) Open(name string) (fs.File, error) { return f.FS.Open(f.layout.Place(f.network, name)) }

// ReadDir lists the root with the files whose place is elsewhere.
func (f *flat) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	paths, err := Walk(f.FS)
	if err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for _, p := range paths {
		if p != f.layout.Place(f.network, path.Base(p)) {
			continue
		}
		info, err := fs.Stat(f.FS, p)
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}

// Walk lists what lies in the folders that any layout uses, but these folders
// themselves: paths of files and links, and of folders that no layout has.
func Walk(files fs.FS) ([]string, error) { return walk(files, ".", nil) }

func walk(files fs.FS, dir string, paths []string) ([]string, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		if !e.IsDir() || !slices.Contains(Folders(), p) {
			paths = append(paths, p)
		} else if paths, err = walk(files, p, paths); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
