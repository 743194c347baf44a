package onnx

import (
	"encoding/binary"
	"errors"
	"slices"
	"unicode/utf8"
)

var errWire = errors.New("a protobuf field is malformed: the file is cut short or is not ONNX")

// A kind is how the value of a field lies on the wire.
type kind int

const (
	varint   kind = iota + 1
	fixed32       // four bytes
	bytes         // a length and as many bytes
	text          // the same, in UTF-8
	varints       // repeated, packed or not
	fixed32s      // repeated, packed or not
	fixed64s      // repeated, packed or not
)

// Wire types of protobuf.
const (
	wireVarint = 0
	wire64     = 1
	wireLength = 2
	wire32     = 5
)

// scalar is the wire type of one value of the kind.
func (k kind) scalar() int {
	switch k {
	case varint, varints:
		return wireVarint
	case fixed32, fixed32s:
		return wire32
	case fixed64s:
		return wire64
	}
	return wireLength
}

// A field is one field of a message.
type field struct {
	num  int
	v    uint64 // value of a varint, fixed32 or fixed64
	b    []byte // value of a length-delimited field
	all  []byte // the field with its tag
	wire int
}

// A message lists the fields that are read of one protobuf message. Others
// are skipped: newer versions of the format may add some.
type message map[int]kind

// each calls fn for the fields of b that m lists, in file order. A listed
// field with another wire type than its kind has is an error, so that fn need
// not look.
func (m message) each(b []byte, fn func(field) error) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		k, known := m[f.num]
		if !known {
			continue
		}
		// Writers pack repeated numbers or not, as they like.
		repeated := k == varints || k == fixed32s || k == fixed64s
		if f.wire != k.scalar() && !(repeated && f.wire == wireLength) {
			return errWire
		}
		if k == text && !utf8.Valid(f.b) {
			return errWire
		}
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// next splits the first field off b. Groups, which no version of ONNX has
// used, are an error.
func next(b []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
		return f, nil, errWire
	}
	// The length is compared before it is used: it may be anything up to 2^64.
	f.num, f.wire = int(tag>>3), int(tag&7)
	p := b[n:]
	if f.wire == wireLength {
		size, n := binary.Uvarint(p)
		if n <= 0 || size > uint64(len(p)-n) {
			return f, nil, errWire
		}
		f.b, rest = p[n:n+int(size)], p[n+int(size):]
	} else if f.v, rest, err = value(p, f.wire); err != nil {
		return f, nil, err
	}
	f.all = b[:len(b)-len(rest)]
	return f, rest, nil
}

// value splits one scalar off b.
func value(b []byte, wire int) (v uint64, rest []byte, err error) {
	switch {
	case wire == wireVarint:
		if v, n := binary.Uvarint(b); n > 0 {
			return v, b[n:], nil
		}
	case wire == wire32 && len(b) >= 4:
		return uint64(binary.LittleEndian.Uint32(b)), b[4:], nil
	case wire == wire64 && len(b) >= 8:
		return binary.LittleEndian.Uint64(b), b[8:], nil
	}
	return 0, nil, errWire
}

// values appends the numbers of a repeated field to dst, which grows by no more
// than eight times the bytes that hold them.
func (f field) values(dst []uint64, k kind) ([]uint64, error) {
	if f.wire != wireLength {
		return append(dst, f.v), nil
	}
	size := map[kind]int{varints: 1, fixed32s: 4, fixed64s: 8}[k] // least bytes of a number
	dst = slices.Grow(dst, len(f.b)/size)
	for b := f.b; len(b) > 0; {
		v, rest, err := value(b, k.scalar())
		if err != nil {
			return nil, err
		}
		dst, b = append(dst, v), rest
	}
	return dst, nil
}

// appendVarint appends a field that holds a varint.
func appendVarint(dst []byte, num int, v uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(num)<<3|wireVarint)
	return binary.AppendUvarint(dst, v)
}

// appendHead appends the tag and the length of a field of size bytes.
func appendHead(dst []byte, num, size int) []byte {
	dst = binary.AppendUvarint(dst, uint64(num)<<3|wireLength)
	return binary.AppendUvarint(dst, uint64(size))
}

// appendBytes appends a length-delimited field.
func appendBytes[T string | []byte](dst []byte, num int, b T) []byte {
	return append(appendHead(dst, num, len(b)), b...)
}
