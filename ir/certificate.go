package ir

import (
	"errors"
	"fmt"
	"io/fs"
)

// A Certificate is what certificate.json holds: the numbers that prove every
// sum of an emitted folder. They can be derived again from the folder's tables
// alone.
type Certificate struct {
	Version  int                `json:"version"`
	Network  string             `json:"network"`
	Language string             `json:"language"`          // c or go
	Package  string             `json:"package,omitempty"` // layout of the folder; none: all in one place
	Target   string             `json:"target"`
	Rung     string             `json:"rung"`
	Accum    CertificateAccum   `json:"accumulator"`
	Layers   []CertificateLayer `json:"layers"`
	Tables   []CertificateTable `json:"tables"`
	Kernels  []CertificateTable `json:"kernels"` // files, by the SHA-256 of their bytes
}

// A CertificateAccum is the accumulator: Wide is 0 when sums are not flushed.
type CertificateAccum struct {
	Bits int `json:"bits"`
	Wide int `json:"wide"`
}

// A CertificateLayer is the proof of one call. Window of channel c is
// Channels[c][0..1], the sum of |w| Channels[c][2], the sum of w Channels[c][3].
//
// Tops, when there are any, are the greatest levels of the input's channels, those
// of Groups groups one after the other, which whatever writes them clamps to. Product
// k of a group, in the order of the window's rows, columns and channels, takes that
// of channel k modulo their number.
type CertificateLayer struct {
	Name     string     `json:"name"`
	Kernel   string     `json:"kernel"`
	Packing  string     `json:"packing"`
	K        int        `json:"k"`
	Levels   Bound      `json:"levels"` // of the input
	Tops     []int64    `json:"tops,omitempty"`
	Groups   int        `json:"groups,omitempty"`
	Segments int        `json:"segments"` // flushes of one sum
	Lanes    int        `json:"lanes"`    // partial sums that a segment is split over
	Channels [][4]int64 `json:"channels"`
}

// Fits reports whether the windows of all channels fit bits.
func (l *CertificateLayer) Fits(bits int) bool {
	for _, c := range l.Channels {
		if w := (Bound{Lo: c[0], Hi: c[1]}); !w.Fits(bits) {
			return false
		}
	}
	return true
}

// Input returns the levels of product k of channel c.
func (l *CertificateLayer) Input(c, k int) Bound {
	b := l.Levels
	if l.Tops != nil {
		cin, perGroup := len(l.Tops)/l.Groups, len(l.Channels)/l.Groups
		b.Hi = l.Tops[c/perGroup*cin+k%cin]
	}
	return b
}

// A CertificateTable names a table and the SHA-256 of its numbers, each
// written in decimal with a newline behind it.
type CertificateTable struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// WeightsFile names the i-th file of tables of an emitted C folder. Every folder
// has file 0; large networks have more, so that a compiler never sees all at once.
func WeightsFile(network string, i int) string {
	if i == 0 {
		return network + "_weights.c"
	}
	return fmt.Sprintf("%s_weights_%d.c", network, i)
}

// WeightsText returns the files of tables of an emitted C folder, joined. The
// error is that of file 0, or of one that is there and cannot be read.
func WeightsText(fsys fs.FS, network string) ([]byte, error) {
	var all []byte
	for i := 0; ; i++ {
		b, err := fs.ReadFile(fsys, WeightsFile(network, i))
		if i > 0 && errors.Is(err, fs.ErrNotExist) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
}
