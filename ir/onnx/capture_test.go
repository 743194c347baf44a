package onnx

import (
	"strings"
	"testing"
)

// TestDecodePanic gives onnx-go what the normal form never holds: an attribute
// without its tensor, at which it panics.
func TestDecodePanic(t *testing.T) {
	bad := file(13, input("x", 1), call("y = Relu(x)", appendVarint(appendBytes([]byte(nil), attrName, "a"), attrType, typeTensors)), output("y"))
	_, err := decode(bad)
	if err == nil || !strings.HasPrefix(err.Error(), "onnx-go cannot decode the graph: ") {
		t.Errorf("got %v", err)
	}
}

func TestAgree(t *testing.T) {
	c, err := decode(file(13, call("a = Constant()", attr("value_int", 1)), call("y = Mul(a, a)"), output("y")))
	if err != nil {
		t.Fatal(err)
	}
	constant := &node{op: "Constant", out: []string{"a"}, attrs: []*attribute{{name: "value_int"}}}
	tests := []struct {
		name  string
		nodes []*node
		ok    bool
	}{
		{"the same", []*node{constant, {op: "Mul", in: []string{"a", "a"}, out: []string{"y"}}}, true},
		{"one less", []*node{constant}, false},
		{"another operator", []*node{constant, {op: "Add", in: []string{"a", "a"}, out: []string{"y"}}}, false},
		{"another input", []*node{constant, {op: "Mul", in: []string{"a", "b"}, out: []string{"y"}}}, false},
		{"another output", []*node{constant, {op: "Mul", in: []string{"a", "a"}, out: []string{"z"}}}, false},
		{"an attribute more", []*node{constant, {op: "Mul", in: []string{"a", "a"}, out: []string{"y"}, attrs: []*attribute{{}}}}, false},
	}
	for _, test := range tests {
		if err := c.agree(&graph{nodes: test.nodes}); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
