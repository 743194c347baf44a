package measure

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An instruction is one address of a region: its encoding in the order of
// memory, and how often it ran.
type instruction struct {
	address uint64
	code    string
	count   int64
}

// A span is the touched bytes [first, last].
type span struct{ first, last uint64 }

// A region is what ran between two marks: instructions by address, and the
// memory they touched.
type region struct {
	code []instruction
	data []span
}

// parseDump reads what the plugin wrote: n regions, numbered from 1, of a program
// whose code is Thumb where modes say so. Text that is cut or malformed is an
// error.
func parseDump(text []byte, n int, modes []mapping) ([]region, error) {
	regions := make([]region, n)
	lines, ended := 0, false
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		fail := func(what string) error {
			return fmt.Errorf("counts: line %d: %s: %.60q", lines+1, what, bytes.TrimSpace(line))
		}
		if ended || len(f) == 0 {
			return nil, fail("not expected here")
		}
		if f[0] == "end" {
			if len(f) != 2 || f[1] != strconv.Itoa(lines) {
				return nil, fail("lines are missing")
			}
			ended = true
			continue
		}
		if len(f) < 4 {
			return nil, fail("cut short")
		}
		at, err := strconv.Atoi(f[1])
		if err != nil || at < 1 || at > n {
			return nil, fail(fmt.Sprintf("want a region from 1 to %d", n))
		}
		r := &regions[at-1]
		first, err := strconv.ParseUint(f[2], 16, 64)
		if err != nil {
			return nil, fail("not an address")
		}
		switch {
		case f[0] == "insn" && len(f) == 5:
			code, err := hex.DecodeString(f[3])
			count, e := strconv.ParseInt(f[4], 10, 64)
			if err == nil {
				code = trim(code, isThumb(modes, first))
			}
			if err != nil || code == nil || e != nil || count < 1 {
				return nil, fail("not an instruction")
			}
			r.code = append(r.code, instruction{first, string(code), count})
		case f[0] == "data" && len(f) == 4:
			last, err := strconv.ParseUint(f[3], 16, 64)
			if err != nil || last < first {
				return nil, fail("not a range")
			}
			r.data = append(r.data, span{first, last})
		default:
			return nil, fail("unknown")
		}
		lines++
	}
	if !ended {
		return nil, fmt.Errorf("counts: the text ends after %d lines: the run was cut short", lines)
	}
	for i := range regions {
		var err error
		if regions[i].code, err = merge(regions[i].code); err != nil {
			return nil, err
		}
	}
	return regions, nil
}

// trim returns the bytes of the instruction at the head of code, nil when there
// is none. A first halfword from 0xe800 on begins a 32-bit Thumb instruction.
func trim(code []byte, thumb bool) []byte {
	n := 4
	if thumb && len(code) >= 2 && code[1] < 0xe8 {
		n = 2
	}
	if len(code) < n || len(code) > n && !thumb {
		return nil
	}
	return code[:n]
}

// merge sorts by address and adds the counts of an instruction that is in
// several translation blocks.
func merge(code []instruction) ([]instruction, error) {
	slices.SortFunc(code, func(a, b instruction) int { return cmp.Compare(a.address, b.address) })
	out := code[:0]
	for _, c := range code {
		if n := len(out); n > 0 && out[n-1].address == c.address {
			if out[n-1].code != c.code {
				return nil, fmt.Errorf("counts: two instructions at %x: code that changes itself cannot be counted", c.address)
			}
			out[n-1].count += c.count
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// union merges spans that meet.
func union(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.first <= out[n-1].last {
			out[n-1].last = max(out[n-1].last, s.last)
			continue
		}
		out = append(out, s)
	}
	return out
}

// A place is a block of memory of the guest.
type place struct {
	name  string // arena or table
	first uint64
	size  uint64
}

// touched counts the bytes of spans, which do not meet, in all places of a
// name. Equal tables may be one in memory: their bytes count once.
func touched(spans []span, places []place, name string) int64 {
	var ranges []span
	for _, p := range places {
		if p.name == name && p.size > 0 {
			ranges = append(ranges, span{p.first, p.first + p.size - 1})
		}
	}
	var n uint64
	for _, r := range union(ranges) {
		for _, s := range spans {
			lo, hi := max(s.first, r.first), min(s.last, r.last)
			if lo <= hi {
				n += hi - lo + 1
			}
		}
	}
	return int64(n)
}

// parseOutput reads what the guest printed: where its memory is, and the hash
// of its output.
func parseOutput(text []byte) (places []place, hash uint32, err error) {
	done := false
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 4 && f[0] == "place":
			first, e1 := strconv.ParseUint(f[2], 16, 64)
			size, e2 := strconv.ParseUint(f[3], 10, 64)
			if e1 != nil || e2 != nil {
				return nil, 0, fmt.Errorf("run: not a place: %.60q", line)
			}
			places = append(places, place{f[1], first, size})
		case len(f) == 2 && f[0] == "output":
			h, e := strconv.ParseUint(f[1], 10, 32)
			if e != nil {
				return nil, 0, fmt.Errorf("run: not a hash: %.60q", line)
			}
			hash, done = uint32(h), true
		default:
			return nil, 0, fmt.Errorf("run: printed %.60q", line)
		}
	}
	if !done {
		return nil, 0, fmt.Errorf("run: ended without an output")
	}
	return places, hash, nil
}
