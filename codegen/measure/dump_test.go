package measure

import (
	"slices"
	"strings"
	"testing"
)

const dump = `insn 1 4004 1f2003d5 10
insn 1 4000 0094626f 10
insn 1 4004 1f2003d5 5
data 1 9000 900f
insn 2 8000 f0b5 3
insn 2 8002 2de9f04f0120 3
end 6
`

func TestParseDump(t *testing.T) {
	r, err := parseDump([]byte(dump), 2, []mapping{{0x8000, true}})
	if err != nil {
		t.Fatal(err)
	}
	want := []instruction{{0x4000, "\x00\x94\x62\x6f", 10}, {0x4004, "\x1f\x20\x03\xd5", 15}}
	if !slices.Equal(r[0].code, want) || !slices.Equal(r[0].data, []span{{0x9000, 0x900f}}) {
		t.Errorf("region 1: %v", r[0])
	}
	want = []instruction{{0x8000, "\xf0\xb5", 3}, {0x8002, "\x2d\xe9\xf0\x4f", 3}}
	if !slices.Equal(r[1].code, want) || r[1].data != nil {
		t.Errorf("region 2: %v", r[1])
	}
}

// TestParseDumpRefuses cuts and damages a dump.
func TestParseDumpRefuses(t *testing.T) {
	good := "insn 1 4000 1f2003d5 10\ndata 1 9000 900f\nend 2\n"
	if _, err := parseDump([]byte(good), 1, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{good, "", "cut short"},
		{"end 2\n", "", "cut short"},
		{"end 2", "end 3", "lines are missing"},
		{"end 2", "end 2\nend 2", "not expected"},
		{"end 2", "\nend 2", "not expected"},
		{"insn 1", "insn 2", "want a region"},
		{"insn 1", "insn 0", "want a region"},
		{"insn 1", "jump 1", "unknown"},
		{"insn 1 4000", "insn 1", "unknown"},
		{"4000", "4g00", "not an address"},
		{"1f2003d5", "1f2003", "not an instruction"},
		{"1f2003d5", "1f20", "not an instruction"},
		{"1f2003d5", "1f2003d51f20", "not an instruction"},
		{" 10\n", " -1\n", "not an instruction"},
		{" 10\n", "\n", "unknown"},
		{"900f", "8fff", "not a range"},
		{"data 1 9000 900f", "data 1", "cut short"},
		{"data 1 9000 900f", "insn 1 4000 000000d5 1", "two instructions at 4000"},
	} {
		_, err := parseDump([]byte(strings.Replace(good, test.old, test.new, 1)), 1, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q for %q: error %v, want one about %q", test.new, test.old, err, test.want)
		}
	}
}

func FuzzParseDump(f *testing.F) {
	f.Add([]byte(dump), 2, uint64(0x8000))
	f.Fuzz(func(t *testing.T, text []byte, n int, thumb uint64) {
		regions, err := parseDump(text, max(0, min(n, 8)), []mapping{{thumb, true}})
		for _, r := range regions {
			for _, c := range r.code {
				if err == nil && (c.count < 1 || len(c.code) != 2 && len(c.code) != 4) {
					t.Errorf("accepted %v", c)
				}
			}
		}
	})
}

func TestTouched(t *testing.T) {
	spans := union([]span{{100, 109}, {0, 9}, {105, 119}, {5, 6}})
	if !slices.Equal(spans, []span{{0, 9}, {100, 119}}) {
		t.Fatalf("union %v", spans)
	}
	places := []place{{"table", 5, 10}, {"table", 5, 10}, {"table", 118, 100}, {"table", 50, 0}, {"arena", 200, 8}}
	if n := touched(spans, places, "table"); n != 5+2 {
		t.Errorf("%d bytes of tables, want 7", n)
	}
	if n := touched(spans, places, "arena"); n != 0 {
		t.Errorf("%d bytes of the arena, want none", n)
	}
}

func TestParseOutput(t *testing.T) {
	places, hash, err := parseOutput([]byte("place arena ff0 16\nplace table 10 2\noutput 4294967295\n"))
	if err != nil || hash != 1<<32-1 || !slices.Equal(places, []place{{"arena", 0xff0, 16}, {"table", 0x10, 2}}) {
		t.Errorf("%v, %d, %v", places, hash, err)
	}
	for _, text := range []string{"", "place arena ff0 16\n", "place arena x 16\noutput 1\n", "place arena 1 -1\noutput 1\n", "output -1\n", "Segmentation fault\n"} {
		if _, _, err := parseOutput([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
