package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math"
	"os"
)

// maxInflated is the largest .gz that is unpacked: it has to be held in memory.
const maxInflated = 1 << 30

// A number is how one element of an array is stored: kind 'u', 'i' or 'f', and
// its bytes.
type number struct {
	kind  byte
	size  int
	order binary.ByteOrder
}

// An array is an .npy or IDX file: numbers in row-major order from offset on.
type array struct {
	place  string
	r      io.ReaderAt
	elem   number
	shape  []int // at least one dimension, the samples; every one above 0
	offset int64
}

// openArray reads the header of the file at path, which may be packed by gzip.
// The caller closes the file, which is nil when all of it is in memory.
func openArray(path string) (*array, *os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, errorf(path, "%w, check the path", reason(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, errorf(path, "%w, check the file", reason(err))
	}
	// By content: .gz is often lost from names on the way.
	var magic [2]byte
	if _, err := f.ReadAt(magic[:], 0); err == nil && magic == [2]byte{0x1f, 0x8b} {
		defer f.Close()
		b, err := inflate(path, f)
		if err != nil {
			return nil, nil, err
		}
		a, err := parseArray(path, bytes.NewReader(b), int64(len(b)))
		return a, nil, err
	}
	a, err := parseArray(path, f, info.Size())
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return a, f, nil
}

// inflate unpacks r into memory: samples are read at random, and a gzip stream
// only from its start.
func inflate(place string, r io.Reader) ([]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, errorf(place, "damaged gzip data (%w), get the file again", err)
	}
	b, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return nil, errorf(place, "damaged gzip data (%w), get the file again", err)
	}
	if len(b) > maxInflated {
		return nil, errorf(place, "more than %d bytes when unpacked, unpack it first", maxInflated)
	}
	return b, nil
}

// parseArray decides by the first bytes, since names of IDX files vary.
func parseArray(place string, r io.ReaderAt, size int64) (*array, error) {
	magic := make([]byte, min(size, 6))
	if _, err := r.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, errorf(place, "%w, check the file", reason(err))
	}
	switch {
	case string(magic) == npyMagic:
		return parseNpy(place, r, size)
	case len(magic) >= 4 && magic[0] == 0 && magic[1] == 0:
		return parseIDX(place, r, size)
	}
	return nil, errorf(place, "neither an .npy nor an IDX file, give one of these, a .csv, or a folder of images")
}

// check compares the shape with the size of the file, so that nothing is ever
// allocated on the word of a header. It refuses bytes that are left over too:
// they mean a wrong type or shape.
func (a *array) check(size int64) (*array, error) {
	if len(a.shape) == 0 {
		return nil, errorf(a.place, "a single number, give an array whose first dimension counts samples")
	}
	// Division instead of a product, which a hostile shape would overflow.
	room := size - a.offset
	limit := room / int64(a.elem.size)
	n := int64(1)
	for _, d := range a.shape {
		if d == 0 {
			return nil, errorf(a.place, "shape %s holds no samples, give at least one", dims(a.shape))
		}
		if int64(d) > limit/n {
			return nil, errorf(a.place, "shape %s of %d-byte numbers needs more than the %d bytes present, get the file again",
				dims(a.shape), a.elem.size, room)
		}
		n *= int64(d)
	}
	if extra := room - n*int64(a.elem.size); extra != 0 {
		return nil, errorf(a.place, "%d bytes behind shape %s, save one array a file", extra, dims(a.shape))
	}
	return a, nil
}

// bytes reads sample i into a part of buf, grown when it is too small.
func (a *array) bytes(i int, buf []byte) ([]byte, error) {
	n := a.elem.size
	for _, d := range a.shape[1:] {
		n *= d
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := a.r.ReadAt(buf, a.offset+int64(i)*int64(n)); err != nil {
		return nil, errorf(a.place, "sample %d cannot be read (%w), check the file", i, reason(err))
	}
	return buf, nil
}

// real converts the number at the start of b.
func (e number) real(b []byte) float64 {
	switch {
	case e.kind == 'f' && e.size == 4:
		return float64(math.Float32frombits(e.order.Uint32(b)))
	case e.kind == 'f':
		return math.Float64frombits(e.order.Uint64(b))
	case e.kind == 'u':
		return float64(e.bits(b))
	}
	return float64(e.signed(b))
}

// bits returns the number at the start of b, zero-extended.
func (e number) bits(b []byte) uint64 {
	switch e.size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(e.order.Uint16(b))
	case 4:
		return uint64(e.order.Uint32(b))
	}
	return e.order.Uint64(b)
}

// signed returns the number at the start of b, sign-extended.
func (e number) signed(b []byte) int64 {
	// Up to the top bit of the word and back down: the second shift copies it.
	shift := 64 - 8*e.size
	return int64(e.bits(b)<<shift) >> shift
}
