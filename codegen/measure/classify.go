package measure

import (
	"regexp"
	"strings"
)

// A Class is what an instruction is, by its opcode and operands.
type Class int

// Classes. Vector accesses are by the bits of the widest register.
const (
	Other Class = iota // integer, and what cannot be decoded
	Branch
	Load // to general registers
	Load64
	Load128
	Store
	Store64
	Store128
	SIMDMultiply
	SIMDOther
	numClasses
)

var (
	// vector is an operand that stands in a SIMD register of A64. 32-bit ARM is
	// told by its mnemonics, all of which begin with v.
	vector = regexp.MustCompile(`[ {,\[][vqdshb]\d+\b`)
	quad   = regexp.MustCompile(`\bq\d+\b|\.(?:16b|8h|4s|2d)\b`)
	vlist  = regexp.MustCompile(`\{([^}]*)\}`)
)

// multiplies are the mnemonics that multiply, without the 2 that says upper halves
// and, of 32-bit ARM, without the v.
var multiplies = []string{
	"mla", "mls", "mul", "smlal", "smlsl", "smull", "umlal", "umlsl", "umull", "sqrdmulh", "sqdmulh", "sqrdmlah", "sqrdmlsh",
	"sqdmull", "sqdmlal", "sqdmlsl", "sdot", "udot", "usdot", "sudot", "smmla", "ummla", "usmmla", "pmul", "pmull",
	"qrdmulh", "qdmulh", "qdmull", "qdmlal", "qdmlsl", "mlal", "mlsl", "mull", "fmla", "fmls", "fmul",
}

var branches = map[string]bool{
	"b": true, "bl": true, "br": true, "blr": true, "blx": true, "bx": true, "bxj": true, "ret": true, "svc": true,
	"cbz": true, "cbnz": true, "tbz": true, "tbnz": true, "tbb": true, "tbh": true,
}

var conditions = map[string]bool{
	"eq": true, "ne": true, "hs": true, "cs": true, "lo": true, "cc": true, "mi": true, "pl": true, "vs": true, "vc": true,
	"hi": true, "ls": true, "ge": true, "lt": true, "gt": true, "le": true,
}

// mnemonicOf cuts the condition, the type and the width behind an opcode.
func mnemonicOf(text string) string {
	m, _, _ := strings.Cut(text, " ")
	m, _, _ = strings.Cut(m, ".")
	return m
}

// isBranch reports whether control may go elsewhere behind an instruction.
// arm says that it is one of 32-bit ARM, where any write of pc is a jump.
func isBranch(text string, arm bool) bool {
	m := mnemonicOf(text)
	if branches[m] {
		return true
	}
	if !arm {
		return false
	}
	if len(m) > 2 && conditions[m[len(m)-2:]] && branches[m[:len(m)-2]] {
		return true
	}
	_, operands, _ := strings.Cut(text, " ")
	list := strings.HasPrefix(m, "pop") || strings.HasPrefix(m, "ldm")
	return strings.HasPrefix(operands, "pc,") || list && strings.Contains(operands, "pc")
}

// classify returns the class of decoded text, and for a vector access the
// issue slots that it takes: one for each 64 bits.
func classify(text string, arm bool) (c Class, slots int) {
	m := mnemonicOf(text)
	simd := arm && strings.HasPrefix(m, "v") || !arm && vector.MatchString(text)
	stem := m
	if arm && simd {
		stem = m[1:]
	}
	load := strings.HasPrefix(stem, "ld") || arm && strings.HasPrefix(stem, "pop")
	store := strings.HasPrefix(stem, "st") || arm && strings.HasPrefix(stem, "push")
	switch {
	case !simd && load:
		return Load, 0
	case !simd && store:
		return Store, 0
	case !simd && isBranch(text, arm):
		return Branch, 0
	case !simd:
		return Other, 0
	case load || store:
		wide, slots := access(text, stem)
		c := Store64
		if load {
			c = Load64
		}
		if wide {
			c++ // the class of 128 bits is the next
		}
		return c, slots
	}
	for _, s := range multiplies {
		if rest, ok := strings.CutPrefix(stem, s); ok && (rest == "" || rest == "2") {
			return SIMDMultiply, 0
		}
	}
	return SIMDOther, 0
}

// access returns whether a vector load or store moves whole 128-bit registers,
// and how many 64-bit slots it takes. A load of one lane, or of one element to all
// lanes, moves little.
func access(text, stem string) (wide bool, slots int) {
	operands, _, _ := strings.Cut(text, "[x")
	if l := vlist.FindStringSubmatch(text); l != nil {
		n := strings.Count(l[1], ",") + 1
		if strings.Contains(text, "}[") || strings.HasSuffix(stem, "r") || strings.Contains(l[1], "[") {
			return false, 1
		}
		if wide = quad.MatchString(l[1]); wide {
			n *= 2
		}
		return wide, n
	}
	n := 1
	if strings.HasPrefix(stem, "ldp") || strings.HasPrefix(stem, "stp") || strings.HasPrefix(stem, "ldnp") || strings.HasPrefix(stem, "stnp") {
		n = 2
	}
	if wide = quad.MatchString(operands); wide {
		n *= 2
	}
	return wide, n
}
