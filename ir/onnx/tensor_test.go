package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

func listOf(num int, values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = appendVarint(b, num, uint64(v))
	}
	return b
}

func packed(num int, values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return appendBytes([]byte(nil), num, b)
}

func doubles(values ...float64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// TestElements decodes each element type from each place where it can be
// stored, as an initializer and as a Constant.
func TestElements(t *testing.T) {
	f32 := func(values ...float32) (b []byte) {
		for _, v := range values {
			b = appendFloat(b, tensorFloats, v)
		}
		return b
	}
	tests := []struct {
		code int
		elem ir.Elem
		how  string
		data []byte
		want string
	}{
		{1, ir.Float32, "raw", raw(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x80, 0x7f), "[1 -2 +Inf]"},
		{1, ir.Float32, "list", f32(0.5, -2, 3), "[0.5 -2 3]"},
		{2, ir.Uint8, "raw", raw(0, 127, 255), "[0 127 255]"},
		{2, ir.Uint8, "list", listOf(tensorInt32s, 0, 127, 255), "[0 127 255]"},
		{3, ir.Int8, "raw", raw(0, 127, 0x80), "[0 127 -128]"},
		{3, ir.Int8, "list", listOf(tensorInt32s, 0, 127, -128), "[0 127 -128]"},
		{3, ir.Int8, "packed list", packed(tensorInt32s, 0, 127, -128), "[0 127 -128]"},
		{4, ir.Uint16, "raw", raw(0, 0, 1, 0, 0xff, 0xff), "[0 1 65535]"},
		{4, ir.Uint16, "list", listOf(tensorInt32s, 0, 1, 65535), "[0 1 65535]"},
		{5, ir.Int16, "raw", raw(0, 0, 1, 0, 0, 0x80), "[0 1 -32768]"},
		{5, ir.Int16, "list", listOf(tensorInt32s, 0, 1, -32768), "[0 1 -32768]"},
		{6, ir.Int32, "raw", raw(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80), "[0 1 -2147483648]"},
		{6, ir.Int32, "list", listOf(tensorInt32s, 0, 1, -2147483648), "[0 1 -2147483648]"},
		{6, ir.Int32, "short negative", appendVarint(listOf(tensorInt32s, 0, 1), tensorInt32s, 0xffffffff), "[0 1 -1]"},
		{7, ir.Int64, "raw", raw(append(make([]byte, 16), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...), "[0 0 -1]"},
		{7, ir.Int64, "list", listOf(tensorInt64s, 1, -1, math.MaxInt64), "[1 -1 9223372036854775807]"},
		{9, ir.Bool, "raw", raw(0, 1, 1), "[0 1 1]"},
		{9, ir.Bool, "list", listOf(tensorInt32s, 1, 0, 1), "[1 0 1]"},
		{10, ir.Float16, "raw", raw(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00), "[1 -2 5.9604645e-08]"},
		{10, ir.Float16, "list", listOf(tensorInt32s, 0x7c00, 0xfbff, 0x3555), "[+Inf -65504 0.33325195]"},
		{11, ir.Float64, "raw", raw(doubles(1, -0.1, 1e300)...), "[1 -0.1 +Inf]"},
		{11, ir.Float64, "list", appendBytes([]byte(nil), tensorDoubles, doubles(1, -0.1, 3)), "[1 -0.1 3]"},
		{12, ir.Uint32, "raw", raw(0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), "[0 1 4294967295]"},
		{12, ir.Uint32, "list", listOf(tensorUint64s, 0, 1, 4294967295), "[0 1 4294967295]"},
		{13, ir.Uint64, "list", listOf(tensorUint64s, 0, 1, math.MaxInt64), "[0 1 9223372036854775807]"},
		{16, ir.BFloat16, "raw", raw(0x80, 0x3f, 0x00, 0xc0, 0x49, 0x40), "[1 -2 3.140625]"},
		{16, ir.BFloat16, "list", listOf(tensorInt32s, 0x3f80, 0xc000, 0x4049), "[1 -2 3.140625]"},
		{21, ir.Uint4, "raw", raw(0xf1, 0x08), "[1 15 8]"},
		{21, ir.Uint4, "list", listOf(tensorInt32s, 0xf1, 0x08), "[1 15 8]"},
		{22, ir.Int4, "raw", raw(0xf1, 0x08), "[1 -1 -8]"},
		{22, ir.Int4, "list", listOf(tensorInt32s, 0xf1, 0x08), "[1 -1 -8]"},
		{25, ir.Uint2, "raw", raw(0b111001), "[1 2 3]"},
		{25, ir.Uint2, "list", listOf(tensorInt32s, 0b111001), "[1 2 3]"},
		{26, ir.Int2, "raw", raw(0b111001), "[1 -2 -1]"},
		{26, ir.Int2, "list", listOf(tensorInt32s, 0b111001), "[1 -2 -1]"},
	}
	covered := map[ir.Elem]bool{}
	for _, test := range tests {
		covered[test.elem] = true
		t.Run(string(test.elem)+" "+test.how, func(t *testing.T) {
			tensor := stored("w", test.code, []int{3}, test.data)
			for place, define := range map[string][]byte{
				"initializer": initializer(tensor),
				"Constant":    call("w = Constant()", attr("value", tensor)),
			} {
				g, err := Read("m.onnx", file(13, define, call("y = Identity(w)"), output("y")), Options{})
				if err != nil {
					t.Fatalf("%s: %v", place, err)
				}
				w := g.Nodes[0].In[0]
				if got := literal(w.Const); got != test.want || w.Elem != test.elem || w.Const.Elem != test.elem {
					t.Errorf("%s: got %s %s, want %s", place, w.Elem, got, test.want)
				}
			}
		})
	}
	for _, e := range elemRows {
		if !covered[e.elem] {
			t.Errorf("%s is not tested", e.elem)
		}
	}
}

// TestHalves compares every half with its value by definition.
func TestHalves(t *testing.T) {
	for h := range 1 << 16 {
		exp, frac := h>>10&31, h&1023
		want := math.Ldexp(float64(1024+frac), exp-25)
		switch {
		case exp == 0:
			want = math.Ldexp(float64(frac), -24)
		case exp == 31 && frac == 0:
			want = math.Inf(1)
		case exp == 31:
			want = math.NaN()
		}
		if h>>15 == 1 {
			want = -want
		}
		got := math.Float32frombits(float16(uint16(h)))
		if !(float64(got) == want || math.IsNaN(want) && got != got) || math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("half %#04x is %v, want %v", h, got, want)
		}
	}
}

func TestExternal(t *testing.T) {
	data := []byte{9, 9, 9, 9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}
	entry := func(key, value string) []byte {
		return appendBytes([]byte(nil), tensorExternal, appendBytes(appendBytes([]byte(nil), entryKey, key), entryValue, value))
	}
	build := func(more ...[]byte) []byte {
		more = append(more, appendVarint(nil, tensorLocation, 1))
		return file(13, input("x", 2), initializer(stored("w", 1, []int{2}, more...)), call("y = Add(x, w)"), output("y"))
	}
	have := func(location string, offset, length int64) ([]byte, error) {
		if location != "w.bin" {
			return nil, errors.New("is lost")
		}
		return data[offset:min(offset+length, int64(len(data)))], nil
	}
	tests := []struct {
		name     string
		file     []byte
		external external
		want     string
	}{
		{"an offset", build(entry("location", "w.bin"), entry("offset", "4"), entry("length", "8")), have, "[1 2]"},
		{"no length", build(entry("location", "w.bin"), entry("offset", "4")), have, "[1 2]"},
		{"another length", build(entry("location", "w.bin"), entry("length", "4")), have, `tensor "w" has 8 bytes by its shape, but "4" in "w.bin"`},
		{"a negative offset", build(entry("location", "w.bin"), entry("offset", "-4")), have, `tensor "w" has the bad external offset "-4"`},
		{"a short file", build(entry("location", "w.bin"), entry("offset", "8")), have, `tensor "w" has 8 bytes by its shape, but 4 could be read from "w.bin"`},
		{"a missing file", build(entry("location", "v.bin")), have, `tensor "w" is lost`},
		{"no reader", build(entry("location", "w.bin")), nil, `tensor "w" is stored in "w.bin" beside the model, which cannot be read here`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := Read("m.onnx", test.file, Options{External: test.external})
			got := strings.TrimPrefix(fmt.Sprint(err), "m.onnx: onnx: ")
			if err == nil {
				got = literal(g.Nodes[0].In[1].Const)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
