package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// mixed has operators of every sort in one network.
func mixed(t testing.TB) *ir.Graph {
	b, x := newNet(t, 1, 4, 12, 12)
	none := ir.Attrs{}
	y := b.convRelu(x, 8, 3, 2, 1)
	y = b.add("MaxPool", ir.Attrs{Kernel: []int{3, 3}, Pads: []int{1, 1, 1, 1}}, y)
	y = b.add("Add", none, b.convRelu(y, 8, 3, 1, 8), b.weights(8, 1, 1))
	y = b.add("LRN", ir.Attrs{Size: 3, Alpha: 1, Beta: 0.75, Bias: 1}, y)
	y = b.add("Concat", ir.Attrs{Axis: 1}, y, b.add("Sigmoid", none, y))
	y = b.add("AveragePool", ir.Attrs{Kernel: []int{3, 3}, Pads: []int{1, 1, 1, 1}, CountIncludePad: true}, y)
	y = b.add("Transpose", ir.Attrs{Perm: []int{0, 2, 3, 1}}, y)
	y = b.add("Flatten", ir.Attrs{Axis: 1}, y)
	y = b.add("Gemm", ir.Attrs{Alpha: 1, Beta: 1, TransB: true}, y, b.weights(20, y.Shape[1]), b.weights(20))
	b.add("Softmax", ir.Attrs{Axis: -1}, b.add("Mul", none, y, y))
	return b.g
}

// TestRunner compares a run with Node on each node, to the bit, for images in
// any order: nothing of an earlier one may stay.
func TestRunner(t *testing.T) {
	for name, g := range map[string]*ir.Graph{"mixed": mixed(t), "separable": separable(t), "resnet20": resnet20(t)} {
		r, err := eval.NewRunner(g)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(9, 9))
		first, second := random(rng, g.In[0].Shape...), random(rng, g.In[0].Shape...)
		for run, x := range []*ir.Tensor{first, second, first} {
			if err := r.Run(x); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.Tensor(g.In[0]).Real, x.Real) {
				t.Errorf("%s: the input is not kept", name)
			}
			for _, n := range g.Nodes {
				args := make([]*ir.Tensor, len(n.In))
				for i, v := range n.In {
					args[i] = r.Tensor(v)
				}
				want, err := eval.Node(n, args)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(r.Tensor(n.Out[0]).Real, want[0].Real) {
					t.Fatalf("%s, run %d: %s differs", name, run, n.Name)
				}
			}
			if r.Output() != r.Tensor(g.Out[0]) {
				t.Errorf("%s: Output is not the first output", name)
			}
		}
	}
}

// TestRunnersParallel: as many runners as there may be workers give the bits
// that one gives.
func TestRunnersParallel(t *testing.T) {
	g := mixed(t)
	rng := rand.New(rand.NewPCG(10, 10))
	var images []*ir.Tensor
	for range 12 {
		images = append(images, random(rng, g.In[0].Shape...))
	}
	run := func(workers int) [][]float32 {
		out := make([][]float32, len(images))
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				r, err := eval.NewRunner(g)
				if err != nil {
					t.Error(err)
					return
				}
				for i := w; i < len(images); i += workers {
					if err := r.Run(images[i]); err != nil {
						t.Error(err)
					}
					out[i] = slices.Clone(r.Output().Real)
				}
			})
		}
		wg.Wait()
		return out
	}
	want := run(1)
	for _, workers := range []int{2, 5, 12} {
		if !slices.EqualFunc(run(workers), want, slices.Equal) {
			t.Errorf("%d workers give another result", workers)
		}
	}
}

// TestRunnerKeeps: making and running a runner leaves the graph as it was, which
// others read at the same time, and allocates nothing large for an image.
func TestRunnerKeeps(t *testing.T) {
	g := mixed(t)
	g.Nodes[0].Attrs.Dilations, g.Nodes[0].Attrs.Kernel = nil, nil
	before := fmt.Sprintf("%+v", g.Nodes[0].Attrs)
	r, err := eval.NewRunner(g)
	if err != nil {
		t.Fatal(err)
	}
	x := random(rand.New(rand.NewPCG(11, 11)), g.In[0].Shape...)
	// The median of many runs: now and then the collector empties the pool of
	// panels, of more than a megabyte, and -race does so at random.
	var start, after runtime.MemStats
	var bytes []uint64
	for range 41 {
		runtime.ReadMemStats(&start)
		if err := r.Run(x); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		bytes = append(bytes, after.TotalAlloc-start.TotalAlloc)
	}
	slices.Sort(bytes)
	if median := bytes[len(bytes)/2]; median > 16<<10 {
		t.Errorf("%d bytes are allocated for an image", median)
	}
	if now := fmt.Sprintf("%+v", g.Nodes[0].Attrs); now != before {
		t.Errorf("attributes were %s, are %s", before, now)
	}
}

// TestRunnerIntegers runs a graph whose input is no real.
func TestRunnerIntegers(t *testing.T) {
	x := &ir.Value{Name: "x", Elem: ir.Uint8, Shape: []int{2}}
	y := &ir.Value{Name: "y", Shape: []int{2}}
	n := &ir.Node{Name: "n", Op: "Cast", Attrs: ir.Attrs{To: ir.Float32}, In: []*ir.Value{x}, Out: []*ir.Value{y}}
	r, err := eval.NewRunner(&ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{n}, Out: []*ir.Value{y}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(&ir.Tensor{Elem: ir.Uint8, Shape: []int{2}, Int: []int64{3, 200}}); err != nil {
		t.Fatal(err)
	}
	if got := r.Output().Real; !slices.Equal(got, []float32{3, 200}) {
		t.Errorf("output is %v", got)
	}
	if err := r.Run(&ir.Tensor{Elem: ir.Float32, Shape: []int{2}, Real: []float32{3, 200}}); err == nil {
		t.Error("reals are taken for integers")
	}
}

func TestRunnerErrors(t *testing.T) {
	x := &ir.Value{Name: "x", Elem: ir.Float32, Shape: []int{2}}
	y := &ir.Value{Name: "y", Shape: []int{2}}
	other := &ir.Value{Name: "z", Shape: []int{3}}
	relu := func(in, out *ir.Value) *ir.Node {
		return &ir.Node{Name: "n", Op: "Relu", In: []*ir.Value{in}, Out: []*ir.Value{out}}
	}
	for _, c := range []struct {
		g    ir.Graph
		want string
	}{
		{ir.Graph{In: []*ir.Value{{Name: "u"}}}, "run: input u"},
		{ir.Graph{In: []*ir.Value{x, x}}, "run: input 1 of the graph is absent, constant or comes twice"},
		{ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{relu(x, y), relu(x, y)}, Out: []*ir.Value{y}}, "n: run: y is defined twice"},
		{ir.Graph{In: []*ir.Value{x}, Out: []*ir.Value{y}}, "run: output 0 of the graph is not defined"},
		{ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{relu(other, y)}, Out: []*ir.Value{y}}, "n: run: z is not defined before it"},
		{ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{relu(x, other)}, Out: []*ir.Value{other}}, "n: run: z has shape [3], computed [2]"},
		{ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{relu(x, y)}}, "run: the graph has no output"},
		{ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{{Name: "n", Op: "Relu"}}, Out: []*ir.Value{x}}, "n: run: Relu: 0 inputs, want at least 1"},
	} {
		if _, err := eval.NewRunner(&c.g); !strings.HasPrefix(fmt.Sprint(err), c.want) {
			t.Errorf("error is %v, want %s", err, c.want)
		}
	}
	r, err := eval.NewRunner(&ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{relu(x, y)}, Out: []*ir.Value{y}})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range [][]*ir.Tensor{{}, {nil}, {ir.NewTensor(ir.Float32, []int{3})}, {ir.NewTensor(ir.Int8, []int{2})}} {
		if r.Run(in...) == nil {
			t.Errorf("%v is taken for a vector of two", in)
		}
	}
	nan := float32(math.NaN())
	if err := r.Run(&ir.Tensor{Elem: ir.Float32, Shape: []int{2}, Real: []float32{nan, -1}}); err != nil || r.Output().Real[1] != 0 {
		t.Errorf("a NaN gives %v, %v", r.Output().Real, err)
	}
}
