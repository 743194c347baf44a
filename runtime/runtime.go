// Package runtime embeds the text that is the same for every network: the C
// kernels, which are header-only, and the Go kernels of package kern.
package runtime

import "embed"

// C holds c/snug_*.h.
//
//go:embed c/*.h
var C embed.FS

// Kern holds kern/*.go; check.go is what emitted tests are made of.
//
//go:embed kern/block.go kern/check.go kern/conv.go kern/depthwise.go kern/elementwise.go kern/neon_arm64.go kern/noneon.go kern/norm.go kern/pairs.go kern/pool.go kern/requant.go kern/softmax.go kern/words.go
var Kern embed.FS
