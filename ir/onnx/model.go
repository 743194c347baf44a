package onnx

import (
	"errors"
	"fmt"
)

// A model is what the file says of itself and of its graph: the sidecar to
// what onnx-go decodes.
type model struct {
	irVersion int64
	opsets    map[string]int64 // by domain; the default domain is ""
	graph     *graph
}

// A graph is a GraphProto. refuse, inline and order rewrite its nodes before
// the rest is decoded.
type graph struct {
	nodes   []*node
	inits   []*tensor
	inputs  []*valueInfo
	outputs []*valueInfo
	sparse  int // number of sparse initializers
}

// A node is a NodeProto.
type node struct {
	name, domain, op string
	in, out          []string // "" is absent
	attrs            []*attribute
}

// title names the node in messages.
func (n *node) title() string {
	if n.name != "" {
		return n.name
	}
	for _, out := range n.out {
		if out != "" {
			return out
		}
	}
	return n.op
}

// attr returns the attribute of that name, nil when there is none.
func (n *node) attr(name string) *attribute {
	for _, a := range n.attrs {
		if a.name == name {
			return a
		}
	}
	return nil
}

// integer returns the value of an attribute of type INT, 0 when it is absent.
func (n *node) integer(name string) int64 {
	if a := n.attr(name); a != nil {
		return a.i
	}
	return 0
}

// input returns the name of input i, "" when it is absent.
func (n *node) input(i int) string {
	if i < len(n.in) {
		return n.in[i]
	}
	return ""
}

// A valueInfo is the declared type of an input or output of the graph.
type valueInfo struct {
	name     string
	isTensor bool // not a sequence, map or optional
	code     int  // TensorProto.DataType
	shaped   bool
	dims     []dim
}

// A dim is one declared dimension: a size, a symbol, or neither.
type dim struct {
	known  bool
	size   int64
	symbol string
}

// parseModel decodes a whole file into the sidecar. Raw weights stay
// where they are, in b.
func parseModel(b []byte) (*model, error) {
	m := &model{opsets: map[string]int64{}}
	err := modelMessage.each(b, func(f field) (err error) {
		switch f.num {
		case modelIRVersion:
			m.irVersion = int64(f.v)
		case modelGraph:
			if m.graph != nil {
				return errors.New("the file holds two graphs")
			}
			m.graph, err = parseGraph(f.b)
		case modelOpsetImport:
			var domain string
			var version int64
			err = opsetMessage.each(f.b, func(f field) error {
				switch f.num {
				case opsetDomain:
					domain = string(f.b)
				case opsetVersion:
					version = int64(f.v)
				}
				return nil
			})
			m.opsets[canonicalDomain(domain)] = version
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if m.graph == nil {
		return nil, errors.New("the file holds no graph, is it ONNX?")
	}
	return m, nil
}

// canonicalDomain maps the two names of ONNX's own domain to one.
func canonicalDomain(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

// parseGraph decodes a GraphProto: the model's, or the branch of an If. The
// declared types of inner values are not read: the shapes pass finds them.
func parseGraph(b []byte) (*graph, error) {
	g := &graph{}
	err := graphMessage.each(b, func(f field) error {
		switch f.num {
		case graphNode:
			n, err := parseNode(f.b)
			if err != nil {
				return fmt.Errorf("node %d: %w", len(g.nodes), err)
			}
			g.nodes = append(g.nodes, n)
		case graphInit:
			t, err := parseTensor(f.b)
			if err != nil {
				return fmt.Errorf("initializer %d: %w", len(g.inits), err)
			}
			g.inits = append(g.inits, t)
		case graphInput, graphOutput:
			v, err := parseValueInfo(f.b)
			if err != nil {
				return err
			}
			if f.num == graphInput {
				g.inputs = append(g.inputs, v)
			} else {
				g.outputs = append(g.outputs, v)
			}
		case graphSparse:
			g.sparse++
		}
		return nil
	})
	return g, err
}

// maxAttributes is far above what any operator has, and keeps the search for
// an attribute short.
const maxAttributes = 64

// parseNode decodes a NodeProto. Of two attributes with one name onnx-go would
// take the last in silence.
func parseNode(b []byte) (*node, error) {
	n := &node{}
	err := nodeMessage.each(b, func(f field) error {
		switch f.num {
		case nodeInput:
			n.in = append(n.in, string(f.b))
		case nodeOutput:
			n.out = append(n.out, string(f.b))
		case nodeName:
			n.name = string(f.b)
		case nodeOp:
			n.op = string(f.b)
		case nodeDomain:
			n.domain = canonicalDomain(string(f.b))
		case nodeAttr:
			a, err := parseAttribute(f.b)
			if err != nil {
				return fmt.Errorf("attribute %d: %w", len(n.attrs), err)
			}
			if n.attr(a.name) != nil {
				return fmt.Errorf("attribute %q appears twice", a.name)
			}
			if len(n.attrs) == maxAttributes {
				return fmt.Errorf("it has more than %d attributes", maxAttributes)
			}
			n.attrs = append(n.attrs, a)
		}
		return nil
	})
	return n, err
}

// parseValueInfo decodes a ValueInfoProto, which may have no type at all.
func parseValueInfo(b []byte) (*valueInfo, error) {
	v := &valueInfo{}
	err := valueMessage.each(b, func(f field) error {
		switch f.num {
		case valueName:
			v.name = string(f.b)
		case valueType:
			return typeMessage.each(f.b, func(f field) error {
				v.isTensor = true
				return v.parseTensorType(f.b)
			})
		}
		return nil
	})
	return v, err
}

// parseTensorType decodes a TypeProto.Tensor. One without a shape says nothing
// of the rank; one with an empty shape is a scalar.
func (v *valueInfo) parseTensorType(b []byte) error {
	return tensorTypeMsg.each(b, func(f field) error {
		switch f.num {
		case tensorTypeElem:
			v.code = int(int32(f.v))
		case tensorTypeShape:
			v.shaped = true
			return shapeMessage.each(f.b, func(f field) error {
				d, err := parseDim(f.b)
				v.dims = append(v.dims, d)
				return err
			})
		}
		return nil
	})
}

// parseDim decodes a TensorShapeProto.Dimension.
func parseDim(b []byte) (d dim, err error) {
	err = dimMessage.each(b, func(f field) error {
		switch f.num {
		case dimValue:
			d = dim{known: int64(f.v) >= 0, size: int64(f.v)} // -1 is some exporters' unknown
		case dimParam:
			d = dim{symbol: string(f.b)}
		}
		return nil
	})
	return d, err
}
