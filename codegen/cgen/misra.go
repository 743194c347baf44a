package cgen

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/snug-nn/snug/codegen"
)

// A deviation is a rule of MISRA C:2012 that emitted files do not keep, as the addon
// of cppcheck finds it, and why they do not.
type deviation struct {
	rule     string
	required bool // else advisory; of mandatory rules there is no finding
	files    string
	why      string
}

// deviations is the table, by rule. In files NAME stands for the network and * for
// anything. A row that nothing needs any more fails make misra.
var deviations = []deviation{
	{"2.3", false, "snug_requant.h",
		"The type is an assertion that the compiler checks: that >> of a negative number keeps its sign."},
	{"2.4", false, "NAME.c snug_check.h snug_conv_first.h snug_conv_point.h snug_depthwise3.h snug_depthwise5.h snug_ring.h",
		"The enumeration has no tag and is used for its constants alone."},
	{"2.5", false, "NAME.h snug_*.h",
		"Macros of the header are for its callers; those of kernels are used on some targets only."},
	{"8.7", false, "NAME_test.c",
		"The test is called by firmware that has a main of its own."},
	{"8.9", false, "NAME.c NAME_test.c snug_ring*.h",
		"Constants of a layer stand together at file scope, where they go to read-only memory and a reviewer finds them."},
	{"9.3", true, "snug_conv_sdot.h snug_conv_wide.h snug_depthwise.h snug_elementwise.h snug_ring.h",
		"No array is initialized in part: the initializer is a structure, or a macro that the addon does not expand."},
	{"10.1", true, "snug_requant.h snug_elementwise.h snug_ring*.h",
		"Signed numbers are shifted right to divide by a power of two; snug_requant.h asserts that this is arithmetic. Counts of shifts are constants of the layer from 0 to 31."},
	{"10.3", true, "snug_check.h snug_check_ring.h snug_conv.h snug_conv_sdot.h snug_conv_smlal.h snug_depthwise.h snug_depthwise3.h snug_elementwise.h snug_pool.h snug_ring*.h",
		"A pointer moves by a signed count, or a truth is kept as int32_t: no value is narrowed."},
	{"10.4", true, "snug_check.h snug_conv_pair.h snug_conv_wide.h",
		"Sizes and counts that are positive are mixed; a truth is a number."},
	{"10.6", true, "snug_conv_point.h snug_pool.h",
		"A choice between constants, which fit."},
	{"10.7", true, "snug_depthwise3.h snug_depthwise5.h",
		"An offset of elements of a block, far below 2^31."},
	{"10.8", true, "snug_conv_mla.h snug_conv_point.h snug_conv_saddw.h snug_conv_smlal.h snug_depthwise.h snug_ring.h snug_ring_product.h snug_softmax.h",
		"A product or difference that is bounded, by certificate.json or as a size in bytes, is read as another type on purpose; wrapping sums are unsigned."},
	{"11.3", true, "snug_conv_first.h snug_conv_point.h",
		"Scratch holds a block of vectors, then elements: both begin at multiples of 16."},
	{"11.5", false, "NAME.c snug_check_ring.h snug_conv_first.h snug_conv_mla.h snug_conv_point.h snug_conv_wide.h snug_ring*.h",
		"The arena is the caller's memory, of no type: offsets into it are aligned to 16."},
	{"11.8", true, "snug_check_ring.h",
		"The pointer is a member of a constant structure; what it points at is not constant."},
	{"11.9", true, "snug_conv.h snug_conv_mla.h snug_conv_saddw.h snug_conv_smlal.h snug_depthwise.h",
		"The zero is an integer: the other side of the condition reads what a pointer points at."},
	{"12.1", false, "NAME.c snug_*.h",
		"Operators of arithmetic keep their usual order; where it is not usual there are parentheses."},
	{"12.2", true, "snug_ring42.h snug_softmax.h",
		"The count of the shift is 8 at most."},
	{"12.3", false, "NAME_test.c snug_*.h",
		"Commas separate names in a declaration, or two statements on vectors that belong together."},
	{"13.4", false, "snug_check.h snug_conv_smlal.h snug_depthwise.h snug_lanes.h snug_pool.h",
		"Several vectors start from one value; no condition holds an assignment."},
	{"14.2", true, "snug_conv_*.h snug_elementwise.h snug_pool.h snug_ring*.h",
		"A pointer moves along with the counter of the loop, which nothing else changes."},
	{"14.4", true, "snug_check.h snug_check_ring.h snug_conv_mla.h snug_conv_pair.h snug_conv_sdot.h",
		"A number is asked whether it is zero."},
	{"15.5", false, "NAME.c snug_*.h",
		"A refused argument, or the last of several forms, returns at once."},
	{"17.7", true, "NAME_test.c snug_check*.h",
		"What printf and a run of the network return adds nothing: the test compares outputs."},
	{"17.8", false, "snug_*.h",
		"Parameters are copies; loops count them down, vectors are computed in place."},
	{"18.4", false, "NAME.c NAME_test.c snug_*.h",
		"Tensors are offsets in the arena, rows and columns are offsets in a tensor: placed by snug, checked under sanitizers."},
	{"19.2", false, "NAME_test.c",
		"The union aligns the arena; its other member is not read."},
	{"20.5", false, "snug_*.h",
		"Macros that generate the forms of one loop end with it."},
	{"20.7", true, "snug_*.h",
		"The parameter is a type, a part of a name, a macro or statements, which parentheses would break."},
	{"20.10", false, "snug_*.h",
		"Names of registers and of forms are put together by the preprocessor."},
	{"20.12", true, "snug_*.h",
		"The number of a register stands in its name and is an index as well: always a literal, which nothing replaces."},
	{"21.6", true, "NAME_test.c",
		"The test prints; the firmware's sources use no input or output."},
	{"21.15", true, "snug_dot_store.h",
		"Four bytes of a register are stored where memory need not be aligned for their type."},
}

// misraFile returns misra.txt: the rows that speak of files of this folder, in
// cppcheck's own form, with the reasons as its comments.
func misraFile(network string, files []codegen.File) codegen.File {
	b := bytes.NewBufferString("# Code generated by snug; DO NOT EDIT.\n\n")
	fmt.Fprintf(b, "# Deviations from MISRA C:2012 of the C in this folder. With them, cppcheck finds nothing\n# more; the Makefile's target misra runs it, for each way the sources can be compiled.\n")
	for _, v := range deviations {
		var where []string
		for _, pattern := range strings.Fields(strings.ReplaceAll(v.files, "NAME", network)) {
			if slices.ContainsFunc(files, func(f codegen.File) bool { ok, _ := path.Match(pattern, f.Name); return ok }) {
				where = append(where, pattern)
			}
		}
		if len(where) == 0 {
			continue
		}
		kind := "advisory"
		if v.required {
			kind = "required"
		}
		fmt.Fprintf(b, "\n# Rule %s, %s. %s\n", v.rule, kind, v.why)
		for _, f := range where {
			fmt.Fprintf(b, "misra-c2012-%s:*%s\n", v.rule, f)
		}
	}
	return codegen.File{Name: "misra.txt", Data: b.Bytes()}
}

// buildsOf lists what compilers define for each way that the sources for a target
// can be built, in cppcheck's flags: portable, and with what the target has.
func buildsOf(t *codegen.Target) []string {
	all := []string{"-U__ARM_NEON"}
	neon := "-D__ARM_NEON=1"
	switch {
	case t.Has&codegen.DOT != 0:
		neon += " -D__aarch64__=1 -D__ARM_FEATURE_DOTPROD=1"
	case t.Has&codegen.A64 != 0:
		neon += " -D__aarch64__=1"
	}
	if t.Has&codegen.NEON != 0 {
		all = append(all, neon)
	}
	return all
}
