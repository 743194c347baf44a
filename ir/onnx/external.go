package onnx

import (
	"fmt"
	"os"
	"path/filepath"
)

// beside returns a reader of the files in the folder of path and below. No
// location leaves the folder, by ".." or by a symbolic link, and no more is
// allocated than the file holds.
func beside(path string) external {
	return func(location string, offset, length int64) ([]byte, error) {
		local := filepath.FromSlash(location)
		if !filepath.IsLocal(local) {
			return nil, fmt.Errorf("is stored in %q, which is not below the folder of the model", location)
		}
		// A root, since a name that looks local may be a link to elsewhere.
		root, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return nil, fmt.Errorf("is stored in another file: %w", err)
		}
		defer root.Close()
		info, err := root.Stat(local) // before Open, which would wait for a pipe
		if err != nil {
			return nil, fmt.Errorf("is stored in another file: %w", err)
		}
		if !info.Mode().IsRegular() || offset < 0 || length < 0 || offset > info.Size()-length {
			return nil, fmt.Errorf("is stored in bytes %d to %d of %q, which has %d", offset, offset+length, location, info.Size())
		}
		f, err := root.Open(local)
		if err != nil {
			return nil, fmt.Errorf("is stored in another file: %w", err)
		}
		defer f.Close()
		b := make([]byte, length)
		if _, err := f.ReadAt(b, offset); err != nil {
			return nil, fmt.Errorf("is stored in another file: %w", err)
		}
		return b, nil
	}
}
