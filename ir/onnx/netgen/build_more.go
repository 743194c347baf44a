package netgen

import (
	"fmt"
	"strings"
)

// bn normalizes channels.
func (b *builder) bn(n [numbers]int) {
	x := b.last
	gamma, beta, mean := b.random(2, x.c), b.random(1, x.c), b.random(0.5, x.c)
	variance := b.init(floats(x.c), "0.7")
	b.put(x.c, x.h, x.w, "bn", fmt.Sprintf("BatchNormalization(%s, %s, %s, %s, %s)", x.name, gamma, beta, mean, variance))
}

// scale multiplies channels by constants, some of them zero or far apart.
func (b *builder) scale(n [numbers]int) {
	x := b.last
	steps := []string{"1", "0", "0.01", "-1", "25", "0.5"}
	var list []string
	for c := range x.c {
		list = append(list, steps[(c*(1+n[0]%5)+n[1])%len(steps)])
	}
	k := b.init(floats(1, x.c, 1, 1), strings.Join(list, " "))
	b.put(x.c, x.h, x.w, "scale", fmt.Sprintf("Mul(%s, %s)", x.name, k))
}

// scalar is arithmetic with one constant.
func (b *builder) scalar(n [numbers]int) {
	x := b.last
	k := b.init("float[]", []string{"1", "0.3", "-2", "40"}[n[0]%4])
	call := []string{"Add(%s, %s)", "Mul(%s, %s)", "Sub(%s, %s)", "Div(%s, %s)", "Max(%s, %s)"}[n[1]%5]
	first, second := x.name, k
	if n[1]%5 < 3 && n[2]%2 == 1 {
		first, second = k, x.name
	}
	b.put(x.c, x.h, x.w, "sc", fmt.Sprintf(call, first, second))
}

// pool: kernel, stride, padding, how the last window is counted.
func (b *builder) pool(op string, n [numbers]int) {
	x := b.last
	kh, sh, _, ph, qh, h := window(x.h, 1+(n[0]+1)%4, 1+n[1]%3, 1, n[2]%3, n[2]%3)
	kw, sw, _, pw, qw, w := window(x.w, 1+(n[0]/4+1)%4, 1+n[1]/3%3, 1, n[2]/3%3, n[2]/3%3)
	attrs := ""
	if op == "AveragePool" && n[3]%2 == 1 {
		attrs = " count_include_pad=1"
	}
	if n[4]%4 == 3 { // the last window may reach past the end, but starts inside
		attrs += " ceil_mode=1"
		h, w = ceiling(x.h, kh, sh, ph, qh), ceiling(x.w, kw, sw, pw, qw)
	}
	b.put(x.c, h, w, "pool", fmt.Sprintf("%s(%s) kernel_shape=%d,%d strides=%d,%d pads=%d,%d,%d,%d%s", op, x.name, kh, kw, sh, sw, ph, pw, qh, qw, attrs))
}

func ceiling(n, k, stride, before, after int) int {
	out := (n+before+after-k+stride-1)/stride + 1
	if (out-1)*stride >= n+before {
		out--
	}
	return out
}

func (b *builder) avg(n [numbers]int) { b.pool("AveragePool", n) }
func (b *builder) max(n [numbers]int) { b.pool("MaxPool", n) }

// gate multiplies an image by one number a channel, computed from it.
func (b *builder) gate(n [numbers]int) {
	x := b.last
	b.put(x.c, 1, 1, "gap", fmt.Sprintf("GlobalAveragePool(%s)", x.name))
	b.convolve(x.c, 1, 1, 1, n[0], n[1], 1, 1, "")
	b.act([numbers]int{[]int{6, 3}[n[2]%2]})
	first, second := x.name, b.last.name
	if n[3]%2 == 1 {
		first, second = second, first
	}
	b.put(x.c, x.h, x.w, "gate", fmt.Sprintf("Mul(%s, %s)", first, second))
}

// norm divides by a power of the sum of squares of the channels around.
func (b *builder) norm(n [numbers]int) {
	x := b.last
	b.put(x.c, x.h, x.w, "lrn", fmt.Sprintf("LRN(%s) size=%d alpha=%s beta=%s bias=%s", x.name, 1+n[0]%7,
		[]string{"0.0001", "0.5", "20.0"}[n[1]%3], []string{"0.75", "0.5", "1.0", "0.0"}[n[2]%4], []string{"1.0", "2.0", "0.01"}[n[3]%3]))
}

// pad adds zeros around an image, or channels of zeros, or repeats its edges.
func (b *builder) pad(n [numbers]int) {
	x := b.last
	p := [6]int{n[0] % 5 / 3, n[1] % 3, n[1] / 3 % 3, n[2] % 5 / 3, n[3] % 3, n[3] / 3 % 3}
	mode := "constant"
	if n[4]%4 == 3 {
		mode, p[0], p[3] = "edge", 0, 0
	}
	c, h, w := p[0]+x.c+p[3], p[1]+x.h+p[4], p[2]+x.w+p[5]
	if c*h*w > maxSize {
		return
	}
	k := b.init("int64[8]", fmt.Sprintf("0 %d %d %d 0 %d %d %d", p[0], p[1], p[2], p[3], p[4], p[5]))
	b.put(c, h, w, "pad", fmt.Sprintf("Pad(%s, %s) mode=%s", x.name, k, mode))
}

// slice takes a part of the channels, rows and columns, perhaps every second.
func (b *builder) slice(n [numbers]int) {
	x := b.last
	size := [3]int{x.c, x.h, x.w}
	var starts, ends, steps []string
	for i := range size {
		from := n[i] % 4 % size[i]
		to := max(from+1, size[i]-n[i]/4%3)
		step := 1 + n[3+i]%4/3
		starts, ends, steps = append(starts, fmt.Sprint(from)), append(ends, fmt.Sprint(to)), append(steps, fmt.Sprint(step))
		size[i] = (to-from-1)/step + 1
	}
	list := func(v []string) string { return b.init("int64[3]", strings.Join(v, " ")) }
	s, e, a, t := list(starts), list(ends), b.init("int64[3]", "1 2 3"), list(steps)
	b.put(size[0], size[1], size[2], "part", fmt.Sprintf("Slice(%s, %s, %s, %s, %s)", x.name, s, e, a, t))
}

// split cuts the channels in two and puts them together the other way round,
// one part perhaps with an activation.
func (b *builder) split(n [numbers]int) {
	x := b.last
	if x.c < 2 {
		return
	}
	c := 1 + n[0]%(x.c-1)
	k := b.init("int64[2]", fmt.Sprintf("%d %d", c, x.c-c))
	left, right := b.name("left"), b.name("right")
	fmt.Fprintf(&b.out, "%s, %s = Split(%s, %s) axis=1\n", left, right, x.name, k)
	if n[1]%2 == 1 {
		b.last = tensor{name: left, c: c, h: x.h, w: x.w}
		b.act([numbers]int{n[2]})
		left = b.last.name
	}
	b.put(x.c, x.h, x.w, "cat", fmt.Sprintf("Concat(%s, %s) axis=1", right, left))
}

// repeat makes more rows and columns, or leaves some out.
func (b *builder) repeat(n [numbers]int) {
	x := b.last
	h, w := x.h*(1+n[0]%3), x.w*(1+n[1]%3)
	if x.h%2 == 0 && n[0]%7 == 6 {
		h = x.h / 2
	}
	if x.c*h*w > maxSize {
		return
	}
	k := b.init("int64[4]", fmt.Sprintf("1 %d %d %d", x.c, h, w))
	mode := "nearest"
	if h >= x.h && n[2]%3 == 2 {
		mode = "linear"
	}
	b.put(x.c, h, w, "more", fmt.Sprintf("Resize(%s, -, -, %s) mode=%s", x.name, k, mode))
}

// pixels makes channels of the pixels of blocks, or the other way round.
func (b *builder) pixels(n [numbers]int) {
	x := b.last
	s := 2 + n[0]%5/4
	switch {
	case x.c%(s*s) == 0 && n[1]%3 < 2:
		b.put(x.c/(s*s), x.h*s, x.w*s, "pixels", fmt.Sprintf("DepthToSpace(%s) blocksize=%d mode=%s", x.name, s, []string{"DCR", "CRD"}[n[1]%2]))
	case x.h%s == 0 && x.w%s == 0:
		b.put(x.c*s*s, x.h/s, x.w/s, "blocks", fmt.Sprintf("SpaceToDepth(%s) blocksize=%d", x.name, s))
	}
}

// shuffle changes the order of the channels by way of five dimensions.
func (b *builder) shuffle(n [numbers]int) {
	x := b.last
	g := divisor(x.c, 3+4*n[0])
	apart := b.init("int64[5]", fmt.Sprintf("1 %d %d %d %d", g, x.c/g, x.h, x.w))
	whole := b.init("int64[4]", fmt.Sprintf("1 %d %d %d", x.c, x.h, x.w))
	parts, turned := b.name("parts"), b.name("turned")
	fmt.Fprintf(&b.out, "%s = Reshape(%s, %s)\n%s = Transpose(%s) perm=0,2,1,3,4\n", parts, x.name, apart, turned, parts)
	b.put(x.c, x.h, x.w, "shuffle", fmt.Sprintf("Reshape(%s, %s)", turned, whole))
}

// head ends a network: pooling, products, a softmax, or only some of them.
func (b *builder) head(n [numbers]int) {
	if n[0]%3 == 1 {
		b.put(b.last.c, 1, 1, "gap", fmt.Sprintf("%s(%s)", []string{"GlobalAveragePool", "GlobalMaxPool"}[n[1]%2], b.last.name))
	}
	b.flat(b.last.size(), "Flatten(%s)")
	for i := range n[2] % 3 {
		if i > 0 {
			b.flat(b.last.c, "Relu(%s)")
		}
		m := 1 + n[3+i]%18
		if n[5]%2 == 0 {
			w, c := b.weights(n[6], m, b.last.c), b.bias(n[7], m)
			b.flat(m, "Gemm(%s, "+w+c+") transB=1")
		} else {
			w := b.weights(n[6], b.last.c, m)
			b.flat(m, "MatMul(%s, "+w+")")
			if n[7]%5 > 0 {
				b.flat(m, "Add(%s"+b.bias(n[7], m)+")")
			}
		}
		b.summed = true
	}
	if n[8]%2 == 1 && b.summed {
		b.flat(b.last.c, "Softmax(%s)")
	}
	if !b.summed {
		b.flat(1, "MatMul(%s, "+b.weights(0, b.last.c, 1)+")")
		b.summed = true
	}
}

// flat writes a statement whose result has c elements.
func (b *builder) flat(c int, call string) {
	x := b.last
	b.last = tensor{name: b.name("flat"), c: c, h: 1, w: 1, flat: true}
	fmt.Fprintf(&b.out, "%s = "+call+"\n", b.last.name, x.name)
}
