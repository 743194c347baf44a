package eval

import "github.com/snug-nn/snug/ir"

// eachRun splits an elementwise operation on a and b, broadcast to shape, into
// runs of n neighbours: f gets where the run starts in the result and in each
// operand, and how many elements of the operand it covers, n or 1.
func eachRun(shape, a, b []int, f func(to, n, fromA, lenA, fromB, lenB int)) {
	a, b = padded(a, len(shape)), padded(b, len(shape))
	// The run takes in axes from the last on, as long as each operand has all
	// of them or none.
	first, n := len(shape), 1
	wholeA, wholeB := true, true
	for first > 0 {
		d := shape[first-1]
		allA, allB := wholeA && a[first-1] == d, wholeB && b[first-1] == d
		oneA := a[first-1] == 1 && (!wholeA || n == 1)
		oneB := b[first-1] == 1 && (!wholeB || n == 1)
		if !(allA || oneA) || !(allB || oneB) {
			break
		}
		wholeA, wholeB = allA, allB
		first--
		n *= d
	}
	lenA, lenB := 1, 1
	if wholeA {
		lenA = n
	}
	if wholeB {
		lenB = n
	}
	outer := shape[:first]
	stepsA, stepsB := broadcastSteps(outer, a, lenA), broadcastSteps(outer, b, lenB)
	index := make([]int, first)
	fromA, fromB := 0, 0
	for to := 0; to < ir.NumElements(outer)*n; to += n {
		f(to, n, fromA, lenA, fromB, lenB)
		for i := first - 1; i >= 0; i-- {
			index[i]++
			fromA += stepsA[i]
			fromB += stepsB[i]
			if index[i] < shape[i] {
				break
			}
			fromA -= stepsA[i] * shape[i]
			fromB -= stepsB[i] * shape[i]
			index[i] = 0
		}
	}
}

// padded puts dimensions of 1 in front.
func padded(shape []int, rank int) []int {
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
	}
	copy(out[rank-len(shape):], shape)
	return out
}

// broadcastSteps returns how far an operand moves for each step along an outer
// axis, 0 where it has one element; inner is its size behind those axes.
func broadcastSteps(outer, operand []int, inner int) []int {
	steps := make([]int, len(outer))
	size := inner
	for i := len(outer) - 1; i >= 0; i-- {
		if operand[i] != 1 {
			steps[i] = size
		}
		size *= operand[i]
	}
	return steps
}

// A run computes y from operands that are as long as y or have one element.
type run[T, U any] func(y []U, a, b []T)

// runOf returns the run of a function of two elements.
func runOf[T, U any](f func(a, b T) U) run[T, U] {
	return func(y []U, a, b []T) {
		switch {
		case len(b) == 1 && len(y) != 1:
			if len(a) == 1 {
				v := f(a[0], b[0])
				for i := range y {
					y[i] = v
				}
				return
			}
			for i, v := range a {
				y[i] = f(v, b[0])
			}
		case len(a) == 1:
			for i := range y {
				y[i] = f(a[0], b[i])
			}
		default:
			for i, v := range a {
				y[i] = f(v, b[i])
			}
		}
	}
}

// apply computes y of the given shape from broadcast operands.
func (f run[T, U]) apply(y []U, shape []int, a []T, shapeA []int, b []T, shapeB []int) {
	eachRun(shape, shapeA, shapeB, func(to, n, fromA, lenA, fromB, lenB int) {
		f(y[to:to+n], a[fromA:fromA+lenA], b[fromB:fromB+lenB])
	})
}

// walk calls f for every element of shape with the element of a tensor of
// shape in that is broadcast to it.
func walk(shape, in []int, f func(to, from int)) {
	eachRun(shape, in, nil, func(to, n, from, length, _, _ int) {
		for i := range n {
			f(to+i, from+min(i, length-1))
		}
	})
}
