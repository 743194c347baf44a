package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func normal(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// naive is the definition, in float64, and the sum of magnitudes that its
// rounding error is in proportion to.
func naive(k int, a, b matrix, i, j int) (sum, scale float64) {
	for l := range k {
		p := float64(a.v[i*a.row+l*a.col]) * float64(b.v[l*b.row+j*b.col])
		sum += p
		scale += math.Abs(p)
	}
	return sum, scale
}

// gemmSizes go around the sizes of tiles and blocks.
func gemmSizes(rng *rand.Rand) [][3]int {
	sizes := [][3]int{{0, 3, 3}, {3, 0, 3}, {3, 3, 0}, {1, 1, 1}, {1, 40, 300}, {40, 1, 300}, {1, 1, 1000}, {2, 3, 1000}}
	for _, m := range []int{1, 5, 6, 7, 97} {
		for _, n := range []int{1, 15, 16, 17, 40} {
			for _, k := range []int{1, 7, 257} {
				sizes = append(sizes, [3]int{m, n, k})
			}
		}
	}
	sizes = append(sizes, [3]int{7, 1025, 3}, [3]int{13, 1040, 260}, [3]int{193, 33, 513})
	for range 40 {
		sizes = append(sizes, [3]int{1 + rng.IntN(120), 1 + rng.IntN(120), 1 + rng.IntN(300)})
	}
	return sizes
}

func TestGemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range gemmSizes(rng) {
		m, n, k := s[0], s[1], s[2]
		for _, acc := range []bool{false, true} {
			// Rows that are further apart than they are long.
			lda, ldb, ldc := k+rng.IntN(3), n+rng.IntN(3), n+rng.IntN(3)
			a, b, c := normal(rng, m*lda), normal(rng, k*ldb), normal(rng, m*ldc)
			before := slices.Clone(c)
			Gemm(m, n, k, a, lda, b, ldb, c, ldc, acc)
			for i := range m {
				for j := range ldc {
					at := i*ldc + j
					if j >= n {
						if c[at] != before[at] {
							t.Fatalf("%v: wrote behind row %d", s, i)
						}
						continue
					}
					want, scale := naive(k, matrix{a, lda, 1}, matrix{b, ldb, 1}, i, j)
					if acc {
						want, scale = want+float64(before[at]), scale+math.Abs(float64(before[at]))
					}
					if d := math.Abs(float64(c[at]) - want); d > 1e-6*scale {
						t.Fatalf("%v acc %v: element %d,%d is %g, want %g", s, acc, i, j, c[at], want)
					}
				}
			}
		}
	}
}

// TestTransposed multiplies views of all four kinds.
func TestTransposed(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, s := range gemmSizes(rng) {
		m, n, k := s[0], s[1], s[2]
		for way := range 4 {
			a, b := matrix{normal(rng, m*k), k, 1}, matrix{normal(rng, k*n), n, 1}
			if way&1 == 1 {
				a = matrix{a.v, m, 1}.transposed()
			}
			if way&2 == 2 {
				b = matrix{b.v, k, 1}.transposed()
			}
			c := make([]float32, m*n)
			if way == 2 {
				GemmT(m, n, k, a.v, k, b.v, k, c, n, false)
			} else {
				addProduct(m, n, k, a, b, c, n)
			}
			for at, v := range c {
				want, scale := naive(k, a, b, at/n, at%n)
				if d := math.Abs(float64(v) - want); d > 1e-6*scale {
					t.Fatalf("%v way %d: element %d is %g, want %g", s, way, at, v, want)
				}
			}
		}
	}
}

// TestGemmParallel computes one product in many goroutines at once: each must
// give the same bits.
func TestGemmParallel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	m, n, k := 50, 300, 270
	a, b := normal(rng, m*k), normal(rng, k*n)
	want := make([]float32, m*n)
	Gemm(m, n, k, a, k, b, n, want, n, false)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c := make([]float32, m*n)
			for range 5 {
				Gemm(m, n, k, a, k, b, n, c, n, false)
				if !slices.Equal(c, want) {
					t.Error("results differ")
				}
			}
		})
	}
	wg.Wait()
}

// TestGemmAllocs: a call takes its panels from a pool, which may lose some now
// and then, and does so at random under -race.
func TestGemmAllocs(t *testing.T) {
	a, b, c := make([]float32, 64*64), make([]float32, 64*64), make([]float32, 64*64)
	var counts []float64
	for range 41 {
		counts = append(counts, testing.AllocsPerRun(1, func() { Gemm(64, 64, 64, a, 64, b, 64, c, 64, false) }))
	}
	slices.Sort(counts)
	if n := counts[len(counts)/2]; n > 0 {
		t.Errorf("%g allocations a call", n)
	}
}

// TestKernels compares what this machine runs with plain Go: on small whole
// numbers, whose sums are exact in any order, so that they have to be equal.
func TestKernels(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	whole := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.IntN(201) - 100)
		}
		return v
	}
	for n := range 140 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			// Starts that no vector is aligned to, and an element behind the end.
			x, y := whole(n + 2)[1:], whole(n + 2)[1:]
			if got, want := dot(x[:n], y[:n]), dotGeneric(x[:n], y[:n]); got != want {
				t.Errorf("dot is %g, want %g", got, want)
			}
			got, want := slices.Clone(y), slices.Clone(y)
			axpy(-3, x[:n], got[:n])
			axpyGeneric(-3, x[:n], want[:n])
			if !slices.Equal(got, want) {
				t.Errorf("axpy is %v, want %v", got, want)
			}
			if n == 0 {
				return
			}
			ldc := tileN + n%5
			a, b, c := whole(tileM*n), whole(tileN*n), whole(tileM*ldc)
			got, want = slices.Clone(c), slices.Clone(c)
			multiplyTile(n, a, b, got, ldc)
			tileGeneric(n, a, b, want, ldc)
			if !slices.Equal(got, want) {
				t.Errorf("tile is %v, want %v", got, want)
			}
		})
	}
}
