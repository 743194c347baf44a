package onnx

import "errors"

// An attribute is an AttributeProto. Its values stay encoded, for onnx-go;
// only what the steps before it have to know is decoded.
type attribute struct {
	name    string
	typ     int
	i       int64   // value of type INT
	text    []byte  // value of type STRING
	tensor  *tensor // value of type TENSOR
	graph   []byte  // value of type GRAPH
	encoded []byte  // the fields of values of the other types
}

// untyped maps the field that holds a value to its type, for files of IR
// version 1, whose attributes have none.
var untyped = map[int]int{
	attrFloat: typeFloat, attrInt: typeInt, attrString: typeString, attrTensor: typeTensors, attrGraph: typeGraph,
	attrFloats: typeFloats, attrInts: typeInts, attrStrings: typeStrings,
}

// parseAttribute decodes an AttributeProto. A value that is the zero of its
// type may be left out, so a typed attribute need not have a field.
func parseAttribute(b []byte) (*attribute, error) {
	a := &attribute{}
	guess := 0
	err := attrMessage.each(b, func(f field) (err error) {
		if t, ok := untyped[f.num]; ok {
			guess = t
		}
		switch f.num {
		case attrName:
			a.name = string(f.b)
		case attrType:
			a.typ = int(int32(f.v))
		case attrRef:
			return errors.New("refers to the attribute of a function, which is not supported")
		case attrTensor:
			a.tensor, err = parseTensor(f.b)
		case attrGraph:
			a.graph = f.b
		default:
			switch f.num {
			case attrInt:
				a.i = int64(f.v)
			case attrString:
				a.text = f.b
			}
			a.encoded = append(a.encoded, f.all...)
		}
		return err
	})
	if a.typ == 0 {
		a.typ = guess
	}
	return a, err
}

// decodable reports whether onnx-go can be given the attribute.
func (a *attribute) decodable() bool {
	switch a.typ {
	case typeTensors:
		return a.tensor != nil
	case typeFloat, typeInt, typeString, typeFloats, typeInts, typeStrings:
		return true
	}
	return false
}

// appendNormal appends a decodable attribute in normal form.
func (a *attribute) appendNormal(dst []byte, read external) ([]byte, error) {
	dst = appendBytes(dst, attrName, a.name)
	dst = appendVarint(dst, attrType, uint64(a.typ))
	if a.typ != typeTensors {
		return append(dst, a.encoded...), nil
	}
	t, err := a.tensor.appendNormal(nil, read)
	if err != nil {
		return nil, err
	}
	return appendBytes(dst, attrTensor, t), nil
}
