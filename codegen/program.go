package codegen

import (
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// A Program is a network as a straight list of calls. It owns no memory but
// the arena that its caller hands it.
type Program struct {
	Name     string // a C identifier
	Target   *Target
	Accum    ir.Accum
	Scheme   string // fixed or pow2
	Rung     string
	In       Port
	Out      Port
	Bufs     []*Buf
	Calls    []*Call
	Arena    int // bytes: Work and Kept
	Work     int // bytes; the peak over all calls
	Live     int // lower bound on Work: the largest set of buffers live at one call
	Kept     int // bytes behind Work that are made once for an arena: transformed weights
	Words    int // Go: 64-bit words of scratch for packed weights
	MaxTable int // Options.MaxTable, not zero
}

// A Port describes the tensor that the caller hands in or gets back:
// Shape is the network's, H x W x C the order in memory.
type Port struct {
	Name    string
	Shape   []int
	H, W, C int
	Format  ir.Format
}

// Len returns the number of elements.
func (p *Port) Len() int { return p.H * p.W * p.C }

// A Place is where a buffer lives.
type Place int

// Places.
const (
	InArena Place = iota
	Input
	Output
	Kept // at the end of the arena, from one run to the next
)

// A Buf is one block of memory, of Size int8 elements.
type Buf struct {
	Name        string
	Place       Place
	Size, Off   int
	First, Last int // calls between which it is live
	// Over is the buffer that this one is written over, in place: both are one
	// block of memory, but the levels of the one end where the other begins.
	Over *Buf
	best int // offset in the best placing so far
}

// A Ref is a position in a buffer.
type Ref struct {
	Buf *Buf
	At  int
}

// A Call applies one kernel. Geometry is a pointer to a struct of package
// kern, the same one that the kernel takes.
type Call struct {
	Name     string // of the layer: an identifier, unique
	Layer    string // its name in the network
	Kernel   string
	Src      []Ref
	Dst      Ref
	Geometry any
	Weights  *Weights
	Requant  *kern.Requant
	Narrow   int    // how few bits the layer may be requantized in: see narrowOf
	Scratch  *Buf   // what the kernel works in; nil: nothing
	Prepared *Buf   // its transformed weights; nil: it reads Weights
	Table    string // Lookup: 256 entries
	Sum      *ir.Sum
	Levels   ir.Bound // of the input, for a call that sums products
	Tops     []int64  // the greatest levels of the input's channels, when they have their own
	Pixel    int      // elements from one pixel of the input to the next, for such a call
	MACs     int
	Segment  ir.Bound // the widest sum of a lane between two flushes, of any part of its products; zero: sums are whole
	// Predicted is what the cost model says the kernel executes, in instructions; 0
	// for calls that sum no products, of which it knows nothing.
	Predicted int
	// Candidates are the kernels that were considered, the cheapest first.
	Candidates []Candidate
}

// Inputs prints the levels of the input of a call that sums products.
func (c *Call) Inputs() string {
	if c.Tops == nil {
		return c.Levels.String()
	}
	return fmt.Sprintf("%s, whose channels end at %d to %d", c.Levels, slices.Min(c.Tops), slices.Max(c.Tops))
}

// Channels is how many channels of the input one group of a call that sums products
// reads.
func (c *Call) Channels() int {
	switch g := c.Geometry.(type) {
	case *RingConv:
		return g.Cin
	case *kern.Conv:
		return g.XGroup
	}
	return 1
}

// Weights are a layer's integers in the order its kernel reads them.
type Weights struct {
	Packing  Packing
	Channels int
	K        int // as packed: padding included
	Data     []int8
}
