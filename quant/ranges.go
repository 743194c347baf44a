package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// stats are what one run of the real network over the calibration set leaves.
type stats struct {
	images int
	sums   map[*ir.Node]*patches
	// targets are what the integers of each convolution are chosen for.
	targets map[*ir.Node]*target
	values  map[*ir.Value]*spread
	outputs [][]float32 // of the real network, one an image: for the layer-wise search
}

// patches are inputs of one convolution at sampled output pixels: x has one
// row for each input channel, row and column of the window, one column a sample.
type patches struct {
	node      *ir.Node
	rows, n   int
	perImage  int
	x         []float32 // rows x n; nil when only positions are kept
	positions []int     // perImage output pixels for each image
}

// spread is what is known of an activation: its range and some of its elements.
type spread struct {
	lo, hi  float32
	samples []float32
}

const (
	valueSamples = 8192
	seed         = 1 // of the choice of samples: the same bytes on every run
)

// A limit of patches: of their number, and of the elements of their inputs and
// outputs.
type patchLimit struct{ least, most, inputs, outputs int }

var (
	quickPatches  = patchLimit{256, 2048, 1 << 21, 1 << 31}
	targetPatches = patchLimit{256, 12000, 1 << 24, 1 << 22}
	// The error of weights on other images is that on the samples and some K/n of it more.
	finePatches = patchLimit{256, 48000, 1 << 26, 1 << 24}
)

// ranges runs the real network over the calibration set.
func ranges(s *state) error {
	st := &stats{images: s.o.Calib.Len(), sums: map[*ir.Node]*patches{}, targets: map[*ir.Node]*target{}, values: map[*ir.Value]*spread{}}
	s.stats = st
	values := activations(s.g)
	if s.o.Search == "layerwise" || s.recipe.answers {
		st.outputs = make([][]float32, st.images)
	}
	beside, users := besides(s.g), s.g.Consumers()
	for i, n := range s.g.Nodes {
		if n.Op == "Conv" {
			p := newPatches(n, st.images, quickPatches, uint64(i))
			p.x = make([]float32, p.rows*p.n)
			st.sums[n] = p
			t := newTarget(newPatches(n, st.images, s.recipe.patches, uint64(i)))
			if s.recipe.compensate && beside[n] != nil {
				t.beside, t.other = beside[n], make([]float32, len(t.y))
			}
			t.clamp(users[n.Out[0]])
			st.targets[n] = t
		}
	}
	per := (valueSamples + st.images - 1) / st.images
	for _, v := range values {
		st.values[v] = &spread{samples: make([]float32, st.images*per)}
	}
	lows, highs := make([]float32, st.images*len(values)), make([]float32, st.images*len(values))
	err := s.eachImage("calibrate", func(r *eval.Runner, i int) {
		for j, v := range values {
			t := r.Tensor(v).Real
			lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
			for _, x := range t {
				lo, hi = min(lo, x), max(hi, x)
			}
			lows[i*len(values)+j], highs[i*len(values)+j] = lo, hi
			rng := rand.New(rand.NewPCG(seed, uint64(i)<<20|uint64(j)))
			for k := range per {
				st.values[v].samples[i*per+k] = t[rng.IntN(len(t))]
			}
		}
		if st.outputs != nil {
			st.outputs[i] = slices.Clone(r.Output().Real)
		}
		for _, n := range s.g.Nodes {
			if p := st.sums[n]; p != nil {
				x := r.Tensor(n.In[0]).Real
				p.gather(p.x, p.n, i*p.perImage, x, i)
				t := st.targets[n]
				t.add(x, i)
				if t.beside != nil {
					t.addBeside(r.Tensor(t.beside).Real, i)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, t := range st.targets {
		t.centre()
	}
	for j, v := range values {
		sp := st.values[v]
		sp.lo, sp.hi = 0, 0 // every range holds zero: padding is zero
		for i := range st.images {
			sp.lo, sp.hi = min(sp.lo, lows[i*len(values)+j]), max(sp.hi, highs[i*len(values)+j])
		}
		v.Range = [2]float64{float64(sp.lo), float64(sp.hi)}
		if math.IsNaN(v.Range[0]+v.Range[1]) || math.IsInf(v.Range[0], 0) || math.IsInf(v.Range[1], 0) {
			return &ir.Error{Pass: "ranges", Place: v.Name, Err: errNotFinite}
		}
	}
	return nil
}

// activations lists the values that are not constant, in graph order.
func activations(g *ir.Graph) []*ir.Value {
	values := append([]*ir.Value(nil), g.In...)
	for _, n := range g.Nodes {
		for _, v := range n.Out {
			if v != nil {
				values = append(values, v)
			}
		}
	}
	return values
}

// eachImage runs the real network on every calibration sample and calls f with
// the runner that holds all values. Calls for different images run at once.
func (s *state) eachImage(stage string, f func(r *eval.Runner, i int)) error {
	in := s.g.In[0]
	return s.parallel(stage, s.o.Calib.Len(), func() (func(i int) error, error) {
		r, err := eval.NewRunner(s.g)
		if err != nil {
			return nil, err
		}
		x := ir.NewTensor(ir.Float32, in.Shape)
		return func(i int) error {
			if err := s.o.Calib.Sample(i, x.Real); err != nil {
				return err
			}
			if err := r.Run(x); err != nil {
				return err
			}
			f(r, i)
			return nil
		}, nil
	})
}

// parallel calls work(0..n-1) on the state's workers; each makes its own work
// function. The error of the least i is returned.
func (s *state) parallel(stage string, n int, start func() (func(i int) error, error)) error {
	errs := make([]error, n)
	var mu sync.Mutex
	next, done := 0, 0
	var wg sync.WaitGroup
	var startErr error
	for range max(1, min(s.o.Workers, n)) {
		work, err := start()
		if err != nil {
			startErr = err
			break
		}
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || s.ctx.Err() != nil {
					return
				}
				errs[i] = work(i)
				mu.Lock()
				done++
				s.progress(stage, done, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if startErr != nil {
		return startErr
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// newPatches chooses the output pixels of every image that are sampled.
func newPatches(n *ir.Node, images int, limit patchLimit, stream uint64) *patches {
	out := n.Out[0].Shape
	pixels := out[2] * out[3]
	rows := n.In[0].Shape[1] * n.Attrs.Kernel[0] * n.Attrs.Kernel[1]
	total := min(max(min(limit.inputs/rows, limit.outputs/out[1]), limit.least), limit.most)
	p := &patches{node: n, rows: rows, perImage: min((total+images-1)/images, pixels)}
	p.n = p.perImage * images
	rng := rand.New(rand.NewPCG(seed, stream))
	for range images {
		for k := range p.perImage { // one pixel from each of perImage equal parts
			lo, hi := k*pixels/p.perImage, (k+1)*pixels/p.perImage
			p.positions = append(p.positions, lo+rng.IntN(hi-lo))
		}
	}
	return p
}

// gather copies the patches of image i out of input x to columns at, at+1 and
// so on of dst, whose rows are stride apart; zero where the window reaches over
// the edge.
func (p *patches) gather(dst []float32, stride, at int, x []float32, i int) {
	a, in, ow := &p.node.Attrs, p.node.In[0].Shape, p.node.Out[0].Shape[3]
	c, h, w := in[1], in[2], in[3]
	for k, pos := range p.positions[i*p.perImage : (i+1)*p.perImage] {
		top, left := pos/ow*a.Strides[0]-a.Pads[0], pos%ow*a.Strides[1]-a.Pads[1]
		at := at + k
		for ch := range c {
			for kh := range a.Kernel[0] {
				r := top + kh*a.Dilations[0]
				for kw := range a.Kernel[1] {
					s := left + kw*a.Dilations[1]
					v := float32(0)
					if r >= 0 && r < h && s >= 0 && s < w {
						v = x[(ch*h+r)*w+s]
					}
					dst[at] = v
					at += stride
				}
			}
		}
	}
}
