package netgen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// An AlexNet is the network of Krizhevsky, Sutskever and Hinton (NIPS 2012) in the
// form that Caffe's reference model gave it: 224 x 224 inputs, layers 2, 4 and 5 in
// two groups. Its weights are random, which is enough to measure kernels and
// memory by, and not to classify.
type AlexNet struct {
	Seed  uint64
	Part  string // "" all of it, "conv" up to the last pool, "fc" what follows that
	Norms bool   // with the two local response normalisations
}

// AlexParts are the values of AlexNet.Part.
var AlexParts = []string{"", "conv", "fc"}

// alexConvs are the convolutions: what follows each is a Relu, then the
// normalisation and the pool that are marked.
var alexConvs = []struct {
	in, out, kernel, group int
	attrs                  string
	norm                   bool
	pool                   string
}{
	{3, 96, 11, 1, "strides=4,4", true, "kernel_shape=3,3 strides=2,2"},
	{96, 256, 5, 2, "pads=2,2,2,2 group=2", true, "kernel_shape=3,3 strides=2,2"},
	{256, 384, 3, 1, "pads=1,1,1,1", false, ""},
	{384, 384, 3, 2, "pads=1,1,1,1 group=2", false, ""},
	{384, 256, 3, 2, "pads=1,1,1,1 group=2", false, "kernel_shape=3,3 strides=2,2 pads=0,0,1,1"},
}

// alexDense are inputs and outputs of the fully connected layers.
var alexDense = [][2]int{{9216, 4096}, {4096, 4096}, {4096, 1000}}

// alexMean is the mean of a pixel. With pixels as they are, and weights by the rule
// of He et al. (ICCV 2015), sums are about as large as in the trained network, for
// which the constants of the normalisations were made.
const alexMean = 128

// Text returns the network.
func (a *AlexNet) Text() string {
	var b strings.Builder
	seed := a.Seed << 8 // of each constant
	weights := func(name string, k int, dims ...int) {
		seed++
		fmt.Fprintf(&b, "init %s_w %s normal %d %.6g\n", name, floats(dims...), seed, math.Sqrt(2/float64(k)))
		seed++
		fmt.Fprintf(&b, "init %s_b float[%d] normal %d 0.1\n", name, dims[0], seed)
	}
	last := "x"
	if a.Part == "fc" {
		seed += uint64(2 * len(alexConvs)) // the same weights as in the whole network
		fmt.Fprintf(&b, "input x float[1,%d]\n", alexDense[0][0])
	} else {
		fmt.Fprintf(&b, "input x float[1,%d,224,224]\n", alexConvs[0].in)
		for i, c := range alexConvs {
			name := fmt.Sprintf("conv%d", i+1)
			weights(name, c.in/c.group*c.kernel*c.kernel, c.out, c.in/c.group, c.kernel, c.kernel)
			fmt.Fprintf(&b, "%s: %s_y = Conv(%s, %s_w, %s_b) %s\n%s = Relu(%s_y)\n", name, name, last, name, name, c.attrs, name, name)
			last = name
			if c.norm && a.Norms {
				fmt.Fprintf(&b, "norm%d: norm%d = LRN(%s) size=5 alpha=0.0001 beta=0.75 bias=1.0\n", i+1, i+1, last)
				last = fmt.Sprintf("norm%d", i+1)
			}
			if c.pool != "" {
				fmt.Fprintf(&b, "pool%d: pool%d = MaxPool(%s) %s\n", i+1, i+1, last, c.pool)
				last = fmt.Sprintf("pool%d", i+1)
			}
		}
	}
	if a.Part == "" {
		fmt.Fprintf(&b, "flat = Flatten(%s)\n", last)
		last = "flat"
	}
	if a.Part != "conv" {
		for i, d := range alexDense {
			name := fmt.Sprintf("fc%d", i+6)
			weights(name, d[0], d[1], d[0])
			fmt.Fprintf(&b, "%s: %s_y = Gemm(%s, %s_w, %s_b) transB=1\n", name, name, last, name, name)
			last = name + "_y"
			if i+1 < len(alexDense) {
				fmt.Fprintf(&b, "%s = Relu(%s)\n", name, last)
				last = name
			}
		}
	}
	fmt.Fprintf(&b, "output %s\n", last)
	return b.String()
}

// Inputs returns an .npy file of n inputs of the network, of bytes: pictures whose
// mean is 128, or for the dense layers alone what a Relu leaves.
func (a *AlexNet) Inputs(n int) []byte {
	r := rand.New(rand.NewPCG(a.Seed, 1))
	shape, size := "9216", alexDense[0][0]
	fill := features
	if a.Part != "fc" {
		shape, size = "3, 224, 224", 3*imageSize*imageSize
		fill = picture
	}
	header := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %s), }", n, shape)
	header += strings.Repeat(" ", 117-len(header)) + "\n" // 128 bytes with what stands before it
	b := make([]byte, 0, 128+n*size)
	b = append(b, "\x93NUMPY\x01\x00\x76\x00"...)
	b = append(b, header...)
	for range n {
		b = fill(r, b)
	}
	return b
}

// features appends one sample of numbers of which half are zero.
func features(r *rand.Rand, b []byte) []byte {
	for range alexDense[0][0] {
		v := r.IntN(256) + r.IntN(256) - 256
		b = append(b, byte(max(0, v)))
	}
	return b
}

const imageSize = 224

// picture appends one picture, channel after channel, whose spectrum falls as that
// of photographs does, about as 1/f: noise on grids of 128 down to one pixel, each
// half as strong as the one before, interpolated between. Channels share three
// quarters of it. All in integers, so that every host makes the same.
func picture(r *rand.Rand, b []byte) []byte {
	grey := noise(r)
	for range 3 {
		own := noise(r)
		for i, v := range own {
			b = append(b, byte(max(0, min(255, alexMean+(3*grey[i]+v)/4))))
		}
	}
	return b
}

// noise returns a field of about [-128, 127].
func noise(r *rand.Rand) []int {
	sum := make([]int, imageSize*imageSize)
	for cell := 128; cell >= 1; cell /= 2 {
		n := imageSize/cell + 2
		grid := make([]int, n*n)
		for i := range grid {
			grid[i] = r.IntN(2*cell+1) - cell
		}
		for y := range imageSize {
			for x := range imageSize {
				at, fy, fx := y/cell*n+x/cell, y%cell, x%cell
				top := grid[at]*(cell-fx) + grid[at+1]*fx
				bottom := grid[at+n]*(cell-fx) + grid[at+n+1]*fx
				sum[y*imageSize+x] += (top*(cell-fy) + bottom*fy) / (cell * cell)
			}
		}
	}
	return sum
}
