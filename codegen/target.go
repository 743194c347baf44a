package codegen

// A Feature is a property of a CPU that a kernel may need.
type Feature int

// Features.
const (
	NEON   Feature = 1 << iota // 128-bit integer SIMD
	MLA8H                      // MLA of eight 16-bit lanes issues every cycle
	GoWord                     // plain Go: 64-bit words, no SIMD
)

// A Target is a CPU, or a language, that programs are lowered for.
type Target struct {
	Name   string
	Has    Feature
	CFlags string // what the emitted Makefile passes to the compiler
	Note   string
}

// Targets is the table of targets. To add a CPU, add a row.
var Targets = []Target{
	{"cortex-a53", NEON | MLA8H, "-mcpu=cortex-a53", "in-order ARMv8; also A35"},
	{"cortex-a72", NEON, "-mcpu=cortex-a72", "ARMv8 whose 16-bit MLA runs at half rate; also A57, A73"},
	{"cortex-a7", NEON | MLA8H, "-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard", "ARMv7 with NEON; also A5, A8, A9, A15"},
	{"generic-c", 0, "", "any C99 compiler, no intrinsics"},
	{"go", GoWord, "", "plain Go on any GOARCH"},
}

// FindTarget returns the target of that name, nil when there is none.
func FindTarget(name string) *Target {
	for i := range Targets {
		if Targets[i].Name == name {
			return &Targets[i]
		}
	}
	return nil
}
