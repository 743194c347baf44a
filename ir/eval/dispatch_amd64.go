//go:build amd64 && !purego

package eval

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg eval

// hasFMA is set when this machine has what kernels_amd64.s uses.
var hasFMA = cpu.X86.HasAVX2 && cpu.X86.HasFMA

func multiplyTile(k int, a, b, c []float32, ldc int) {
	if !hasFMA {
		tileGeneric(k, a, b, c, ldc)
		return
	}
	// Assembly checks no bounds: these are the last elements that it touches.
	_, _, _ = a[tileM*k-1], b[tileN*k-1], c[(tileM-1)*ldc+tileN-1]
	tileFMA(k, &a[0], &b[0], &c[0], ldc)
}

// axpy adds y[i] += a*x[i] for every i of y.
func axpy(a float32, x, y []float32) {
	x = x[:len(y)]
	n := len(y) &^ 7
	switch {
	case n == 0:
	case hasFMA:
		axpyFMA(n, a, &x[0], &y[0])
	default:
		axpyWide(a, x[:n], y[:n])
	}
	axpyGeneric(a, x[n:], y[n:])
}

// dot returns the sum of x[i]*y[i].
func dot(x, y []float32) float32 {
	y = y[:len(x)]
	n := len(x) &^ 7
	sum := float32(0)
	switch {
	case n == 0:
	case hasFMA:
		sum = dotFMA(n, &x[0], &y[0])
	default:
		sum = dotWide(x[:n], y[:n])
	}
	return sum + dotGeneric(x[n:], y[n:])
}
