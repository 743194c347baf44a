package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/snug-nn/snug/codegen/report"
)

// errDiffers is the answer of snug diff that sets the exit status to 1 and
// needs no words.
var errDiffers = errors.New("the folders differ")

// diff exits as diff(1) does: 0 the same, 1 different, 2 when it cannot tell.
func diff(_ context.Context, args []string, out io.Writer) error {
	o := newFlags("diff")
	var all bool
	var html string
	o.set.BoolVar(&all, "all", false, "name every layer that changed, however many")
	o.set.StringVar(&html, "html", "", "also write all of it to `FILE`, a page that needs no other")
	o.set.BoolVar(&o.json, "json", false, "print one JSON object")
	dirs, done, err := o.operands(args, out, "DIR", "DIR")
	if done || err != nil {
		return err
	}
	var f [2]*report.Folder
	for i, dir := range dirs {
		if f[i], err = report.Open(os.DirFS(dir)); err != nil {
			return usageError{fmt.Errorf("%s: %w", dir, err)}
		}
	}
	d, err := report.Compare(f[0], f[1])
	if err != nil {
		return usageError{err}
	}
	if html != "" {
		page, err := d.Page()
		if err == nil {
			err = os.WriteFile(html, page, 0o644)
		}
		if err != nil { // 1 would say that the folders differ
			return usageError{fmt.Errorf("--html: %w", err)}
		}
	}
	if o.json {
		err = d.WriteJSON(out)
	} else {
		err = d.WriteText(out, all)
	}
	if err == nil && !d.Equal {
		err = errDiffers
	}
	return err
}
