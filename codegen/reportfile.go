package codegen

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// A Report is what report.json holds: sizes and what was chosen for each call.
// The certificate has the proof of the same layers, in the same order.
type Report struct {
	Network string         `json:"network"`
	Target  string         `json:"target"`
	Unit    string         `json:"cost_unit"` // of candidates
	Acc     string         `json:"accumulator"`
	Rung    string         `json:"rung"`
	Scales  string         `json:"scales"`
	Arena   int            `json:"arena_bytes"`
	Live    int            `json:"arena_lower_bound"`
	Work    int            `json:"tensor_bytes"`   // of the arena
	Kept    int            `json:"prepared_bytes"` // of the arena: transformed weights
	Weights int            `json:"weight_bytes"`
	Tables  int            `json:"table_bytes"`           // weights and all other tables
	Stack   int            `json:"stack_bytes,omitempty"` // stated bound; C only
	In      PortReport     `json:"input"`
	Out     PortReport     `json:"output"`
	Layers  []LayerDetail  `json:"layers"`
	Calls   []CallReport   `json:"calls"`
	Buffers []BufferReport `json:"buffers"`
}

// A PortReport is the format of the network's input or output.
type PortReport struct {
	Name   string   `json:"name"`
	Shape  []int    `json:"shape"`
	Levels ir.Bound `json:"levels"`
	Zero   int64    `json:"zero"`
	Scale  float64  `json:"scale"`
}

// A LayerDetail is a call that sums products.
type LayerDetail struct {
	LayerReport
	Call string `json:"call"` // its name in the sources
	// Register is the width in bits that every sum, or every segment between two
	// flushes, is proven to stay in.
	Register int `json:"register_bits"`
	Group    int `json:"group"` // output channels of a group
	// Pieces are the stretches in which its window is read: products, and
	// whether the narrow sums are flushed behind them.
	Pieces     [][2]int    `json:"pieces"`
	Out        ir.Bound    `json:"out_levels"`
	Tables     int         `json:"table_bytes"`
	Scratch    int         `json:"scratch_bytes,omitempty"`
	Prepared   int         `json:"prepared_bytes,omitempty"`
	Split      int         `json:"split,omitempty"`     // parts of the input channels of a ring form
	Side       int         `json:"side,omitempty"`      // rows and columns of its window
	Phase      int         `json:"phase,omitempty"`     // and the stride that is left for the layout of its input
	Lost       int         `json:"lost_bits,omitempty"` // of the register, to its transform
	Candidates []Candidate `json:"candidates"`
}

// A CallReport is one call in the order of the run.
type CallReport struct {
	Name    string  `json:"name"`
	Layer   string  `json:"layer"`
	Kernel  string  `json:"kernel"`
	Numbers []int32 `json:"numbers,omitempty"` // constants that are in no table: multipliers, shift, zero points, clamp
}

// A BufferReport is a block of the arena and the calls between which it is
// live; those of transformed weights are always.
type BufferReport struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // tensor, scratch or prepared
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
	First  int    `json:"first"`
	Last   int    `json:"last"`
}

// StackBound is what the header states that a run needs of stack, in bytes: more
// than the deepest chain of frames that gcc makes at -O2 and -O3. SIMD kernels
// spill tiles of vectors, the transforms of ring forms hold whole tiles.
func (p *Program) StackBound() int {
	switch {
	case p.Target.Has&C == 0:
		return 0
	case p.Kept > 0:
		return 4 << 10
	case p.Target.Has&NEON != 0:
		return 3 << 10
	}
	return 1 << 10
}

// TableBytes counts what the tables of a call take in flash.
func TableBytes(c *Call) int {
	n := len(c.Table)
	if c.Weights != nil {
		n += len(c.Weights.Data)
	}
	if q := c.Requant; q != nil {
		n += 4*len(q.Bias) + 2*len(q.Mul) + len(q.Shift) + 2*len(q.Preload) + len(q.Tops)
	}
	switch g := c.Geometry.(type) {
	case *kern.Pool:
		n += 2*len(g.Mul) + len(g.Shift)
	case *RingConv:
		n += 2 * len(g.Offset)
	case *kern.Norm:
		n += 4 * len(g.Factor)
	case *kern.Softmax:
		n += 4 * len(g.Exp)
	}
	return n
}

// ReportOf gathers the report of p. layerName is how the language names a call.
func ReportOf(p *Program, layerName func(*Call) string) *Report {
	r := &Report{Network: p.Name, Target: p.Target.Name, Unit: p.Target.CostUnit(), Acc: p.Accum.String(), Rung: p.Rung, Scales: p.Scheme,
		Arena: p.Arena, Live: p.Live, Work: p.Work, Kept: p.Kept, Stack: p.StackBound(), In: portReport(&p.In), Out: portReport(&p.Out)}
	reports := Layers(p)
	for _, c := range p.Calls {
		r.Tables += TableBytes(c)
		call := CallReport{Name: layerName(c), Layer: c.Layer, Kernel: c.Kernel}
		switch g := c.Geometry.(type) {
		case *kern.Plane:
			call.Numbers = []int32{g.AZero, g.BZero, g.AMul, g.BMul, int32(g.Shift), g.Zero, g.Lo, g.Hi}
		case *kern.Frame:
			call.Numbers = []int32{int32(g.Zero)}
		case *kern.Norm:
			call.Numbers = []int32{g.XZero, int32(g.Before), int32(g.After), int32(g.Shift), g.Zero, g.Lo, g.Hi}
		case *kern.Pool:
			call.Numbers = []int32{g.XZero, g.Zero, g.Lo, g.Hi}
		}
		r.Calls = append(r.Calls, call)
		if c.Sum == nil {
			continue
		}
		r.Weights += len(c.Weights.Data)
		l := LayerDetail{LayerReport: reports[len(r.Layers)], Call: call.Name, Register: registerOf(c), Tables: TableBytes(c), Candidates: c.Candidates,
			Out: ir.Bound{Lo: int64(c.Requant.Lo), Hi: int64(c.Requant.Hi)}}
		l.Group, l.Pieces = piecesOf(c)
		if g, ok := c.Geometry.(*RingConv); ok {
			l.Split, l.Side, l.Phase, l.Lost = g.Split, g.Kernel, g.Phase, g.Form.Lost
		}
		if c.Scratch != nil {
			l.Scratch = c.Scratch.Size
		}
		if c.Prepared != nil {
			l.Prepared = c.Prepared.Size
		}
		r.Layers = append(r.Layers, l)
	}
	for _, b := range p.Bufs {
		if b.Place != Kept && (b.Place != InArena || b.Last < 0 || b.Over != nil) {
			continue
		}
		buf := BufferReport{Name: b.Name, Kind: "tensor", Offset: b.Off, Bytes: b.Size, First: b.First, Last: b.Last}
		switch {
		case b.Place == Kept:
			buf.Kind, buf.First, buf.Last = "prepared", 0, len(p.Calls)-1
		case isScratch(p, b):
			buf.Kind = "scratch"
		}
		r.Buffers = append(r.Buffers, buf)
	}
	return r
}

func isScratch(p *Program, b *Buf) bool {
	for _, c := range p.Calls {
		if c.Scratch == b {
			return true
		}
	}
	return false
}

func portReport(p *Port) PortReport {
	return PortReport{p.Name, p.Shape, p.Format.Levels, p.Format.Zero, p.Format.Scale()}
}

// registerOf is the width that schedule holds the sums of a call to.
func registerOf(c *Call) int {
	acc := c.Sum.Acc
	for i := range Kernels {
		if k := &Kernels[i]; k.Name == c.Kernel {
			if k.Acc >= acc.Total() {
				return acc.Total()
			}
			return min(acc.Bits, k.Acc)
		}
	}
	panic("codegen: no kernel " + c.Kernel)
}

// piecesOf returns the output channels of one group and the stretches of the
// window.
func piecesOf(c *Call) (group int, pieces [][2]int) {
	list := func(ps []kern.Piece) {
		for _, p := range ps {
			flush := 0
			if p.Flush {
				flush = 1
			}
			pieces = append(pieces, [2]int{p.Len, flush})
		}
	}
	switch g := c.Geometry.(type) {
	case *kern.Conv:
		list(g.Pieces)
		return g.C, pieces
	case *kern.Depthwise:
		list(g.Taps)
		return 1, pieces
	case *RingConv:
		return g.C, [][2]int{{c.Sum.K, 0}}
	}
	panic(fmt.Sprintf("codegen: a call of %s sums products in no geometry", c.Kernel))
}

// ReportFile returns report.json: one line a layer, a call and a buffer.
func ReportFile(p *Program, layerName func(*Call) string) (File, error) {
	r := ReportOf(p, layerName)
	layers, calls, buffers := r.Layers, r.Calls, r.Buffers
	r.Layers, r.Calls, r.Buffers = nil, nil, nil
	head, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return File{}, err
	}
	// The three empty lists end the object.
	head = head[:bytes.Index(head, []byte(" \"layers\": null"))]
	b := bytes.NewBuffer(head)
	for _, list := range []struct {
		name string
		rows int
		row  func(i int) any
	}{
		{"layers", len(layers), func(i int) any { return &layers[i] }},
		{"calls", len(calls), func(i int) any { return &calls[i] }},
		{"buffers", len(buffers), func(i int) any { return &buffers[i] }},
	} {
		fmt.Fprintf(b, " %q: [", list.name)
		for i := range list.rows {
			row, err := json.Marshal(list.row(i))
			if err != nil {
				return File{}, err
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n  ")
			b.Write(row)
		}
		b.WriteString("]")
		if list.name != "buffers" {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("}\n")
	return File{Name: "report.json", Data: b.Bytes()}, nil
}
