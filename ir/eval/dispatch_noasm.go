//go:build !amd64 || purego

package eval

func multiplyTile(k int, a, b, c []float32, ldc int) { tileGeneric(k, a, b, c, ldc) }
func axpy(a float32, x, y []float32)                 { axpyGeneric(a, x[:len(y)], y) }
func dot(x, y []float32) float32                     { return dotGeneric(x, y[:len(x)]) }
