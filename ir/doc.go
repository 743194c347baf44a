// Package ir holds the data that every step of the compiler reads and
// writes: a Graph of Nodes and Values, the integer Formats and Bounds that the
// passes attach to them, and the one definition of integer rounding.
//
// It imports nothing of ours and does no I/O. A Graph is in the semantics of
// the newest ONNX operator set, whatever the file was written in: ir/onnx
// upgrades older forms while it reads (an attribute that became an input is
// a constant input here).
package ir
