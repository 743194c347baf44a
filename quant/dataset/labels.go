package dataset

import (
	"math"
	"os"
)

// ReadLabels reads class indices from an .npy or IDX file of integers, or from
// the column class of a CSV or of the CSV in a folder. limit 0 reads all.
func ReadLabels(path string, limit int) ([]int, error) {
	if limit < 0 {
		return nil, errorf("limit", "it is %d, give 0 for all labels", limit)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		found, err := findCSV(path)
		if err != nil {
			return nil, err
		}
		if found == "" {
			return nil, errorf(path, "no labels.csv, name the file of labels")
		}
		path = found
	}
	if hasExt(path, ".csv") {
		rows, err := readCSV(path, limit)
		if err != nil {
			return nil, err
		}
		return classes(rows), nil
	}
	a, f, err := openArray(path)
	if err != nil {
		return nil, err
	}
	if f != nil {
		defer f.Close()
	}
	return a.labels(limit)
}

func classes(rows []row) []int {
	labels := make([]int, len(rows))
	for i, r := range rows {
		labels[i] = r.class
	}
	return labels
}

// labels reads an array of one integer a sample. A column, as Keras saves its
// labels, is one too.
func (a *array) labels(limit int) ([]int, error) {
	if len(squeeze(a.shape[1:])) != 0 {
		return nil, errorf(a.place, "shape %s, give labels of one dimension", dims(a.shape))
	}
	// Floats that are all integral are more likely scores than classes.
	if a.elem.kind == 'f' {
		return nil, errorf(a.place, "labels are floats, save them as integers")
	}
	n := a.shape[0]
	if limit > 0 {
		n = min(n, limit)
	}
	// All at once: as if the labels that are wanted were one sample.
	all := *a
	all.shape = []int{1, n}
	b, err := all.bytes(0, nil)
	if err != nil {
		return nil, err
	}
	labels := make([]int, n)
	for i := range labels {
		v := a.elem.signed(b[i*a.elem.size:])
		if a.elem.kind == 'u' && a.elem.size < 8 {
			v = int64(a.elem.bits(b[i*a.elem.size:]))
		}
		// An unsigned 64-bit number above 2^63 is negative here and refused too.
		if v < 0 || v > math.MaxInt32 {
			return nil, errorf(a.place, "label %d is %d, give indices of classes from 0 on", i, v)
		}
		labels[i] = int(v)
	}
	return labels, nil
}
