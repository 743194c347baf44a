package dataset

import (
	"bytes"
	"encoding/binary"
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
