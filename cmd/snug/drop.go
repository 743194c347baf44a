package main

import (
	"fmt"
	"math"
)

// A drop is what the integers cost in accuracy on one set of inputs, in points
// of a percent: 100 times the mean of d, and its paired standard error. d of an
// input is 1 when only the real network is right about it, -1 when only the
// integers are, else 0.
type drop struct {
	Points float64 `json:"drop"`
	StdErr float64 `json:"drop_se"`
}

// dropOf compares the answers of both networks to the same labelled inputs. The
// standard error is that of the mean of n paired differences,
//
//	se = sd(d) / sqrt(n), sd(d)^2 = sum (d - mean d)^2 / (n - 1)
//
// as of two proportions in matched pairs (Agresti, Categorical Data Analysis,
// 2nd edition, section 10.1.1, which divides by n in the stead of n - 1). What
// both networks miss or both know cancels, so that it is far below that of either
// accuracy. It is about the choice of inputs, not about that of the calibration
// inputs. One input has no standard error: it is 0.
func dropOf(answers []answer, classes []int) drop {
	n := float64(len(answers))
	var sum, squares float64
	for i, a := range answers {
		d := 0.0
		if a.real == classes[i] {
			d++
		}
		if a.integer == classes[i] {
			d--
		}
		sum += d
		squares += float64(d * d)
	}
	mean := sum / n
	variance := max(squares-float64(n*mean*mean), 0) / max(n-1, 1)
	return drop{100 * mean, 100 * math.Sqrt(variance/n)}
}

func (d *drop) String() string { return fmt.Sprintf("%.2f points (s.e. %.2f)", d.Points, d.StdErr) }
