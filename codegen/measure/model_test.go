package measure

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		text  string
		arm   bool
		class Class
		slots int
	}{
		{"add x0, x1, #16", false, Other, 0},
		{"mul x0, x1, x2", false, Other, 0},
		{"", false, Other, 0},
		{"b.ne #-16", false, Branch, 0},
		{"cbz w3, #8", false, Branch, 0},
		{"ret", false, Branch, 0},
		{"ldrsb w0, [x1, #4]", false, Load, 0},
		{"ldp x29, x30, [sp], #16", false, Load, 0},
		{"strb w0, [x1]", false, Store, 0},
		{"ldr q0, [x1]", false, Load128, 2},
		{"ldp q0, q1, [x1, #32]", false, Load128, 4},
		{"ldr d0, [x1]", false, Load64, 1},
		{"ldp d8, d9, [sp]", false, Load64, 2},
		{"ldur s3, [x1, #-4]", false, Load64, 1},
		{"stp q0, q1, [x1]", false, Store128, 4},
		{"str h7, [x0]", false, Store64, 1},
		{"ld1 { v0.16b, v1.16b }, [x0], #32", false, Load128, 4},
		{"ld1 { v0.8b }, [x0]", false, Load64, 1},
		{"ld1 { v0.h }[3], [x0]", false, Load64, 1},
		{"ld1r { v0.8h }, [x0]", false, Load64, 1},
		{"st1 { v5.8h }, [x0]", false, Store128, 2},
		{"mla v0.8h, v1.8h, v2.h[0]", false, SIMDMultiply, 0},
		{"smlal2 v0.8h, v1.16b, v2.16b", false, SIMDMultiply, 0},
		{"sqrdmulh v0.4s, v1.4s, v2.4s", false, SIMDMultiply, 0},
		{"sdot v0.4s, v1.16b, v2.4b[1]", false, SIMDMultiply, 0},
		{"sadalp v0.4s, v1.8h", false, SIMDOther, 0},
		{"dup v0.8h, w3", false, SIMDOther, 0},
		{"umov w0, v1.h[2]", false, SIMDOther, 0},
		{"addv h0, v1.8h", false, SIMDOther, 0},
		{"vmla.i16 q0, q1, d2[0]", true, SIMDMultiply, 0},
		{"vmlal.s8 q0, d1, d2", true, SIMDMultiply, 0},
		{"vqrdmulh.s32 q0, q1, q2", true, SIMDMultiply, 0},
		{"vmovl.s8 q0, d2", true, SIMDOther, 0},
		{"vld1.8 {d16, d17}, [r0]!", true, Load64, 2},
		{"vld1.8 {d16[]}, [r0]", true, Load64, 1},
		{"vldr d7, [r3]", true, Load64, 1},
		{"vstr s7, [r3]", true, Store64, 1},
		{"vpush {d8, d9}", true, Store64, 2},
		{"ldr r0, [r1, #4]", true, Load, 0},
		{"push.w {r4, r5, lr}", true, Store, 0},
		{"pop {r4, pc}", true, Load, 0},
		{"bne #8", true, Branch, 0},
		{"bls #8", true, Branch, 0},
		{"bic r0, r1, #3", true, Other, 0},
	} {
		class, slots := classify(test.text, test.arm)
		if class != test.class || slots != test.slots {
			t.Errorf("%q: class %d, %d slots, want %d, %d", test.text, class, slots, test.class, test.slots)
		}
	}
	if !isBranch("pop {r4, pc}", true) || isBranch("pop {r4, r5}", true) || !isBranch("ldr.w pc, [r0]", true) {
		t.Error("a load of pc is a branch, of others none")
	}
}

// TestDecoded pairs what llvm-mc printed with its input: the second of four
// is not an instruction.
func TestDecoded(t *testing.T) {
	out := "\t.text\n\tmla\tv0.8h, v1.8h, v2.h[0]\n\tnop\n\tret\n"
	warning := "<stdin>:2:2: warning: invalid instruction encoding\n[ 0xff 0xff 0xff 0xff]\n ^\n"
	got, err := decoded([]byte(out), []byte(warning), 4)
	if err != nil || !slices.Equal(got, []string{"mla v0.8h, v1.8h, v2.h[0]", "", "nop", "ret"}) {
		t.Errorf("%q, %v", got, err)
	}
	for _, n := range []int{1, 3, 5} {
		if got, err := decoded([]byte(out), []byte(warning), n); err == nil {
			t.Errorf("%d lines of input: %q", n, got)
		}
	}
}

const answer = `
[0] Code Region - b0

Iterations:        64
Instructions:      64
Total Cycles:      128

[1] Code Region - b2

Iterations:        64
Total Cycles:      32
`

func TestParseModel(t *testing.T) {
	got, err := parseModel([]byte(answer), 3)
	if err != nil || !slices.Equal(got, []float64{2, -1, 0.5}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, test := range []struct {
		text string
		n    int
	}{{answer, 2}, {"", 1}, {answer + answer, 3}, {"error: unknown core", 1}} {
		if got, err := parseModel([]byte(test.text), test.n); err == nil {
			t.Errorf("%d regions: %v from %q", test.n, got, test.text)
		}
	}
}

// TestJoin takes a loop of two blocks through decoding, blocks, classes and
// costs, with texts and answers by hand.
func TestJoin(t *testing.T) {
	r := region{code: []instruction{
		{0x100, "ldq ", 10}, {0x104, "mla ", 10}, {0x108, "bne ", 10}, // a loop
		{0x10c, "add ", 1}, {0x110, "bl  ", 1}, // behind it
		{0x200, "what", 1}, // elsewhere
	}}
	d := &decoder{text: [2]map[string]string{{"ldq ": "ldr q0, [x0], #16", "mla ": "mla v0.8h, v1.8h, v2.h[0]", "bne ": "b.ne #-8",
		"add ": "add x0, x0, x1", "bl  ": "bl #64", "what": ""}}}
	blocks := d.blocks(&r, false)
	want := []block{
		{"ldr q0, [x0], #16\nmla v0.8h, v1.8h, v2.h[0]\nb.ne #-8", 3, 10},
		{"add x0, x0, x1\nb #64", 2, 1},
		{"", 0, 1},
	}
	if !slices.Equal(blocks, want) {
		t.Fatalf("blocks %v", blocks)
	}
	s := &scheduler{known: map[string]float64{want[0].text: 4, want[1].text: -1}}
	if cycles, silent := s.cost(blocks); cycles != 40 || silent != 2 {
		t.Errorf("%v cycles, %d instructions without, want 40 and 2", cycles, silent)
	}
	l := d.layer(&r, FindCPU("cortex-a53"))
	if l.Instructions != 33 || l.Loads != (Access{Vector128: 10}) || l.Multiplies != 10 || l.Branches != 11 || l.Unknown != 1 {
		t.Errorf("layer %+v", l)
	}
	if l.Bound != 30 { // 10 loads of two slots, 10 multiplies of one
		t.Errorf("bound %v, want 30", l.Bound)
	}
}

func TestThumb(t *testing.T) {
	m := []mapping{{0x100, true}, {0x200, false}, {0x300, true}}
	for at, want := range map[uint64]bool{0: false, 0xff: false, 0x100: true, 0x1ff: true, 0x200: false, 0x2fe: false, 0x300: true, 1 << 40: true} {
		if isThumb(m, at) != want {
			t.Errorf("%#x: Thumb %v, want %v", at, !want, want)
		}
	}
}

func TestCompare(t *testing.T) {
	report := func(version string, a, b int64) *Report {
		return &Report{Network: "n", Runs: []Run{{CPU: "cortex-a53", Compiler: "gcc", Version: version, Flags: "-O3",
			Layers: []Layer{{Name: "a", Instructions: a}, {Name: "b", Instructions: b}}, Total: Layer{Name: "total", Instructions: a + b}}}}
	}
	old := report("12.2.0", 1000, 100000)
	for _, test := range []struct {
		name  string
		now   *Report
		fails bool
		want  string
	}{
		{"the same", report("12.2.0", 1000, 100000), false, "101000 instructions, 101000 before"},
		{"one percent", report("12.2.0", 1010, 101000), false, "102010 instructions"},
		{"more in one layer", report("12.2.0", 1011, 100000), true, "a: 1011 instructions, 1000 before: +1.1 %"},
		{"more in total", report("12.2.0", 1010, 101050), true, "b: 101050"},
		{"less", report("12.2.0", 1, 1), false, "2 instructions"},
		{"another version", report("13.1.0", 9000, 900000), false, "cannot compare: version 13.1.0"},
	} {
		var out strings.Builder
		err := test.now.Compare(old, &out)
		if (err != nil) != test.fails || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: error %v, printed %q", test.name, err, out.String())
		}
	}
	other := report("12.2.0", 1, 1)
	other.Network = "m"
	if err := other.Compare(old, &strings.Builder{}); err == nil {
		t.Error("reports of two networks are compared")
	}
}

// TestWriteJSON reads what is written back.
func TestWriteJSON(t *testing.T) {
	r := &Report{Network: "n", Language: "c", Runs: []Run{
		{CPU: "a", Layers: []Layer{{Name: "x", MACs: 3, Loads: Access{Vector64: 7}}, {Name: "y", Cycles: 1.5}}, Total: Layer{Name: "total"}},
		{CPU: "b", Note: `"layers":null`, Layers: []Layer{{Name: "x"}}},
	}}
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	back := &Report{}
	if err := json.Unmarshal(out.Bytes(), back); err != nil || !reflect.DeepEqual(r, back) {
		t.Errorf("%v: %+v from\n%s", err, back, out.String())
	}
}
