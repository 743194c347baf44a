package eval

import "sync"

// Blocking of the packed product: a panel of A of blockM x blockK stays in the
// first cache, one of B of blockK x blockN in the second.
const blockM, blockK, blockN = 96, 256, 1024

// smallProduct is the count of products below which packing does not pay.
const smallProduct = 4096

// A matrix is a strided view: element (i, j) is at i*row + j*col.
type matrix struct {
	v        []float32
	row, col int
}

func (m matrix) from(i, j int) matrix { return matrix{m.v[i*m.row+j*m.col:], m.row, m.col} }

// transposed exchanges the axes, and copies nothing.
func (m matrix) transposed() matrix { return matrix{m.v, m.col, m.row} }

// panels is the memory of one call, kept in a pool: at more than a megabyte it
// would cost more than many products do.
type panels struct{ a, b, tile []float32 }

var panelPool = sync.Pool{New: func() any {
	return &panels{make([]float32, (blockM+tileM)*blockK), make([]float32, blockK*blockN), make([]float32, tileM*tileN)}
}}

// Gemm computes C = A*B, or C += A*B when acc is set: A is m x k with rows lda
// apart, B k x n, C m x n. It runs in one goroutine. The order of the sums
// depends on the sizes alone; machines differ in whether they round between a
// product and its addition.
func Gemm(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, acc bool) {
	if !acc {
		for i := range m {
			clear(c[i*ldc:][:n])
		}
	}
	addProduct(m, n, k, matrix{a, lda, 1}, matrix{b, ldb, 1}, c, ldc)
}

// GemmT is Gemm with B transposed: B is n x k with rows ldb apart.
func GemmT(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, acc bool) {
	if !acc {
		for i := range m {
			clear(c[i*ldc:][:n])
		}
	}
	addProduct(m, n, k, matrix{a, lda, 1}, matrix{b, ldb, 1}.transposed(), c, ldc)
}

// addProduct computes C += A*B.
func addProduct(m, n, k int, a, b matrix, c []float32, ldc int) {
	switch {
	case m == 0 || n == 0 || k == 0:
	case n == 1 && a.col == 1 && b.row == 1: // a matrix times a vector
		for i := range m {
			c[i*ldc] += dot(a.v[i*a.row:][:k], b.v)
		}
	case m == 1 && a.col == 1 && b.row == 1: // a vector times a transposed matrix
		for j := range n {
			c[j] += dot(a.v[:k], b.v[j*b.col:])
		}
	case b.col == 1 && (m == 1 || m*n*k < smallProduct): // rows of B are added up
		for i := range m {
			for l := range k {
				axpy(a.v[i*a.row+l*a.col], b.v[l*b.row:], c[i*ldc:][:n])
			}
		}
	default:
		addPacked(m, n, k, a, b, c, ldc)
	}
}

// addPacked copies both operands in the order that the tile reads them. B is
// packed outside the loop over rows: it is the larger one in a convolution.
func addPacked(m, n, k int, a, b matrix, c []float32, ldc int) {
	p := panelPool.Get().(*panels)
	defer panelPool.Put(p)
	for j := 0; j < n; j += blockN {
		nj := min(blockN, n-j)
		for l := 0; l < k; l += blockK {
			kl := min(blockK, k-l)
			packB(p.b, b.from(l, j), kl, nj)
			for i := 0; i < m; i += blockM {
				mi := min(blockM, m-i)
				packA(p.a, a.from(i, l), mi, kl)
				p.multiply(mi, nj, kl, c[i*ldc+j:], ldc)
			}
		}
	}
}

// packA lays out tileM rows side by side, the last filled with zeros.
func packA(dst []float32, a matrix, m, k int) {
	for i := 0; i < m; i += tileM {
		rows := min(tileM, m-i)
		d := dst[i*k:][:tileM*k]
		if rows < tileM {
			clear(d)
		}
		for r := range rows {
			if a.col == 1 {
				for l, v := range a.v[(i+r)*a.row:][:k] {
					d[l*tileM+r] = v
				}
				continue
			}
			for l := range k {
				d[l*tileM+r] = a.v[(i+r)*a.row+l*a.col]
			}
		}
	}
}

// packB lays out tileN columns side by side, the last filled with zeros.
func packB(dst []float32, b matrix, k, n int) {
	for j := 0; j < n; j += tileN {
		cols := min(tileN, n-j)
		d := dst[j*k:][:tileN*k]
		if cols < tileN {
			clear(d)
		}
		if b.col == 1 {
			for l := range k {
				copy(d[l*tileN:][:cols], b.v[l*b.row+j:])
			}
			continue
		}
		for s := range cols {
			for l := range k {
				d[l*tileN+s] = b.v[l*b.row+(j+s)*b.col]
			}
		}
	}
}

// multiply adds the product of two packed panels to C.
func (p *panels) multiply(m, n, k int, c []float32, ldc int) {
	for j := 0; j < n; j += tileN {
		for i := 0; i < m; i += tileM {
			a, b := p.a[i*k:], p.b[j*k:]
			if i+tileM <= m && j+tileN <= n {
				multiplyTile(k, a, b, c[i*ldc+j:], ldc)
				continue
			}
			// At the edge the tile is larger than what is left of C.
			clear(p.tile)
			multiplyTile(k, a, b, p.tile, tileN)
			for r := range min(tileM, m-i) {
				dst := c[(i+r)*ldc+j:][:min(tileN, n-j)]
				for s := range dst {
					dst[s] += p.tile[r*tileN+s]
				}
			}
		}
	}
}
