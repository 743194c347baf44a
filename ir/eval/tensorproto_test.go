package eval_test

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
)

// Fields of a TensorProto. ir/onnx has its own reader, which belongs to models;
// this one shares no code with it, so that both have to be wrong to agree.
const (
	fieldDims, fieldType, fieldFloats, fieldInt32s = 1, 2, 4, 5
	fieldInt64s, fieldRaw, fieldDoubles, fieldU64s = 7, 9, 10, 11
)

// protoElems are the types of TensorProto.DataType that test data holds, with
// their bytes in raw data.
var protoElems = map[uint64]struct {
	elem ir.Elem
	size int
}{
	1: {ir.Float32, 4}, 2: {ir.Uint8, 1}, 3: {ir.Int8, 1}, 4: {ir.Uint16, 2}, 5: {ir.Int16, 2}, 6: {ir.Int32, 4},
	7: {ir.Int64, 8}, 9: {ir.Bool, 1}, 10: {ir.Float16, 2}, 11: {ir.Float64, 8}, 12: {ir.Uint32, 4}, 13: {ir.Uint64, 8},
	16: {ir.BFloat16, 2},
}

// parseTensorProto reads the tensor of an input_N.pb or output_N.pb.
func parseTensorProto(b []byte) (t *ir.Tensor, err error) {
	shape, words := []int{}, []uint64(nil)
	var code uint64
	var raw []byte
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, fmt.Errorf("bad tag")
		}
		b = b[n:]
		field, packed := tag>>3, []byte(nil)
		var v uint64
		switch tag & 7 {
		case 0:
			v, n = binary.Uvarint(b)
			b = b[max(n, 0):]
		case 1:
			v, n = binary.LittleEndian.Uint64(b), 8
			b = b[n:]
		case 2:
			v, n = binary.Uvarint(b)
			packed, b = b[n:n+int(v)], b[n+int(v):]
		case 5:
			v, n = uint64(binary.LittleEndian.Uint32(b)), 4
			b = b[n:]
		}
		if n <= 0 {
			return nil, fmt.Errorf("field %d is malformed", field)
		}
		list := []uint64{v}
		if packed != nil && field != fieldRaw {
			list = unpack(packed, field)
		}
		switch field {
		case fieldDims:
			for _, d := range list {
				shape = append(shape, int(d))
			}
		case fieldType:
			code = v
		case fieldRaw:
			raw = packed
		case fieldFloats, fieldInt32s, fieldInt64s, fieldDoubles, fieldU64s:
			words = append(words, list...)
		}
	}
	e, ok := protoElems[code]
	if !ok {
		return nil, fmt.Errorf("tensors of type %d are not read", code)
	}
	for i := 0; i+e.size <= len(raw); i += e.size {
		var word [8]byte
		copy(word[:], raw[i:i+e.size])
		words = append(words, binary.LittleEndian.Uint64(word[:]))
	}
	t = ir.NewTensor(e.elem, shape)
	if len(words) != t.Len() {
		return nil, fmt.Errorf("%d elements for shape %v", len(words), shape)
	}
	for i, w := range words {
		if t.Real != nil {
			t.Real[i] = realOf(e.elem, w)
		} else {
			t.Int[i] = wholeOf(e.elem, w)
		}
	}
	return t, nil
}

// unpack splits a packed field into its numbers.
func unpack(b []byte, field uint64) (list []uint64) {
	for len(b) > 0 {
		v, n := uint64(0), 0
		switch field {
		case fieldFloats:
			v, n = uint64(binary.LittleEndian.Uint32(b)), 4
		case fieldDoubles:
			v, n = binary.LittleEndian.Uint64(b), 8
		case fieldDims, fieldInt32s, fieldInt64s, fieldU64s:
			v, n = binary.Uvarint(b)
		default:
			return nil
		}
		list, b = append(list, v), b[n:]
	}
	return list
}

func realOf(e ir.Elem, w uint64) float32 {
	switch e {
	case ir.Float64:
		return float32(math.Float64frombits(w))
	case ir.BFloat16:
		return math.Float32frombits(uint32(w) << 16)
	case ir.Float16:
		return halfOf(uint16(w))
	}
	return math.Float32frombits(uint32(w))
}

// halfOf follows the definition: sign * 2^exponent * 1.fraction.
func halfOf(h uint16) float32 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(1+fraction/1024, exponent-15)
	switch {
	case exponent == 31 && fraction != 0:
		return float32(math.NaN())
	case exponent == 31:
		v = math.Inf(1)
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	}
	if h>>15 == 1 {
		v = -v
	}
	return float32(v)
}

func wholeOf(e ir.Elem, w uint64) int64 {
	switch e {
	case ir.Int8:
		return int64(int8(w))
	case ir.Int16:
		return int64(int16(w))
	case ir.Int32:
		return int64(int32(w))
	}
	return int64(w)
}
