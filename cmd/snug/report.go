package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/report"
)

// page returns report.html. compile writes it with the sources that it speaks
// of, so that it is never about others and --check covers it.
func page(files []codegen.File) (codegen.File, error) {
	f, err := report.Open(memory(files))
	if err != nil {
		return codegen.File{}, fmt.Errorf("what was about to be written cannot be reported, which is a mistake of snug: %w", err)
	}
	html, err := report.Page(f)
	return codegen.File{Name: "report.html", Data: html}, err
}

// reportFolder prints the page of a folder with what was measured since: the
// sources' own page stays what compile wrote.
func reportFolder(_ context.Context, args []string, out io.Writer) error {
	o := newFlags("report")
	dir, done, err := o.parse(args, "DIR", out)
	if done || err != nil {
		return err
	}
	f, err := report.Open(os.DirFS(dir))
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	html, err := report.Page(f)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	_, err = out.Write(html)
	return err
}
