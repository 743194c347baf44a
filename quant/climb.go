package quant

import "math"

// A point is a place in levelCounts and one in clipRatios.
type point struct{ x, r int }

func (p point) inside() bool {
	return p.x >= 0 && p.x < len(levelCounts) && p.r >= 0 && p.r < len(clipRatios)
}

// clippings are the places in clipRatios of the starts of a climb: where few
// levels are left, hard clipping is a hill of its own.
var clippings = []int{0, 4, 7}

// starts are the points to begin a climb of levelCounts[x] at.
func starts(x int) []point {
	var all []point
	for _, r := range clippings {
		all = append(all, point{x, r})
	}
	return all
}

// climb goes from the best of the starts to the best neighbour in levels and
// clipping until no neighbour is better, by long steps in levels first. score
// judges points that it has not seen, the less the better, infinite when a point
// is not possible.
func climb(starts []point, steps []int, score func([]point) ([]float64, error)) (point, error) {
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
	at := starts[0]
	if err := look(starts...); err != nil {
		return at, err
	}
	for _, p := range starts {
		if seen[p] < seen[at] {
			at = p
		}
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
