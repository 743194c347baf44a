package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// npy returns an .npy file of version 1 that holds data, a slice of numbers.
func npy(descr string, shape []int, data any) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, tuple(shape))
	return npyHeader(1, dict, order, data)
}

func tuple(shape []int) string {
	s := "("
	for _, d := range shape {
		s += fmt.Sprintf("%d,", d)
	}
	return s + ")"
}

func npyHeader(version byte, dict string, order binary.ByteOrder, data any) []byte {
	b := []byte(npyMagic + string(version) + "\x00")
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)+1))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)+1))
	}
	b, err := binary.Append(append(b, dict+"\n"...), order, data)
	if err != nil {
		panic(err)
	}
	return b
}

// idx returns an IDX file of bytes.
func idx(shape []int, data []byte) []byte {
	b := []byte{0, 0, 8, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, data...)
}

func pack(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(b)
	z.Close()
	return buf.Bytes()
}

// count returns the bytes 0, 1, ... n-1.
func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string, shape []int, o Options) *Set {
	t.Helper()
	s, err := Open(path, shape, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func sample(t *testing.T, s *Set, i int) []float32 {
	t.Helper()
	dst := make([]float32, s.elems)
	if err := s.Sample(i, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// wantError checks the form of every error: place, package, text, one line.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	s := err.Error()
	if !strings.Contains(s, want) || !strings.Contains(s, ": dataset: ") || strings.Contains(s, "\n") {
		t.Errorf("error %q, want one line with %q", s, want)
	}
}

func TestNpyTypes(t *testing.T) {
	tests := []struct {
		descr string
		data  any
		want  []float32
	}{
		{"|u1", []uint8{0, 1, 255}, []float32{0, 1, 255}},
		{"|i1", []int8{-128, 0, 127}, []float32{-128, 0, 127}},
		{"<i2", []int16{-32768, 1, 2}, []float32{-32768, 1, 2}},
		{">i2", []int16{-32768, 1, 2}, []float32{-32768, 1, 2}},
		{"<u2", []uint16{65535, 1, 2}, []float32{65535, 1, 2}},
		{"<i4", []int32{-7, 1, 2}, []float32{-7, 1, 2}},
		{">u4", []uint32{1 << 31, 1, 2}, []float32{1 << 31, 1, 2}},
		{"<i8", []int64{-7, 1, 1 << 40}, []float32{-7, 1, 1 << 40}},
		{">i8", []int64{-7, 1, 2}, []float32{-7, 1, 2}},
		{"<u8", []uint64{1 << 63, 1, 2}, []float32{1 << 63, 1, 2}},
		{"<f4", []float32{-0.5, 1, 2}, []float32{-0.5, 1, 2}},
		{">f4", []float32{-0.5, 1, 2}, []float32{-0.5, 1, 2}},
		{"<f8", []float64{-0.5, 1, 2}, []float32{-0.5, 1, 2}},
		{">f8", []float64{-0.5, 1, 2}, []float32{-0.5, 1, 2}},
	}
	for _, test := range tests {
		path := write(t, t.TempDir(), "x.npy", npy(test.descr, []int{1, 3}, test.data))
		if got := sample(t, open(t, path, []int{1, 3}, Options{}), 0); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.descr, got, test.want)
		}
	}
}

func TestNpyHeader(t *testing.T) {
	le := binary.LittleEndian
	tests := []struct {
		dict    string
		version byte
		want    string // part of the error, "" for none
	}{
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 1, ""},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 2, ""},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 3, ""},
		{`{"shape":(2,3),"fortran_order":False,"descr":"<u1"}    `, 1, ""},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 4, "version 4.0"},
		{"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 1, "Fortran order"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (6), }", 1, "no comma"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (), }", 1, "a single number"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3), }", 1, "no samples"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, -3), }", 1, "no dimension"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }", 1, "needs more than the 6 bytes"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3), }", 1, "3 bytes behind"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }", 1, "needs more"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 1), }", 1, "too large"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", 1, "not known"},
		{"{'descr': '|u1', 'fortran_order': False, 'descr': '|u1'}", 1, "given twice"},
		{"{'descr': '|u1', 'shape': (2, 3), }", 1, "missing"},
		{"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)} x", 1, "behind"},
		{"{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 3)}", 1, `no "False"`},
		{"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}", 1, "structured"},
		{"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}", 1, "elements of type"},
		{"{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3)}", 1, "elements of type"},
		{"{'descr': '|f4', 'fortran_order': False, 'shape': (2, 3)}", 1, "elements of type"},
		{"{'descr': '=u1', 'fortran_order': False, 'shape': (2, 3)}", 1, "elements of type"},
		{"", 1, `no "{"`},
	}
	for _, test := range tests {
		path := write(t, t.TempDir(), "x.npy", npyHeader(test.version, test.dict, le, count(6)))
		_, err := Open(path, []int{1, 3}, Options{})
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.dict, err)
			}
			continue
		}
		wantError(t, err, test.want)
	}
}

// seq lists the numbers of a picture of 2 channels, 2 rows and 4 columns whose
// pixel (c,y,x) is 100c+10y+x, row-major in the order of axes.
func seq(axes string) []byte {
	size := map[rune]int{'c': 2, 'y': 2, 'x': 4}
	unit := map[rune]int{'c': 100, 'y': 10, 'x': 1}
	out := []byte{0}
	for _, a := range axes {
		var next []byte
		for _, b := range out {
			for i := range size[a] {
				next = append(next, b+byte(i*unit[a]))
			}
		}
		out = next
	}
	return out
}

func real32(b []byte) []float32 {
	xs := make([]float32, len(b))
	for i, v := range b {
		xs[i] = float32(v)
	}
	return xs
}

func TestLayouts(t *testing.T) {
	chw, hwc := seq("cyx"), seq("yxc")
	tests := []struct {
		name    string
		sample  []int
		data    []byte
		network []int
		o       Options
		want    []byte
	}{
		{"as it is", []int{2, 2, 4}, chw, []int{1, 2, 2, 4}, Options{}, chw},
		{"stated as it is", []int{2, 2, 4}, chw, []int{1, 2, 2, 4}, Options{Layout: "nchw"}, chw},
		{"to nchw", []int{2, 4, 2}, hwc, []int{1, 2, 2, 4}, Options{}, chw},
		{"to nhwc", []int{2, 2, 4}, chw, []int{1, 2, 4, 2}, Options{}, hwc},
		{"to nchw, stated", []int{2, 4, 2}, hwc, []int{1, 2, 2, 4}, Options{Layout: "nhwc"}, chw},
		{"batch in the sample", []int{1, 2, 4, 2}, hwc, []int{1, 2, 2, 4}, Options{}, chw},
		{"row stated nhwc", []int{16}, hwc, []int{1, 2, 2, 4}, Options{Layout: "nhwc"}, chw},
		{"row stated nchw", []int{16}, chw, []int{1, 2, 2, 4}, Options{Layout: "nchw"}, chw},
		{"to a row", []int{2, 4, 2}, hwc, []int{1, 16}, Options{Layout: "nhwc"}, hwc},
		{"same row", []int{16}, chw, []int{1, 16}, Options{}, chw},
		{"row to matrix", []int{16}, chw, []int{1, 4, 4}, Options{}, chw},
		{"matrix to row", []int{4, 4}, chw, []int{1, 16}, Options{}, chw},
		{"matrix", []int{4, 4}, chw, []int{1, 4, 4}, Options{}, chw},
		{"gray", []int{4, 4}, chw, []int{1, 1, 4, 4}, Options{}, chw},
		{"gray nhwc", []int{4, 4}, chw, []int{1, 4, 4, 1}, Options{}, chw},
		{"gray stated", []int{4, 4}, chw, []int{1, 1, 4, 4}, Options{Layout: "nhwc"}, chw},
		{"gray to gray", []int{4, 4, 1}, chw, []int{1, 1, 4, 4}, Options{}, chw},
		{"no batch", []int{16}, chw, []int{16}, Options{}, chw},
		// The crop of 2 from 2x4 leaves columns 1 and 2.
		{"crop nchw", []int{2, 2, 4}, chw, []int{1, 2, 2, 2}, Options{Crop: 2, Layout: "nchw"},
			[]byte{1, 2, 11, 12, 101, 102, 111, 112}},
		{"crop nhwc", []int{2, 4, 2}, hwc, []int{1, 2, 2, 2}, Options{Crop: 2, Layout: "nhwc"},
			[]byte{1, 2, 11, 12, 101, 102, 111, 112}},
		{"crop gray", []int{4, 4}, count(16), []int{1, 1, 1, 1}, Options{Crop: 1}, []byte{5}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// A sample before it shows that offsets count samples.
			data := append(make([]byte, len(test.data)), test.data...)
			path := write(t, t.TempDir(), "x.npy", npy("|u1", append([]int{2}, test.sample...), data))
			s := open(t, path, test.network, test.o)
			if got := sample(t, s, 1); !slices.Equal(got, real32(test.want)) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestMismatch(t *testing.T) {
	tests := []struct {
		sample, network []int
		o               Options
		want            string
	}{
		{[]int{28, 28, 1}, []int{1, 3, 32, 32}, Options{}, "images.npy: dataset: samples are 28x28x1, the network takes 3x32x32 (NCHW)"},
		{[]int{28, 28, 3}, []int{1, 32, 32, 3}, Options{}, "the network takes 32x32x3 (NHWC)"},
		{[]int{32, 3}, []int{1, 3, 1, 32}, Options{}, "samples are 32x3"},
		{[]int{10, 49}, []int{1, 49, 10}, Options{}, "samples are 10x49"},
		{[]int{491}, []int{1, 490}, Options{}, "samples are 491"},
		{[]int{3072}, []int{1, 3, 32, 32}, Options{}, "give the layout of the rows"},
		{[]int{32, 32, 3}, []int{1, 3072}, Options{}, "give a layout"},
		{[]int{32, 32, 3}, []int{1, 3, 32, 32}, Options{Layout: "nchw"}, "samples are 32x32x3"},
		{[]int{32, 32, 3}, []int{1, 3, 24, 24}, Options{Crop: 28}, "crop of 28"},
		{[]int{24, 24, 3}, []int{1, 3, 28, 28}, Options{Crop: 28}, "crop of 28"},
		{[]int{28, 28}, []int{1, 1, 28, 28}, Options{Mean: []float64{1, 2, 3}}, "3 channels"},
		{[]int{28, 28}, []int{1, 1, 28, 28}, Options{Order: "bgr"}, "3 channels"},
		{[]int{3, 4}, []int{1, 3, 4}, Options{Order: "bgr"}, "order bgr"},
		{[]int{28, 28}, []int{1, 1, 28, 28}, Options{Resize: 28}, "resize is for image files"},
		{[]int{28, 28}, []int{1, 1, 28, 0}, Options{}, "input of fixed size"},
		{[]int{28, 28}, []int{1, 1 << 20, 1 << 20}, Options{}, "input of fixed size"},
	}
	for _, test := range tests {
		n := 1
		for _, d := range test.sample {
			n *= d
		}
		dir := t.TempDir()
		path := write(t, dir, "images.npy", npy("|u1", append([]int{1}, test.sample...), make([]byte, n)))
		_, err := Open(path, test.network, test.o)
		wantError(t, err, test.want)
	}
}

func TestPreprocess(t *testing.T) {
	hwc := []byte{10, 20, 30, 40, 50, 60} // 1 row, 2 columns, 3 channels
	mean, std := []float64{1, 2, 3}, []float64{2, 4, 5}
	tests := []struct {
		name            string
		sample, network []int
		o               Options
		want            []float32
	}{
		{"nchw", []int{1, 2, 3}, []int{1, 3, 1, 2}, Options{Scale: 0.5, Mean: mean, Std: std},
			[]float32{2, 9.5, 2, 5.75, 2.4, 5.4}},
		{"nchw bgr", []int{1, 2, 3}, []int{1, 3, 1, 2}, Options{Mean: mean, Order: "bgr"},
			[]float32{29, 59, 18, 48, 7, 37}},
		{"nhwc", []int{1, 2, 3}, []int{1, 1, 2, 3}, Options{Mean: mean, Std: std},
			[]float32{4.5, 4.5, 5.4, 19.5, 12, 11.4}},
		{"nhwc bgr", []int{1, 2, 3}, []int{1, 1, 2, 3}, Options{Order: "bgr"},
			[]float32{30, 20, 10, 60, 50, 40}},
		{"one entry", []int{1, 2, 3}, []int{1, 1, 2, 3}, Options{Mean: []float64{10}, Std: []float64{10}},
			[]float32{0, 1, 2, 3, 4, 5}},
		{"last axis", []int{2, 3}, []int{1, 2, 3}, Options{Mean: mean}, []float32{9, 18, 27, 39, 48, 57}},
		{"first axis", []int{3, 2}, []int{1, 3, 2}, Options{Mean: mean}, []float32{9, 19, 28, 38, 47, 57}},
		{"last axis, gray", []int{2, 3}, []int{1, 1, 2, 3}, Options{Std: mean}, []float32{10, 10, 10, 40, 25, 20}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "x.npy", npy("|u1", append([]int{1}, test.sample...), hwc))
			if got := sample(t, open(t, path, test.network, test.o), 0); !slices.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), 1e300} {
		path := write(t, t.TempDir(), "x.npy", npy("<f8", []int{2, 3}, []float64{1, 2, 3, 4, bad, 6}))
		s := open(t, path, []int{1, 3}, Options{})
		sample(t, s, 0)
		wantError(t, s.Sample(1, make([]float32, 3)), "sample 1 gives")
	}
}

func TestIDX(t *testing.T) {
	b := idx([]int{2, 2, 3}, count(12))
	for name, data := range map[string][]byte{"a-idx3-ubyte": b, "a-idx3-ubyte.gz": pack(b)} {
		path := write(t, t.TempDir(), name, data)
		s := open(t, path, []int{1, 1, 2, 3}, Options{})
		if s.Len() != 2 || s.Labels() != nil {
			t.Errorf("%d samples, labels %v", s.Len(), s.Labels())
		}
		if got := sample(t, s, 1); !slices.Equal(got, []float32{6, 7, 8, 9, 10, 11}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	path := write(t, t.TempDir(), "x", idx([]int{1, 1, 2, 3}, count(6)))
	got := sample(t, open(t, path, []int{1, 3, 1, 2}, Options{}), 0)
	if want := []float32{0, 3, 1, 4, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("idx4: %v, want %v", got, want)
	}
}

// Every file that is cut short is refused: by Open, never by a panic.
func TestPrefixes(t *testing.T) {
	files := map[string][]byte{
		"v1.npy": npy("<f4", []int{2, 3}, make([]float32, 6)),
		"v2.npy": npyHeader(2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}", binary.LittleEndian, count(6)),
		"x.idx":  idx([]int{2, 3}, count(6)),
		"x.gz":   pack(idx([]int{2, 3}, count(6))),
	}
	dir := t.TempDir()
	for name, whole := range files {
		open(t, write(t, dir, name, whole), []int{1, 3}, Options{})
		for n := range whole {
			path := write(t, dir, "cut-"+name, whole[:n])
			_, err := Open(path, []int{1, 3}, Options{})
			wantError(t, err, "cut-"+name+": dataset: ")
			_, err = ReadLabels(path, 0)
			wantError(t, err, "cut-"+name+": dataset: ")
		}
	}
}

func encodePNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func flat(w, h int, c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

func TestImages(t *testing.T) {
	dir := t.TempDir()
	img := flat(4, 3, color.NRGBA{9, 9, 9, 255})
	img.Set(1, 0, color.NRGBA{10, 20, 30, 255})
	img.Set(2, 1, color.NRGBA{40, 50, 60, 255})
	write(t, dir, "val/a.png", encodePNG(t, img))
	write(t, dir, "b.png", encodePNG(t, flat(3, 3, color.NRGBA{100, 150, 200, 0})))
	csv := write(t, dir, "val.csv", []byte("class,note,file\n7,x,a.png\n0,y,b.png\n"))

	for _, path := range []string{csv, dir} {
		s := open(t, path, []int{1, 3, 2, 2}, Options{Crop: 2})
		if s.Len() != 2 || !slices.Equal(s.Labels(), []int{7, 0}) {
			t.Fatalf("%d samples, labels %v", s.Len(), s.Labels())
		}
		if got, want := sample(t, s, 0), []float32{10, 9, 9, 40, 20, 9, 9, 50, 30, 9, 9, 60}; !slices.Equal(got, want) {
			t.Errorf("crop: %v, want %v", got, want)
		}
		// Transparent, yet its colour counts.
		if got, want := sample(t, s, 1)[8], float32(200); got != want {
			t.Errorf("transparent: %v, want %v", got, want)
		}
	}

	s := open(t, csv, []int{1, 2, 2, 3}, Options{Crop: 2, Order: "bgr", Mean: []float64{1, 2, 3}})
	if got, want := sample(t, s, 0)[:3], []float32{29, 18, 7}; !slices.Equal(got, want) {
		t.Errorf("nhwc bgr: %v, want %v", got, want)
	}
	for _, network := range [][]int{{1, 1, 2, 2}, {1, 2, 2, 1}, {1, 2, 2}} {
		s := open(t, csv, network, Options{Crop: 2})
		if got, want := sample(t, s, 0)[0], float32(18); got != want { // .299*10+.587*20+.114*30 = 18.15
			t.Errorf("luma: %v, want %v", got, want)
		}
	}
	if s := open(t, csv, []int{1, 3, 2, 2}, Options{Crop: 2, Limit: 1}); s.Len() != 1 || len(s.Labels()) != 1 {
		t.Errorf("limit 1: %d samples, %d labels", s.Len(), len(s.Labels()))
	}
	// No list: the pictures by name, without labels.
	s = open(t, filepath.Join(dir, "val"), []int{1, 3, 3, 3}, Options{Crop: 3})
	if s.Len() != 1 || s.Labels() != nil {
		t.Errorf("folder: %d samples, labels %v", s.Len(), s.Labels())
	}
}

func TestResize(t *testing.T) {
	dir := t.TempDir()
	img := flat(40, 20, color.NRGBA{255, 0, 0, 255})
	for y := range 20 {
		for x := range 20 {
			img.Set(x, y, color.NRGBA{0, 0, 255, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.jpg", b.Bytes())
	// 40x20 becomes 20x10; its middle is 8x8, left half blue.
	got := sample(t, open(t, dir, []int{1, 3, 8, 8}, Options{Resize: 10, Crop: 8}), 0)
	for _, p := range []struct {
		i    int
		want float64
	}{{0, 0}, {7, 255}, {128, 255}, {135, 0}} {
		if math.Abs(float64(got[p.i])-p.want) > 12 {
			t.Errorf("element %d: %v, want about %v", p.i, got[p.i], p.want)
		}
	}
	for _, test := range []struct {
		w, h, side int
		want       image.Point
	}{{500, 375, 256, image.Pt(341, 256)}, {375, 500, 256, image.Pt(256, 341)}, {3, 3, 7, image.Pt(7, 7)}} {
		img, err := resize("x", image.NewRGBA(image.Rect(0, 0, test.w, test.h)), test.side)
		if err != nil || img.Rect.Size() != test.want {
			t.Errorf("resize %dx%d: %v, %v, want %v", test.w, test.h, img.Rect, err, test.want)
		}
	}
	_, err := resize("x", image.NewRGBA(image.Rect(0, 0, 60000, 1)), 4096)
	wantError(t, err, "too long")
}

func TestImageErrors(t *testing.T) {
	good := encodePNG(t, flat(4, 4, color.White))
	huge := bytes.Clone(good)
	copy(huge[16:], "\x7f\xff\xff\xff\x7f\xff\xff\xff") // checksum is wrong as well
	tests := []struct {
		name    string
		network []int
		o       Options
		files   map[string]string
		want    string
	}{
		{"no header", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "a.png,1\n"}, "no column class"},
		{"empty", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": ""}, "no column class"},
		{"no rows", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\n"}, "no samples"},
		{"no file", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\nx.png,1\n"}, "l.csv:2: dataset: there is no image"},
		{"no name", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "class\n1\n"}, "no image is named"},
		{"class", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\nx.png,cat\n"}, "l.csv:2: dataset: class"},
		{"negative", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\nx.png,-1\n"}, "class"},
		{"fields", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\nx.png\n"}, "line 2"},
		{"line break", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "file,class\n\"x\ny\",1\n"}, "no image"},
		{"two lists", []int{1, 3, 4, 4}, Options{}, map[string]string{"l.csv": "", "m.csv": ""}, "2 CSV files"},
		{"nothing", []int{1, 3, 4, 4}, Options{}, map[string]string{"x.txt": ""}, "no JPEG or PNG"},
		{"damaged", []int{1, 3, 4, 4}, Options{}, map[string]string{"x.png": string(good[:len(good)-20])}, "x.png: dataset: "},
		{"no picture", []int{1, 3, 4, 4}, Options{}, map[string]string{"x.jpg": "hello"}, "x.jpg: dataset: "},
		{"huge", []int{1, 3, 4, 4}, Options{}, map[string]string{"x.png": string(huge)}, "x.png: dataset: "},
		{"size", []int{1, 3, 2, 2}, Options{}, map[string]string{"x.png": string(good)}, "give resize and crop"},
		{"small", []int{1, 3, 5, 5}, Options{Crop: 5}, map[string]string{"x.png": string(good)}, "smaller than the crop"},
		{"crop", []int{1, 3, 2, 2}, Options{Crop: 3}, map[string]string{"x.png": string(good)}, "crop gives pictures of 3x3"},
		{"channels", []int{1, 5, 4, 4}, Options{}, map[string]string{"x.png": string(good)}, "1 or 3 channels"},
		{"row", []int{1, 16}, Options{}, map[string]string{"x.png": string(good)}, "1 or 3 channels"},
		{"gray mean", []int{1, 1, 4, 4}, Options{Mean: []float64{1, 2, 3}}, map[string]string{"x.png": string(good)}, "1 or 3 channels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range test.files {
				write(t, dir, name, []byte(text))
			}
			_, err := Open(dir, test.network, test.o)
			wantError(t, err, test.want)
		})
	}
	_, err := Open(filepath.Join(t.TempDir(), "none.npy"), []int{1, 3}, Options{})
	wantError(t, err, "none.npy: dataset: no such file")
}

func TestReadLabels(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		want []int
		err  string
	}{
		{"a.npy", npy("|u1", []int{3}, []uint8{3, 255, 0}), []int{3, 255, 0}, ""},
		{"a.npy", npy("|i1", []int{3}, []int8{3, 1, 0}), []int{3, 1, 0}, ""},
		{"a.npy", npy("<i8", []int{3, 1}, []int64{3, 1, 0}), []int{3, 1, 0}, ""},
		{"a.npy", npy(">u8", []int{3}, []uint64{3, 1, 0}), []int{3, 1, 0}, ""},
		{"a-idx1-ubyte", idx([]int{3}, []byte{3, 1, 0}), []int{3, 1, 0}, ""},
		{"a.gz", pack(idx([]int{3}, []byte{3, 1, 0})), []int{3, 1, 0}, ""},
		{"a.csv", []byte("\ufefffile,class\nx,3\ny,1\nz,0\n"), []int{3, 1, 0}, ""},
		{"a.npy", npy("<f4", []int{3}, []float32{3, 1, 0}), nil, "floats"},
		{"a.npy", npy("|i1", []int{3}, []int8{3, -1, 0}), nil, "label 1 is -1"},
		{"a.npy", npy("<u8", []int{1}, []uint64{1 << 63}), nil, "label 0 is -9223372036854775808"},
		{"a.npy", npy("|u1", []int{3, 2}, count(6)), nil, "one dimension"},
		{"a.txt", []byte("3\n1\n"), nil, "neither"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		path := write(t, dir, test.name, test.data)
		got, err := ReadLabels(path, 0)
		if test.err != "" {
			wantError(t, err, test.err)
			continue
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v, want %v", test.name, got, err, test.want)
		}
		if got, err := ReadLabels(path, 2); err != nil || !slices.Equal(got, test.want[:2]) {
			t.Errorf("%s, limit 2: %v, %v", test.name, got, err)
		}
		if test.name == "a.csv" {
			if got, err := ReadLabels(dir, 0); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("folder: %v, %v", got, err)
			}
		}
	}
	_, err := ReadLabels(t.TempDir(), 0)
	wantError(t, err, "no labels.csv")
}

func TestParseNumbers(t *testing.T) {
	tests := []struct {
		text string
		want []float64
	}{
		{"1/255", []float64{1.0 / 255}},
		{" 0.5847029 ", []float64{0.5847029}},
		{"-1e-3", []float64{-1e-3}},
		{"125.3, 123 / 2,0", []float64{125.3, 61.5, 0}},
		{"", nil},
	}
	for _, test := range tests {
		if got, err := ParseNumbers(test.text); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, %v, want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{",", "1,", "1/0", "0/0", "x", "1/2/3", "NaN", "inf", "1/inf/2", "1e999", "\n1\nx"} {
		_, err := ParseNumbers(text)
		wantError(t, err, "not a finite number")
	}
}

func TestValidate(t *testing.T) {
	good := []Options{
		{},
		{Scale: 1.0 / 255, Mean: []float64{1, 2, 3}, Std: []float64{2}, Order: "bgr", Resize: 256, Crop: 224, Layout: "nhwc", Limit: 5},
		{Order: "rgb", Layout: "nchw", Std: []float64{1, 2}},
	}
	for _, o := range good {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	bad := map[string]Options{
		"scale: ":       {Scale: math.NaN()},
		"mean: ":        {Mean: []float64{1, math.Inf(1)}},
		"std: ":         {Std: []float64{1, 0}},
		"give as many":  {Mean: []float64{1, 2}, Std: []float64{1, 2, 3}},
		"bgr has 3":     {Mean: []float64{1, 2}, Order: "bgr"},
		"order: ":       {Order: "RGB"},
		"layout: ":      {Layout: "hwc"},
		"resize: ":      {Resize: -1},
		"crop: ":        {Crop: 1 << 20},
		"resize leaves": {Resize: 10, Crop: 11},
		"limit: ":       {Limit: -1},
	}
	for want, o := range bad {
		_, err := Open("x", []int{1}, o)
		wantError(t, err, want)
	}
}

func TestRandom(t *testing.T) {
	a, b := Random(3, []int{1, 3, 8, 8}, 1, -2, 5), Random(3, []int{1, 3, 8, 8}, 1, -2, 5)
	if a.Len() != 3 || a.Labels() != nil {
		t.Errorf("%d samples, labels %v", a.Len(), a.Labels())
	}
	x := sample(t, a, 2)
	sample(t, b, 0)
	if !slices.Equal(x, sample(t, b, 2)) {
		t.Error("the same seed gives other samples")
	}
	if slices.Equal(x, sample(t, a, 1)) || slices.Equal(x, sample(t, Random(3, []int{1, 3, 8, 8}, 2, -2, 5), 2)) {
		t.Error("different samples or seeds give the same noise")
	}
	if lo, hi := slices.Min(x), slices.Max(x); lo < -2 || lo > -1 || hi > 5 || hi < 4 {
		t.Errorf("range %v to %v", lo, hi)
	}
	wantError(t, a.Sample(3, x), "the set has 3 samples")
	wantError(t, a.Sample(-1, x), "the set has 3 samples")
	wantError(t, a.Sample(0, x[1:]), "room for 191")
}

func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	const n = 64
	data := make([]byte, n*12)
	for i := range data {
		data[i] = byte(i / 12)
	}
	write(t, dir, "a.png", encodePNG(t, flat(2, 2, color.NRGBA{7, 7, 7, 255})))
	array := open(t, write(t, dir, "x.npy", npy("|u1", []int{n, 2, 2, 3}, data)), []int{1, 3, 2, 2}, Options{})
	images := open(t, dir, []int{1, 3, 2, 2}, Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			dst := make([]float32, 12)
			for k := range n {
				i := (k*(2*g+1) + g) % n
				if err := array.Sample(i, dst); err != nil || slices.Min(dst) != float32(i) || slices.Max(dst) != float32(i) {
					t.Errorf("sample %d: %v, %v", i, dst, err)
				}
				if err := images.Sample(0, dst); err != nil || slices.Min(dst) != 7 {
					t.Errorf("image: %v, %v", dst, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestClose(t *testing.T) {
	s := open(t, write(t, t.TempDir(), "x.npy", npy("|u1", []int{2, 3}, count(6))), []int{1, 3}, Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Sample(0, make([]float32, 3)), "cannot be read")
	if err := Random(1, []int{1}, 0, 0, 1).Close(); err != nil {
		t.Error(err)
	}
}
