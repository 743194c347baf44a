// Command asm generates gemm_amd64.s: run go generate in ir/eval.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	TEXT("tileFMA", NOSPLIT, "func(k int, a, b, c *float32, ldc int)")
	Doc("tileFMA adds a 6 x 16 tile: c[i][j] += sum of a[l][i]*b[l][j], k at least 1.")
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	SHLQ(U8(2), ldc)
	var sum [6][2]VecVirtual
	for i := range sum {
		for j := range sum[i] {
			sum[i][j] = YMM()
			VXORPS(sum[i][j], sum[i][j], sum[i][j])
		}
	}
	Label("loop")
	b0, b1 := YMM(), YMM()
	VMOVUPS(Mem{Base: b}, b0)
	VMOVUPS(Mem{Base: b, Disp: 32}, b1)
	for i := range sum {
		v := YMM()
		VBROADCASTSS(Mem{Base: a, Disp: 4 * i}, v)
		VFMADD231PS(b0, v, sum[i][0])
		VFMADD231PS(b1, v, sum[i][1])
	}
	ADDQ(U8(6*4), a)
	ADDQ(U8(16*4), b)
	DECQ(k)
	JNE(LabelRef("loop"))
	for i := range sum {
		for j := range sum[i] {
			VADDPS(Mem{Base: c, Disp: 32 * j}, sum[i][j], sum[i][j])
			VMOVUPS(sum[i][j], Mem{Base: c, Disp: 32 * j})
		}
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
	Generate()
}
