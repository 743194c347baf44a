package codegen

import (
	"fmt"
	"sync"

	"github.com/snug-nn/snug/runtime/kern"
)

// A Sim runs a Program that was lowered for the target go, with the kernels
// that the emitted Go package ships. It is for one goroutine.
type Sim struct {
	prog    *Program
	arena   []int8
	words   [][4]uint64
	weights []string // by call
}

// NewSim returns a simulator of p.
func NewSim(p *Program) (*Sim, error) {
	if p.Target.Has&GoWord == 0 {
		return nil, fmt.Errorf("simulate: program is for %s, not for go", p.Target.Name)
	}
	s := &Sim{prog: p, arena: make([]int8, p.Arena), words: make([][4]uint64, p.Words/4), weights: make([]string, len(p.Calls))}
	for i, c := range p.Calls {
		if c.Weights != nil {
			s.weights[i] = bytesOf(c.Weights.Data)
		}
	}
	return s, nil
}

// Clone returns a simulator of the same program with memory of its own.
func (s *Sim) Clone() *Sim {
	return &Sim{prog: s.prog, arena: make([]int8, len(s.arena)), words: make([][4]uint64, len(s.words)), weights: s.weights}
}

func bytesOf(v []int8) string {
	b := make([]byte, len(v))
	for i, x := range v {
		b[i] = byte(x)
	}
	return string(b)
}

// Run runs the network once: in and out are the whole of Program.In and Out.
func (s *Sim) Run(in, out []int8) { s.RunWith(in, out, nil) }

// RunWith calls after once for each call that has run.
func (s *Sim) RunWith(in, out []int8, after func(call int)) {
	for i, c := range s.prog.Calls {
		s.run(i, c, in, out)
		if after != nil {
			after(i)
		}
	}
}

// mem returns the elements from r on.
func (s *Sim) mem(r Ref, in, out []int8) []int8 {
	switch r.Buf.Place {
	case Input:
		return in[r.At:]
	case Output:
		return out[r.At:]
	}
	return s.arena[r.Buf.Off+r.At:]
}

// run applies one call: the table of kernels as the simulator reads it.
func (s *Sim) run(i int, c *Call, in, out []int8) {
	y := s.mem(c.Dst, in, out)
	var x, b []int8
	if len(c.Src) > 0 {
		x = s.mem(c.Src[0], in, out)
	}
	if len(c.Src) > 1 {
		b = s.mem(c.Src[1], in, out)
	}
	switch c.Kernel {
	case "conv_s8_a16":
		kern.Conv16(c.Geometry.(*kern.Conv), x, y, s.weights[i], c.Requant, s.words)
	case "conv_s8_a32":
		kern.Conv32(c.Geometry.(*kern.Conv), x, y, s.weights[i], c.Requant, s.words)
	case "dw_s8_a16":
		kern.DepthwiseConv16(c.Geometry.(*kern.Depthwise), x, y, s.weights[i], c.Requant)
	case "dw_s8_a32":
		kern.DepthwiseConv(c.Geometry.(*kern.Depthwise), x, y, s.weights[i], c.Requant)
	case "add_s8":
		kern.Add(c.Geometry.(*kern.Plane), x, b, y)
	case "mul_s8":
		kern.Mul(c.Geometry.(*kern.Plane), x, b, y)
	case "maxpool_s8":
		kern.MaxPool(c.Geometry.(*kern.Pool), x, y)
	case "avgpool_s8":
		kern.AveragePool(c.Geometry.(*kern.Pool), x, y)
	case "lookup_s8":
		kern.Lookup(c.Geometry.(*kern.Order), x, y, c.Table)
	case "copy_s8":
		kern.Rearrange(c.Geometry.(*kern.Order), x, y)
	case "frame_s8":
		kern.FillFrame(c.Geometry.(*kern.Frame), y)
	case "lrn_s8":
		kern.Normalize(c.Geometry.(*kern.Norm), x, y)
	case "softmax_s8":
		kern.SoftmaxRows(c.Geometry.(*kern.Softmax), x, y)
	default:
		panic("codegen: simulator has no kernel " + c.Kernel)
	}
}

// Each runs f(i) for i in [0, n) on the given number of goroutines, each with a
// simulator of its own, and returns the error of the lowest i that failed.
func (s *Sim) Each(n, workers int, f func(s *Sim, i int) error) error {
	errs := make([]error, n)
	var next sync.Mutex
	at := 0
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			own := s.Clone()
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= n {
					return
				}
				errs[i] = f(own, i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
