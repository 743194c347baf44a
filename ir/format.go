package ir

import "fmt"

// A Bound is the closed interval [Lo, Hi] of integers that a quantity can take.
type Bound struct {
	Lo int64 `json:"lo"`
	Hi int64 `json:"hi"`
}

// Width returns Hi - Lo: for a tensor's levels that is X, for a window the
// number that has to stay below 2^P.
func (b Bound) Width() int64 { return b.Hi - b.Lo }

func (b Bound) String() string { return fmt.Sprintf("[%d,%d]", b.Lo, b.Hi) }

// Product returns the interval of w*x for x in b.
func (b Bound) Product(w int64) Bound { return Bound{min(w*b.Lo, w*b.Hi), max(w*b.Lo, w*b.Hi)} }

// Plus returns the interval of the sum of a quantity in a and one in b.
func (a Bound) Plus(b Bound) Bound { return Bound{a.Lo + b.Lo, a.Hi + b.Hi} }

// A Format says which reals the integers of a tensor stand for: integer q in
// Levels is the real Scales[c] * (q - Zero). An activation has one scale, a
// weight tensor one for each output channel.
//
// Steps, when not nil, has one factor a channel of an activation: integer q of
// channel c is the real Scales[0] * Steps[c] * (q - Zero). Only convolutions
// write and read such a tensor. The weights that read it are those of the
// network times Steps, so that a sum is in units of Scales[0] times the weights'
// scale, as ever.
//
// Tops, when not nil, has the greatest level of each channel of an activation,
// inside Levels and not below zero: what writes such a tensor clamps to it.
type Format struct {
	Levels Bound
	Zero   int64
	Scales []float64
	Steps  []float64
	Tops   []int64
}

// Channel returns the levels that channel c can hold.
func (f *Format) Channel(c int) Bound {
	if f.Tops == nil {
		return f.Levels
	}
	return Bound{f.Levels.Lo, f.Tops[c]}
}

// Of returns the format of channel c by itself, with one scale.
func (f *Format) Of(c int) Format {
	return Format{Levels: f.Channel(c), Zero: f.Zero, Scales: []float64{float64(f.Scale() * f.Step(c))}}
}

// Scale returns the scale of a tensor that has one.
func (f *Format) Scale() float64 { return f.Scales[0] }

// Step returns the factor of channel c.
func (f *Format) Step(c int) float64 {
	if f.Steps == nil {
		return 1
	}
	return f.Steps[c]
}

// Real returns the real that integer q stands for, in a tensor with one scale.
func (f *Format) Real(q int64) float64 { return f.Scales[0] * float64(q-f.Zero) }

// An Accum is the register that a dot product is summed in: Bits wide, and,
// when Wide is not zero, flushed into a register of Wide bits. Segment, when not
// zero, is a number of products for each of which weights are chosen to need one flush
// at most.
type Accum struct {
	Bits    int
	Wide    int
	Segment int
}

func (a Accum) String() string {
	s := fmt.Sprint(a.Bits)
	if a.Wide != 0 {
		s += fmt.Sprintf(":%d", a.Wide)
	}
	if a.Segment != 0 {
		s += fmt.Sprintf("/%d", a.Segment)
	}
	return s
}

// Total returns the width of the register that holds the whole sum.
func (a Accum) Total() int {
	if a.Wide != 0 {
		return a.Wide
	}
	return a.Bits
}

// Short reports whether sums are kept whole in 16 bits or fewer.
func (a Accum) Short() bool { return a.Wide == 0 && a.Bits <= 16 }

// Fits reports whether a window fits an accumulator of the given width once a
// preload has moved it: H - L <= 2^bits - 1.
func (b Bound) Fits(bits int) bool { return b.Width() <= int64(1)<<bits-1 }

// Preload returns the constant that a sum with window b starts from so that it
// stays in the signed register [-2^(bits-1), 2^(bits-1)-1]: zero when it does
// already, else the least shift. b must fit.
func (b Bound) Preload(bits int) int64 {
	half := int64(1) << (bits - 1)
	switch {
	case b.Lo < -half:
		return -half - b.Lo
	case b.Hi > half-1:
		return half - 1 - b.Hi
	}
	return 0
}

// BitsFor returns the least accumulator width that b fits.
func (b Bound) BitsFor() int {
	n := 1
	for !b.Fits(n) {
		n++
	}
	return n
}

// A Sum holds what the compiler decides about the dot products of one node.
type Sum struct {
	Acc  Accum
	K    int    // products in one dot product
	Rung string // the argument that bounds it: type, l1, window or clamp
	// Spare is how many of the register's bits every window leaves free: a
	// kernel whose transformed sums are 2^Spare times as large may use them.
	Spare int
	// Channels has one entry an output channel.
	Channels []Channel
	// Bias, Mul and Shift are the requantizer's, one a channel:
	// q = clamp(Zero + Level(c, sum)). Bias takes in the input's zero point,
	// -Zero * sum of w.
	Bias  []int32
	Mul   []int32
	Shift []int8
	// Half says that sums with their biases are halved, ties up, before Mul and
	// Shift: half of a sum of 17 bits has 16.
	Half bool
	// SNR is the power of the real sums over that of the error of the integer
	// ones, in decibels, on calibration samples: a measurement, not a bound.
	SNR float64
}

// Level requantizes the sum of channel c, before the output's zero point is added
// and it is clamped.
func (s *Sum) Level(c int, sum int32) int32 {
	t, m := sum+s.Bias[c], int32(0)
	if s.Half {
		t = RoundShift(t, 1)
	}
	if s.Mul != nil {
		m = s.Mul[c]
	}
	return Requantize(t, m, s.Shift[c])
}

// A Channel is the proof of one output channel.
type Channel struct {
	Window Bound // of the sum of w*q over stored levels q, before bias
	L1     int64 // sum of |w|
	Sum    int64 // sum of w
}

// InputLevels returns the levels of the input of each product of group g of a
// convolution, when its input has format f: those of the input's channels, in the
// order of the weights.
func (n *Node) InputLevels(g int, f *Format) []Bound {
	w := n.In[1].Shape
	taps := w[2] * w[3]
	levels := make([]Bound, w[1]*taps)
	for i := range levels {
		levels[i] = f.Channel(g*w[1] + i/taps)
	}
	return levels
}
