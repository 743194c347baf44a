package verify

import (
	"slices"
	"testing"
)

func TestCTables(t *testing.T) {
	text := cStrip("// a { const int8_t no[1] T = {1};\nconst int8_t a[2] X_TABLE = {\n 1, /* } */ -2,\n};\n" +
		"int f(void) { const int16_t b[1] Y = {3}; }\nconst int32_t c[1] Z = {4} ;\nconst int64_t d[1] Z = {4};\nx / y /* open {")
	want := []cTable{{"int8_t", "a", "2", "\n 1,  -2,\n"}, {"int16_t", "b", "1", "3"}}
	if got := cTables(text); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for in, want := range map[string]string{"a/b": "a/b", "a//b": "a", "a/*b*/c": "ac", "/*/": "/*/", "//\n/": "\n/", "/**/": "", "/*a": "/*a"} {
		if got := cStrip(in); got != want {
			t.Errorf("%q without comments is %q, want %q", in, got, want)
		}
	}
}
