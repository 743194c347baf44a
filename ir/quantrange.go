package ir

import "fmt"

// QuantRange returns the least and greatest integer of a QONNX quantizer of so
// many bits: narrow leaves out the least of a signed one, the greatest of an
// unsigned one (arXiv 2206.07527, section 5).
func QuantRange(bits float32, signed, narrow bool) (lo, hi float64, err error) {
	whole := int(bits)
	if float32(whole) != bits || whole < 1 || whole > 32 {
		return 0, 0, fmt.Errorf("bit width %g, want a whole number of 1 to 32", bits)
	}
	cut := 0.0
	if narrow {
		cut = 1
	}
	if !signed {
		return 0, float64(int64(1)<<whole-1) - cut, nil
	}
	half := float64(int64(1) << (whole - 1))
	return -half + cut, half - 1, nil
}
