package netgen

import (
	"fmt"
	"strings"
)

// A tensor is an image of one sample, or what is left of one: flat.
type tensor struct {
	name    string
	c, h, w int
	flat    bool
}

func (t tensor) size() int { return t.c * t.h * t.w }

// A builder writes statements.
type builder struct {
	prefix string
	out    strings.Builder
	count  int
	last   tensor
	seen   []tensor // images, for what has two operands
	summed bool
}

// builders has the kinds of genes.
var builders = map[string]func(*builder, [numbers]int){
	"act": (*builder).act, "avg": (*builder).avg, "bn": (*builder).bn, "concat": (*builder).concat, "conv": (*builder).conv,
	"depthwise": (*builder).depthwise, "gate": (*builder).gate, "head": (*builder).head, "max": (*builder).max, "norm": (*builder).norm, "pad": (*builder).pad,
	"pixels": (*builder).pixels, "repeat": (*builder).repeat, "residual": (*builder).residual, "scale": (*builder).scale, "scalar": (*builder).scalar, "shuffle": (*builder).shuffle,
	"slice": (*builder).slice, "split": (*builder).split, "transposed": (*builder).transposed, "two": (*builder).two,
}

// kinds are those that may stand anywhere.
var kinds = []string{"act", "avg", "bn", "concat", "conv", "depthwise", "gate", "max", "norm", "pad", "residual", "scale", "scalar",
	"pixels", "repeat", "shuffle", "slice", "split", "transposed", "two", "residual", "act", "depthwise"}

// name returns a new one.
func (b *builder) name(kind string) string {
	b.count++
	return fmt.Sprintf("%s%s%d", b.prefix, kind, b.count)
}

// put writes a statement whose result is an image of the given size.
func (b *builder) put(c, h, w int, kind, call string) {
	t := tensor{name: b.name(kind), c: c, h: h, w: w}
	fmt.Fprintf(&b.out, "%s = %s\n", t.name, call)
	b.last = t
	b.seen = append(b.seen, t)
}

// init writes a constant and returns its name.
func (b *builder) init(typ, elements string) string {
	name := b.name("k")
	fmt.Fprintf(&b.out, "init %s %s %s\n", name, typ, elements)
	return name
}

// random writes a constant of random elements.
func (b *builder) random(amplitude float64, dims ...int) string {
	return b.init(floats(dims...), fmt.Sprintf("random %d %g", b.count+1, amplitude))
}

func floats(dims ...int) string { return "float" + strings.ReplaceAll(fmt.Sprint(dims), " ", ",") }

// weights are ordinary, large, tiny or all zero: a layer whose output is
// constant.
func (b *builder) weights(n int, dims ...int) string {
	switch n % 12 {
	case 9:
		return b.random(4, dims...)
	case 10:
		return b.random(1e-4, dims...)
	case 11:
		return b.init(floats(dims...), "0")
	}
	return b.random(0.5, dims...)
}

// bias is absent, ordinary, or much larger than the sums.
func (b *builder) bias(n, m int) string {
	switch n % 5 {
	case 1, 2:
		return ", " + b.random(0.5, m)
	case 3:
		return ", " + b.random(30, m)
	case 4:
		return ", " + b.random(2000, m)
	}
	return ""
}

// window fits a kernel of size k with stride, dilation and padding to n
// elements, and returns its attributes and the size of the result.
func window(n, k, stride, dilation, before, after int) (kernel, s, d, p, q, out int) {
	for k > 1 && (k-1)*dilation+1 > n+before+after {
		if dilation > 1 {
			dilation--
		} else {
			k--
		}
	}
	reach := (k-1)*dilation + 1
	before, after = min(before, reach-1), min(after, reach-1) // no window in the padding alone
	return k, stride, dilation, before, after, (n+before+after-reach)/stride + 1
}

// conv: output channels, kernel, stride, dilation, padding, groups, weights, bias.
func (b *builder) conv(n [numbers]int) {
	x := b.last
	kh, kw := 1+n[1]%5, 1+(n[1]/5+n[1])%5
	if n[1]%3 == 1 { // what has most kernels
		kh, kw = 3, 3
	}
	ph, pw := n[4]%3, n[4]/3%3
	if n[1]%6 == 1 { // and what they are for
		n[2], n[3], n[5], ph, pw = 0, 0, 0, 1, 1
	}
	qh, qw := ph, pw
	if n[4]%11 == 10 {
		qh = n[4] / 9 % 3
	}
	kh, sh, dh, ph, qh, h := window(x.h, kh, 1+n[2]%3%2+n[2]%7/6, 1+n[3]%5/4, ph, qh)
	kw, sw, dw, pw, qw, w := window(x.w, kw, 1+n[2]%3%2+n[2]%5/4, 1+n[3]%5/4, pw, qw)
	groups := divisor(x.c, n[5])
	m := groups * (1 + n[0]%(1+20/groups))
	for m > groups && m*h*w > maxSize {
		m -= groups
	}
	b.convolve(m, h, w, groups, n[6], n[7], kh, kw,
		fmt.Sprintf("strides=%d,%d dilations=%d,%d pads=%d,%d,%d,%d", sh, sw, dh, dw, ph, pw, qh, qw))
}

// convolve writes a convolution of the last tensor.
func (b *builder) convolve(m, h, w, groups, weights, bias, kh, kw int, attrs string) {
	x := b.last
	k, c := b.weights(weights, m, x.c/groups, kh, kw), b.bias(bias, m)
	b.put(m, h, w, "conv", fmt.Sprintf("Conv(%s, %s%s) group=%d %s", x.name, k, c, groups, attrs))
	b.summed = true
}

// transposed: output channels, kernel, strides, what is cut, added at the end, groups.
func (b *builder) transposed(n [numbers]int) {
	x := b.last
	axis := func(size, kernel, stride, cut, more int) (k, s, begin, end, add, out int) {
		k, s = 1+kernel%4, 1+stride%3
		begin, end, add = cut%k, cut/4%k, more%s
		if out = (size-1)*s + k + add - begin - end; out < 1 {
			begin, end = 0, 0
			out = (size-1)*s + k + add
		}
		return k, s, begin, end, add, out
	}
	kh, sh, ph, qh, ah, h := axis(x.h, n[1], n[2], n[3], n[4])
	kw, sw, pw, qw, aw, w := axis(x.w, n[1]/4, n[2]/3, n[3]/16, n[4]/3)
	groups := divisor(x.c, n[5])
	m := 1 + n[0]%(1+20/groups)
	if groups*m*h*w > maxSize || groups*m*sh*sw > 64 {
		return
	}
	k, c := b.weights(n[6], x.c, m, kh, kw), b.bias(n[7], groups*m)
	b.put(groups*m, h, w, "up", fmt.Sprintf("ConvTranspose(%s, %s%s) group=%d strides=%d,%d pads=%d,%d,%d,%d output_padding=%d,%d",
		x.name, k, c, groups, sh, sw, ph, pw, qh, qw, ah, aw))
	b.summed = true
}

// divisor returns one of the divisors of c: one, most of the time.
func divisor(c, n int) int {
	if n%4 != 3 {
		return 1
	}
	g := 1 + n/4%c
	for c%g != 0 {
		g--
	}
	return g
}

// depthwise: kernel, stride, dilation, padding, channels a group, weights, bias.
func (b *builder) depthwise(n [numbers]int) {
	x := b.last
	kh, sh, dh, ph, qh, h := window(x.h, []int{3, 1, 5, 2, 3, 7}[n[0]%6], 1+n[1]%2, 1+n[2]%5/4, n[3]%4, n[3]%4)
	kw, sw, dw, pw, qw, w := window(x.w, []int{3, 3, 1, 5, 2, 3}[n[0]/6%6], 1+n[1]%2, 1+n[2]%5/4, n[3]%4, n[3]%4)
	m := x.c * (1 + n[4]%6/5)
	b.convolve(m, h, w, x.c, n[5], n[6], kh, kw,
		fmt.Sprintf("strides=%d,%d dilations=%d,%d pads=%d,%d,%d,%d", sh, sw, dh, dw, ph, pw, qh, qw))
}

// same writes a convolution that keeps the size of an image.
func (b *builder) same(n [numbers]int) {
	x := b.last
	k := 1 + 2*(n[0]%2)
	p := k / 2
	b.convolve(x.c, x.h, x.w, divisor(x.c, n[1]), n[2], n[3], k, k, fmt.Sprintf("pads=%d,%d,%d,%d", p, p, p, p))
}

// residual adds what a convolution, perhaps with an activation, makes of an
// image to it.
func (b *builder) residual(n [numbers]int) {
	x := b.last
	b.same(n)
	if n[4]%2 == 1 {
		b.act([numbers]int{n[5]})
	}
	op := []string{"Add", "Add", "Sub", "Sum", "Mul"}[n[6]%5]
	if n[7]%2 == 1 {
		b.put(x.c, x.h, x.w, "res", fmt.Sprintf("%s(%s, %s)", op, x.name, b.last.name))
		return
	}
	b.put(x.c, x.h, x.w, "res", fmt.Sprintf("%s(%s, %s)", op, b.last.name, x.name))
}

// two joins the last image with any earlier one of its size.
func (b *builder) two(n [numbers]int) {
	x := b.last
	var fit []tensor
	for _, t := range b.seen {
		if t.c == x.c && t.h == x.h && t.w == x.w {
			fit = append(fit, t)
		}
	}
	y := fit[len(fit)-1-n[0]%len(fit)]
	b.put(x.c, x.h, x.w, "two", fmt.Sprintf("%s(%s, %s)", []string{"Add", "Sub", "Mul"}[n[1]%3], x.name, y.name))
}

// concat joins the last image with a convolution of it, or with an earlier one,
// along channels, rows or columns.
func (b *builder) concat(n [numbers]int) {
	x, y := b.last, b.last
	if n[0]%3 == 0 {
		b.conv([numbers]int{n[1], n[2] % 2 * 6, 0, 0, 0, 0, n[3], n[4]})
		y = b.last
	}
	for _, t := range b.seen { // the first that fits
		if n[0]%3 == 1 && t.h == x.h && t.w == x.w {
			y = t
			break
		}
	}
	if y.h != x.h || y.w != x.w || (x.c+y.c)*x.h*x.w > maxSize {
		return
	}
	first, second := x, y
	if n[5]%2 == 1 {
		first, second = y, x
	}
	c, h, w, axis := x.c+y.c, x.h, x.w, 1
	if x.c == y.c && n[6]%4 == 2 {
		c, h, axis = x.c, x.h+y.h, 2
	} else if x.c == y.c && n[6]%4 == 3 {
		c, w, axis = x.c, x.w+y.w, 3
	}
	b.put(c, h, w, "cat", fmt.Sprintf("Concat(%s, %s) axis=%d", first.name, second.name, axis))
}

// act is a function of one variable.
func (b *builder) act(n [numbers]int) {
	x := b.last
	calls := []string{"Relu(%s)", "Clip(%s, -, six)", "HardSwish(%s)", "Sigmoid(%s)", "Tanh(%s)", "LeakyRelu(%s) alpha=0.1",
		"HardSigmoid(%s)", "Elu(%s)", "Clip(%s, one, six)", "Neg(%s)", "Softplus(%s)", "Abs(%s)"}
	call := calls[n[0]%len(calls)]
	if strings.Contains(call, "six") {
		call = strings.Replace(call, "six", b.init("float[]", "6"), 1)
	}
	if strings.Contains(call, "one") {
		call = strings.Replace(call, "one", b.init("float[]", "-1"), 1)
	}
	b.put(x.c, x.h, x.w, "act", fmt.Sprintf(call, x.name))
	if n[1]%5 == 4 { // a function of one variable still, of two nodes
		b.put(x.c, x.h, x.w, "swish", fmt.Sprintf("Mul(%s, %s)", x.name, b.last.name))
	}
}
