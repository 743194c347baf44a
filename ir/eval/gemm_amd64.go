//go:build amd64 && !purego

package eval

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../gemm_tile_amd64.s -stubs ../gemm_tile_amd64.go -pkg eval

var hasFMA = cpu.X86.HasAVX2 && cpu.X86.HasFMA

func multiplyTile(k int, a, b, c []float32, ldc int) {
	if !hasFMA {
		tileGeneric(k, a, b, c, ldc)
		return
	}
	_ = c[5*ldc+15]
	tileFMA(k, &a[0], &b[0], &c[0], ldc)
}
