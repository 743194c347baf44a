package measure

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A block is a run of instructions with one entry that ran count times.
type block struct {
	text  string // a line an instruction
	n     int
	count int64
}

// blocks cuts a region: instructions that lie behind one another and ran
// equally often are one block, up to a branch. Undecoded instructions are left out
// of the text.
func (d *decoder) blocks(r *region, arm bool) []block {
	var out []block
	var text []string
	var next uint64
	open := func() *block {
		if len(out) == 0 {
			return nil
		}
		return &out[len(out)-1]
	}
	closed := true
	finish := func() {
		if b := open(); b != nil {
			b.text = strings.Join(text, "\n")
		}
		text = nil
	}
	for _, c := range r.code {
		if closed || c.address != next || c.count != open().count {
			finish()
			out = append(out, block{count: c.count})
		}
		t := d.of(c)
		if t != "" {
			text = append(text, t)
			open().n++
		}
		next = c.address + uint64(len(c.code))
		closed = isBranch(t, arm)
	}
	finish()
	return out
}

// iterations is how often the model repeats a block: its cycles are those in
// the steady state of a loop.
const iterations = 64

var (
	mcaRegion = regexp.MustCompile(`^\[\d+\] Code Region - b(\d+)$`)
	mcaCycles = regexp.MustCompile(`^Total Cycles:\s+(\d+)$`)
)

// A scheduler asks llvm-mca for the cycles of blocks; what it knows it does not
// ask again.
type scheduler struct {
	mca     tool
	args    []string
	comment string
	known   map[string]float64
}

// learn models every block that is not known, in one process.
func (s *scheduler) learn(ctx context.Context, blocks []block) error {
	var texts []string
	var in bytes.Buffer
	for _, b := range blocks {
		if _, ok := s.known[b.text]; ok || b.n == 0 {
			continue
		}
		s.known[b.text] = 0
		fmt.Fprintf(&in, "%[1]s LLVM-MCA-BEGIN b%[2]d\n%[3]s\n%[1]s LLVM-MCA-END\n", s.comment, len(texts), b.text)
		texts = append(texts, b.text)
	}
	if len(texts) == 0 {
		return nil
	}
	args := append([]string{"-iterations=" + strconv.Itoa(iterations), "-skip-unsupported-instructions=any",
		"-resource-pressure=false", "-instruction-info=false"}, s.args...)
	out, _, err := call(ctx, "", nil, in.Bytes(), s.mca.path, args...)
	if err != nil {
		return err
	}
	cycles, err := parseModel(out, len(texts))
	if err != nil {
		return err
	}
	for i, t := range texts {
		s.known[t] = cycles[i]
	}
	return nil
}

// parseModel reads the summaries of n regions; the result is cycles an
// iteration.
func parseModel(out []byte, n int) ([]float64, error) {
	cycles := make([]float64, n)
	seen, at := 0, -1
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if m := mcaRegion.FindStringSubmatch(line); m != nil {
			i, err := strconv.Atoi(m[1])
			if err != nil || i >= n {
				return nil, fmt.Errorf("llvm-mca: answers for region %s of %d", m[1], n)
			}
			at = i
		} else if m := mcaCycles.FindStringSubmatch(line); m != nil && at >= 0 {
			c, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil || cycles[at] != 0 {
				return nil, fmt.Errorf("llvm-mca: region %d: %q", at, line)
			}
			cycles[at] = float64(c) / iterations
			seen++
		}
	}
	if seen != n {
		return nil, fmt.Errorf("llvm-mca: answers for %d of %d regions", seen, n)
	}
	return cycles, nil
}
