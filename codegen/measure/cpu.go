package measure

import "strings"

// A CPU is a core that folders are built, run and modelled for.
type CPU struct {
	Name  string
	Arch  string // as GOARCH names it
	Flags string // of gcc and clang
	Qemu  string // -cpu of the emulator
	Model string // -mcpu of llvm-mca; empty when it has no model
	Note  string // what is to be known of the model
	Bound bool   // the issue bound below holds
}

// noModel: of Cortex-A7 llvm-mca has none, and in 32-bit code for others it skips
// what it cannot schedule, such as push and it.
const noModel = "llvm-mca has no usable model of 32-bit code: no cycles"

// CPUs is the table of cores. To add one, add a row.
var CPUs = []CPU{
	{"cortex-a53", "arm64", "-mcpu=cortex-a53", "cortex-a53", "cortex-a53", "", true},
	{"cortex-a35", "arm64", "-mcpu=cortex-a35", "cortex-a35", "cortex-a35", "llvm-mca models it as Cortex-A53", true},
	{"cortex-a55", "arm64", "-mcpu=cortex-a55", "max", "cortex-a55", "QEMU has no Cortex-A55: run as max", true},
	{"cortex-a57", "arm64", "-mcpu=cortex-a57", "cortex-a57", "cortex-a57", "", false},
	{"cortex-a72", "arm64", "-mcpu=cortex-a72", "cortex-a72", "cortex-a57", "llvm-mca models it as Cortex-A57", false},
	{"cortex-a76", "arm64", "-mcpu=cortex-a76", "cortex-a76", "cortex-a57", "llvm-mca models it as Cortex-A57", false},
	{"cortex-a7", "arm", "-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard", "cortex-a7", "", noModel, false},
	{"cortex-a15", "arm", "-mcpu=cortex-a15 -mfpu=neon-vfpv4 -mfloat-abi=hard", "cortex-a15", "", noModel, false},
}

// FindCPU returns the core of that name, nil when there is none.
func FindCPU(name string) *CPU {
	for i := range CPUs {
		if CPUs[i].Name == name {
			return &CPUs[i]
		}
	}
	return nil
}

// CPUNames lists the table.
func CPUNames() string {
	var names []string
	for _, c := range CPUs {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// A machine is what the tools call an architecture.
type machine struct {
	emulator string
	triple   string   // of compilers
	decode   []string // arguments of llvm-mc
	decode16 []string // Thumb
	model    []string // arguments of llvm-mca
}

var machines = map[string]machine{
	"arm64": {
		emulator: "qemu-aarch64",
		triple:   "aarch64-linux-gnu",
		decode:   []string{"-triple=aarch64", "-mattr=+all"},
		model:    []string{"-mtriple=aarch64", "-mattr=+dotprod,+i8mm"},
	},
	"arm": {
		emulator: "qemu-arm",
		triple:   "arm-linux-gnueabihf",
		decode:   []string{"-triple=armv7-linux-gnueabihf", "-mcpu=cortex-a15", "-mattr=+neon,+vfp4"},
		decode16: []string{"-triple=thumbv7-linux-gnueabihf", "-mcpu=cortex-a15", "-mattr=+neon,+vfp4"},
	},
}
