package quant

import "math"

// A point is a place in levelCounts and one in clipRatios.
type point struct{ x, r int }

func (p point) inside() bool {
	return p.x >= 0 && p.x < len(levelCounts) && p.r >= 0 && p.r < len(clipRatios)
}

// climb goes from start to the best neighbour in levels and clipping until no
// neighbour is better, by long steps in levels first. score judges points that
// it has not seen, the less the better, infinite when a point is not possible.
func climb(start point, steps []int, score func([]point) ([]float64, error)) (point, error) {
	seen := map[point]float64{}
	look := func(points ...point) error {
		var fresh []point
		for _, p := range points {
			if _, ok := seen[p]; !ok && p.inside() {
				fresh = append(fresh, p)
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		e, err := score(fresh)
		if err != nil {
			return err
		}
		for i, p := range fresh {
			seen[p] = e[i]
		}
		return nil
	}
	at := start
	if err := look(at); err != nil {
		return at, err
	}
	if math.IsInf(seen[at], 1) { // so many levels leave the weights nothing
		at.x = 0
		if err := look(at); err != nil {
			return at, err
		}
	}
	for _, step := range steps {
		for moved := true; moved; {
			around := []point{{at.x + step, at.r}, {at.x - step, at.r}, {at.x, at.r + 1}, {at.x, at.r - 1}}
			if err := look(around...); err != nil {
				return at, err
			}
			moved = false
			best := at
			for _, p := range around {
				if e, ok := seen[p]; ok && e < seen[best] && e < seen[at]*(1-1e-4) {
					best, moved = p, true
				}
			}
			at = best
		}
	}
	return at, nil
}
