package eval

import "sync"

// Blocking of the packed product: a panel of A of blockM x blockK stays in the
// first cache, one of B of blockK x blockN in the second.
const (
	tileM, tileN           = 6, 16
	blockM, blockK, blockN = 96, 256, 1024
)

type panels struct{ a, b, tile []float32 }

var panelPool = sync.Pool{New: func() any {
	return &panels{make([]float32, (blockM+tileM)*blockK), make([]float32, blockK*blockN), make([]float32, tileM*tileN)}
}}

// Gemm computes C = A*B, or C += A*B when acc is set: A is m x k with rows lda
// apart, B k x n, C m x n. It runs in one goroutine.
func Gemm(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, acc bool) {
	if !acc {
		for i := range m {
			clear(c[i*ldc:][:n])
		}
	}
	if m == 0 || n == 0 || k == 0 {
		return
	}
	if m*n*k < smallProduct || n < 4 {
		gemmSmall(m, n, k, a, lda, b, ldb, c, ldc)
		return
	}
	p := panelPool.Get().(*panels)
	defer panelPool.Put(p)
	for j := 0; j < n; j += blockN {
		nj := min(blockN, n-j)
		for l := 0; l < k; l += blockK {
			kl := min(blockK, k-l)
			packB(p.b, b[l*ldb+j:], ldb, kl, nj)
			for i := 0; i < m; i += blockM {
				mi := min(blockM, m-i)
				packA(p.a, a[i*lda+l:], lda, mi, kl)
				p.multiply(mi, nj, kl, c[i*ldc+j:], ldc)
			}
		}
	}
}

// smallProduct is the count of products below which packing does not pay.
const smallProduct = 4096

func gemmSmall(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if n == 1 { // dot products, in four sums
		for i := range m {
			row := a[i*lda:][:k]
			var s [4]float32
			l := 0
			if ldb == 1 {
				for ; l+4 <= k; l += 4 {
					r, v := row[l:l+4:l+4], b[l:l+4:l+4]
					s[0] += float32(r[0] * v[0])
					s[1] += float32(r[1] * v[1])
					s[2] += float32(r[2] * v[2])
					s[3] += float32(r[3] * v[3])
				}
			}
			for ; l < k; l++ {
				s[0] += float32(row[l] * b[l*ldb])
			}
			c[i*ldc] += s[0] + s[1] + s[2] + s[3]
		}
		return
	}
	for i := range m {
		dst := c[i*ldc:][:n]
		for l := range k {
			v, src := a[i*lda+l], b[l*ldb:][:n]
			for j := range dst {
				dst[j] += float32(v * src[j])
			}
		}
	}
}

// packA lays out tileM rows side by side, the last filled with zeros.
func packA(dst, a []float32, lda, m, k int) {
	for i := 0; i < m; i += tileM {
		rows := min(tileM, m-i)
		d := dst[i*k:][:tileM*k]
		if rows < tileM {
			clear(d)
		}
		for r := range rows {
			for l, v := range a[(i+r)*lda:][:k] {
				d[l*tileM+r] = v
			}
		}
	}
}

// packB lays out tileN columns side by side, the last filled with zeros.
func packB(dst, b []float32, ldb, k, n int) {
	for j := 0; j < n; j += tileN {
		cols := min(tileN, n-j)
		d := dst[j*k:][:tileN*k]
		if cols < tileN {
			clear(d)
		}
		for l := range k {
			copy(d[l*tileN:][:cols], b[l*ldb+j:])
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

// tileGeneric adds one tile, in plain Go.
func tileGeneric(k int, a, b, c []float32, ldc int) {
	for i := range tileM {
		var sum [tileN]float32
		for l := range k {
			v := a[l*tileM+i]
			row := (*[tileN]float32)(b[l*tileN:])
			for j := range sum {
				sum[j] += float32(v * row[j])
			}
		}
		dst := (*[tileN]float32)(c[i*ldc:])
		for j := range dst {
			dst[j] += sum[j]
		}
	}
}
