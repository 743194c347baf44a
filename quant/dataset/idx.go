package dataset

import (
	"encoding/binary"
	"io"
	"math"
)

// idxTypes are the types of an IDX file by its third byte; all are big-endian.
var idxTypes = map[byte]number{
	0x08: {'u', 1, binary.BigEndian},
	0x09: {'i', 1, binary.BigEndian},
	0x0b: {'i', 2, binary.BigEndian},
	0x0c: {'i', 4, binary.BigEndian},
	0x0d: {'f', 4, binary.BigEndian},
	0x0e: {'f', 8, binary.BigEndian},
}

// parseIDX reads the header of an IDX file, the format of MNIST: two zeros, the
// type, the number of dimensions, then each dimension in four bytes.
func parseIDX(place string, r io.ReaderAt, size int64) (*array, error) {
	var magic [4]byte
	if n, _ := r.ReadAt(magic[:], 0); n < len(magic) || magic[0] != 0 || magic[1] != 0 {
		return nil, errorf(place, "not an IDX file, get it again")
	}
	elem, ok := idxTypes[magic[2]]
	if !ok {
		return nil, errorf(place, "IDX type %#02x is not known, save bytes (0x08)", magic[2])
	}
	b := make([]byte, 4*int(magic[3]))
	if n, _ := r.ReadAt(b, 4); n < len(b) {
		return nil, errorf(place, "the IDX header is cut short, get the file again")
	}
	a := &array{place: place, r: r, elem: elem, offset: int64(4 + len(b))}
	for ; len(b) > 0; b = b[4:] {
		// check would refuse such a size too, but an int may have 32 bits.
		d := binary.BigEndian.Uint32(b)
		if d > math.MaxInt32 {
			return nil, errorf(place, "dimension %d is too large, get the file again", d)
		}
		a.shape = append(a.shape, int(d))
	}
	return a.check(size)
}
