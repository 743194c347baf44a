//go:build !amd64 || purego

package eval

func multiplyTile(k int, a, b, c []float32, ldc int) { tileGeneric(k, a, b, c, ldc) }
