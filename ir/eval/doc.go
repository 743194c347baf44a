// Package eval runs a Graph in float32: the reference that integers are
// compared with, and the run that calibrates them. Its answers do not depend on
// how many goroutines run it: each image is computed by one.
package eval
