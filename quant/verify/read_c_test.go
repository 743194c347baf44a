package verify

import (
	"strings"
	"testing"
)

const cModel = `
static const snug_conv layer_first = {
    .k = 1,
};
int net_run(const int8_t *in, int8_t *out, void *arena)
{
    int8_t *const t = arena;
    if (in == NULL || out == NULL || arena == NULL) {
        return -1;
    }
    NET_MARK(BEGIN);
    snug_conv_s8_a16(&layer_first, in, t + T_FIRST + 8); /* sums in [0,1] */
    NET_MARK(layer_first);
    snug_add_s8(&layer_second, t + T_FIRST, in, out);
    NET_MARK(layer_second);
    return 0;
}
`

// TestCalls holds the reader to calls of kernels and the profiling hook: it
// takes these and refuses every other statement.
func TestCalls(t *testing.T) {
	s, err := readC("net", cModel, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.calls) != 2 || s.calls[1].layer != "second" || s.calls[1].src[0] != "T_FIRST" || s.calls[1].dst != "out" {
		t.Fatalf("calls %+v", s.calls)
	}
	bare := cModel
	for _, m := range []string{"BEGIN", "layer_first", "layer_second"} {
		bare = strings.Replace(bare, "    NET_MARK("+m+");\n", "", 1)
	}
	if s, err := readC("net", bare, ""); err != nil || len(s.calls) != 2 {
		t.Fatalf("without the hook: %d calls, %v", len(s.calls), err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"a store", "NET_MARK(layer_first);", "NET_MARK(layer_first); t[T_FIRST] = 7;", "is no call of a kernel"},
		{"a store in the hook", "NET_MARK(layer_first)", "NET_MARK(t[0] = 1)", "is no call of a kernel"},
		{"another hook", "NET_MARK(layer_first)", "OTHER_MARK(layer_first)", "is no call of a kernel"},
		{"a hook of another layer", "NET_MARK(layer_first)", "NET_MARK(layer_second)", "behind first names second"},
		{"a call of something else", "snug_add_s8(", "memcpy(", "is no call of a kernel"},
		{"a pointer", ", in, out);", ", in, (int8_t *)4096);", "is not a tensor"},
		{"a condition", "    NET_MARK(layer_second);", "    if (in[0]) { return 1; }", "is no call of a kernel"},
		{"an early end", "    NET_MARK(BEGIN);", "    goto end;", "is no call of a kernel"},
		{"two functions", cModel, cModel + cModel, "want one"},
	} {
		if _, err := readC("net", strings.Replace(cModel, test.old, test.new, 1), ""); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %q", test.name, err, test.want)
		}
	}
}
