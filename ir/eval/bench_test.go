package eval_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

func BenchmarkGemm(b *testing.B) {
	for _, s := range [][3]int{{256, 256, 256}, {1024, 1024, 1024}, {16, 1024, 144}, {64, 64, 576}, {96, 1024, 864}, {1, 1000, 1024}} {
		m, n, k := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			x, y, z := random(rng, m, k), random(rng, k, n), random(rng, m, n)
			for b.Loop() {
				eval.Gemm(m, n, k, x.Real, k, y.Real, n, z.Real, n, false)
			}
			b.ReportMetric(float64(2*m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkConv(b *testing.B) {
	for _, c := range []struct {
		name                            string
		in, out, size, k, stride, group int
	}{
		{"3x3", 96, 96, 32, 3, 1, 1},
		{"3x3s2", 96, 96, 32, 3, 2, 1},
		{"pointwise", 128, 128, 28, 1, 1, 1},
		{"depthwise", 128, 128, 28, 3, 1, 128},
		{"depthwise_s2", 128, 128, 28, 3, 2, 128},
	} {
		b.Run(c.name, func(b *testing.B) {
			nb, x := newNet(b, 1, c.in, c.size, c.size)
			y := nb.conv(x, c.out, c.k, c.stride, c.group)
			runFor(b, nb.g)
			products := float64(y.Shape[1] * y.Shape[2] * y.Shape[3] * c.in / c.group * c.k * c.k)
			b.ReportMetric(2*products*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkRunner(b *testing.B) {
	for _, net := range []struct {
		name string
		make func(testing.TB) *ir.Graph
	}{{"ResNet20", resnet20}, {"AllCNN", allCNN}, {"Separable", separable}} {
		b.Run(net.name, func(b *testing.B) {
			runFor(b, net.make(b))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

func runFor(b *testing.B, g *ir.Graph) {
	r, err := eval.NewRunner(g)
	if err != nil {
		b.Fatal(err)
	}
	x := random(rand.New(rand.NewPCG(3, 4)), g.In[0].Shape...)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Run(x); err != nil {
			b.Fatal(err)
		}
	}
}
