package report

import "math"

// pair is a layer of A and its counterpart in B; -1 when there is none.
type pair struct{ a, b int }

// What speaks for two layers being one. Networks are exported again and again
// with layers numbered anew, so names alone are weak; weights that point the same
// way are strong even when their scales changed.
const (
	nameScore   = 2
	shapeScore  = 1
	weightScore = 6
)

// alignLayers pairs the layers of two networks, both in the order of their
// runs, so that the sum of scores is greatest. A pair without any evidence
// is none.
func alignLayers(a, b []Layer) []pair {
	best := make([][]float64, len(a)+1)
	score := make([][]float64, len(a))
	for i := range best {
		best[i] = make([]float64, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		score[i] = make([]float64, len(b))
		for j := len(b) - 1; j >= 0; j-- {
			score[i][j] = alike(&a[i], &b[j])
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if score[i][j] > 0 {
				best[i][j] = max(best[i][j], score[i][j]+best[i+1][j+1])
			}
		}
	}
	var pairs []pair
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case score[i][j] > 0 && best[i][j] == score[i][j]+best[i+1][j+1]:
			pairs = append(pairs, pair{i, j})
			i, j = i+1, j+1
		case best[i][j] == best[i+1][j]:
			pairs = append(pairs, pair{i, -1})
			i++
		default:
			pairs = append(pairs, pair{-1, j})
			j++
		}
	}
	for ; i < len(a); i++ {
		pairs = append(pairs, pair{i, -1})
	}
	for ; j < len(b); j++ {
		pairs = append(pairs, pair{-1, j})
	}
	return pairs
}

func alike(a, b *Layer) float64 {
	s := 0.0
	if a.Name == b.Name {
		s += nameScore
	}
	if a.K == b.K && a.Channels == b.Channels {
		if a.MACs == b.MACs {
			s += shapeScore
		}
		if c := cosine(a.Rows, b.Rows); c > 0 {
			s += float64(weightScore * c) // rounded, so that every machine sees the same ties
		}
	}
	return s
}

// cosine is the mean over channels of the angle between two rows, whose
// scales it does not see. Sums of integers are exact.
func cosine(a, b [][]int32) float64 {
	total := 0.0
	for c := range a {
		var ab, aa, bb int64
		for k, x := range a[c] {
			y := b[c][k]
			ab, aa, bb = ab+int64(x)*int64(y), aa+int64(x)*int64(x), bb+int64(y)*int64(y)
		}
		switch {
		case aa > 0 && bb > 0:
			total += float64(ab) / math.Sqrt(float64(aa)*float64(bb))
		case aa == bb:
			total++
		}
	}
	return total / float64(len(a))
}
