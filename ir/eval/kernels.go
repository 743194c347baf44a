package eval

// The kernels in plain Go: what runs where there is no assembly, and what it is
// compared with. Products are converted before they are added, for a compiler
// may fuse the two otherwise, and on some machines only. Assembly does fuse, so
// that it rounds less: results agree to the rounding of float32.

// Size of the tile of C that the innermost loop of Gemm adds to.
const tileM, tileN = 6, 16

// tileGeneric adds a tile: c[i][j] += sum of a[l][i]*b[l][j].
func tileGeneric(k int, a, b, c []float32, ldc int) {
	for i := 0; i < tileM; i += 3 {
		for j := 0; j < tileN; j += 4 {
			part3x4(k, a[i:], b[j:], c[i*ldc+j:], ldc)
		}
	}
}

// part3x4 has as many sums as fit the registers of most processors.
func part3x4(k int, a, b, c []float32, ldc int) {
	var s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23 float32
	for l := range k {
		u := (*[3]float32)(a[l*tileM:])
		v := (*[4]float32)(b[l*tileN:])
		s00 += float32(u[0] * v[0])
		s01 += float32(u[0] * v[1])
		s02 += float32(u[0] * v[2])
		s03 += float32(u[0] * v[3])
		s10 += float32(u[1] * v[0])
		s11 += float32(u[1] * v[1])
		s12 += float32(u[1] * v[2])
		s13 += float32(u[1] * v[3])
		s20 += float32(u[2] * v[0])
		s21 += float32(u[2] * v[1])
		s22 += float32(u[2] * v[2])
		s23 += float32(u[2] * v[3])
	}
	for i, s := range [3][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}} {
		row := (*[4]float32)(c[i*ldc:])
		for j := range row {
			row[j] += s[j]
		}
	}
}

func axpyGeneric(a float32, x, y []float32) {
	for i := range y {
		y[i] += float32(a * x[i])
	}
}

// dotGeneric keeps four sums: one alone waits for itself.
func dotGeneric(x, y []float32) float32 {
	var s [4]float32
	for len(x) >= 4 && len(y) >= 4 {
		s[0] += float32(x[0] * y[0])
		s[1] += float32(x[1] * y[1])
		s[2] += float32(x[2] * y[2])
		s[3] += float32(x[3] * y[3])
		x, y = x[4:], y[4:]
	}
	for i := range x {
		s[0] += float32(x[i] * y[i])
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}
