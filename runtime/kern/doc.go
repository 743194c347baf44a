// Package kern holds the integer kernels that the emitted Go package and the
// simulator run. Every file here is copied, renamed, into what gogen emits, so
// it imports nothing, and each exported name is the meaning of the C kernel
// of the same name in runtime/c.
//
// Tensors are int8 in row, column, channel order; strides are in elements, so a
// kernel reads and writes the inside of a buffer that has a frame without
// knowing of it.
package kern
