package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// use reads all that a file claims to hold; whatever the bytes, an error is the
// worst that may come of it.
func use(t *testing.T, b []byte) {
	a, err := parseArray("fuzz", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	a.labels(0)
	net, err := networkShape("fuzz", append([]int{1}, a.shape[1:]...))
	if err != nil {
		return
	}
	s, err := arraySet(a, net, &Options{})
	if err != nil {
		t.Fatalf("a network of the shape of the samples does not take them: %v", err)
	}
	dst := make([]float32, s.elems)
	for _, i := range []int{0, s.n / 2, s.n - 1} {
		if err := s.Sample(i, dst); err == nil {
			for _, x := range dst {
				if x-x != 0 {
					t.Fatalf("sample %d holds %v", i, x)
				}
			}
		}
	}
	for _, o := range []Options{{Crop: 1}, {Layout: "nhwc"}, {Mean: []float64{1, 2, 3}}, {Order: "bgr"}} {
		if s, err := arraySet(a, net, &o); err == nil {
			s.Sample(0, dst)
		}
	}
}

func FuzzNpy(f *testing.F) {
	f.Add(npy("|u1", []int{2, 2, 3, 3}, count(36)))
	f.Add(npy("<f4", []int{2, 3}, make([]float32, 6)))
	f.Add(npy(">i8", []int{3}, []int64{1, -2, 1 << 62}))
	f.Add(npyHeader(3, "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }", binary.LittleEndian, []float64{1e300}))
	f.Add(npyHeader(2, "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", binary.LittleEndian, count(3)))
	f.Fuzz(func(t *testing.T, b []byte) { use(t, b) })
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]int{2, 2, 3}, count(12)))
	f.Add(idx([]int{1, 2, 2, 3}, count(12)))
	f.Add(idx([]int{3}, count(3)))
	f.Add([]byte{0, 0, 13, 1, 0, 0, 0, 1, 127, 192, 0, 0})
	f.Add([]byte{0, 0, 8, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		use(t, b)
		// The same bytes as a packed file: the seed corpus packs none.
		if raw, err := inflate("fuzz", bytes.NewReader(b)); err == nil {
			use(t, raw)
		}
	})
}

// FuzzCSV reads a list of pictures and one of labels.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("file,class\na.png,1\n"))
	f.Add([]byte("\ufeffclass,other,file\n3,x,\"b\"\"c.jpg\"\n4,,d\n"))
	f.Add([]byte("class\n1\n2\n"))
	f.Add([]byte("file,class\n../x,-1\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if rows, err := readCSV(path, 0); err == nil {
			if paths, err := rowImages(path, rows); err == nil && len(paths) != len(rows) {
				t.Fatalf("%d pictures for %d rows", len(paths), len(rows))
			}
		}
		if labels, err := ReadLabels(path, 0); err == nil && len(labels) == 0 {
			t.Fatal("no labels and no error")
		}
	})
}

// FuzzPicture decodes a picture: memory is bounded by what the file can hold.
func FuzzPicture(f *testing.F) {
	small := image.NewPaletted(image.Rect(0, 0, 9, 7), color.Palette{color.Black, color.White})
	var p, j bytes.Buffer
	if err := png.Encode(&p, small); err != nil {
		f.Fatal(err)
	}
	if err := jpeg.Encode(&j, small, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes())
	f.Add(j.Bytes())
	// One that claims 8192 x 8192 pixels in as few bytes.
	huge := bytes.Clone(p.Bytes())
	binary.BigEndian.PutUint32(huge[16:], 8192)
	binary.BigEndian.PutUint32(huge[20:], 8192)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	f.Add(huge)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "picture")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		img, err := decode(path)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+16*pixelsPerByte*uint64(len(b)) {
			t.Errorf("%d bytes allocated for %d", used, len(b))
		}
		if err == nil && len(img.Pix) < 4*img.Rect.Dx()*img.Rect.Dy() {
			t.Errorf("%v has %d bytes of pixels", img.Rect, len(img.Pix))
		}
	})
}
