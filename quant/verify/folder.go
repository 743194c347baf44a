package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/snug-nn/snug/ir"
)

// certificate reads a certificate. What it says and nothing here knows would go
// unproven: that is refused.
func certificate(text []byte) (*ir.Certificate, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	c := &ir.Certificate{}
	if err := d.Decode(c); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind its end")
	}
	return c, nil
}

// Folder proves the emitted folder fsys again. The error names the layer, the
// channel and the bits.
func Folder(fsys fs.FS) (*Result, error) {
	text, err := fs.ReadFile(fsys, "certificate.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("verify: certificate.json is missing; is this a folder that snug compile wrote?")
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	c, err := certificate(text)
	if err != nil {
		return nil, fmt.Errorf("verify: certificate.json: %w", err)
	}
	if err := plausible(c); err != nil {
		return nil, fmt.Errorf("verify: certificate.json: %w", err)
	}
	read := func(name string) string {
		b, e := fs.ReadFile(fsys, name)
		if e != nil && err == nil {
			err = e
		}
		return string(b)
	}
	var s *source
	switch c.Language {
	case "c":
		model := read(c.Network + ".c")
		var weights []byte
		if err == nil {
			weights, err = ir.WeightsText(fsys, c.Network)
		}
		if err == nil {
			s, err = readC(c.Network, model, string(weights))
		}
	case "go":
		model, weights := read("model.go"), read("weights.go")
		if err == nil {
			s, err = readGo(model, weights)
		}
	default:
		err = fmt.Errorf("certificate.json: language %q is neither c nor go", c.Language)
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	r, err := prove(s, c)
	if err == nil {
		err = kernels(fsys, c)
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return r, nil
}

// plausible refuses a certificate that the proof could not be read from.
func plausible(c *ir.Certificate) error {
	if c.Version != 1 {
		return fmt.Errorf("version %d, want 1", c.Version)
	}
	if !fs.ValidPath(c.Network+".c") || c.Network == "" {
		return fmt.Errorf("network %q is not a name", c.Network)
	}
	a := c.Accum
	if a.Bits < 8 || a.Bits > 32 || a.Wide != 0 && a.Wide != 32 && (a.Wide != 16 || a.Bits >= 16) {
		return fmt.Errorf("accumulator of %d bits, flushed into %d", a.Bits, a.Wide)
	}
	for _, l := range c.Layers {
		if l.Levels.Lo < -128 || l.Levels.Hi > 127 || l.Levels.Lo > l.Levels.Hi || l.Lanes < 1 || l.Lanes > 8 || len(l.Channels) == 0 {
			return fmt.Errorf("layer %s: levels %s, %d lanes, %d channels", l.Name, l.Levels, l.Lanes, len(l.Channels))
		}
	}
	return nil
}
