// Package gogen prints a Program as a standalone Go package: model.go with the
// calls, weights.go with the tables, kernels.go, for arm64 kernels_arm64.s, and
// kernels_test.go with what they need of package kern.
package gogen
