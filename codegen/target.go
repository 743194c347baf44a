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

// paceA55 is, for each kernel, cycles that llvm-mca 19 predicts (snug bench --json, of
// folders for cortex-a53 and cortex-a55) over instructions that Cost predicts, summed
// over all its layers in resnet20, allcnn_c and mobilenetv1_0.25, so that errors of
// Cost are in it too: the mean of gcc 12 and clang 19 at -O3. What these networks
// have not, or once, has the number of its family: ring33 that of ring33x, ring34
// and ring25 that of ring43, depthwise layers that of 3x3. Flushed sums and pairs are
// those of ResNet-8 at 16:32/16 and 16:32.
var paceA55 = map[string]float64{
	"conv_s8_a16_mla": 1.33, "conv_s8_a16_point": 1.59, "conv_s8_a16_first": 1.21,
	"conv_s8_a16_smlal": 1.22, "conv_s8_a32_sdot": 1.31, "conv_s8_a16_saddw": 1.33, "conv_s8_a32_sadalp": 0.97,
	"conv_s8_a16_ring43": 1.27, "conv_s8_a16_ring34": 1.27, "conv_s8_a16_ring25": 1.27,
	"conv_s8_a16_ring33": 1.25, "conv_s8_a16_ring33x": 1.25,
	"conv_s8_a16_ring42": 1.39, "conv_s8_a16_ring22": 1.25,
	"dw3_s8_a16_smlal": 1.50, "dw5_s8_a16_smlal": 1.50, "dw_s8_a16_smlal": 1.50,
}

// paceA72 is the same for Cortex-A57, as llvm-mca has no model of the A72, of resnet20
// and clang 19. Cost has counted MLA twice already; what is left is that the dot
// kernel runs more of its instructions at once.
var paceA72 = map[string]float64{
	"conv_s8_a16_mla": 0.93, "conv_s8_a16_point": 0.93, "conv_s8_a16_first": 0.88, "conv_s8_a16_smlal": 0.75,
	"conv_s8_a16_saddw": 0.75, "conv_s8_a32_sadalp": 0.52,
	"conv_s8_a16_ring43": 0.87, "conv_s8_a16_ring34": 0.87, "conv_s8_a16_ring25": 0.87,
	"conv_s8_a16_ring33": 0.91, "conv_s8_a16_ring33x": 0.91,
	"conv_s8_a16_ring42": 0.93, "conv_s8_a16_ring22": 0.94,
}

// Targets is the table of targets. To add a CPU, add a row.
var Targets = []Target{
	{"cortex-a53", C | NEON | A64, 1, 512 << 10, "-mcpu=cortex-a53", "in-order ARMv8; also A35", nil},
	{"cortex-a55", C | NEON | A64 | DOT, 1, 128 << 10, "-mcpu=cortex-a55", "in-order ARMv8.2 with a dot product", paceA55},
	{"cortex-a72", C | NEON | A64, 2, 1 << 20, "-mcpu=cortex-a72", "ARMv8 whose 16-bit MLA runs at half rate; also A57, A73", paceA72},
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
