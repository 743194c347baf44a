package eval

import (
	"strings"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestLimits: what a few bytes of a file can ask for is refused before memory
// or time are spent on it.
func TestLimits(t *testing.T) {
	tensor := func(e ir.Elem, shape ...int) *ir.Tensor { return ir.NewTensor(e, shape) }
	size := &ir.Tensor{Elem: ir.Int64, Shape: []int{2}, Int: []int64{1 << 15, 1 << 15}}
	wide := 1 << 13
	for _, c := range []struct {
		name  string
		op    ir.Op
		attrs ir.Attrs
		in    []*ir.Tensor
		want  string
	}{
		{"a large output", "ConstantOfShape", ir.Attrs{}, []*ir.Tensor{size}, "takes too much memory"},
		{"a large window", "MaxPool", ir.Attrs{Kernel: []int{wide, wide}, Pads: []int{wide - 1, wide - 1, 0, 0}},
			[]*ir.Tensor{tensor(ir.Float32, 1, 1, 1, 1)}, "is too large"},
		{"four axes", "MaxPool", ir.Attrs{Kernel: []int{1, 1, 1, 1}}, []*ir.Tensor{tensor(ir.Float32, 1, 1, 1, 1, 1, 1)}, "three spatial"},
		{"limits of integers", "Relu", ir.Attrs{Clamp: &[2]float32{0, 6}}, []*ir.Tensor{tensor(ir.Int8, 2)}, "limits a result of type int8"},
		{"a bias of integers", "Conv", ir.Attrs{}, []*ir.Tensor{tensor(ir.Float32, 1, 1, 2), tensor(ir.Float32, 1, 1, 1), tensor(ir.Int32, 1)}, "input 2 is of type int32"},
		{"a value too short", "Constant", ir.Attrs{Value: &ir.Tensor{Elem: ir.Float32, Shape: []int{2}, Real: []float32{1}}}, nil, "does not hold its elements"},
		{"a value of another kind", "ConstantOfShape", ir.Attrs{Value: &ir.Tensor{Elem: ir.Float32, Shape: []int{1}, Int: []int64{1}}},
			[]*ir.Tensor{tensor(ir.Int64, 1)}, "does not hold its elements"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Node(&ir.Node{Op: c.op, Attrs: c.attrs}, c.in)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestEmptySlices: a tensor's kind is its type. The slice that it does not use
// may be empty instead of nil, as may that of a tensor without elements be nil.
func TestEmptySlices(t *testing.T) {
	whole := func(v ...int64) *ir.Tensor {
		return &ir.Tensor{Elem: ir.Int64, Shape: []int{len(v)}, Real: []float32{}, Int: v}
	}
	flat := func(v int64) *ir.Tensor {
		return &ir.Tensor{Elem: ir.Int64, Real: []float32{}, Int: []int64{v}}
	}
	for _, c := range []struct {
		op   ir.Op
		in   []*ir.Tensor
		want int64 // the first element
	}{
		{"Clip", []*ir.Tensor{whole(9, 1), flat(2), flat(5)}, 5},
		{"Pow", []*ir.Tensor{whole(3, 1), flat(2)}, 9},
		{"Equal", []*ir.Tensor{whole(3, 1), flat(3)}, 1},
		{"Add", []*ir.Tensor{whole(3, 1), flat(3)}, 6},
		{"Cast", []*ir.Tensor{whole(3, 1)}, 3},
		{"Concat", []*ir.Tensor{whole(3), whole(1)}, 3},
		{"MaxPool", []*ir.Tensor{{Elem: ir.Int64, Shape: []int{1, 1, 2}, Real: []float32{}, Int: []int64{4, 7}}}, 7},
		{"And", []*ir.Tensor{whole(2, 0), whole(1, 1)}, 1},
	} {
		n := &ir.Node{Op: c.op, Attrs: ir.Attrs{To: ir.Int8}}
		if c.op == "MaxPool" {
			n.Attrs.Kernel = []int{2}
		}
		out, err := Node(n, c.in)
		if err != nil || out[0].Int[0] != c.want {
			t.Errorf("%s: %v, %v, want %d", c.op, out, err, c.want)
		}
	}
	for _, op := range []ir.Op{"Relu", "Clip", "Pow", "Equal", "Cast", "Add"} {
		none := &ir.Tensor{Elem: ir.Float32, Shape: []int{0}}
		one := &ir.Tensor{Elem: ir.Float32, Real: []float32{1}}
		in := []*ir.Tensor{none, one}[:op.Row().In]
		if out, err := Node(&ir.Node{Op: op, Attrs: ir.Attrs{To: ir.Int8}}, in); err != nil || out[0].Len() != 0 {
			t.Errorf("%s of nothing: %v, %v", op, out, err)
		}
	}
}

// TestBothSlices: weights of a quantized network are reals with their integers
// beside them. No operator may look at these, and some take no integers.
func TestBothSlices(t *testing.T) {
	both := func(shape []int, v ...float32) *ir.Tensor {
		return &ir.Tensor{Elem: ir.Float32, Shape: shape, Real: v, Int: make([]int64, len(v)+1)}
	}
	for _, r := range rows {
		x := both([]int{1, 1, 2}, 2, -4)
		n := &ir.Node{Op: r.op, Attrs: ir.Attrs{Kernel: []int{1}, To: ir.Float32, Size: 1, Alpha: 1, Beta: 1}}
		args := []*ir.Tensor{x}
		for i := 1; i < r.op.Row().In; i++ {
			args = append(args, both([]int{1, 1, 1}, 2))
		}
		plain := make([]*ir.Tensor, len(args))
		for i, a := range args {
			plain[i] = &ir.Tensor{Elem: a.Elem, Shape: a.Shape, Real: a.Real}
		}
		want, wantErr := try(n, plain)
		got, err := try(n, args)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, without integers %v", r.op, err, wantErr)
			continue
		}
		for i := range want {
			if !near(got[i], want[i]) {
				t.Errorf("%s: %v, without integers %v", r.op, *got[i], *want[i])
			}
		}
	}
}

// TestRunnerRefuses: a graph that no check has seen gives errors.
func TestRunnerRefuses(t *testing.T) {
	value := func(shape ...int) *ir.Value { return &ir.Value{Name: "v", Elem: ir.Float32, Shape: shape} }
	x, y := value(2), value(2)
	constant := &ir.Value{Name: "k", Elem: ir.Float32, Shape: []int{2}, Const: ir.NewTensor(ir.Float32, []int{2})}
	relu := func(in, out *ir.Value) *ir.Node {
		return &ir.Node{Name: "n", Op: "Relu", In: []*ir.Value{in}, Out: []*ir.Value{out}}
	}
	type list = []*ir.Value
	for _, c := range []struct {
		name string
		g    ir.Graph
		want string
	}{
		{"an absent input", ir.Graph{In: list{nil}, Out: list{x}}, "input 0 of the graph is absent"},
		{"a constant input", ir.Graph{In: list{constant}, Out: list{constant}}, "constant"},
		{"one input twice", ir.Graph{In: list{x, x}, Out: list{x}}, "comes twice"},
		{"a negative dimension", ir.Graph{In: list{value(2, -1)}, Out: list{x}}, "negative"},
		{"a large input", ir.Graph{In: list{value(1<<15, 1<<15)}, Out: list{x}}, "too much memory"},
		{"an absent output", ir.Graph{In: list{x}, Out: list{x, nil}}, "output 1 of the graph is not defined"},
		{"a stranger for an output", ir.Graph{In: list{x}, Out: list{y}}, "output 0 of the graph is not defined"},
		{"two producers", ir.Graph{In: list{x}, Nodes: []*ir.Node{relu(x, y), relu(x, y)}, Out: list{y}}, "defined twice"},
		{"a constant that is produced", ir.Graph{In: list{x}, Nodes: []*ir.Node{relu(x, constant)}, Out: list{x}}, "defined twice"},
		{"too many outputs", ir.Graph{In: list{x}, Nodes: []*ir.Node{{Name: "n", Op: "Relu", In: list{x}, Out: list{y, value(2)}}}, Out: list{y}}, "has 2 outputs, want 1"},
		{"an operator without a row", ir.Graph{In: list{x}, Nodes: []*ir.Node{{Name: "n", Op: "?", In: list{x}, Out: list{y}}}, Out: list{y}}, "cannot be run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewRunner(&c.g)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestRunnerAbsentOutput: an output that nothing reads is computed nonetheless,
// and does not move the others.
func TestRunnerAbsentOutput(t *testing.T) {
	x, y := &ir.Value{Name: "x", Elem: ir.Float32, Shape: []int{4}}, &ir.Value{Name: "y"}
	n := &ir.Node{Name: "n", Op: "Split", In: []*ir.Value{x}, Out: []*ir.Value{nil, y}, Attrs: ir.Attrs{Clamp: &[2]float32{0, 3}}}
	r, err := NewRunner(&ir.Graph{In: []*ir.Value{x}, Nodes: []*ir.Node{n}, Out: []*ir.Value{y}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(&ir.Tensor{Elem: ir.Float32, Shape: []int{4}, Real: []float32{1, 2, 3, 4}}); err != nil {
		t.Fatal(err)
	}
	if got := r.Output().Real; len(got) != 2 || got[0] != 3 || got[1] != 3 {
		t.Errorf("output is %v, want 3 and 4 limited to 3", got)
	}
}
