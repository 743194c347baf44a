package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir/eval"
)

// panel is the number of columns that are worked on at once: inside a panel
// one by one, outside by products of matrices.
const panel = 64

// A factor is the lower triangle C of H = C C', n x n and row-major. What is
// above the diagonal is never read.
type factor struct {
	n int
	c []float32
}

// cholesky factors the lower triangle of h in place. H is positive definite: a
// ridge has been added to a matrix of second moments.
func cholesky(h []float32, n int) factor {
	f := factor{n, h}
	part := make([]float32, n*min(panel, n))
	for j := 0; j < n; j += panel {
		b := min(panel, n-j)
		eval.GemmT(n-j, b, j, h[j*n:], n, h[j*n:], n, part, b, false)
		for i := range n - j {
			row := h[(j+i)*n+j:][:b]
			for l, v := range part[i*b : (i+1)*b] {
				row[l] -= v
			}
		}
		for i := j; i < n; i++ {
			f.eliminate(h[i*n+j:], j, min(i-j, b), i-j < b)
		}
	}
	return f
}

// eliminate divides a row's part in the panel at j by the panel's triangle, as
// far as columns go, and takes the root of its own diagonal.
func (f factor) eliminate(row []float32, j, columns int, diagonal bool) {
	for l := range columns {
		own := f.c[(j+l)*f.n+j:]
		s := float64(row[l])
		for p := range l {
			s -= float64(float64(row[p]) * float64(own[p]))
		}
		row[l] = float32(s / float64(own[l]))
	}
	if !diagonal {
		return
	}
	s := float64(row[columns])
	for _, v := range row[:columns] {
		s -= float64(float64(v) * float64(v))
	}
	row[columns] = float32(math.Sqrt(max(s, 1e-30)))
}

// solve replaces each of the m rows b of x by b H^-1.
func (f factor) solve(x []float32, m int) {
	n, part := f.n, make([]float32, m*min(panel, f.n))
	subtract := func(j, b int) {
		for r := range m {
			row := x[r*n+j:][:b]
			for l, v := range part[r*b : (r+1)*b] {
				row[l] -= v
			}
		}
	}
	for j := 0; j < n; j += panel {
		b := min(panel, n-j)
		eval.GemmT(m, b, j, x, n, f.c[j*n:], n, part, b, false)
		subtract(j, b)
		for r := range m {
			f.eliminate(x[r*n+j:], j, b, false)
		}
	}
	for j := (n - 1) / panel * panel; j >= 0; j -= panel {
		b := min(panel, n-j)
		if end := j + b; end < n {
			eval.Gemm(m, b, n-end, x[end:], n, f.c[end*n+j:], n, part, b, false)
			subtract(j, b)
		}
		for r := range m {
			row := x[r*n+j:][:b]
			for l := b - 1; l >= 0; l-- {
				s := float64(row[l])
				for p := l + 1; p < b; p++ {
					s -= float64(float64(row[p]) * float64(f.c[(j+p)*n+j+l]))
				}
				row[l] = float32(s / float64(f.c[(j+l)*n+j+l]))
			}
		}
	}
}

// unit divides the columns by the diagonal, whose squares it returns: then
// H = L D L' with ones on the diagonal of L.
func (f factor) unit() []float64 {
	d := make([]float64, f.n)
	inverse := make([]float32, f.n)
	for i := range f.n {
		v := f.c[i*f.n+i]
		d[i], inverse[i] = float64(v)*float64(v), 1/v
	}
	for i := range f.n {
		for j := range i + 1 {
			f.c[i*f.n+j] *= inverse[j]
		}
	}
	return d
}

// feedback rounds the m rows of w to integers of magnitude at most top, in
// place, from the last column to the first: the error of a column goes into
// those that are still to be rounded. f is unit and d its diagonal. It returns
// (w-q) H (w-q)' of each row.
//
// With e = w - q and H = L D L' the error is the sum over k of d[k] times the
// square of e[k] + sum over i > k of e[i] L[i][k], so that each step rounds
// what makes its own square least (OPTQ, arXiv 2210.17323, section 3; in this
// form LDLQ of arXiv 2307.13304).
func (f factor) feedback(w []float32, m int, d []float64, top float32) []float64 {
	n := f.n
	errs, own := make([]float64, m), slices.Clone(w)
	e := make([]float32, m*min(panel, n))
	for j := (n - 1) / panel * panel; j >= 0; j -= panel {
		b := min(panel, n-j)
		for r := range m {
			row := w[r*n+j:][:b]
			for k := b - 1; k >= 0; k-- {
				v := row[k]
				q := roundEven(min(max(v, -top), top))
				left, off := v-q, own[r*n+j+k]-q
				row[k], e[r*b+k] = q, off
				errs[r] += float64(d[j+k] * float64(left) * float64(left))
				for p, l := range f.c[(j+k)*n+j:][:k] {
					row[p] += float32(off * l)
				}
			}
		}
		eval.Gemm(m, j, b, e, b, f.c[j*n:], n, w, n, true)
	}
	return errs
}
