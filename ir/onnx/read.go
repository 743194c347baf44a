package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// Options pins what the file leaves open.
type Options struct {
	// Dims gives symbolic dimensions of the inputs a size, by name; one without
	// a name is called INPUT.AXIS. The first dimension of an input is 1 when it
	// is not given. Any other has to be.
	Dims map[string]int
	// Output names the tensor that the network ends at; what only others need is
	// left out. "": at the file's outputs.
	Output string
	// External reads length bytes at offset of a file that holds tensors of the
	// model. A model that needs it is refused when it is nil.
	External func(location string, offset, length int64) ([]byte, error)
}

// Read decodes an ONNX file; b is not kept. The nodes of the graph are sorted, all of them
// reach an output, and have the inputs and attributes of the newest operator
// set; Constant nodes and initializers are constant values. name is the file's
// name: errors start with it, and the graph has it without ".onnx".
//
// A node that is not supported makes Read fail with an error that lists all
// such nodes.
func Read(name string, b []byte, o Options) (*ir.Graph, error) {
	g, err := read(name, b, o)
	if err != nil {
		return nil, &ir.Error{Pass: "onnx", Place: name, Err: err}
	}
	return g, nil
}

// read is the sequence of steps. Before decode they work on the sidecar, which
// holds no decoded weights, so that a model is refused at little cost.
func read(name string, b []byte, o Options) (*ir.Graph, error) {
	m, err := parseModel(b)
	if err != nil {
		return nil, err
	}
	g := m.graph
	if g.sparse > 0 {
		return nil, errors.New("sparse initializers are not supported, store them dense")
	}
	if err := g.inline(); err != nil {
		return nil, fmt.Errorf("%w, export the model again", err)
	}
	if o.Output != "" {
		if err := g.endAt(o.Output); err != nil {
			return nil, err
		}
	}
	if err := g.prune(); err != nil {
		return nil, fmt.Errorf("%w, export the model again", err)
	}
	// The two checks see live nodes only: a dead one harms nobody.
	if err := m.versions(); err != nil {
		return nil, err
	}
	if err := m.refuse(); err != nil {
		return nil, err
	}
	sizes, err := g.sizes(o.Dims)
	if err != nil {
		return nil, err
	}
	if len(g.nodes) == 0 {
		return nil, errors.New("no output is computed by a node, there is nothing to compile")
	}
	// From here on the nodes keep their order, by which the readers are joined.
	normal, err := g.normal(o.External)
	if err != nil {
		return nil, err
	}
	c, err := decode(normal)
	if err != nil {
		return nil, err
	}
	if err := c.agree(g); err != nil {
		return nil, err
	}
	return build(strings.TrimSuffix(name, ".onnx"), m, c, sizes)
}

// ReadFile reads an ONNX file, and tensors that are stored in other files of
// its folder or below.
func ReadFile(path string, o Options) (*ir.Graph, error) {
	name := filepath.Base(path)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &ir.Error{Pass: "onnx", Place: name, Err: err}
	}
	o.External = beside(path)
	return Read(name, b, o)
}
