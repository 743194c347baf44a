package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// Where channels have greatest levels of their own, they are followed element by
// element from the requantizers that clamp to them to the sums that stand on them:
// through frames, pools and copies, wherever the tensors lie.

// heights are the greatest values of the elements of each tensor; a tensor that is
// not in it has those of its levels.
type heights struct {
	of    map[string][]int8
	room  int64 // for elements
	steps int64 // that are left
}

// anyHeight is the greatest value of an element that nothing is known of.
const anyHeight = 127

// maxElements bounds what is followed of all tensors, and maxSteps what all calls
// write and read. A folder that needs more is not proven.
const maxElements, maxSteps = 1 << 26, 1 << 30

var errSize = errors.New("its tensors are too large, or lie nowhere, to follow their greatest levels; compile with --rung window")

// topped reports whether any channel has a greatest level of its own.
func (s *source) topped() bool {
	for _, g := range s.geometry {
		if g.ref["tops"] != "" {
			return true
		}
	}
	return false
}

// at returns the greatest value of an element of a tensor.
func (m *heights) at(name string, at int64, levels ir.Bound) int8 {
	h := m.of[name]
	switch {
	case h == nil:
		return int8(levels.Hi)
	case at < 0 || at >= int64(len(h)):
		return anyHeight
	}
	return h[at]
}

// put notes that of an element.
func (m *heights) put(name string, at int64, v int8) error {
	h := m.of[name]
	if at < 0 || at-int64(len(h)) >= m.room {
		return errSize
	}
	for at >= int64(len(h)) {
		h = append(h, anyHeight)
		m.room--
	}
	h[at] = v
	m.of[name] = h
	return nil
}

// each calls f for every combination of indices below the sizes.
func (m *heights) each(f func(i []int64) error, sizes ...int64) error {
	steps := int64(1)
	for _, n := range sizes {
		if n < 0 || n > maxElements || steps > maxSteps {
			return errSize
		}
		steps *= n
	}
	if m.steps -= steps; m.steps < 0 {
		return errSize
	}
	for i := make([]int64, len(sizes)); steps > 0; steps-- {
		if err := f(i); err != nil {
			return err
		}
		for d := len(sizes) - 1; d >= 0; d-- {
			if i[d]++; i[d] < sizes[d] {
				break
			}
			i[d] = 0
		}
	}
	return nil
}

// write follows call k, whose result lies in levels b; all are the levels of the
// tensors before it.
func (m *heights) write(s *source, k call, all map[string]ir.Bound, b ir.Bound) error {
	g := s.geometry[k.layer]
	n := g.num
	pixels := func(channels int64, f func(row, col, c int64) int8) error {
		return m.each(func(i []int64) error {
			return m.put(k.dst, k.dstAt+i[0]*n["y_row"]+i[1]*n["y_col"]+i[2], f(i[0], i[1], i[2]))
		}, n["h"], n["w"], channels)
	}
	switch {
	case sums(k.kernel):
		tops := s.tables[g.ref["tops"]]
		channels := int64(len(s.tables[g.ref["bias"]]))
		if tops != nil && int64(len(tops)) != channels {
			return fmt.Errorf("%d greatest levels for %d channels", len(tops), channels)
		}
		for c, t := range tops {
			if t < b.Lo || t > b.Hi {
				return fmt.Errorf("channel %d: greatest level %d outside %s", c, t, b)
			}
		}
		return pixels(channels, func(_, _, c int64) int8 {
			if tops == nil {
				return int8(b.Hi)
			}
			return int8(tops[c])
		})
	case k.kernel == "frame_s8":
		return m.each(func(i []int64) error {
			r, c := i[0], i[1]
			if r >= n["top"] && r < n["h"]-n["bottom"] && c >= n["left"] && c < n["w"]-n["right"] {
				return nil
			}
			return m.put(k.dst, k.dstAt+(r*n["w"]+c)*n["c"]+i[2], int8(n["zero"]))
		}, n["h"], n["w"], n["c"])
	case k.kernel == "maxpool_s8" && m.of[k.src[0]] != nil:
		var failed error
		err := pixels(n["c"], func(row, col, c int64) int8 {
			top := int8(-128)
			err := m.each(func(i []int64) error {
				r := row*n["stride_h"] - n["pad_h"] + i[0]*n["dilation_h"]
				q := col*n["stride_w"] - n["pad_w"] + i[1]*n["dilation_w"]
				if r >= 0 && r < n["xh"] && q >= 0 && q < n["xw"] {
					top = max(top, m.at(k.src[0], k.srcAt[0]+r*n["x_row"]+q*n["x_col"]+c, all[k.src[0]]))
				}
				return nil
			}, n["kh"], n["kw"])
			if err != nil {
				failed = err
			}
			return top
		})
		if err == nil {
			err = failed
		}
		return err
	case k.kernel == "copy_s8" && m.of[k.src[0]] != nil:
		dim, x, y := g.vec["dim"], g.vec["x"], g.vec["y"]
		if len(dim) != 5 || len(x) != 5 || len(y) != 5 {
			return errSize
		}
		return m.each(func(i []int64) error {
			from, to := k.srcAt[0], k.dstAt
			for d := range i {
				from, to = from+i[d]*x[d], to+i[d]*y[d]
			}
			return m.put(k.dst, to, m.at(k.src[0], from, all[k.src[0]]))
		}, dim...)
	}
	delete(m.of, k.dst) // the levels of the whole tensor say it
	return nil
}

// read holds what the certificate says of the channels that call k reads against
// what was written there, wherever a window meets them.
func (m *heights) read(s *source, k call, cert *ir.CertificateLayer, in ir.Bound) error {
	n := s.geometry[k.layer].num
	form, inRing := ringForms[k.kernel]
	depthwise := strings.HasPrefix(k.kernel, "dw")
	cin, groups, stride, pieces := n["x_group"], n["groups"], int64(1), s.pieces[k.layer]
	switch {
	case depthwise: // a piece is one element of each channel
		cin, groups = n["c"], 1
	case inRing: // rows and columns are those of the input, and no window is cut
		cin, stride, pieces = n["cin"], n["phase"]*form.stride, nil
		err := m.each(func(i []int64) error {
			pieces = append(pieces, piece{at: i[0]*n["x_row"] + i[1]*n["x_col"], len: int(cin)})
			return nil
		}, n["kernel"], n["kernel"])
		if err != nil {
			return err
		}
	}
	if cin < 1 || groups < 1 || cin > maxElements || groups > maxElements || groups*cin != int64(len(cert.Tops)) {
		return fmt.Errorf("the certificate has %d greatest levels for %d groups of %d channels", len(cert.Tops), groups, cin)
	}
	found := slices.Repeat([]int8{-128}, int(groups*cin))
	err := m.each(func(i []int64) error {
		from, first, product := k.srcAt[0]+stride*(i[0]*n["x_row"]+i[1]*n["x_col"])+i[2]*cin, i[2]*cin, int64(0)
		for _, p := range pieces {
			size := int64(p.len)
			if depthwise {
				size = cin
			}
			if m.steps -= size; m.steps < 0 {
				return errSize
			}
			for j := range size {
				c := first + product%cin
				found[c] = max(found[c], m.at(k.src[0], from+p.at+j, in))
				product++
			}
		}
		return nil
	}, n["h"], n["w"], groups)
	if err != nil {
		return err
	}
	for c, top := range found {
		if int64(top) != cert.Tops[c] {
			return fmt.Errorf("channel %d of its input goes up to %d, the certificate says %d", c, top, cert.Tops[c])
		}
	}
	return nil
}
