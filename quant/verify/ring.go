package verify

import "fmt"

// ringForms gives the bits of a 16-bit register that each ring form loses: it
// holds 2^lost times the sum; and its stride.
var ringForms = map[string]struct {
	lost   int
	stride int64
}{
	"conv_s8_a16_ring43": {2, 1}, "conv_s8_a16_ring33": {2, 1}, "conv_s8_a16_ring33x": {0, 1},
	"conv_s8_a16_ring42": {2, 2}, "conv_s8_a16_ring22": {0, 2},
	"conv_s8_a16_ring34": {2, 1}, "conv_s8_a16_ring25": {2, 1},
}

// ringPieces is the window of a ring form, which is not cut.
func ringPieces(g fields) []piece {
	return []piece{{len: int(g.num["kernel"] * g.num["kernel"] * g.num["cin"])}}
}

// ringParts proves that the sum of every part of the input channels, moved by its
// offset, stays in the signed register that the form leaves, and that all
// offsets of a channel make up its preload. With phases, the pixel that a product
// takes within its square of phase times phase belongs to the channel.
func ringParts(rows [][]int64, g fields, offset, preload []int64, in inputs, lost int) error {
	cin, split, channels := int(g.num["cin"]), int(g.num["split"]), len(rows)
	kernel, phase := int(g.num["kernel"]), int(g.num["phase"])
	if split < 1 || cin < 1 || phase < 1 || phase > kernel || (phase*phase*cin+7)/8%split != 0 {
		return fmt.Errorf("splits %d input channels of %d x %d pixels in %d parts", cin, phase, phase, split)
	}
	if offset != nil && len(offset) != (split+1)*channels {
		return fmt.Errorf("has %d offsets for %d parts of %d channels", len(offset), split, channels)
	}
	part := (phase*phase*cin + 7) / 8 * 8 / split
	half := int64(1) << (15 - lost)
	for c, row := range rows {
		lo, hi := make([]int64, split), make([]int64, split)
		for k, w := range row {
			row, col := k/cin/kernel, k/cin%kernel
			i := ((row%phase*phase+col%phase)*cin + k%cin) / part
			least, most := in.term(c, k, w)
			lo[i] += least
			hi[i] += most
		}
		var moved int64
		for i := range lo {
			var o int64
			if offset != nil {
				o = offset[i*channels+c]
			}
			if lo[i]+o < -half || hi[i]+o > half-1 {
				return fmt.Errorf("channel %d: part %d of the input channels sums to [%d,%d], moved by %d: leaves the signed register of %d bits", c, i, lo[i], hi[i], o, 16-lost)
			}
			moved += o
		}
		if offset != nil {
			last := offset[split*channels+c]
			if split == 1 && last != 0 {
				return fmt.Errorf("channel %d: one part and a last offset of %d", c, last)
			}
			moved += last
		}
		var want int64
		if preload != nil {
			want = preload[c]
		}
		if moved != want {
			return fmt.Errorf("channel %d: offsets add up to %d, the preload is %d", c, moved, want)
		}
	}
	return nil
}
