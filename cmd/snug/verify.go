package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/snug-nn/snug/quant/verify"
)

func verifyFolder(_ context.Context, args []string, out io.Writer) error {
	o := newFlags("verify")
	o.set.BoolVar(&o.json, "json", false, "print one JSON object")
	dir, done, err := o.parse(args, "DIR", out)
	if done || err != nil {
		return err
	}
	r, err := proven(os.DirFS(dir))
	if err != nil {
		if o.json {
			if err := json.NewEncoder(out).Encode(verify.Result{}); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: %w", dir, err)
	}
	if o.json {
		return json.NewEncoder(out).Encode(r)
	}
	fmt.Fprintf(out, "%s: proven: %d layers, %d channels\n", dir, r.Layers, r.Channels)
	return nil
}
