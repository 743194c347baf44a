package dataset

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// A plan takes the numbers of one sample to the network's input.
type plan struct {
	raw       int     // numbers of a sample as loaded
	from      []int32 // index in the sample of each element; nil: the same index
	scale     float64
	mean, std []float64 // one a channel
	inner     int       // element j is of channel j/inner % len(mean)
}

// An extent is the size of a picture, whatever its layout.
type extent struct{ c, h, w int }

// A layout is where the channel axis of a picture of three dimensions is.
type layout string

const (
	nchw layout = "nchw"
	nhwc layout = "nhwc"
)

func (l layout) extent(shape []int) extent {
	if l == nchw {
		return extent{shape[0], shape[1], shape[2]}
	}
	return extent{shape[2], shape[0], shape[1]}
}

// shape is the inverse of extent.
func (l layout) shape(e extent) []int {
	if l == nchw {
		return []int{e.c, e.h, e.w}
	}
	return []int{e.h, e.w, e.c}
}

// index is the place of a pixel in a row-major picture of extent e.
func (l layout) index(e extent, c, y, x int) int {
	if l == nchw {
		return (c*e.h+y)*e.w + x
	}
	return (y*e.w+x)*e.c + c
}

// networkShape drops the batch of the network's input.
func networkShape(place string, shape []int) ([]int, error) {
	// The product is bounded too: plans index with int32.
	n := 1
	for _, d := range shape {
		if d <= 0 || d > math.MaxInt32/n {
			return nil, errorf(place, "the network takes %s, give it an input of fixed size below 2^31", dims(shape))
		}
		n *= d
	}
	if len(shape) > 1 && shape[0] == 1 {
		shape = shape[1:]
	}
	return slices.Clone(shape), nil
}

// layouts lists what the network's input can be, the likeliest first. Mean, Std
// and bgr decide by the axis that has their number of channels. Without them an
// input is NCHW, as ONNX has it, unless only its last axis looks like channels,
// as in networks that came from TensorFlow.
func layouts(net []int, o *Options) []layout {
	if len(net) != 3 {
		return nil
	}
	if k := o.channels(); k > 0 {
		var ls []layout
		if net[0] == k {
			ls = append(ls, nchw)
		}
		if net[2] == k {
			ls = append(ls, nhwc)
		}
		return ls
	}
	pixel := func(c int) bool { return c == 1 || c == 3 }
	if pixel(net[2]) && !pixel(net[0]) {
		return []layout{nhwc, nchw}
	}
	return []layout{nchw, nhwc}
}

// channelAxis is the axis of net that Mean and Std go along: the first one of
// their length, else the last one; -1 when all channels are alike.
func channelAxis(net []int, o *Options) (int, bool) {
	k, last := o.channels(), len(net)-1
	switch {
	case k == 0:
		return -1, true
	case len(net) > 0 && net[0] == k:
		return 0, true
	case len(net) > 0 && net[last] == k:
		return last, true
	}
	return 0, false
}

// planArray decides how a sample of an array becomes the network's input: as a
// picture when both are one, else number by number.
func planArray(place string, sample, net []int, o *Options) (*plan, error) {
	if o.Resize > 0 {
		return nil, errorf(place, "resize is for image files, drop it or resize before saving")
	}
	axis, ok := channelAxis(net, o)
	if !ok {
		return nil, errorf(place, "mean, std or order is for %d channels and the network takes %s, give one entry or one a channel",
			o.channels(), dims(net))
	}
	// Indices of a plan have 32 bits; networkShape keeps the network's in them.
	if ir.NumElements(sample) > math.MaxInt32 {
		return nil, mismatch(place, sample, net, o, "")
	}
	if p := planPicture(sample, net, o); p != nil {
		return p, nil
	}
	// What is left has no rows, columns or colours that an option could mean.
	if o.Crop > 0 {
		return nil, mismatch(place, sample, net, o, ", of which a crop of "+strconv.Itoa(o.Crop)+" must leave that")
	}
	if o.Order == "bgr" {
		return nil, mismatch(place, sample, net, o, ", give a picture of 3 channels for order bgr")
	}
	s, n := squeeze(sample), squeeze(net)
	switch {
	case slices.Equal(s, n):
	case ir.NumElements(s) != ir.NumElements(n) || len(s) > 1 && len(n) > 1:
		// 7x70 has as many numbers as 49x10, and no reason to be the same.
		return nil, mismatch(place, sample, net, o, "")
	case len(n) > 2:
		return nil, mismatch(place, sample, net, o, ", give the layout of the rows, nchw or nhwc")
	case len(s) > 2 && o.Layout == "":
		// Networks flatten pictures in both orders: guessing would cost
		// accuracy in silence.
		return nil, mismatch(place, sample, net, o, ", give a layout to hand them over in the order of the file")
	}
	p := &plan{raw: ir.NumElements(sample), inner: 1}
	p.affine(1, o)
	if axis >= 0 {
		p.affine(net[axis], o)
		p.inner = ir.NumElements(net[axis+1:])
	}
	return p, nil
}

// planPicture returns nil when the sample or the network's input is no picture,
// or when their extents differ.
func planPicture(sample, net []int, o *Options) *plan {
	picture := sample
	for len(picture) > 3 && picture[0] == 1 {
		picture = picture[1:]
	}
	gray := len(picture) == 2
	switch {
	case gray:
		picture = []int{1, picture[0], picture[1]}
	case len(picture) == 1 && len(net) == 3 && o.Layout != "" && picture[0] == ir.NumElements(net):
		// A flat row says nothing about its layout, but the user did: it has
		// the network's extent.
		to := layouts(net, o)[0]
		e := to.extent(net)
		picture = layout(o.Layout).shape(e)
	}
	if len(picture) != 3 {
		return nil
	}
	for _, to := range layouts(net, o) {
		// The network's own layout comes first: what fits as it is, is not
		// transposed, even where both readings fit (32x32x32).
		from := []layout{to, nchw, nhwc}
		if gray {
			from = from[1:2] // a matrix is never columns of colours
		} else if o.Layout != "" {
			from = []layout{layout(o.Layout)}
		}
		for _, from := range from {
			e := from.extent(picture)
			want := e
			if o.Crop > 0 {
				want.h, want.w = o.Crop, o.Crop
			}
			if e.h >= want.h && e.w >= want.w && to.extent(net) == want {
				return newPlan(from, e, to, want, o)
			}
		}
	}
	return nil
}

// planImages decides the layout of a network that takes image files, and the
// picture that they must be cut to.
func planImages(place string, net []int, o *Options) (*plan, extent, error) {
	if len(net) == 2 {
		net = []int{1, net[0], net[1]}
	}
	for _, to := range layouts(net, o) {
		// A file can be turned into gray or colour, so the network decides.
		e := to.extent(net)
		if e.c != 1 && e.c != 3 || o.Crop > 0 && (e.h != o.Crop || e.w != o.Crop) {
			continue
		}
		return newPlan(nhwc, e, to, e, o), e, nil
	}
	if o.Crop > 0 {
		return nil, extent{}, errorf(place, "crop gives pictures of %dx%d, the network takes %s%s",
			o.Crop, o.Crop, dims(net), layoutName(net, o))
	}
	return nil, extent{}, errorf(place, "image files have 1 or 3 channels, the network takes %s%s: check mean, std and order, or give an .npy file",
		dims(net), layoutName(net, o))
}

// newPlan moves the centre of a picture of extent e to one of extent want.
func newPlan(from layout, e extent, to layout, want extent, o *Options) *plan {
	// Channels lie h*w numbers apart in NCHW and side by side in NHWC.
	p := &plan{raw: e.c * e.h * e.w, inner: 1}
	if to == nchw {
		p.inner = want.h * want.w
	}
	p.affine(want.c, o)
	top, left := (e.h-want.h)/2, (e.w-want.w)/2
	p.from = make([]int32, want.c*want.h*want.w)
	same := len(p.from) == p.raw
	for c := range want.c {
		source := c
		if o.Order == "bgr" {
			source = want.c - 1 - c
		}
		for y := range want.h {
			for x := range want.w {
				j := to.index(want, c, y, x)
				i := from.index(e, source, top+y, left+x)
				p.from[j] = int32(i)
				same = same && i == j
			}
		}
	}
	// Most networks' data needs no move; apply then saves a look-up a number.
	if same {
		p.from = nil
	}
	return p
}

// affine spreads the options over c channels.
func (p *plan) affine(c int, o *Options) {
	spread := func(xs []float64, none float64) []float64 {
		ys := slices.Repeat([]float64{none}, c)
		for i := range ys {
			if len(xs) == 1 {
				ys[i] = xs[0]
			} else if len(xs) > 0 {
				ys[i] = xs[i]
			}
		}
		return ys
	}
	p.scale, p.mean, p.std = o.Scale, spread(o.Mean, 0), spread(o.Std, 1)
	if p.scale == 0 {
		p.scale = 1
	}
}

// apply computes dst. It returns the first element that is not finite, or -1.
func (p *plan) apply(dst []float32, raw []float64) int {
	bad, j := -1, 0
	for j < len(dst) {
		for c, mean := range p.mean {
			std := p.std[c]
			for range p.inner {
				i := j
				if p.from != nil {
					i = int(p.from[j])
				}
				// Without the conversion arm64 would fuse the product into the
				// difference, and calibration would depend on the host.
				x := float32((float64(raw[i]*p.scale) - mean) / std)
				// x-x is 0 for every number but infinities and NaN.
				if x-x != 0 && bad < 0 {
					bad = j
				}
				dst[j] = x
				j++
			}
		}
	}
	return bad
}

// squeeze drops dimensions of 1, which hold no order.
func squeeze(shape []int) []int {
	return slices.DeleteFunc(slices.Clone(shape), func(d int) bool { return d == 1 })
}

// mismatch is the error for shapes that do not agree; do says what to do, where
// an option would help.
func mismatch(place string, sample, net []int, o *Options, do string) error {
	return errorf(place, "samples are %s, the network takes %s%s%s", dims(sample), dims(net), layoutName(net, o), do)
}

// layoutName names the layout of a network that takes pictures.
func layoutName(net []int, o *Options) string {
	if ls := layouts(net, o); len(ls) > 0 {
		return " (" + strings.ToUpper(string(ls[0])) + ")"
	}
	return ""
}

// dims formats a shape: 3x32x32.
func dims(shape []int) string {
	if len(shape) == 0 {
		return "1"
	}
	var b strings.Builder
	for i, d := range shape {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.Itoa(d))
	}
	return b.String()
}
