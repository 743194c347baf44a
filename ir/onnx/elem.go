package onnx

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
)

// The element types of the normal form, by their TensorProto.DataType: all
// that onnx-go decodes faithfully.
const (
	asFloat  = 1
	asInt32  = 6
	asInt64  = 7
	asDouble = 11
)

// An elemRow is one element type: how the file stores it, and what it becomes
// in the normal form.
type elemRow struct {
	code   int // TensorProto.DataType
	elem   ir.Elem
	bits   int // of one element in raw data; below 8 they are packed, first element lowest
	signed bool
	list   int // the typed field that may hold the elements instead
	normal int
}

var elemRows = []elemRow{
	{1, ir.Float32, 32, false, tensorFloats, asFloat},
	{2, ir.Uint8, 8, false, tensorInt32s, asInt32},
	{3, ir.Int8, 8, true, tensorInt32s, asInt32},
	{4, ir.Uint16, 16, false, tensorInt32s, asInt32},
	{5, ir.Int16, 16, true, tensorInt32s, asInt32},
	{6, ir.Int32, 32, true, tensorInt32s, asInt32},
	{7, ir.Int64, 64, true, tensorInt64s, asInt64},
	{9, ir.Bool, 8, false, tensorInt32s, asInt32},
	{10, ir.Float16, 16, false, tensorInt32s, asFloat},
	{11, ir.Float64, 64, false, tensorDoubles, asDouble},
	{12, ir.Uint32, 32, false, tensorUint64s, asInt64},
	{13, ir.Uint64, 64, false, tensorUint64s, asInt64},
	{16, ir.BFloat16, 16, false, tensorInt32s, asFloat},
	{21, ir.Uint4, 4, false, tensorInt32s, asInt32},
	{22, ir.Int4, 4, true, tensorInt32s, asInt32},
	{25, ir.Uint2, 2, false, tensorInt32s, asInt32},
	{26, ir.Int2, 2, true, tensorInt32s, asInt32},
}

// refusedElems names the element types that have no row, for messages.
var refusedElems = map[int]string{
	8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
	19: "float8e5m2", 20: "float8e5m2fnuz", 23: "float4e2m1", 24: "float8e8m0",
}

// elemOf returns the row of a TensorProto.DataType.
func elemOf(code int) (*elemRow, error) {
	for i := range elemRows {
		if elemRows[i].code == code {
			return &elemRows[i], nil
		}
	}
	if name, ok := refusedElems[code]; ok {
		return nil, fmt.Errorf("element type %s, which is not supported", name)
	}
	return nil, fmt.Errorf("unknown element type %d", code)
}

// holds reports whether a typed field may hold v for an element of type e.
func (e *elemRow) holds(v uint64) bool {
	if e.list == tensorInt32s {
		v = uint64(int32(v)) // some writers do not extend the sign to 64 bits
	}
	unused := 64 - e.bits
	if e.signed {
		return int64(v<<unused)>>unused == int64(v)
	}
	return v<<unused>>unused == v
}

// convert returns the element that the low e.bits of v hold as the bits of
// the normal form's element. It fails for an integer that does not fit it.
func (e *elemRow) convert(v uint64) (uint64, error) {
	switch e.elem {
	case ir.Float32, ir.Float64:
		return v, nil
	case ir.BFloat16:
		return v & 0xffff << 16, nil
	case ir.Float16:
		return uint64(float16(uint16(v))), nil
	case ir.Bool:
		return min(v, 1), nil
	case ir.Uint64:
		if v > math.MaxInt64 {
			return 0, fmt.Errorf("%d does not fit 63 bits", v)
		}
	}
	unused := 64 - e.bits
	if e.signed {
		return uint64(int64(v<<unused) >> unused), nil
	}
	return v << unused >> unused, nil
}

// float16 returns the float32 bits of an IEEE half.
func float16(h uint16) uint32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 31: // infinity, NaN
		return sign | 0xff<<23 | frac<<13
	case 0: // zero, subnormal
		return sign | math.Float32bits(float32(frac)*0x1p-24)
	}
	return sign | (exp+127-15)<<23 | frac<<13
}
