//go:build !amd64 || purego

package eval

func multiplyTile(k int, a, b, c []float32, ldc int) { tileGeneric(k, a, b, c, ldc) }

func axpy(a float32, x, y []float32) {
	n := len(y) &^ 7
	axpyWide(a, x[:n], y[:n])
	axpyGeneric(a, x[n:len(y)], y[n:])
}

func dot(x, y []float32) float32 {
	n := len(x) &^ 7
	return dotWide(x[:n], y[:n]) + dotGeneric(x[n:], y[n:len(x)])
}
