package modeltext

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Field numbers of onnx.proto.
const (
	modelIRVersion  = 1
	modelGraph      = 7
	modelOpset      = 8
	opsetDomain     = 1
	opsetVersion    = 2
	graphNode       = 1
	graphInit       = 5
	graphInput      = 11
	graphOutput     = 12
	nodeInput       = 1
	nodeOutput      = 2
	nodeName        = 3
	nodeOp          = 4
	nodeAttr        = 5
	nodeDomain      = 7
	attrName        = 1
	attrFloat       = 2
	attrInt         = 3
	attrString      = 4
	attrFloats      = 7
	attrInts        = 8
	attrType        = 20
	tensorDims      = 1
	tensorType      = 2
	tensorName      = 8
	tensorRaw       = 9
	valueName       = 1
	valueType       = 2
	typeTensor      = 1
	tensorTypeElem  = 1
	tensorTypeShape = 2
	shapeDim        = 1
	dimValue        = 1
	dimParam        = 2
)

// Values of AttributeProto.AttributeType.
const (
	typeFloat  = 1
	typeInt    = 2
	typeString = 3
	typeFloats = 6
	typeInts   = 7
)

// A message is an encoded protobuf message.
type message []byte

func (m *message) number(num int, v uint64) {
	*m = binary.AppendUvarint(*m, uint64(num)<<3)
	*m = binary.AppendUvarint(*m, v)
}

func (m *message) float(num int, v float32) {
	*m = binary.AppendUvarint(*m, uint64(num)<<3|5)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

func (m *message) bytes(num int, b []byte) {
	*m = binary.AppendUvarint(*m, uint64(num)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) text(num int, s string) { m.bytes(num, []byte(s)) }

// message appends what fill makes as a field.
func (m *message) message(num int, fill func(*message)) {
	var inner message
	fill(&inner)
	m.bytes(num, inner)
}

// An elem is an element type: its name, TensorProto.DataType and bytes.
type elem struct {
	name       string
	code, size int
}

var elems = []elem{
	{"float", 1, 4}, {"uint8", 2, 1}, {"int8", 3, 1}, {"int32", 6, 4}, {"int64", 7, 8}, {"bool", 9, 1}, {"double", 11, 8},
}

// typed splits "float[N,3]".
func typed(s string) (e elem, dims []string, err error) {
	name, shape, ok := strings.Cut(strings.TrimSuffix(s, "]"), "[")
	for _, e := range elems {
		if ok && e.name == name {
			if shape != "" {
				dims = strings.Split(shape, ",")
			}
			return e, dims, nil
		}
	}
	return e, nil, fmt.Errorf("%q is no type such as float[1,3]", s)
}

// draws are the distributions of random elements, of amplitude one. A normal one is
// the sum of twelve uniform ones, which has a variance of one: integers, so that
// all hosts draw the same, and no tail that one weight could take a scale with.
var draws = map[string]func(*rand.Rand) float64{
	"random": func(r *rand.Rand) float64 { return 2*r.Float64() - 1 },
	"normal": func(r *rand.Rand) float64 {
		sum := uint64(0)
		for range 3 {
			for u := r.Uint64(); u > 0; u >>= 16 {
				sum += u & 0xffff
			}
		}
		return (float64(sum) - 6*0xffff) / (1 << 16)
	},
}

// elements returns the little-endian elements of a tensor.
func (e elem) elements(dims, words []string) ([]byte, error) {
	n := 1
	for _, d := range dims {
		v, err := strconv.Atoi(d)
		if err != nil {
			return nil, err
		}
		n *= v
	}
	if draw := draws[words[0]]; draw != nil && len(words) == 3 {
		seed, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			return nil, err
		}
		amplitude, err := strconv.ParseFloat(words[2], 64)
		if err != nil {
			return nil, err
		}
		r := rand.New(rand.NewPCG(seed, 0))
		b := make([]byte, 0, n*e.size)
		for range n {
			b = e.append(b, float64(draw(r)*amplitude))
		}
		return b, nil
	}
	var b []byte
	if len(words) > 1 { // as many as there are: a test may want too few
		n = len(words)
	}
	for i := range n {
		v, err := strconv.ParseFloat(words[i%len(words)], 64)
		if err != nil {
			return nil, err
		}
		b = e.append(b, v)
	}
	return b, nil
}

func (e elem) append(b []byte, v float64) []byte {
	switch {
	case e.name == "float":
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	case e.name == "double":
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case e.size == 8:
		return binary.LittleEndian.AppendUint64(b, uint64(int64(v)))
	case e.size == 4:
		return binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	return append(b, byte(int64(v)))
}
