package codegen

// A Feature is a property of a CPU, or of a language, that a kernel may need.
type Feature int

// Features.
const (
	C      Feature = 1 << iota // C99
	NEON                       // 128-bit integer SIMD
	A64                        // its 64-bit form: 32 registers
	A32                        // its 32-bit form: 16 registers
	DOT                        // SDOT, in the 64-bit form
	GoWord                     // plain Go: 64-bit words, no SIMD
)

// A Target is a CPU, or a language, that programs are lowered for.
type Target struct {
	Name   string
	Has    Feature
	MLA    float64 // cycles of MLA.8h over those of other vector instructions
	L2     int     // bytes of second-level cache that a core can count on
	CFlags string  // what the emitted Makefile passes to the compiler
	Note   string
	// Pace is cycles of an instruction by kernel, as llvm-mca predicts them: costs
	// are compared in modelled cycles. Nil: in instructions.
	Pace map[string]float64
}

// pace is what an instruction of k counts.
func (t *Target) pace(k *Kernel) float64 {
	if p, ok := t.Pace[k.Name]; ok {
		return p
	}
	return 1
}

// CostUnit names what costs on t are counted in.
func (t *Target) CostUnit() string {
	if t.Pace != nil {
		return "modelled cycles"
	}
	return "instructions"
}

// paceA55 is of llvm-mca 19 on the convolutions of whole networks, the mean of
// gcc 12 and clang 19 at -O3.
var paceA55 = map[string]float64{
	"conv_s8_a16_mla": 1.15, "conv_s8_a16_smlal": 1.04, "conv_s8_a32_sdot": 1.20,
	"conv_s8_a16_ring43": 1.19, "conv_s8_a16_ring33": 1.26, "conv_s8_a16_ring33x": 1.20,
	"conv_s8_a16_ring42": 1.20, "conv_s8_a16_ring22": 1.20,
}

// Targets is the table of targets. To add a CPU, add a row.
var Targets = []Target{
	{"cortex-a53", C | NEON | A64, 1, 512 << 10, "-mcpu=cortex-a53", "in-order ARMv8; also A35", nil},
	{"cortex-a55", C | NEON | A64 | DOT, 1, 128 << 10, "-mcpu=cortex-a55", "in-order ARMv8.2 with a dot product", paceA55},
	{"cortex-a72", C | NEON | A64, 2, 1 << 20, "-mcpu=cortex-a72", "ARMv8 whose 16-bit MLA runs at half rate; also A57, A73", nil},
	{"cortex-a7", C | NEON | A32, 1, 256 << 10, "-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard", "ARMv7 with NEON; also A5, A8, A9, A15", nil},
	{"generic-c", C, 1, 0, "", "any C99 compiler, no intrinsics", nil},
	{"go", GoWord, 1, 0, "", "plain Go on any GOARCH", nil},
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
