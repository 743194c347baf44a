// Package gogen prints a Program as a standalone Go package: model.go with the
// calls, weights.go with the tables, kernels.go and kernels_test.go with
// what they need of package kern.
package gogen
