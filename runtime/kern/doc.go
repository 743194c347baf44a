// Package kern holds the integer kernels that the emitted Go package and the
// simulator run. Every file here is copied, renamed, into what gogen emits, so
// it imports nothing, and each exported name is the meaning of the C kernel
// of the same name in runtime/c.
//
// Tensors are int8 in row, column, channel order; strides are in elements, so a
// kernel reads and writes the inside of a buffer that has a frame without
// knowing of it.
//
// On arm64 the inner loops are assembly, neon_arm64.s, which codegen/goasm writes;
// with the tags purego or tinygo, and elsewhere, they are plain Go: sums side by
// side in words as wide as the processor's registers.
package kern
