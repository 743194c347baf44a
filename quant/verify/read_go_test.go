package verify_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/snug-nn/snug/quant/verify"
)

// TestGoCalls holds the reader of Go to calls of kernels: every other statement of
// Run is refused, wherever it stands.
func TestGoCalls(t *testing.T) {
	folder := emitted(t)[1]
	model := folder["model.go"].Data
	first := "\tfillFrame("
	if !bytes.Contains(model, []byte(first)) {
		t.Fatalf("model.go has no call of fillFrame:\n%s", model)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"a store", first, "\tt[3] = 7\n" + first, "is not a call"},
		{"a store between calls", "\tdepthwise", "\tt[3] = 7\n\tdepthwise", "is not a call"},
		{"the arena again", "\tdepthwise", "\tt := m.arena\n\tdepthwise", "is not a call"},
		{"another arena", "t := m.arena", "t := m.other", "is not a call"},
		{"a condition", first, "\tif in[0] > 3 {\n\t\treturn\n\t}\n" + first, "is not a call"},
		{"a call later", first, "\tdefer clear(t)\n" + first, "is not a call"},
		{"a call of something else", first, "\tclear(t)\n" + first, "a call of no kernel"},
		{"a layer that is not there", "conv16(&lA,", "conv16(lA,", "without tensors or geometry"},
		{"no body", "func (m *Model) Run", "func Run(in, out []int8)\n\nfunc (m *Model) Walk", "0 functions Run"},
		{"two", "func (m *Model) Run", "func Run() {\n}\n\nfunc (m *Model) Run", "2 functions Run"},
	} {
		changed := maps.Clone(folder)
		text := strings.Replace(string(model), test.old, test.new, 1)
		if text == string(model) {
			t.Fatalf("%s: nothing changed", test.name)
		}
		changed["model.go"] = &fstest.MapFile{Data: []byte(text)}
		if _, err := verify.Folder(changed); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error about %q", test.name, err, test.want)
		}
	}
}
