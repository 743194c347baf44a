package measure

import (
	"fmt"
	"io"
)

// Tolerance is the rise of a count, in parts of a hundred, that is no failure.
const Tolerance = 1

// Compare holds the instruction counts of r against those of an earlier report
// of the same network, prints what changed, and fails when a layer or a whole run
// rose by more than Tolerance. Runs by other versions of a compiler or an emulator
// are not compared, and it says so.
func (r *Report) Compare(old *Report, out io.Writer) error {
	if r.Network != old.Network || r.Language != old.Language || r.Target != old.Target {
		return fmt.Errorf("compare: this is %s, %s, %s; the earlier report is of %s, %s, %s",
			r.Network, r.Language, r.Target, old.Network, old.Language, old.Target)
	}
	worse, compared := 0, 0
	for i := range r.Runs {
		now := &r.Runs[i]
		name := fmt.Sprintf("%s, %s %s, %s %s", r.Network, r.Target, now.CPU, now.Compiler, now.Flags)
		before := old.find(now)
		if before == nil {
			fmt.Fprintf(out, "%s: cannot compare: the earlier report has no such run\n", name)
			continue
		}
		if before.Version != now.Version {
			fmt.Fprintf(out, "%s: cannot compare: version %s here, %s in the earlier report\n", name, now.Version, before.Version)
			continue
		}
		compared++
		rises := now.compare(before, name, out)
		worse += rises
		if rises == 0 {
			fmt.Fprintf(out, "%s: %d instructions, %d before\n", name, now.Total.Instructions, before.Total.Instructions)
		}
	}
	for i := range old.Runs {
		if was := &old.Runs[i]; r.find(was) == nil {
			fmt.Fprintf(out, "%s, %s %s, %s %s: not measured here\n", old.Network, old.Target, was.CPU, was.Compiler, was.Flags)
		}
	}
	if worse > 0 {
		return fmt.Errorf("compare: %d counts rose by more than %d %%", worse, Tolerance)
	}
	if compared == 0 {
		fmt.Fprintf(out, "%s: nothing was compared\n", r.Network)
	}
	return nil
}

// find returns the run of the same core, compiler and flags.
func (r *Report) find(as *Run) *Run {
	for i := range r.Runs {
		if c := &r.Runs[i]; c.CPU == as.CPU && c.Compiler == as.Compiler && c.Flags == as.Flags {
			return c
		}
	}
	return nil
}

// compare prints the layers that rose, and counts them.
func (r *Run) compare(before *Run, name string, out io.Writer) int {
	was := map[string]*Layer{}
	for i := range before.Layers {
		was[before.Layers[i].Name] = &before.Layers[i]
	}
	worse := 0
	check := func(now, old *Layer) {
		if 100*now.Instructions > (100+Tolerance)*old.Instructions {
			fmt.Fprintf(out, "%s: %s: %d instructions, %d before: %+.1f %%\n", name, now.Name, now.Instructions, old.Instructions,
				100*(float64(now.Instructions)/float64(old.Instructions)-1))
			worse++
		}
	}
	for i := range r.Layers {
		if old := was[r.Layers[i].Name]; old != nil {
			check(&r.Layers[i], old)
		}
	}
	check(&r.Total, &before.Total)
	return worse
}
