package ir

// A Certificate is what certificate.json holds: the numbers that prove every
// sum of an emitted folder. They can be derived again from the folder's tables
// alone.
type Certificate struct {
	Version  int                `json:"version"`
	Network  string             `json:"network"`
	Language string             `json:"language"` // c or go
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
type CertificateLayer struct {
	Name     string     `json:"name"`
	Kernel   string     `json:"kernel"`
	Packing  string     `json:"packing"`
	K        int        `json:"k"`
	Levels   Bound      `json:"levels"`   // of the input
	Segments int        `json:"segments"` // flushes of one sum
	Lanes    int        `json:"lanes"`    // partial sums that a segment is split over
	Channels [][4]int64 `json:"channels"`
}

// A CertificateTable names a table and the SHA-256 of its numbers, each
// written in decimal with a newline behind it.
type CertificateTable struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}
