package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// npyMagic is what every .npy file starts with.
const npyMagic = "\x93NUMPY"

// parseNpy reads the header of an .npy file of version 1, 2 or 3.
func parseNpy(place string, r io.ReaderAt, size int64) (*array, error) {
	var fixed [12]byte
	n, _ := r.ReadAt(fixed[:], 0)
	if n < 10 {
		return nil, errorf(place, "the .npy header is cut short, get the file again")
	}
	var start, length int64
	switch major, minor := fixed[6], fixed[7]; {
	case major == 1 && minor == 0:
		start, length = 10, int64(binary.LittleEndian.Uint16(fixed[8:]))
	case (major == 2 || major == 3) && minor == 0:
		// A file cut after 10 bytes fails below: its length is read as if
		// zeros followed, and start is behind its end.
		start, length = 12, int64(binary.LittleEndian.Uint32(fixed[8:]))
	default:
		return nil, errorf(place, ".npy version %d.%d is not known, save it as 1.0", fixed[6], fixed[7])
	}
	// Before the allocation: version 2 can state 4 GB.
	if length > size-start {
		return nil, errorf(place, "the .npy header is cut short, get the file again")
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, start); err != nil && err != io.EOF {
		return nil, errorf(place, "%w, check the file", reason(err))
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return nil, errorf(place, ".npy header: %w, save the array again with numpy.save", err)
	}
	elem, err := parseDescr(h.descr)
	if err != nil {
		return nil, errorf(place, "%w", err)
	}
	// In Fortran order the samples interleave: one sample would be spread over
	// the whole file. With one dimension the orders are the same.
	if h.fortran && len(h.shape) > 1 {
		return nil, errorf(place, "the array is in Fortran order, save it with numpy.ascontiguousarray")
	}
	a := &array{place: place, r: r, elem: elem, shape: h.shape, offset: start + length}
	return a.check(size)
}

// parseDescr reads a type such as "<f4": byte order, kind, bytes.
func parseDescr(s string) (number, error) {
	bad := func() (number, error) {
		return number{}, fmt.Errorf("elements of type %q, save 8- to 64-bit integers or 32- or 64-bit floats", s)
	}
	if len(s) != 3 {
		return bad()
	}
	e := number{kind: s[1], size: int(s[2] - '0'), order: binary.LittleEndian}
	switch s[1:] {
	case "u1", "i1": // one byte has no order, whatever the file states
	case "u2", "u4", "u8", "i2", "i4", "i8", "f4", "f8":
		if s[0] == '|' {
			return bad()
		}
	default:
		return bad()
	}
	switch s[0] {
	case '<', '|':
	case '>':
		e.order = binary.BigEndian
	default:
		return bad()
	}
	return e, nil
}

// A header is the dictionary of an .npy file.
type header struct {
	descr   string
	fortran bool
	shape   []int
}

// parseHeader reads the three keys in any order, each once, and nothing else.
// The text is a Python literal; this is the part of Python that numpy writes.
func parseHeader(text string) (header, error) {
	p := &scanner{rest: text}
	var h header
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.str()
		if seen[key] {
			p.fail("key %q is given twice", key)
		}
		seen[key] = true
		p.expect(":")
		switch key {
		case "descr":
			h.descr = p.str()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.tuple()
		default:
			p.fail("key %q is not known", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	p.space()
	if p.rest != "" {
		p.fail("text behind the dictionary")
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("descr, fortran_order or shape is missing")
	}
	return h, p.err
}

// A scanner consumes text from the left; after its first error it consumes
// nothing, so that callers check once.
type scanner struct {
	rest string
	err  error
}

func (p *scanner) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// space skips what numpy pads headers with.
func (p *scanner) space() { p.rest = strings.TrimLeft(p.rest, " \t\n") }

// accept consumes token, when it is next, and the space before it.
func (p *scanner) accept(token string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, token)
	if p.err != nil || !ok {
		return false
	}
	p.rest = rest
	return true
}

func (p *scanner) expect(token string) {
	if !p.accept(token) {
		p.fail("no %q where one must be", token)
	}
}

// str reads a quoted string. numpy writes no escapes in what we accept.
func (p *scanner) str() string {
	for _, quote := range []string{"'", `"`} {
		if p.accept(quote) {
			s, rest, ok := strings.Cut(p.rest, quote)
			if !ok {
				break
			}
			p.rest = rest
			return s
		}
	}
	p.fail("no string where one must be (a structured type?)")
	return ""
}

func (p *scanner) boolean() bool {
	if p.accept("True") {
		return true
	}
	p.expect("False")
	return false
}

// tuple reads a shape; a comma may follow the last dimension, and must follow
// the only one.
func (p *scanner) tuple() []int {
	var shape []int
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		shape = append(shape, p.integer())
		if !p.accept(",") {
			p.expect(")")
			if len(shape) == 1 { // to Python a number in brackets
				p.fail("no comma behind the only dimension")
			}
			break
		}
	}
	return shape
}

// integer reads digits only: a sign is an error, as no dimension has one.
func (p *scanner) integer() int {
	p.space()
	n := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	d, err := strconv.Atoi(p.rest[:n])
	switch {
	case errors.Is(err, strconv.ErrRange):
		p.fail("dimension %q is too large", p.rest[:n])
	case err != nil:
		p.fail("no dimension where one must be")
	}
	p.rest = p.rest[n:]
	return d
}
