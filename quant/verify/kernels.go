package verify

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// kernels holds the files of the kernels against the bytes that were certified:
// the proof is about what they add, and does not read them.
func kernels(fsys fs.FS, c *ir.Certificate) error {
	known := map[string]bool{}
	for _, k := range c.Kernels {
		if !fs.ValidPath(k.Name) {
			return fmt.Errorf("kernels %q: not a name", k.Name)
		}
		text, err := fs.ReadFile(fsys, k.Name)
		if err != nil {
			return err
		}
		if fmt.Sprintf("%x", sha256.Sum256(text)) != k.SHA256 {
			return fmt.Errorf("%s is not the one that was certified", k.Name)
		}
		known[k.Name] = true
	}
	pattern := map[string]string{"c": "snug_*.h", "go": "kernels*.*"}[c.Language]
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if !known[name] && name != "kernels_test.go" {
			return fmt.Errorf("%s is not in the certificate", name)
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("certificate.json names no kernels")
	}
	return nil
}
