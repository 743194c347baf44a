package eval

// maxPlanes bounds the elements of all planes together.
const maxPlanes = 1 << 28

// splits reports whether depthwise may be used: not with a third axis, nor when
// its planes would be much larger than the patches are, as wide strides and
// dilations make them.
func (w *window) splits() bool {
	third := w.in[0] != 1 || w.out[0] != 1 || w.k[0] != 1 || w.p[0] != 0
	if third || w.s[1] > 8 || w.s[2] > 8 {
		return false
	}
	rows, cols := w.planeSize()
	planes := float64(w.s[1]*w.s[2]) * float64(rows) * float64(cols) // an int may not hold it
	return planes <= min(4*float64(w.k[1]*w.k[2])*float64(w.outSize()), maxPlanes)
}

// planeSize is the reach of all windows together, in strides.
func (w *window) planeSize() (rows, cols int) {
	return w.out[1] + (w.k[1]-1)*w.d[1]/w.s[1], w.out[2] + (w.k[2]-1)*w.d[2]/w.s[2]
}

// depthwise convolves one channel of two spatial axes with each of the filters
// in weights, and adds to y.
//
// The padded input is first split into planes, one for each phase of the two
// strides: what one weight meets then lies side by side for all outputs, a row
// of the plane after the other. A weight so costs one long sum, which also
// covers the gaps between rows of outputs that are narrower than the plane.
func (w *window) depthwise(y, x, weights []float32, s *scratch) {
	sh, sw := w.s[1], w.s[2]
	rows, cols := w.planeSize()
	plane := rows * cols
	run := (w.out[1]-1)*cols + w.out[2] // of sums, gaps included
	pixels, taps := w.outSize(), w.k[1]*w.k[2]
	if pixels == 0 {
		return
	}
	memory := s.floats(sh*sw*plane + run)
	planes, sums := memory[:sh*sw*plane], memory[sh*sw*plane:]
	for i := range sh {
		for j := range sw {
			w.split(planes[(i*sw+j)*plane:][:plane], x, i, j, rows, cols)
		}
	}
	for f := range len(y) / pixels {
		clear(sums)
		for t := range taps {
			i, j := t/w.k[2]*w.d[1], t%w.k[2]*w.d[2]
			at := (i%sh*sw+j%sw)*plane + i/sh*cols + j/sw
			axpy(weights[f*taps+t], planes[at:], sums)
		}
		dst := y[f*pixels:][:pixels]
		for i := range w.out[1] {
			row := sums[i*cols:]
			for j := range dst[:w.out[2]] {
				dst[j] += row[j]
			}
			dst = dst[w.out[2]:]
		}
	}
}

// split copies every sh-th row and every sw-th column of the padded input, from
// row i and column j on.
func (w *window) split(dst, x []float32, i, j, rows, cols int) {
	for r := range rows {
		row := dst[r*cols:][:cols]
		from := i + r*w.s[1] - w.p[1]
		if from < 0 || from >= w.in[1] {
			clear(row)
			continue
		}
		// Columns [first, last) lie inside the input.
		at, step := j-w.p[2], w.s[2]
		first := min(max((step-1-at)/step, 0), cols)
		last := max(min((w.in[2]-1-at+step)/step, cols), first)
		clear(row[:first])
		clear(row[last:])
		src := x[from*w.in[2]:][:w.in[2]]
		if step == 1 {
			copy(row[first:last], src[first+at:])
			continue
		}
		for c := first; c < last; c++ {
			row[c] = src[at+c*step]
		}
	}
}
