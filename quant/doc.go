// Package quant rewrites a real Graph into an integer one: every activation
// gets levels and a scale, every dot product weights that fill its accumulator
// and a proof that no sum can leave it.
//
// The passes stand in passes.go, in their order. The idea is that of arXiv
// 2004.11783 (sections 3 and 4), with the weights' own window in place of a
// calibrated range.
package quant
