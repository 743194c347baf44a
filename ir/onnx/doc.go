// Package onnx reads an ONNX file into an ir.Graph whose operators all have
// the semantics of the newest operator set.
//
// Two readers share the work. onnx-go decodes the graph, its attributes and
// its weights, but knows the format of 2019: it has no place for operator
// sets, node names, domains and symbolic sizes, and only four element types.
// So a reader of our own walks the bytes first. It keeps what onnx-go drops
// (the sidecar: model, graph, node) and rewrites the rest to a normal form
// that onnx-go decodes without loss; the two are joined by position and have
// to agree.
//
// The order of the steps is in Read, in read.go.
package onnx
