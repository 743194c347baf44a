// Package cgen prints a Program as C99 sources: what differs by network through
// the templates, tables of numbers by itself, kernels as they stand in
// runtime/c.
package cgen
