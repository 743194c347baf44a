package ir

import "slices"

// An Elem is the element type of a tensor as its file states it.
type Elem string

// Element types of ONNX. Real types are held as float32, all others as int64.
const (
	Float32  Elem = "float32"
	Float64  Elem = "float64"
	Float16  Elem = "float16"
	BFloat16 Elem = "bfloat16"
	Int2     Elem = "int2"
	Uint2    Elem = "uint2"
	Int4     Elem = "int4"
	Uint4    Elem = "uint4"
	Int8     Elem = "int8"
	Uint8    Elem = "uint8"
	Int16    Elem = "int16"
	Uint16   Elem = "uint16"
	Int32    Elem = "int32"
	Uint32   Elem = "uint32"
	Int64    Elem = "int64"
	Uint64   Elem = "uint64"
	Bool     Elem = "bool"
)

// IsReal reports whether elements of type e are held in Tensor.Real.
func (e Elem) IsReal() bool {
	return e == Float32 || e == Float64 || e == Float16 || e == BFloat16
}

// A Tensor is a dense row-major array. A scalar has an empty Shape. Real types
// fill Real (a float64 is rounded to float32), integer types and bool fill Int;
// the other slice is nil.
type Tensor struct {
	Elem  Elem
	Shape []int
	Real  []float32
	Int   []int64
}

// NewTensor returns a zero tensor of the given type and shape.
func NewTensor(e Elem, shape []int) *Tensor {
	t := &Tensor{Elem: e, Shape: slices.Clone(shape)}
	if e.IsReal() {
		t.Real = make([]float32, NumElements(shape))
	} else {
		t.Int = make([]int64, NumElements(shape))
	}
	return t
}

// Len returns the number of elements.
func (t *Tensor) Len() int { return NumElements(t.Shape) }

// NumElements returns the product of the dimensions, 1 for a scalar.
func NumElements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// A Value is a tensor that flows between nodes: an input of the graph, the
// output of one node, or a constant.
type Value struct {
	Name  string
	Elem  Elem
	Shape []int   // nil until it is known; every dimension is >= 0 then
	Const *Tensor // non-nil for a constant
	// Range is the interval of reals that calibration, or a closed form such as
	// Relu6, gives the value. Set by the ranges pass.
	Range [2]float64
	// Format says which real an integer stands for. Set by the formats pass.
	Format *Format
	// Own: the Format is the network's own. The float reference rounds to it, as the
	// network was trained to be.
	Own bool
}

// A Node applies one operator. An optional input that is absent is nil.
type Node struct {
	Name  string // the node's name in the file, else its first output's
	Op    Op
	In    []*Value
	Out   []*Value
	Attrs Attrs
	// Sum is what the formats, weights and bounds passes decide for a node that
	// sums products; nil before, and for other nodes.
	Sum *Sum
	// Table maps each of the 256 int8 inputs, by its bits, to an output: what
	// the weights pass makes of an operator of one variable.
	Table []int8
}

// Attrs is the union of the attributes of all operators; each operator's row
// in ops.go names those that it reads. Unused fields are zero.
type Attrs struct {
	Kernel    []int  // Conv, ConvTranspose, pools: window size by spatial axis; DepthToSpace, SpaceToDepth: of a block
	Strides   []int  // one a spatial axis, never nil on Conv and windowed pools
	Dilations []int  // the same
	Pads      []int  // all begins, then all ends; resolved by shapes when AutoPad is set
	AutoPad   string // "", "SAME_UPPER", "SAME_LOWER", "VALID"; "" after shapes
	Group     int    // Conv, ConvTranspose
	OutPads   []int  // ConvTranspose: elements to add at the end of each axis
	OutShape  []int  // ConvTranspose: the size that decides Pads; nil after shapes

	CeilMode        bool // pools
	CountIncludePad bool // AveragePool

	Axis          int   // Concat, Softmax, Flatten, Gather, Split, QuantizeLinear
	FlattenToAxis bool  // Softmax before opset 13: the input is seen as 2-D, split at Axis
	Perm          []int // Transpose
	KeepDims      bool  // ReduceMean
	NoopEmptyAxes bool  // ReduceMean
	AllowZero     bool  // Reshape
	Start, End    int   // Shape: slice of the dimensions; End is MaxInt when absent

	TransA, TransB bool    // Gemm
	Alpha, Beta    float32 // Gemm, LeakyRelu, HardSigmoid, Elu, Selu, LRN; Beta is Selu's gamma
	Bias           float32 // LRN
	Size           int     // LRN
	Epsilon        float32 // BatchNormalization
	Mode           string  // Pad: constant, reflect, edge, wrap; Quant: ROUND, FLOOR, CEIL, ROUND_TO_ZERO; DepthToSpace: DCR, CRD; Resize: how a place is rounded, or linear
	Places         string  // Resize: where an element of the output lies in the input
	Axes           []int   // Resize: the axes that its sizes are of; nil: all
	Signed, Narrow bool    // Quant
	To             Elem    // Cast
	// Clamp limits the result of any operator: a Relu or Clip that legalize
	// fused into it. nil: no limits.
	Clamp *[2]float32
	Value *Tensor // Constant, ConstantOfShape
	Body  *Graph  // Function: what it computes, of one input
}

// A Graph is a network: nodes in topological order, every Value defined by an
// input, a constant or exactly one earlier node.
type Graph struct {
	Name  string
	Opset int
	Nodes []*Node
	In    []*Value
	Out   []*Value
}

// Producers maps each value to the node that defines it.
func (g *Graph) Producers() map[*Value]*Node {
	m := make(map[*Value]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, v := range n.Out {
			if v != nil {
				m[v] = n
			}
		}
	}
	return m
}

// Consumers maps each value to the nodes that read it, in graph order; a node
// that reads a value twice is listed twice.
func (g *Graph) Consumers() map[*Value][]*Node {
	m := make(map[*Value][]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, v := range n.In {
			if v != nil {
				m[v] = append(m[v], n)
			}
		}
	}
	return m
}

// An Error says where a pass failed: the pass, the node or value, and what.
type Error struct {
	Pass  string
	Place string
	Err   error
}

func (e *Error) Error() string { return e.Place + ": " + e.Pass + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
