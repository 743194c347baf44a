package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// A Result counts what was proven.
type Result struct {
	OK       bool `json:"ok"`
	Layers   int  `json:"layers"`
	Channels int  `json:"channels"`
}

// anyInt8 is what a caller may hand in.
var anyInt8 = ir.Bound{Lo: -128, Hi: 127}

// prove derives everything in c from s.
func prove(s *source, c *ir.Certificate) (*Result, error) {
	layers := map[string]*ir.CertificateLayer{}
	for i := range c.Layers {
		layers[c.Layers[i].Name] = &c.Layers[i]
	}
	levels := map[string]ir.Bound{"in": anyInt8}
	known := map[string]bool{"in": true}
	var tall *heights // nil when no channel has a greatest level of its own
	if s.topped() || slices.ContainsFunc(c.Layers, func(l ir.CertificateLayer) bool { return l.Tops != nil }) {
		tall = &heights{map[string][]int8{}, maxElements, maxSteps}
	}
	r := &Result{}
	for _, k := range s.calls {
		for _, v := range k.src {
			if !known[v] {
				return nil, fmt.Errorf("%s reads %s before anything wrote it", k.layer, v)
			}
		}
		if sums(k.kernel) {
			cert := layers[k.layer]
			if cert == nil {
				return nil, fmt.Errorf("layer %s has no certificate", k.layer)
			}
			err := s.layer(k, cert, c.Accum, levels[k.src[0]])
			if err == nil && cert.Tops != nil {
				err = tall.read(s, k, cert, levels[k.src[0]])
			}
			if err != nil {
				return nil, fmt.Errorf("layer %s: %w", k.layer, err)
			}
			delete(layers, k.layer)
			r.Layers++
			r.Channels += len(cert.Channels)
		}
		b, err := s.writes(k, levels)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.layer, err)
		}
		if known[k.dst] && k.dst != "in" {
			old := levels[k.dst]
			b = ir.Bound{Lo: min(b.Lo, old.Lo), Hi: max(b.Hi, old.Hi)}
		}
		if tall != nil {
			if err := tall.write(s, k, levels, b); err != nil {
				return nil, fmt.Errorf("%s: %w", k.layer, err)
			}
		}
		levels[k.dst], known[k.dst] = b, true
	}
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		return nil, fmt.Errorf("layer %s has a certificate but no call", name)
	}
	if err := s.digests(c.Tables); err != nil {
		return nil, err
	}
	r.OK = true
	return r, nil
}

func sums(kernel string) bool {
	return strings.HasPrefix(kernel, "conv_") || strings.HasPrefix(kernel, "dw")
}

// writes returns the levels that a call can write: what its clamp, its table or
// its input allows.
func (s *source) writes(k call, levels map[string]ir.Bound) (ir.Bound, error) {
	g := s.geometry[k.layer]
	switch {
	case k.kernel == "frame_s8":
		z := g.num["zero"]
		return ir.Bound{Lo: z, Hi: z}, nil
	case k.kernel == "copy_s8" || k.kernel == "maxpool_s8":
		return levels[k.src[0]], nil
	case k.kernel == "lookup_s8":
		t := s.tables[g.ref["table"]]
		if len(t) != 256 {
			return ir.Bound{}, fmt.Errorf("table of %d entries, want 256", len(t))
		}
		in := levels[k.src[0]]
		b := ir.Bound{Lo: 127, Hi: -128}
		for q := in.Lo; q <= in.Hi; q++ {
			v := t[uint8(int8(q))]
			b = ir.Bound{Lo: min(b.Lo, v), Hi: max(b.Hi, v)}
		}
		return b, nil
	case k.kernel == "softmax_s8":
		return anyInt8, nil
	case k.kernel == "lrn_s8":
		if err := s.norm(g, levels[k.src[0]]); err != nil {
			return ir.Bound{}, err
		}
	}
	b := ir.Bound{Lo: g.num["lo"], Hi: g.num["hi"]}
	if b.Lo > b.Hi || b.Lo < -128 || b.Hi > 127 {
		return b, fmt.Errorf("clamps to %s, which is not inside int8", b)
	}
	return b, nil
}

// lanesOf are the kernels whose partial sums are those of several lanes: fewer
// products meet in each, so that the certificate must not claim more of them.
var lanesOf = map[string]int{"conv_s8_a16_smlal": 8, "conv_s8_a32_sadalp": 8}

// layer proves one call that sums products.
func (s *source) layer(k call, cert *ir.CertificateLayer, acc ir.CertificateAccum, levels ir.Bound) error {
	g := s.geometry[k.layer]
	if cert.Kernel != k.kernel {
		return fmt.Errorf("calls kernel %s, the certificate says %s", k.kernel, cert.Kernel)
	}
	if n := max(lanesOf[k.kernel], 1); cert.Lanes != n {
		return fmt.Errorf("its kernel splits a sum over %d lanes, the certificate says %d", n, cert.Lanes)
	}
	if levels.Lo < cert.Levels.Lo || levels.Hi > cert.Levels.Hi {
		return fmt.Errorf("its input takes levels %s, the certificate says %s", levels, cert.Levels)
	}
	pieces := s.pieces[k.layer]
	form, inRing := ringForms[k.kernel]
	if inRing { // a window that is not cut
		pieces = ringPieces(g)
	}
	rows, err := rowsOf(s.tables[g.ref["weights"]], pieces, g, cert.Packing, len(cert.Channels))
	if err != nil {
		return err
	}
	if len(rows[0]) != cert.K {
		return fmt.Errorf("sums %d products, the certificate says %d", len(rows[0]), cert.K)
	}
	in, err := inputsOf(k, g, cert)
	if err != nil {
		return err
	}
	bits := acc.Bits
	if acc.Wide != 0 {
		bits = acc.Wide
	}
	narrow := strings.Contains(k.kernel, "_a16")
	if acc.Wide != 0 && !slices.ContainsFunc(pieces, func(p piece) bool { return p.flush }) && (narrow || cert.Fits(acc.Bits)) {
		bits = acc.Bits // all is one segment
	}
	preload, bias := s.tables[g.ref["preload"]], s.tables[g.ref["bias"]]
	if len(bias) != len(rows) || preload != nil && len(preload) != len(rows) {
		return fmt.Errorf("tables of %d and %d entries for %d channels", len(bias), len(preload), len(rows))
	}
	flushes := 0
	for _, p := range pieces {
		if p.flush {
			flushes++
		}
	}
	if max(flushes, 1) != cert.Segments || flushes > 0 && !pieces[len(pieces)-1].flush {
		return fmt.Errorf("is summed in %d segments, the certificate says %d", max(flushes, 1), cert.Segments)
	}
	if inRing {
		if err := ringParts(rows, g, s.tables[g.ref["offset"]], preload, in, form.lost); err != nil {
			return err
		}
	}
	if level := g.num["narrow"]; level != 0 {
		if err := s.narrow(level, g, cert, preload, bits); err != nil {
			return err
		}
	}
	if acc.Wide == 16 && !narrow && bits != acc.Bits {
		return fmt.Errorf("sums in 32 bits, the certificate promises segments of %d", acc.Bits)
	}
	for c, row := range rows {
		if err := channel(c, row, cert.Channels[c], in, bits); err != nil {
			return fmt.Errorf("channel %d: %w", c, err)
		}
		w := ir.Bound{Lo: cert.Channels[c][0], Hi: cert.Channels[c][1]}
		var pre int64
		if preload != nil {
			pre = preload[c]
		}
		if narrow && flushes == 0 && (w.Lo+pre < -1<<15 || w.Hi+pre > 1<<15-1) {
			return fmt.Errorf("channel %d: window %s with preload %d leaves the signed 16-bit register", c, w, pre)
		}
		if total := w.Plus(ir.Bound{Lo: bias[c] + pre, Hi: bias[c] + pre}); total.Lo < -1<<31 || total.Hi > 1<<31-1 {
			return fmt.Errorf("channel %d: sum and bias %s leave 32 bits", c, total)
		}
	}
	if narrow && flushes > 0 {
		if preload != nil {
			return fmt.Errorf("flushes sums that start from a preload")
		}
		segment := min(16, bits)
		if acc.Wide != 0 {
			segment = acc.Bits
		}
		return segments(rows, pieces, cert.Lanes, in, segment)
	}
	if k.kernel == "conv_s8_a32_sadalp" {
		return pairs(rows, pieces, in)
	}
	return nil
}

// inputs are the levels that the products of a layer's rows take.
type inputs struct {
	levels ir.Bound
	tops   []int64 // of channels; nil: levels
	cin, c int     // channels of a group: of the input, of the output
}

func inputsOf(k call, g fields, cert *ir.CertificateLayer) (inputs, error) {
	in := inputs{cert.Levels, cert.Tops, int(g.num["x_group"]), int(g.num["c"])}
	if strings.HasPrefix(k.kernel, "dw") {
		in.cin, in.c = 1, 1
	} else if _, ok := ringForms[k.kernel]; ok {
		in.cin = int(g.num["cin"])
	}
	if in.tops == nil {
		return in, nil
	}
	if in.cin < 1 || in.c < 1 || len(cert.Channels)/in.c != cert.Groups || cert.Groups*in.cin != len(in.tops) {
		return in, fmt.Errorf("the certificate has %d greatest levels in %d groups, its kernel groups of %d channels", len(in.tops), cert.Groups, in.cin)
	}
	for c, t := range in.tops {
		if t < in.levels.Lo || t > in.levels.Hi {
			return in, fmt.Errorf("the certificate has %d for the greatest level of channel %d, outside %s", t, c, in.levels)
		}
	}
	return in, nil
}

// term is what product k of channel c adds to any subset of a sum: the least and the most.
func (in *inputs) term(c, k int, w int64) (lo, hi int64) {
	top := in.levels.Hi
	if in.tops != nil {
		top = in.tops[c/in.c*in.cin+k%in.cin]
	}
	a, b := w*in.levels.Lo, w*top
	return min(a, b, 0), max(a, b, 0)
}

// channel derives the window of row c and compares.
func channel(c int, row []int64, want [4]int64, in inputs, bits int) error {
	var lo, hi, l1, sum int64
	for k, w := range row {
		least, most := in.term(c, k, w)
		lo += least
		hi += most
		l1 += max(w, -w)
		sum += w
	}
	if got := [4]int64{lo, hi, l1, sum}; got != want {
		return fmt.Errorf("the weights give window [%d,%d], sum|w| %d, sum w %d; the certificate says [%d,%d], %d, %d",
			lo, hi, l1, sum, want[0], want[1], want[2], want[3])
	}
	need := 1
	for hi-lo > 1<<need-1 {
		need++
	}
	if need > bits {
		return fmt.Errorf("window [%d,%d] needs %d bits, the accumulator has %d", lo, hi, need, bits)
	}
	return nil
}

// segments proves that no lane of any channel leaves the signed register
// between two flushes.
func segments(rows [][]int64, pieces []piece, lanes int, in inputs, bits int) error {
	half := int64(1) << (bits - 1)
	for c, row := range rows {
		lo, hi := make([]int64, lanes), make([]int64, lanes)
		segment, k := 0, 0
		for _, p := range pieces {
			for j := range p.len {
				least, most := in.term(c, k, row[k])
				lo[j%lanes] += least
				hi[j%lanes] += most
				k++
			}
			if !p.flush {
				continue
			}
			for i := range lo {
				if lo[i] < -half || hi[i] > half-1 {
					return fmt.Errorf("channel %d, segment %d, lane %d: sums in [%d,%d] leave %d bits", c, segment, i, lo[i], hi[i], bits)
				}
			}
			clear(lo)
			clear(hi)
			segment++
		}
	}
	return nil
}

// pairs proves that two products which a kernel adds in 16 bits before it widens them
// stay there: of sixteen of a piece, those eight apart.
func pairs(rows [][]int64, pieces []piece, in inputs) error {
	for c, row := range rows {
		k := 0
		for _, p := range pieces {
			for j := 0; j+8 < p.len; j++ {
				if j%16 >= 8 {
					continue
				}
				lo, hi := in.term(c, k+j, row[k+j])
				low, high := in.term(c, k+j+8, row[k+j+8])
				if lo += low; lo < -1<<15 || hi+high > 1<<15-1 {
					return fmt.Errorf("channel %d: products %d and %d add up to [%d,%d], which leaves 16 bits", c, k+j, k+j+8, lo, hi+high)
				}
			}
			k += p.len
		}
	}
	return nil
}

// rowsOf returns the weights of every channel in the order of its products,
// whatever the packing; padding has to be zero.
func rowsOf(w []int64, pieces []piece, g fields, packing string, channels int) ([][]int64, error) {
	align := max(map[string]int{"rows8": 8, "quads8": 4}[packing], 1)
	k, padded := 0, 0
	for _, p := range pieces {
		k += p.len
		padded += (p.len + align - 1) / align * align
	}
	perGroup := int(g.num["c"])
	if k == 0 || perGroup < 1 || channels%perGroup != 0 && packing != "taps" {
		return nil, fmt.Errorf("has %d products and %d channels in groups of %d", k, channels, perGroup)
	}
	blocks, eights := (perGroup+15)/16, (perGroup+7)/8
	want := map[string]int{"rows": channels * k, "rows8": channels * padded, "taps": channels * k,
		"lanes16": channels / perGroup * blocks * 16 * k, "quads8": channels / perGroup * eights * 8 * padded}[packing]
	if len(w) != want {
		return nil, fmt.Errorf("has %d weights, want %d for packing %q", len(w), want, packing)
	}
	rows := make([][]int64, channels)
	used := make([]bool, len(w))
	for c := range rows {
		row, from := make([]int64, 0, k), 0
		for t, p := range pieces {
			for j := range p.len {
				i := c*padded + from + j
				switch packing {
				case "quads8":
					i = (c/perGroup*eights+c%perGroup/8)*8*padded + (from+j)/4*32 + c%perGroup%8*4 + (from+j)%4
				case "taps":
					i = t*channels + c
				case "lanes16":
					i = ((c/perGroup*blocks+c%perGroup/16)*k+len(row))*16 + c%perGroup%16
				}
				row = append(row, w[i])
				used[i] = true
			}
			from += (p.len + align - 1) / align * align
		}
		rows[c] = row
	}
	for i, u := range used {
		if !u && w[i] != 0 {
			return nil, fmt.Errorf("weight %d is padding and not zero", i)
		}
	}
	return rows, nil
}

// digests holds every table against the hash of its numbers: biases,
// multipliers and shifts are not part of a window, but of the answer.
func (s *source) digests(tables []ir.CertificateTable) error {
	want := map[string]string{}
	for _, t := range tables {
		if _, twice := want[t.Name]; twice {
			return fmt.Errorf("table %s stands twice in the certificate", t.Name)
		}
		want[t.Name] = t.SHA256
	}
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		sum, ok := want[name]
		if !ok {
			return fmt.Errorf("table %s is not in the certificate", name)
		}
		delete(want, name)
		if digest(s.tables[name]) != sum {
			return fmt.Errorf("table %s is not the one that was certified", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		return fmt.Errorf("table %s is missing", name)
	}
	return nil
}

func digest(values []int64) string {
	h := sha256.New()
	var b []byte
	for _, v := range values {
		b = append(strconv.AppendInt(b[:0], v, 10), '\n')
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}
