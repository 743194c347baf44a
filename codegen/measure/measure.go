package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what is measured.
type Options struct {
	CPUs      []string // empty for the folder's target, or the first of the table when that is no core
	Compilers []string // gcc, clang; empty for each that is there
	Opt       string   // -O2 or -O3; of C
	PureGo    bool     // build Go without its assembly
	Seed      uint32   // of the input, which is random over all of int8
}

// A Report is what bench says of a folder.
type Report struct {
	Network  string `json:"network"`
	Language string `json:"language"`
	Target   string `json:"target"`
	// NotFound lists compilers that were not asked for by name and are not there.
	NotFound []string `json:"not_found,omitempty"`
	Runs     []Run    `json:"runs"`
}

// A Run is one build for one core.
type Run struct {
	CPU      string  `json:"cpu"`
	Compiler string  `json:"compiler"`
	Version  string  `json:"version"`
	Flags    string  `json:"flags"`
	Emulator string  `json:"emulator"`
	Model    string  `json:"model"` // who predicts cycles; empty when nobody does
	Note     string  `json:"note"`
	Output   uint32  `json:"output_hash"`
	Layers   []Layer `json:"layers"`
	Total    Layer   `json:"total"`
}

// An Access counts loads or stores by what they move.
type Access struct {
	Integer   int64 `json:"integer"`
	Vector64  int64 `json:"vector64"` // and narrower
	Vector128 int64 `json:"vector128"`
}

// Sum is the number of instructions.
func (a Access) Sum() int64 { return a.Integer + a.Vector64 + a.Vector128 }

func (a Access) String() string {
	return fmt.Sprintf("%d integer, %d of 64 bits, %d of 128", a.Integer, a.Vector64, a.Vector128)
}

// A Layer is what one call executed; the marks around it are within.
type Layer struct {
	Name         string  `json:"name"`
	Layer        string  `json:"layer,omitempty"` // in the network, when it sums products
	Kernel       string  `json:"kernel,omitempty"`
	MACs         int     `json:"macs"`
	Instructions int64   `json:"instructions"`
	PerInsn      float64 `json:"macs_per_instruction"`
	Loads        Access  `json:"loads"`
	Stores       Access  `json:"stores"`
	Multiplies   int64   `json:"simd_multiplies"`
	SIMD         int64   `json:"simd_other"`
	Branches     int64   `json:"branches"`
	Unknown      int64   `json:"undecoded"`
	// Predictions for the core without its caches; 0 when there is no model.
	Cycles float64 `json:"cycles_model"`
	Bound  float64 `json:"cycles_issue_bound"`
	Silent int64   `json:"instructions_without_model"`
	// Distinct bytes that were read or written.
	TableBytes int64 `json:"table_bytes"`
	ArenaBytes int64 `json:"arena_bytes"`
}

// job is one build.
type job struct {
	cpu      *CPU
	compiler string
	build    tool
}

// Folder measures the emitted folder dir: one run for each core and compiler.
// progress is told of each that is done.
func Folder(ctx context.Context, dir string, o Options, progress func(done, total int)) (*Report, error) {
	f, err := readFolder(dir)
	if err != nil {
		return nil, err
	}
	if len(o.CPUs) == 0 {
		o.CPUs = []string{CPUs[0].Name}
		if FindCPU(f.cert.Target) != nil {
			o.CPUs[0] = f.cert.Target
		}
	}
	b := &toolbox{found: map[string]tool{}}
	jobs, absent, err := f.jobs(b, o)
	if err != nil {
		return nil, err
	}
	cc, mc, mca := b.helper("cc"), b.helper("llvm-mc"), tool{}
	emulators := map[string]tool{}
	for _, name := range o.CPUs {
		c := FindCPU(name)
		emulator := machines[c.Arch].emulator
		emulators[emulator] = b.helper(emulator)
		if c.Model != "" {
			mca = b.helper("llvm-mca")
		}
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "snug-bench-*")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(tmp)
	plugin, err := buildPlugin(ctx, cc, tmp)
	if err != nil {
		return nil, fmt.Errorf("bench: the counting plugin: %w", err)
	}
	r := &Report{Network: f.cert.Network, Language: f.cert.Language, Target: f.cert.Target, NotFound: absent}
	schedulers := map[string]*scheduler{}
	for i, j := range jobs {
		progress(i, len(jobs))
		m := machines[j.cpu.Arch]
		s := schedulers[j.cpu.Name]
		if s == nil {
			s = &scheduler{mca: mca, args: append(slices.Clone(m.model), "-mcpu="+j.cpu.Model), known: map[string]float64{}}
			schedulers[j.cpu.Name] = s
		}
		work := filepath.Join(tmp, fmt.Sprint(i))
		if err := os.Mkdir(work, 0o755); err != nil {
			return nil, fmt.Errorf("bench: %w", err)
		}
		run, err := f.run(ctx, j, o, plugin, emulators[m.emulator], &decoder{mc: mc, mach: m}, s, work)
		if err != nil {
			return nil, fmt.Errorf("%s: bench: %s for %s: %w", dir, j.compiler, j.cpu.Name, err)
		}
		if len(r.Runs) > 0 && run.Output != r.Runs[0].Output {
			return nil, fmt.Errorf("%s: bench: the output of %s for %s is not that of %s for %s: a mistake of snug or of a compiler",
				dir, j.compiler, j.cpu.Name, r.Runs[0].Compiler, r.Runs[0].CPU)
		}
		r.Runs = append(r.Runs, *run)
		progress(i+1, len(jobs))
	}
	return r, nil
}

// jobs lists the builds, and the compilers that are not there. Without a choice
// of compilers one of those for a core has to be; with one, all of the chosen.
func (f *folder) jobs(b *toolbox, o Options) (jobs []job, absent []string, err error) {
	inGo := f.cert.Language == "go"
	for _, name := range o.CPUs {
		cpu := FindCPU(name)
		if cpu == nil {
			return nil, nil, fmt.Errorf("bench: core %q is none of %s", name, CPUNames())
		}
		look := &toolbox{found: b.found}
		found := 0
		for _, c := range compilers {
			chosen := len(o.Compilers) == 0 || inGo || slices.Contains(o.Compilers, c.name)
			if c.arch != cpu.Arch || (c.name == "go") != inGo || !chosen {
				continue
			}
			if t, ok := look.find(c.programs[0], c.programs, c.packages, 0); ok {
				jobs = append(jobs, job{cpu, c.name, t})
				found++
			}
		}
		if found == 0 || len(o.Compilers) > 0 {
			b.miss(look.missing, look.packages)
			continue
		}
		for i, m := range look.missing {
			absent = append(absent, fmt.Sprintf("%s (Debian: %s)", m, look.packages[i]))
		}
	}
	slices.Sort(absent)
	return jobs, slices.Compact(absent), nil
}

// run builds, executes and models once.
func (f *folder) run(ctx context.Context, j job, o Options, plugin string, qemu tool, d *decoder, s *scheduler, dir string) (*Run, error) {
	r := &Run{CPU: j.cpu.Name, Compiler: j.compiler, Version: j.build.version, Note: j.cpu.Note,
		Emulator: fmt.Sprintf("%s %s -cpu %s", d.mach.emulator, qemu.version, j.cpu.Qemu)}
	if j.cpu.Model != "" {
		r.Model = fmt.Sprintf("llvm-mca %s -mcpu=%s", s.mca.version, j.cpu.Model)
	}
	var program string
	var err error
	if f.cert.Language == "go" {
		tags := ""
		r.Flags = "GOARCH=" + j.cpu.Arch
		if o.PureGo {
			tags = "purego"
			r.Flags += " -tags=" + tags
		}
		program, err = f.buildGo(ctx, j.build, j.cpu.Arch, tags, o.Seed, dir)
	} else {
		r.Flags = o.Opt + " " + j.cpu.Flags
		flags := strings.Fields(r.Flags)
		if j.compiler == "clang" {
			flags = append(flags, "--target="+d.mach.triple)
		}
		program, err = f.buildC(ctx, j.build, flags, o.Seed, dir)
	}
	if err != nil {
		return nil, err
	}
	if d.mach.decode16 != nil && f.cert.Language == "c" {
		if d.modes, err = thumbRanges(program); err != nil {
			return nil, err
		}
	}
	regions, places, err := execute(ctx, program, plugin, qemu, d.modes, j.cpu, len(f.steps), dir)
	if err != nil {
		return nil, err
	}
	r.Output = places.output
	if err := d.decode(ctx, regions); err != nil {
		return nil, err
	}
	blocks := make([][]block, len(regions))
	for i := range regions {
		blocks[i] = d.blocks(&regions[i], j.cpu.Arch == "arm")
	}
	if j.cpu.Model != "" {
		if err := s.learn(ctx, slices.Concat(blocks...)); err != nil {
			return nil, err
		}
	}
	var all []span
	for i, st := range f.steps {
		l := d.layer(&regions[i], j.cpu)
		l.Name, l.Layer, l.Kernel, l.MACs = st.Name, st.Layer, st.Kernel, st.MACs
		if j.cpu.Model != "" {
			l.Cycles, l.Silent = s.cost(blocks[i])
		}
		l.TableBytes = touched(regions[i].data, places.places, "table")
		l.ArenaBytes = touched(regions[i].data, places.places, "arena")
		all = append(all, regions[i].data...)
		r.Total.add(&l)
		l.finish()
		r.Layers = append(r.Layers, l)
	}
	all = union(all)
	r.Total.Name = "total"
	r.Total.TableBytes = touched(all, places.places, "table")
	r.Total.ArenaBytes = touched(all, places.places, "arena")
	r.Total.finish()
	return r, nil
}

// output is what a guest printed.
type output struct {
	places []place
	output uint32
}

// execute runs the program once under the plugin.
func execute(ctx context.Context, program, plugin string, qemu tool, modes []mapping, cpu *CPU, steps int, dir string) ([]region, *output, error) {
	counts := filepath.Join(dir, "counts")
	out, _, err := call(ctx, dir, []string{"GODEBUG=asyncpreemptoff=1"}, nil, qemu.path, "-cpu", cpu.Qemu, "-plugin", plugin+",out="+counts, program)
	if err != nil {
		return nil, nil, err
	}
	o := &output{}
	if o.places, o.output, err = parseOutput(out); err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(counts)
	if err != nil {
		return nil, nil, err
	}
	regions, err := parseDump(text, steps, modes)
	return regions, o, err
}
