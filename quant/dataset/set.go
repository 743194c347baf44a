// Package dataset reads the samples that calibrate and test a network: .npy
// and IDX arrays, and JPEG or PNG files listed by a CSV or found in a folder.
// It applies the preprocessing that the network was trained with.
//
// How a sample is matched to the network's input, whose leading batch of 1 is
// dropped:
//
//   - An input of three dimensions takes pictures. It is NCHW, unless its last
//     dimension alone is 1 or 3; where Mean, Std or bgr name a number of
//     channels, the axis of that size is the channels, the first axis when both
//     have it.
//   - A sample of three dimensions is taken as it is when its shape is the
//     network's, else transposed when that fits; Options.Layout overrides the
//     guess. A sample of two dimensions is a picture of one channel.
//   - Other shapes agree when they are equal but for dimensions of 1, or when
//     one of them is a flat row of as many numbers. Rows and pictures of several
//     channels agree only with a Layout given, as their order is not known.
//   - For inputs that are no pictures, Mean and Std with several entries go
//     along the first axis of their length, else along the last.
//
// Anything else is an error. Every error is one line, place: dataset: what,
// what to do.
package dataset

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/snug-nn/snug/ir"
)

// A Set is a list of samples of one shape. It reads them when they are asked
// for, so that a large set costs no memory.
type Set struct {
	n      int
	elems  int // numbers of one sample as the network takes it
	labels []int
	fill   func(i int, dst []float32) error
	file   *os.File // what Close closes; nil when nothing stays open
}

// Open opens the .npy or IDX file (either may be packed by gzip), the CSV of
// labels beside its images, or the folder of images at path. The header of a
// CSV is file,class; names are relative to its folder, or to the folder beside
// it that has its name. A folder holds labels.csv or one other CSV, or only
// images, which then have no labels. shape is the network's input.
func Open(path string, shape []int, o Options) (*Set, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Mean, o.Std = slices.Clone(o.Mean), slices.Clone(o.Std)
	net, err := networkShape(path, shape)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, errorf(path, "%w, check the path", reason(err))
	}
	list := path
	if info.IsDir() {
		if list, err = findCSV(path); err != nil {
			return nil, err
		}
		if list == "" {
			paths, err := listImages(path, o.Limit)
			if err != nil {
				return nil, err
			}
			return imageSet(path, paths, nil, net, &o)
		}
	}
	if hasExt(list, ".csv") {
		rows, err := readCSV(list, o.Limit)
		if err != nil {
			return nil, err
		}
		paths, err := rowImages(list, rows)
		if err != nil {
			return nil, err
		}
		return imageSet(list, paths, classes(rows), net, &o)
	}
	a, f, err := openArray(path)
	if err != nil {
		return nil, err
	}
	s, err := arraySet(a, net, &o)
	if err != nil {
		if f != nil {
			f.Close()
		}
		return nil, err
	}
	s.file = f
	return s, nil
}

// arraySet makes the samples of a fit the network's input.
func arraySet(a *array, net []int, o *Options) (*Set, error) {
	p, err := planArray(a.place, a.shape[1:], net, o)
	if err != nil {
		return nil, err
	}
	type scratch struct {
		bytes []byte
		raw   []float64
	}
	pool := sync.Pool{New: func() any { return &scratch{raw: make([]float64, p.raw)} }}
	s := &Set{n: a.shape[0], elems: ir.NumElements(net)}
	if o.Limit > 0 {
		s.n = min(s.n, o.Limit)
	}
	s.fill = func(i int, dst []float32) error {
		t := pool.Get().(*scratch)
		defer pool.Put(t)
		b, err := a.bytes(i, t.bytes)
		if err != nil {
			return err
		}
		t.bytes = b
		for j := range t.raw {
			t.raw[j] = a.elem.real(b[j*a.elem.size:])
		}
		return finished(a.place, i, p.apply(dst, t.raw), dst)
	}
	return s, nil
}

// imageSet makes the image files fit the network's input. It loads the first:
// wrong sizes are better known before an hour of work.
func imageSet(place string, paths []string, labels []int, net []int, o *Options) (*Set, error) {
	p, want, err := planImages(place, net, o)
	if err != nil {
		return nil, err
	}
	pool := sync.Pool{New: func() any { raw := make([]float64, p.raw); return &raw }}
	s := &Set{n: len(paths), elems: ir.NumElements(net), labels: labels}
	s.fill = func(i int, dst []float32) error {
		raw := pool.Get().(*[]float64)
		defer pool.Put(raw)
		if err := loadImage(paths[i], want, o, *raw); err != nil {
			return err
		}
		return finished(paths[i], i, p.apply(dst, *raw), dst)
	}
	if err := s.Sample(0, make([]float32, s.elems)); err != nil {
		return nil, err
	}
	return s, nil
}

// finished reports element bad of sample i, which is not finite, if any is.
func finished(place string, i, bad int, dst []float32) error {
	if bad < 0 {
		return nil
	}
	return errorf(place, "sample %d gives %v at element %d of the network's input, remove it or repair it", i, dst[bad], bad)
}

// Random returns n samples of uniform noise between lo and hi, the same ones for the
// same seed. It stands in when there is no data: accuracy is then unknown.
func Random(n int, shape []int, seed uint64, lo, hi float64) *Set {
	s := &Set{n: max(n, 0), elems: ir.NumElements(shape)}
	s.fill = func(i int, dst []float32) error {
		// A generator a sample: no order of calls changes what a sample holds.
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		for j := range dst {
			dst[j] = float32(lo + float64((hi-lo)*r.Float64()))
		}
		return nil
	}
	return s
}

// Len returns the number of samples.
func (s *Set) Len() int { return s.n }

// Skip leaves the first n samples out.
func (s *Set) Skip(n int) {
	n = min(max(n, 0), s.n)
	fill := s.fill
	s.fill = func(i int, dst []float32) error { return fill(i+n, dst) }
	s.n -= n
	if s.labels != nil {
		s.labels = s.labels[n:]
	}
}

// Labels returns the class of each sample, nil when the source has none.
func (s *Set) Labels() []int { return slices.Clone(s.labels) }

// Sample writes sample i, preprocessed, into dst in the network's layout; dst
// has as many elements as the network's input. It is safe for concurrent use.
func (s *Set) Sample(i int, dst []float32) error {
	place := "sample " + strconv.Itoa(i)
	if i < 0 || i >= s.n {
		return errorf(place, "the set has %d samples, ask for 0 to %d", s.n, s.n-1)
	}
	if len(dst) != s.elems {
		return errorf(place, "room for %d numbers, give room for the %d of the network's input", len(dst), s.elems)
	}
	return s.fill(i, dst)
}

// Close closes the file that the set reads. A set that is dropped instead loses
// its file to the garbage collector.
func (s *Set) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
