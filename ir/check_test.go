package ir

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// chain is a graph that is right: x and a constant are added, the sum goes
// through Relu, and an absent input and output are among them.
func chain() *Graph {
	x, sum, y := &Value{Name: "x", Shape: []int{2}}, &Value{Name: "sum"}, &Value{Name: "y"}
	k := &Value{Name: "k", Shape: []int{2}, Const: NewTensor(Float32, []int{2})}
	return &Graph{Name: "chain", In: []*Value{x}, Out: []*Value{y}, Nodes: []*Node{
		{Name: "first", Op: "Add", In: []*Value{x, k}, Out: []*Value{sum}},
		{Name: "second", Op: "Clip", In: []*Value{sum, nil, k}, Out: []*Value{y, nil}},
	}}
}

func TestCheck(t *testing.T) {
	if err := Check(chain()); err != nil {
		t.Fatal(err)
	}
	if err := Check(&Graph{}); err != nil {
		t.Fatalf("an empty graph: %v", err)
	}
	tests := []struct {
		name  string
		spoil func(g *Graph)
		want  string
	}{
		{"no input", func(g *Graph) { g.In = nil }, "first: input 0, x, is not defined"},
		{"nodes out of order", func(g *Graph) { g.Nodes[0], g.Nodes[1] = g.Nodes[1], g.Nodes[0] }, "second: input 0, sum, is not defined"},
		{"a cycle", func(g *Graph) { g.Nodes[0].In[0] = g.Nodes[0].Out[0] }, "first: input 0, sum, is not defined"},
		{"a stranger of the same name", func(g *Graph) { g.Nodes[1].In[0] = &Value{Name: "sum"} }, "input 0, sum, is not defined"},
		{"two producers", func(g *Graph) { g.Nodes[1].Out[0] = g.Nodes[0].Out[0] }, "second: sum is defined twice"},
		{"two outputs that are one", func(g *Graph) { g.Nodes[1].Out[1] = g.Nodes[1].Out[0] }, "second: y is defined twice"},
		{"an input that is produced", func(g *Graph) { g.Nodes[0].Out[0] = g.In[0] }, "first: x is defined twice"},
		{"a constant that is produced", func(g *Graph) { g.Nodes[1].Out[1] = g.Nodes[0].In[1] }, "second: k is defined twice"},
		{"an output that nothing makes", func(g *Graph) { g.Out[0] = &Value{Name: "z"} }, "output z is not defined"},
		{"a constant too short", func(g *Graph) { g.Nodes[0].In[1].Const.Real = make([]float32, 1) }, "first: constant k has shape [2]"},
		{"a constant too long", func(g *Graph) { g.Nodes[0].In[1].Const.Real = make([]float32, 3) }, "first: constant k has shape [2]"},
		{"a constant without elements", func(g *Graph) { g.Nodes[0].In[1].Const.Real = nil }, "first: constant k has shape [2]"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			g := chain()
			c.spoil(g)
			err := Check(g)
			if err == nil {
				t.Fatal("it is taken")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

// TestCheckConstantOutput: a network that folded away altogether is a graph.
func TestCheckConstantOutput(t *testing.T) {
	g := chain()
	g.Out[0], g.Nodes = g.Nodes[0].In[1], nil
	if err := Check(g); err != nil {
		t.Error(err)
	}
}

func TestProducersAndConsumers(t *testing.T) {
	g := chain()
	first, second := g.Nodes[0], g.Nodes[1]
	x, k, sum, y := first.In[0], first.In[1], first.Out[0], second.Out[0]
	second.In = append(second.In, sum) // twice: two readings
	if got, want := g.Producers(), map[*Value]*Node{sum: first, y: second}; !reflect.DeepEqual(got, want) {
		t.Errorf("producers: got %v", got)
	}
	want := map[*Value][]*Node{x: {first}, k: {first, second}, sum: {second, second}}
	if got := g.Consumers(); !reflect.DeepEqual(got, want) {
		t.Errorf("consumers: got %v", got)
	}
}

func TestNewTensor(t *testing.T) {
	shape := []int{2, 3}
	a, b := NewTensor(BFloat16, shape), NewTensor(Uint4, nil)
	shape[0] = 9
	if len(a.Real) != 6 || a.Int != nil || a.Len() != 6 {
		t.Errorf("reals: %+v", a)
	}
	if len(b.Int) != 1 || b.Real != nil || b.Len() != 1 {
		t.Errorf("a scalar of integers: %+v", b)
	}
}

func TestError(t *testing.T) {
	cause := errors.New("no")
	err := &Error{Pass: "bounds", Place: "conv1", Err: cause}
	if err.Error() != "conv1: bounds: no" || !errors.Is(err, cause) {
		t.Errorf("got %q", err)
	}
}
