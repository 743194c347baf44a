package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/snug-nn/snug/ir"
)

// maxSide limits Resize and Crop: no network that fits a microcontroller takes
// larger pictures, and the product of two such sides fits an int32.
const maxSide = 1 << 14

// Options is the preprocessing: real = (pixel*Scale - Mean[c]) / Std[c].
type Options struct {
	// Scale multiplies what the file holds; 0 means 1.
	Scale float64
	// Mean and Std have one entry, or one for each channel in the order that
	// the network sees (for bgr: blue first). Empty: 0 and 1.
	Mean, Std []float64
	// Order is "rgb" (also "") or "bgr": the channels handed to the network.
	// Files hold RGB.
	Order string
	// Resize is the shorter side that an image file is scaled to; 0: none.
	Resize int
	// Crop is the side of the square cut from the centre, of image files after
	// Resize and of arrays alike; 0: none. An odd margin leaves its extra pixel
	// at the right and at the bottom.
	Crop int
	// Layout is "nhwc" or "nchw", how a 4-D array is laid out; "": the one that
	// fits the network's input.
	Layout string
	// Limit is the largest number of samples; 0: all.
	Limit int
}

// Validate reports the first field that cannot be used.
func (o *Options) Validate() error {
	if !finite(o.Scale) {
		return errorf("scale", "it is %v, give a finite number", o.Scale)
	}
	for i, m := range o.Mean {
		if !finite(m) {
			return errorf("mean", "entry %d is %v, give finite numbers", i+1, m)
		}
	}
	for i, s := range o.Std {
		if !finite(s) || s <= 0 {
			return errorf("std", "entry %d is %v, every entry must be finite and above 0", i+1, s)
		}
	}
	if m, s := len(o.Mean), len(o.Std); m > 1 && s > 1 && m != s {
		return errorf("std", "it has %d entries and mean has %d, give as many or one", s, m)
	}
	switch o.Order {
	case "", "rgb":
	case "bgr":
		if c := o.channels(); c != 3 {
			return errorf("order", "bgr has 3 channels and mean or std has %d entries, give 3 or one", c)
		}
	default:
		return errorf("order", "%q is not known, give rgb or bgr", o.Order)
	}
	switch o.Layout {
	case "", "nhwc", "nchw":
	default:
		return errorf("layout", "%q is not known, give nhwc or nchw", o.Layout)
	}
	if o.Resize < 0 || o.Resize > maxSide {
		return errorf("resize", "it is %d, give 0 to %d", o.Resize, maxSide)
	}
	if o.Crop < 0 || o.Crop > maxSide {
		return errorf("crop", "it is %d, give 0 to %d", o.Crop, maxSide)
	}
	if o.Resize > 0 && o.Crop > o.Resize {
		return errorf("crop", "it is %d and resize leaves %d, give at most that", o.Crop, o.Resize)
	}
	if o.Limit < 0 {
		return errorf("limit", "it is %d, give 0 for all samples", o.Limit)
	}
	return nil
}

// channels is the number of channels that the options presuppose, 0 when they
// treat all channels alike.
func (o *Options) channels() int {
	n := max(len(o.Mean), len(o.Std))
	if n <= 1 {
		n = 0
		if o.Order == "bgr" {
			n = 3
		}
	}
	return n
}

// ParseNumber reads a decimal number or a quotient of two: "0.5847029", "1/255".
func ParseNumber(s string) (float64, error) {
	a, b, quotient := strings.Cut(s, "/")
	x, err := strconv.ParseFloat(strings.TrimSpace(a), 64)
	if err == nil && quotient {
		var y float64
		y, err = strconv.ParseFloat(strings.TrimSpace(b), 64)
		x /= y // a zero divisor leaves no finite number, which is refused below
	}
	if err != nil || !finite(x) {
		return 0, errorf(strconv.Quote(s), "not a finite number, write it like 0.5 or 1/255")
	}
	return x, nil
}

// ParseNumbers reads numbers as ParseNumber does, separated by commas. Blank
// text holds none.
func ParseNumbers(s string) ([]float64, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var xs []float64
	for part := range strings.SplitSeq(s, ",") {
		x, err := ParseNumber(part)
		if err != nil {
			return nil, err
		}
		xs = append(xs, x)
	}
	return xs, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// errorf returns an error of one line at place.
func errorf(place, format string, args ...any) error {
	// A name from a CSV may hold a line break, which would split the message.
	if strings.ContainsFunc(place, unicode.IsControl) {
		place = strconv.Quote(place)
	}
	return &ir.Error{Pass: "dataset", Place: place, Err: fmt.Errorf(format, args...)}
}

// reason strips the path from an error of the file system: place has it.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
