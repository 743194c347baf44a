package eval

// The kernels in plain Go: what runs where there is no assembly. They round where
// that does, product and sum together, and add up in the same order: what a network
// is quantized to must not depend on the host.

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
		s00 = mulAdd(u[0], v[0], s00)
		s01 = mulAdd(u[0], v[1], s01)
		s02 = mulAdd(u[0], v[2], s02)
		s03 = mulAdd(u[0], v[3], s03)
		s10 = mulAdd(u[1], v[0], s10)
		s11 = mulAdd(u[1], v[1], s11)
		s12 = mulAdd(u[1], v[2], s12)
		s13 = mulAdd(u[1], v[3], s13)
		s20 = mulAdd(u[2], v[0], s20)
		s21 = mulAdd(u[2], v[1], s21)
		s22 = mulAdd(u[2], v[2], s22)
		s23 = mulAdd(u[2], v[3], s23)
	}
	for i, s := range [3][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}} {
		row := (*[4]float32)(c[i*ldc:])
		for j := range row {
			row[j] += s[j]
		}
	}
}

// axpyWide is axpy for a multiple of eight elements.
func axpyWide(a float32, x, y []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] = mulAdd(a, x[i], y[i])
	}
}

// dotWide is dot for a multiple of eight elements: four sums of eight lanes while
// there are 32, then one.
func dotWide(x, y []float32) float32 {
	var s [4][8]float32
	for len(x) > 0 {
		vectors := 4
		if len(x) < 32 {
			vectors = 1
		}
		for i := range vectors {
			for lane := range s[i] {
				s[i][lane] = mulAdd(x[8*i+lane], y[8*i+lane], s[i][lane])
			}
		}
		x, y = x[8*vectors:], y[8*vectors:]
	}
	var t [4]float32
	for i := range t {
		low := (s[0][i] + s[1][i]) + (s[2][i] + s[3][i])
		high := (s[0][i+4] + s[1][i+4]) + (s[2][i+4] + s[3][i+4])
		t[i] = low + high
	}
	return (t[0] + t[1]) + (t[2] + t[3])
}

// The rest of a vector, for which the assembly does not fuse either: a product is
// converted before it is added, for a compiler may fuse the two otherwise.
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
