// Package codegen turns an integer Graph into a Program: a straight list of
// kernel calls on buffers with arena offsets, for one target. The simulator
// here, cgen and gogen read that one Program.
package codegen
