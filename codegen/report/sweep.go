package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Setting is what one quantization was asked for, and what it was judged on:
// two points of a sweep with the same setting are the same point.
type Setting struct {
	Network    string `json:"network"`
	Accum      string `json:"acc"` // 12, 16:32, or 16:32/64
	Rung       string `json:"rung"`
	Search     string `json:"search"` // "" or layerwise
	Scales     string `json:"scales"`
	Effort     int    `json:"effort"`
	RingBits   int    `json:"ring_bits"`
	Target     string `json:"target"`
	Kernels    string `json:"kernels"`
	Calibrated int    `json:"calibrated"` // calibration inputs
	Images     int    `json:"images"`     // inputs judged
}

// A Point is what came of a setting. Rates are in percent, the drop and its
// paired standard error in points, sizes in bytes.
type Point struct {
	Setting
	Float  float64 `json:"float_top1"`
	Top1   float64 `json:"top1"`
	Drop   float64 `json:"drop"`
	StdErr float64 `json:"drop_se"`
	// Cost is what the kernels of the sums are predicted to execute, in Unit: a
	// model, not a count.
	Cost  float64 `json:"predicted"`
	Unit  string  `json:"unit"`
	Flash int     `json:"flash"`
	RAM   int     `json:"ram"`
	// Over of Sums left the accumulator on the inputs judged; zero for a rung that
	// proves that none can.
	Over int64 `json:"overflows"`
	Sums int64 `json:"sums"`
	// Why says why the accumulator does not hold the network with this setting;
	// then there is nothing else.
	Why string `json:"why"`
}

// Bits is the width that a whole sum is held in: P, or the wide register that
// segments are flushed into.
func (s *Setting) Bits() int {
	_, wide, _ := s.registers()
	return wide
}

// registers are the widths of the register of a segment and of a whole sum, and in
// how many products one flush is needed: 16, 32 and 64 of 16:32/64.
func (s *Setting) registers() (narrow, wide, products int) {
	widths, segment, _ := strings.Cut(s.Accum, "/")
	first, second, flushed := strings.Cut(widths, ":")
	narrow, _ = strconv.Atoi(first) // ReadSweep refuses what is no number
	wide = narrow
	if flushed {
		wide, _ = strconv.Atoi(second)
	}
	products, _ = strconv.Atoi(segment)
	return narrow, wide, products
}

// Proven reports whether the point is one to compile.
func (p *Point) Proven() bool { return p.Why == "" && p.Rung != "observed" }

// Front marks the points of one network that no other proven point beats: one
// that is no worse in P, drop, cost, flash and RAM, and better in one. Drops are
// compared as measured; a difference within their standard error may be luck.
func Front(points []Point) []bool {
	front := make([]bool, len(points))
	for i := range points {
		front[i] = points[i].Proven()
		for j := range points {
			if points[j].Proven() && points[j].beats(&points[i]) {
				front[i] = false
			}
		}
	}
	return front
}

func (p *Point) beats(q *Point) bool {
	a, b := p.axes(), q.axes()
	better := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}

func (p *Point) axes() [5]float64 {
	return [5]float64{float64(p.Bits()), p.Drop, p.Cost, float64(p.Flash), float64(p.RAM)}
}

// sweepColumns are the columns of the CSV, each with where a point keeps it.
var sweepColumns = []struct {
	name string
	at   func(*Point) any
}{
	{"network", func(p *Point) any { return &p.Network }},
	{"acc", func(p *Point) any { return &p.Accum }},
	{"rung", func(p *Point) any { return &p.Rung }},
	{"search", func(p *Point) any { return &p.Search }},
	{"scales", func(p *Point) any { return &p.Scales }},
	{"effort", func(p *Point) any { return &p.Effort }},
	{"ring_bits", func(p *Point) any { return &p.RingBits }},
	{"target", func(p *Point) any { return &p.Target }},
	{"kernels", func(p *Point) any { return &p.Kernels }},
	{"calibrated", func(p *Point) any { return &p.Calibrated }},
	{"images", func(p *Point) any { return &p.Images }},
	{"float_top1", func(p *Point) any { return &p.Float }},
	{"top1", func(p *Point) any { return &p.Top1 }},
	{"drop", func(p *Point) any { return &p.Drop }},
	{"drop_se", func(p *Point) any { return &p.StdErr }},
	{"predicted", func(p *Point) any { return &p.Cost }},
	{"unit", func(p *Point) any { return &p.Unit }},
	{"flash", func(p *Point) any { return &p.Flash }},
	{"ram", func(p *Point) any { return &p.RAM }},
	{"overflows", func(p *Point) any { return &p.Over }},
	{"sums", func(p *Point) any { return &p.Sums }},
	{"why", func(p *Point) any { return &p.Why }},
}

func columnNames() []string {
	var names []string
	for _, c := range sweepColumns {
		names = append(names, c.name)
	}
	return names
}

// WriteSweep writes points as CSV, with the row of names when head is set.
func WriteSweep(w io.Writer, points []Point, head bool) error {
	c := csv.NewWriter(w)
	var rows [][]string
	if head {
		rows = append(rows, columnNames())
	}
	for i := range points {
		var row []string
		for _, c := range sweepColumns {
			switch v := c.at(&points[i]).(type) {
			case *string:
				row = append(row, *v)
			case *int:
				row = append(row, strconv.Itoa(*v))
			case *int64:
				row = append(row, strconv.FormatInt(*v, 10))
			case *float64:
				row = append(row, strconv.FormatFloat(math.Round(*v*1000)/1000, 'f', -1, 64))
			}
		}
		rows = append(rows, row)
	}
	return c.WriteAll(rows)
}

// ReadSweep reads what WriteSweep wrote. The error names the line.
func ReadSweep(r io.Reader) ([]Point, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columnNames()) {
		return nil, errors.New("line 1: not the columns that snug explore writes")
	}
	points := make([]Point, len(rows)-1)
	for i, row := range rows[1:] {
		for j, c := range sweepColumns {
			var err error
			switch v := c.at(&points[i]).(type) {
			case *string:
				*v = row[j]
			case *int:
				*v, err = strconv.Atoi(row[j])
			case *int64:
				*v, err = strconv.ParseInt(row[j], 10, 64)
			case *float64:
				*v, err = strconv.ParseFloat(row[j], 64)
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %s: %q is no number", i+2, c.name, row[j])
			}
		}
		if points[i].Bits() == 0 {
			return nil, fmt.Errorf("line %d: acc: %q is no accumulator", i+2, points[i].Accum)
		}
	}
	return points, nil
}
