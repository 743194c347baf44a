package dataset

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A row is one line of a CSV of labels.
type row struct {
	place string // path and line
	file  string // empty without a column file
	class int
}

// readCSV reads the columns file and class, in any order and beside others.
func readCSV(path string, limit int) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errorf(path, "%w, check the path", reason(err))
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true // a list may have a million lines
	head, err := r.Read()
	if err != nil && err != io.EOF {
		return nil, errorf(path, "%w, give a CSV with the header file,class", reason(err))
	}
	if len(head) > 0 {
		head[0] = strings.TrimPrefix(head[0], "\ufeff") // spreadsheets write it
	}
	file, class := slices.Index(head, "file"), slices.Index(head, "class")
	if class < 0 {
		return nil, errorf(path, "no column class, give a CSV with the header file,class")
	}
	var rows []row
	for limit == 0 || len(rows) < limit {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errorf(path, "%w, repair that line", reason(err))
		}
		line, _ := r.FieldPos(0)
		e := row{place: path + ":" + strconv.Itoa(line)}
		// Strict, no spaces: a class that is misread costs accuracy in silence.
		e.class, err = strconv.Atoi(rec[class])
		if err != nil || e.class < 0 {
			return nil, errorf(e.place, "class %q, give the index of a class from 0 on", rec[class])
		}
		if file >= 0 {
			e.file = strings.Clone(rec[file]) // rec is one string, not to be kept whole
		}
		rows = append(rows, e)
	}
	if len(rows) == 0 {
		return nil, errorf(path, "no samples, give at least one line behind the header")
	}
	return rows, nil
}

// findCSV returns the CSV of a folder, "" when it has none. With several it does
// not guess: calibrating with the test set would flatter the result.
func findCSV(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", errorf(dir, "%w, check the folder", reason(err))
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if e.Name() == "labels.csv" {
			return filepath.Join(dir, e.Name()), nil
		}
		if hasExt(e.Name(), ".csv") {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", errorf(dir, "%d CSV files and none is labels.csv, name one: %s, %s", len(found), found[0], found[1])
}

// listImages returns the pictures of a folder in the order of their names, which
// ReadDir guarantees: output must not depend on the file system.
func listImages(dir string, limit int) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errorf(dir, "%w, check the folder", reason(err))
	}
	var paths []string
	for _, e := range entries {
		if limit > 0 && len(paths) == limit {
			break
		}
		if !e.IsDir() && hasExt(e.Name(), ".jpg", ".jpeg", ".png") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, errorf(dir, "no labels.csv and no JPEG or PNG, give the folder that holds them")
	}
	return paths, nil
}

// rowImages finds the pictures that a CSV names: beside it, or in the folder
// that has its name (val.csv: val/). It looks for all of them now, not when the
// last one is due.
func rowImages(csvPath string, rows []row) ([]string, error) {
	dir := filepath.Dir(csvPath)
	named := strings.TrimSuffix(csvPath, filepath.Ext(csvPath))
	var paths []string
	for _, r := range rows {
		if r.file == "" {
			return nil, errorf(r.place, "no image is named, fill the column file")
		}
		name := filepath.FromSlash(r.file)
		try := []string{filepath.Join(dir, name), filepath.Join(named, name)}
		if filepath.IsAbs(name) {
			try = []string{name}
		}
		// A folder of that name is no picture, though it exists.
		i := slices.IndexFunc(try, func(p string) bool {
			info, err := os.Stat(p)
			return err == nil && !info.IsDir()
		})
		if i < 0 {
			return nil, errorf(r.place, "there is no image %q, check the column file", r.file)
		}
		paths = append(paths, try[i])
	}
	return paths, nil
}

func hasExt(name string, exts ...string) bool {
	return slices.Contains(exts, strings.ToLower(filepath.Ext(name)))
}
