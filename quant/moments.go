package quant

import "github.com/snug-nn/snug/ir/eval"

// exactSum is the least integer that float32 does not count up to one by one.
const exactSum = 1 << 24

// momentRows is how many rows of second moments are computed at once.
const momentRows = 256

// secondMoments returns the covariance of the rows of x, k x n integers of
// magnitude at most top: a symmetric k x k matrix. Sums are exact, whatever the
// machine: they are taken over as many columns as float32 counts, and added up in
// float64.
func secondMoments(x []float32, k, n int, top int64) []float32 {
	step := int(max(exactSum/max(top*top, 1), 1))
	step = min(step, n)
	h := make([]float32, k*k)
	sum := make([]float64, k)
	for i := range k {
		for _, v := range x[i*n : (i+1)*n] {
			sum[i] += float64(v)
		}
	}
	part := make([]float32, min(momentRows, k)*k)
	total := make([]float64, min(momentRows, k)*k)
	for from := 0; from < k; from += momentRows {
		to := min(from+momentRows, k)
		total := total[:(to-from)*to]
		clear(total)
		for at := 0; at < n; at += step {
			eval.GemmT(to-from, to, min(step, n-at), x[from*n+at:], n, x[at:], n, part, to, false)
			for i, v := range part[:len(total)] {
				total[i] += float64(v)
			}
		}
		for i := from; i < to; i++ {
			row := total[(i-from)*to:]
			for j := range i + 1 {
				h[i*k+j] = float32((row[j] - float64(sum[i]*sum[j])/float64(n)) / float64(n))
				h[j*k+i] = h[i*k+j]
			}
		}
	}
	return h
}

// crossMoments returns the covariance of the rows of y, m x n and of mean zero,
// with those of x, k x n: m x k.
func crossMoments(y []float32, m int, x []float32, k, n int) []float32 {
	r := make([]float32, m*k)
	eval.GemmT(m, k, n, y, n, x, n, r, k, false)
	for i := range r {
		r[i] /= float32(n)
	}
	return r
}
