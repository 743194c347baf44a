package measure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// barWidth is the length of the longest bar.
const barWidth = 16

// WriteTable prints every run: what it is, a line a layer, the total and what
// the numbers are.
func (r *Report) WriteTable(out io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s written for %s; one inference\n", r.Network, map[string]string{"c": "C", "go": "Go"}[r.Language], r.Target)
	for i := range r.Runs {
		r.Runs[i].write(&b)
	}
	if len(r.NotFound) > 0 {
		fmt.Fprintf(&b, "\nNot found: %s\n", strings.Join(r.NotFound, ", "))
	}
	fmt.Fprint(&b, "\nInstructions, loads, stores and bytes are counted, exactly, and do not depend on the input; SIMD mul are SIMD multiplies,\n"+
		"tables and arena distinct bytes touched. The marks of a layer's ends are within its counts.\n")
	if r.modelled() {
		fmt.Fprint(&b, "Cycles are predictions, not measurements: llvm-mca's model of the core, each block of code in its steady state, without caches.\n"+
			"The issue bound is a second, simpler model of an in-order core: one SIMD operation or vector access a cycle, two cycles\n"+
			"for 128 bits, and other instructions beside them.\n")
	}
	_, err := out.Write(b.Bytes())
	return err
}

// WriteJSON prints one object, a line a layer: a changed layer is a changed line.
func (r *Report) WriteJSON(out io.Writer) error {
	runs := r.Runs
	head := *r
	head.Runs = nil
	b, err := cutTail(head, `"runs":null`)
	if err != nil {
		return err
	}
	b = append(b, `"runs":[`...)
	for i, run := range runs {
		layers := run.Layers
		run.Layers = nil
		total, err := json.Marshal(run.Total)
		if err != nil {
			return err
		}
		text, err := cutTail(run, `"layers":null`)
		if err != nil {
			return err
		}
		b = append(append(append(b, "\n"...), text...), `"layers":[`...)
		for k := range layers {
			line, err := json.Marshal(&layers[k])
			if err != nil {
				return err
			}
			b = append(append(append(b, '\n'), line...), ',')
		}
		b = append(bytes.TrimSuffix(b, []byte(",")), "],\n\"total\":"...)
		b = append(append(b, total...), '}')
		if i+1 < len(runs) {
			b = append(b, ',')
		}
	}
	_, err = out.Write(append(b, "]}\n"...))
	return err
}

// cutTail encodes v up to the field that the caller writes itself.
func cutTail(v any, field string) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	head, _, _ := bytes.Cut(b, []byte(field))
	return head, nil
}

func (r *Report) modelled() bool {
	for i := range r.Runs {
		if r.Runs[i].Model != "" {
			return true
		}
	}
	return false
}

func (r *Run) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s, %s %s %s, %s", r.CPU, r.Compiler, r.Version, r.Flags, r.Emulator)
	if r.Model != "" {
		fmt.Fprintf(b, ", cycles by %s", r.Model)
	}
	if r.Note != "" {
		fmt.Fprintf(b, " (%s)", r.Note)
	}
	width, most := len("total"), int64(1)
	for _, l := range r.Layers {
		width = max(width, min(len(l.Name), 28))
		most = max(most, l.Instructions)
	}
	fmt.Fprintf(b, "\n%-*s %11s %11s %9s %10s %9s %10s %10s %10s %8s %8s\n", width, "layer", "MACs", "insns", "MACs/insn", "loads", "stores", "SIMD mul", "cycles", "bound", "tables", "arena")
	for i := range r.Layers {
		l := &r.Layers[i]
		l.write(b, width, strings.Repeat("#", int((l.Instructions*barWidth+most/2)/most)))
	}
	r.Total.write(b, width, "")
	t := &r.Total
	fmt.Fprintf(b, "by opcode: loads %s; stores %s; SIMD multiplies %d, other SIMD %d; branches %d\n", t.Loads, t.Stores, t.Multiplies, t.SIMD, t.Branches)
	if r.Total.Unknown > 0 {
		fmt.Fprintf(b, "%d instructions could not be decoded: they have no class and no cycles\n", r.Total.Unknown)
	}
	if r.Total.Silent > 0 {
		fmt.Fprintf(b, "%d instructions are in blocks that the model does not know: they have no cycles\n", r.Total.Silent)
	}
}

func (l *Layer) write(b *bytes.Buffer, width int, bar string) {
	cycles := func(v float64) string {
		if v == 0 {
			return "-"
		}
		return fmt.Sprintf("%.0f", v)
	}
	perInsn := "-"
	if l.MACs > 0 {
		perInsn = fmt.Sprintf("%.2f", l.PerInsn)
	}
	name := l.Name
	if len(name) > width {
		name = "~" + name[len(name)-width+1:]
	}
	line := fmt.Sprintf("%-*s %11d %11d %9s %10d %9d %10d %10s %10s %8d %8d  %s", width, name, l.MACs, l.Instructions, perInsn,
		l.Loads.Sum(), l.Stores.Sum(), l.Multiplies, cycles(l.Cycles), cycles(l.Bound), l.TableBytes, l.ArenaBytes, bar)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
