// Package goasm writes the arm64 assembly of the Go kernels: what no mnemonic of
// Go's assembler says is a WORD from the table of encodings here, with the
// instruction in ARM's syntax behind it. Only instructions of ARMv8.0 are used.
//
// The text for package kern is in its neon_arm64.s; gogen prints the same
// functions beside an emitted package.
package goasm
