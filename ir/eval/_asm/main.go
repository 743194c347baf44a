// Command asm generates kernels_amd64.s: run go generate in ir/eval.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const lanes = 8 // float32 in a register

func main() {
	ConstraintExpr("!purego")
	tile()
	axpy()
	dot()
	Generate()
}

// tile holds 12 of the 16 registers as sums; two are for B, two for A.
func tile() {
	TEXT("tileFMA", NOSPLIT, "func(k int, a, b, c *float32, ldc int)")
	Pragma("noescape")
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
			sum[i][j] = zero()
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
}

// axpy is bound by loads and stores: four registers at a time hide the loop.
func axpy() {
	TEXT("axpyFMA", NOSPLIT, "func(n int, a float32, x, y *float32)")
	Pragma("noescape")
	Doc("axpyFMA adds y[i] += a*x[i], n a multiple of 8.")
	n := Load(Param("n"), GP64())
	a := YMM()
	VBROADCASTSS(NewParamAddr("a", 8), a)
	x := Load(Param("x"), GP64())
	y := Load(Param("y"), GP64())
	blocks(n, "axpy", func(i int) {
		v := YMM()
		VMOVUPS(Mem{Base: y, Disp: 32 * i}, v)
		VFMADD231PS(Mem{Base: x, Disp: 32 * i}, a, v)
		VMOVUPS(v, Mem{Base: y, Disp: 32 * i})
	}, x, y)
	VZEROUPPER()
	RET()
}

// dot keeps four sums, as many as hide the latency of an addition.
func dot() {
	TEXT("dotFMA", NOSPLIT, "func(n int, x, y *float32) float32")
	Pragma("noescape")
	Doc("dotFMA returns the sum of x[i]*y[i], n a multiple of 8.")
	n := Load(Param("n"), GP64())
	x := Load(Param("x"), GP64())
	y := Load(Param("y"), GP64())
	sum := [4]VecVirtual{zero(), zero(), zero(), zero()}
	blocks(n, "dot", func(i int) {
		v := YMM()
		VMOVUPS(Mem{Base: x, Disp: 32 * i}, v)
		VFMADD231PS(Mem{Base: y, Disp: 32 * i}, v, sum[i])
	}, x, y)
	VADDPS(sum[1], sum[0], sum[0])
	VADDPS(sum[3], sum[2], sum[2])
	VADDPS(sum[2], sum[0], sum[0])
	high := XMM()
	VEXTRACTF128(U8(1), sum[0], high)
	low := sum[0].AsX()
	VADDPS(high, low, low)
	VHADDPS(low, low, low)
	VHADDPS(low, low, low)
	VZEROUPPER()
	Store(low, ReturnIndex(0))
	RET()
}

// blocks does step for registers 0 to 3 while 32 elements are left, then for
// register 0 while 8 are.
func blocks(n Register, name string, step func(i int), pointers ...Register) {
	for _, width := range []int{4, 1} {
		size := width * lanes
		loop := fmt.Sprint(name, width)
		next := fmt.Sprint(name, width/4) // the next loop, or behind the last
		Label(loop)
		CMPQ(n, U8(size))
		JLT(LabelRef(next))
		for i := range width {
			step(i)
		}
		for _, p := range pointers {
			ADDQ(U32(4*size), p)
		}
		SUBQ(U8(size), n)
		JMP(LabelRef(loop))
	}
	Label(name + "0")
}

func zero() VecVirtual {
	v := YMM()
	VXORPS(v, v, v)
	return v
}
