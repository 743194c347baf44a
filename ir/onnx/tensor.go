package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// maxElements limits every shape: a product above it is a damaged file, or a
// network that no firmware holds.
const maxElements = 1<<31 - 1

// A tensor is a TensorProto as the file stores it.
type tensor struct {
	name     string
	code     int // TensorProto.DataType
	dims     []int
	raw      []byte
	lists    map[int][]uint64 // typed fields, by field number
	external map[string]string
	outside  bool // the elements are in another file
	segment  bool
}

// parseTensor decodes what t is and where its elements are; their number is
// checked when they are used.
func parseTensor(b []byte) (*tensor, error) {
	t := &tensor{lists: map[int][]uint64{}}
	err := tensorMessage.each(b, func(f field) (err error) {
		switch f.num {
		case tensorDims:
			var dims []uint64
			dims, err = f.values(nil, varints)
			for _, d := range dims { // negative ones stay so, for count to find
				t.dims = append(t.dims, int(int64(d)))
			}
		case tensorType:
			t.code = int(int32(f.v))
		case tensorSegment:
			t.segment = true
		case tensorName:
			t.name = string(f.b)
		case tensorRaw:
			t.raw = f.b
		case tensorExternal:
			var key, value string
			key, value, err = parseEntry(f.b)
			if t.external == nil {
				t.external = map[string]string{}
			}
			t.external[key] = value
		case tensorLocation:
			t.outside = f.v == 1 // TensorProto.EXTERNAL
		default:
			t.lists[f.num], err = f.values(t.lists[f.num], tensorMessage[f.num])
		}
		return err
	})
	return t, err
}

// parseEntry decodes a StringStringEntryProto.
func parseEntry(b []byte) (key, value string, err error) {
	err = entryMessage.each(b, func(f field) error {
		switch f.num {
		case entryKey:
			key = string(f.b)
		case entryValue:
			value = string(f.b)
		}
		return nil
	})
	return key, value, err
}

// count returns the number of elements of a shape, false when it has a
// negative size or more than maxElements.
func count(dims []int) (n int, ok bool) {
	n = 1
	for _, d := range dims {
		if d < 0 || d > 0 && n > maxElements/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// words returns a function that gives the stored bits of element i < n, once
// it is certain that there are exactly n elements.
func (t *tensor) words(e *elemRow, n int) (func(i int) uint64, error) {
	list := t.lists[e.list]
	// Raw data wins where a writer fills both, as in ONNX's own reader. With
	// neither, the shape decides whether the tensor is empty or damaged.
	if len(t.raw) > 0 || len(list) == 0 {
		if want := (n*e.bits + 7) / 8; len(t.raw) != want {
			return nil, fmt.Errorf("has %d elements of %s but %d bytes of data instead of %d, the file is damaged", n, e.elem, len(t.raw), want)
		}
		return rawWords(t.raw, e.bits), nil
	}
	if e.bits < 8 { // each number of the list is one packed byte
		if want := (n*e.bits + 7) / 8; len(list) != want {
			return nil, fmt.Errorf("has %d elements of %s but %d packed values instead of %d, the file is damaged", n, e.elem, len(list), want)
		}
		packed := make([]byte, len(list))
		for i, v := range list {
			packed[i] = byte(v)
		}
		return rawWords(packed, e.bits), nil
	}
	if len(list) != n {
		return nil, fmt.Errorf("has %d elements but %d values, the file is damaged", n, len(list))
	}
	for i, v := range list {
		if !e.holds(v) {
			return nil, fmt.Errorf("element %d is %d, which is no %s, the file is damaged", i, int64(v), e.elem)
		}
	}
	return func(i int) uint64 { return list[i] }, nil
}

// rawWords reads little-endian elements; those of less than a byte are packed
// from the lowest bits up, and do not cross bytes.
func rawWords(raw []byte, bits int) func(i int) uint64 {
	switch bits {
	case 8:
		return func(i int) uint64 { return uint64(raw[i]) }
	case 16:
		return func(i int) uint64 { return uint64(binary.LittleEndian.Uint16(raw[2*i:])) }
	case 32:
		return func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(raw[4*i:])) }
	case 64:
		return func(i int) uint64 { return binary.LittleEndian.Uint64(raw[8*i:]) }
	}
	per := 8 / bits
	return func(i int) uint64 { return uint64(raw[i/per]) >> (i % per * bits) }
}

// appendNormal appends t in normal form: raw data of one of four types, as
// long as its shape says. An empty tensor, which onnx-go cannot hold, becomes
// a single zero; build knows from the shape.
func (t *tensor) appendNormal(dst []byte, read external) ([]byte, error) {
	e, n, err := t.check()
	if err != nil {
		return nil, err
	}
	if t.outside {
		if err := t.load(int64(n*e.bits+7)/8, read); err != nil {
			return nil, err
		}
	}
	at, err := t.words(e, n)
	if err != nil {
		return nil, err
	}
	dims := t.dims
	if n == 0 {
		dims, n = []int{1}, 1
		at = func(int) uint64 { return 0 }
	}
	for _, d := range dims {
		dst = appendVarint(dst, tensorDims, uint64(d))
	}
	dst = appendVarint(dst, tensorType, uint64(e.normal))
	dst = appendBytes(dst, tensorName, t.name)
	size := 4
	if e.normal == asInt64 || e.normal == asDouble {
		size = 8
	}
	dst = appendHead(dst, tensorRaw, n*size)
	// Most weights are float32 and raw, so that they are copied as they are.
	if e.code == e.normal && len(t.raw) > 0 {
		return append(dst, t.raw...), nil
	}
	for i := range n {
		v, err := e.convert(at(i))
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		if size == 4 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
	}
	return dst, nil
}

// check returns the element type and the number of elements.
func (t *tensor) check() (*elemRow, int, error) {
	e, err := elemOf(t.code)
	if err != nil {
		return nil, 0, fmt.Errorf("has %w", err)
	}
	n, ok := count(t.dims)
	if !ok {
		return nil, 0, fmt.Errorf("has the impossible shape %v, the file is damaged", t.dims)
	}
	if t.segment {
		return nil, 0, errors.New("is stored in segments, which is not supported")
	}
	return e, n, nil
}

// load reads the size bytes of a tensor that is stored outside the file.
func (t *tensor) load(size int64, read external) error {
	location := t.external["location"]
	if read == nil {
		return fmt.Errorf("is stored in %q beside the model, which cannot be read here", location)
	}
	var offset int64
	if s, ok := t.external["offset"]; ok {
		var err error
		if offset, err = strconv.ParseInt(s, 10, 64); err != nil || offset < 0 {
			return fmt.Errorf("has the bad external offset %q", s)
		}
	}
	if s, ok := t.external["length"]; ok && s != strconv.FormatInt(size, 10) {
		return fmt.Errorf("has %d bytes by its shape, but %q in %q", size, s, location)
	}
	raw, err := read(location, offset, size)
	if err != nil {
		return err
	}
	if int64(len(raw)) != size {
		return fmt.Errorf("has %d bytes by its shape, but %d could be read from %q", size, len(raw), location)
	}
	t.raw, t.lists, t.outside = raw, nil, false // as if the file had held it
	return nil
}
