package measure

import (
	"context"
	"debug/elf"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// thumbRanges returns the address from which on code of an ARM program is
// Thumb, and those from which on it is not, in order: what the mapping symbols
// $t, $a and $d of the ARM ELF ABI say. A program without them, such as one of
// Go, is not Thumb.
func thumbRanges(program string) ([]mapping, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	var m []mapping
	for _, s := range symbols {
		if name, _, _ := strings.Cut(s.Name, "."); name == "$t" || name == "$a" {
			m = append(m, mapping{s.Value, name == "$t"})
		}
	}
	slices.SortStableFunc(m, func(a, b mapping) int {
		switch {
		case a.address < b.address:
			return -1
		case a.address > b.address:
			return 1
		}
		return 0
	})
	return m, nil
}

// A mapping says what code is from an address on.
type mapping struct {
	address uint64
	thumb   bool
}

func isThumb(m []mapping, address uint64) bool {
	i, _ := slices.BinarySearchFunc(m, address+1, func(a mapping, at uint64) int {
		if a.address < at {
			return -1
		}
		return 1
	})
	return i > 0 && m[i-1].thumb
}

// A decoder turns encodings into text by llvm-mc, all of a run at once.
type decoder struct {
	mc    tool
	mach  machine
	modes []mapping
	text  [2]map[string]string // by encoding; [1] is Thumb
}

// decode reads all code of regions; an encoding that llvm-mc does not know has
// no text.
func (d *decoder) decode(ctx context.Context, regions []region) error {
	d.text = [2]map[string]string{{}, {}}
	for _, r := range regions {
		for _, c := range r.code {
			d.text[d.set(c)][c.code] = ""
		}
	}
	for set, args := range [2][]string{d.mach.decode, d.mach.decode16} {
		if len(d.text[set]) == 0 {
			continue
		}
		codes := make([]string, 0, len(d.text[set]))
		for c := range d.text[set] {
			if set == 1 && isIT(c) {
				d.text[set][c] = "it"
				continue
			}
			codes = append(codes, c)
		}
		slices.Sort(codes)
		var in []byte
		for _, c := range codes {
			in = append(in, '[') // decoded as a whole, or not at all
			for i := range len(c) {
				in = fmt.Appendf(in, " 0x%02x", c[i])
			}
			in = append(in, "]\n"...)
		}
		out, warnings, err := call(ctx, "", nil, in, d.mc.path, append([]string{"--disassemble"}, args...)...)
		if err != nil && !badLine.Match(warnings) {
			return err // an encoding that it does not know is no failure
		}
		texts, err := decoded(out, warnings, len(codes))
		if err != nil {
			return err
		}
		for i, c := range codes {
			d.text[set][c] = texts[i]
		}
	}
	return nil
}

// isIT reports whether a Thumb instruction makes others conditional. llvm-mc is
// not to see it: the next one that it decodes is not the next one of the program.
func isIT(code string) bool { return len(code) == 2 && code[1] == 0xbf && code[0]&0xf != 0 }

func (d *decoder) set(c instruction) int {
	if isThumb(d.modes, c.address) {
		return 1
	}
	return 0
}

// of returns the text of an instruction.
func (d *decoder) of(c instruction) string { return d.text[d.set(c)][c.code] }

var badLine = regexp.MustCompile(`(?m)^<stdin>:(\d+):\d+: (?:warning|error): `)

// decoded pairs the lines that llvm-mc printed with its n lines of input:
// those it warned of have no output.
func decoded(out, warnings []byte, n int) ([]string, error) {
	bad := map[int]bool{}
	for _, m := range badLine.FindAllSubmatch(warnings, -1) {
		at, err := strconv.Atoi(string(m[1]))
		if err != nil || at < 1 || at > n {
			return nil, fmt.Errorf("llvm-mc: warns of line %s of %d", m[1], n)
		}
		bad[at-1] = true
	}
	texts := make([]string, n)
	i := 0
	for line := range strings.Lines(string(out)) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || strings.HasPrefix(line, ".") {
			continue
		}
		for bad[i] {
			i++
		}
		if i >= n {
			return nil, fmt.Errorf("llvm-mc: more than the %d instructions it was given", n)
		}
		texts[i] = line
		i++
	}
	for bad[i] {
		i++
	}
	if i != n {
		return nil, fmt.Errorf("llvm-mc: %d of the %d instructions it was given", i, n)
	}
	return texts, nil
}
