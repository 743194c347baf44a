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
	var next uint64
	open := false
	for _, c := range r.code {
		if !open || c.address != next || c.count != out[len(out)-1].count {
			out = append(out, block{count: c.count})
		}
		b, t := &out[len(out)-1], d.of(c)
		if t != "" {
			if b.n > 0 {
				b.text += "\n"
			}
			b.text += modelText(t)
			b.n++
		}
		next = c.address + uint64(len(c.code))
		open = !isBranch(t, arm)
	}
	return out
}

// modelText is an instruction as the model gets it. llvm-mca takes a call for
// one of unknown cost, 100 cycles; here what is called is counted by itself, and
// a call is a jump.
func modelText(t string) string {
	if operand, ok := strings.CutPrefix(t, "bl "); ok {
		return "b " + operand
	}
	if operand, ok := strings.CutPrefix(t, "blr "); ok {
		return "br " + operand
	}
	return t
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
	mca   tool
	args  []string
	known map[string]float64 // cycles an iteration; negative when it has no answer
}

// learn models every block that is not known, in one process.
func (s *scheduler) learn(ctx context.Context, blocks []block) error {
	var texts []string
	var in bytes.Buffer
	for _, b := range blocks {
		if _, ok := s.known[b.text]; ok || b.n == 0 {
			continue
		}
		s.known[b.text] = -1
		fmt.Fprintf(&in, "# LLVM-MCA-BEGIN b%d\n%s\n# LLVM-MCA-END\n", len(texts), b.text)
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
// iteration, negative for a region whose instructions the model does not know: it
// is left out of the answer.
func parseModel(out []byte, n int) ([]float64, error) {
	cycles := make([]float64, n)
	for i := range cycles {
		cycles[i] = -1
	}
	at := -1
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
			if err != nil || cycles[at] >= 0 {
				return nil, fmt.Errorf("llvm-mca: region %d: %q", at, line)
			}
			cycles[at] = float64(c) / iterations
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("llvm-mca: no answer for %d regions", n)
	}
	return cycles, nil
}

// cost is what the model says of blocks, and how many instructions ran that it
// says nothing of.
func (s *scheduler) cost(blocks []block) (cycles float64, silent int64) {
	for _, b := range blocks {
		switch c := s.known[b.text]; {
		case b.n == 0:
		case c < 0:
			silent += b.count * int64(b.n)
		default:
			cycles += c * float64(b.count)
		}
	}
	return cycles, silent
}
