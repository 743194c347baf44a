package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Networks lists the networks of points in the order of their first.
func Networks(points []Point) []string {
	var names []string
	for i := range points {
		if !slices.Contains(names, points[i].Network) {
			names = append(names, points[i].Network)
		}
	}
	return names
}

// Of returns the points of one network.
func Of(points []Point, network string) []Point {
	return slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return p.Network != network })
}

// Method names how a point was made, without P: what one line of a chart is.
func (s *Setting) Method() string {
	m := s.Rung
	if s.Search != "" {
		m = s.Search + " " + m
	} else {
		m += fmt.Sprintf(", effort %d", s.Effort)
	}
	if s.Scales == "pow2" && s.Search == "" {
		m += ", pow2"
	}
	if s.RingBits > 0 {
		m += fmt.Sprintf(", ring %d", s.RingBits)
	}
	if s.Kernels != "best" && s.Kernels != "" {
		m += ", " + s.Kernels
	}
	return m
}

// judgedOn says what a point's accuracy is about.
func (s *Setting) judgedOn() string {
	return fmt.Sprintf("%d inputs judged, %d for calibration", s.Images, s.Calibrated)
}

// WriteSweepTable prints points as text, network by network; a star marks the
// front.
func WriteSweepTable(w io.Writer, points []Point) error {
	var b strings.Builder
	for _, name := range Networks(points) {
		own := Of(points, name)
		p := &own[0]
		fmt.Fprintf(&b, "%s for %s: %s; * is on the front of P, drop, %s (predicted, not counted), flash and RAM\n", name, p.Target, p.judgedOn(), max(p.Unit, "cost"))
		wide := 6
		for _, a := range widths(own) {
			wide = max(wide, len(a))
		}
		fmt.Fprintf(&b, "  %*s  %-26s %9s %8s %6s %12s %9s %9s\n", wide, "P", "how", "top-1", "drop", "s.e.", "predicted", "flash", "RAM")
		front := Front(own)
		for i := range own {
			p := &own[i]
			mark := " "
			if front[i] {
				mark = "*"
			}
			if p.Why != "" {
				fmt.Fprintf(&b, "%s %*s  %-26s does not fit: %s\n", mark, wide, p.Accum, p.Method(), p.Why)
				continue
			}
			fmt.Fprintf(&b, "%s %*s  %-26s %7.2f %% %8.2f %6.2f %12.0f %9d %9d", mark, wide, p.Accum, p.Method(), p.Top1, p.Drop, p.StdErr, p.Cost, p.Flash, p.RAM)
			if p.Rung == "observed" {
				fmt.Fprintf(&b, "  proves nothing: %d of %d sums left the accumulator", p.Over, p.Sums)
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// widths lists the accumulators of points, the widest first, and those of the longest
// segments last.
func widths(points []Point) []string {
	var all []string
	for i := range points {
		if !slices.Contains(all, points[i].Accum) {
			all = append(all, points[i].Accum)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		x, y := Setting{Accum: a}, Setting{Accum: b}
		narrowX, wideX, productsX := x.registers()
		narrowY, wideY, productsY := y.registers()
		return cmp.Or(wideY-wideX, narrowY-narrowX, productsX-productsY)
	})
	return all
}

// methods lists the methods of points in the order of their first.
func methods(points []Point) []string {
	var all []string
	for i := range points {
		if m := points[i].Method(); !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// WriteSweepMarkdown prints drops and standard errors, accumulators across. Of one
// method it is one table, networks down; else one a network and set of inputs,
// methods down.
func WriteSweepMarkdown(w io.Writer, points []Point) error {
	var b strings.Builder
	one := len(methods(points)) == 1
	across := widths(points)
	if one {
		fmt.Fprintf(&b, "\n%s, drop in points (s.e.):\n", points[0].Method())
		head(&b, "network | inputs | float top-1", across)
	}
	for _, name := range Networks(points) {
		own := Of(points, name)
		var sets []string
		for i := range own {
			if s := own[i].judgedOn(); !slices.Contains(sets, s) {
				sets = append(sets, s)
			}
		}
		for _, set := range sets {
			same := slices.DeleteFunc(slices.Clone(own), func(p Point) bool { return p.judgedOn() != set })
			if one {
				row(&b, fmt.Sprintf("%s | %s | %.2f %%", name, set, float(same)), across, same)
				continue
			}
			across := widths(same)
			fmt.Fprintf(&b, "\n%s, float top-1 %.2f %%, %s:\n", name, float(same), set)
			head(&b, "drop in points (s.e.)", across)
			for _, m := range methods(same) {
				row(&b, m, across, slices.DeleteFunc(slices.Clone(same), func(p Point) bool { return p.Method() != m }))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// head begins a table whose first columns are named.
func head(b *strings.Builder, first string, across []string) {
	fmt.Fprintf(b, "\n| %s | %s |\n|%s%s\n", first, strings.Join(across, " | "),
		strings.Repeat(" --- |", strings.Count(first, "|")+1), strings.Repeat(" ---: |", len(across)))
}

// row has the drop of the point of each accumulator.
func row(b *strings.Builder, first string, across []string, points []Point) {
	fmt.Fprintf(b, "| %s |", first)
	for _, a := range across {
		i := slices.IndexFunc(points, func(p Point) bool { return p.Accum == a })
		switch {
		case i < 0:
			b.WriteString(" |")
		case points[i].Why != "":
			b.WriteString(" does not fit |")
		default:
			fmt.Fprintf(b, " %.2f (%.2f) |", points[i].Drop, points[i].StdErr)
		}
	}
	b.WriteByte('\n')
}

// float is the real network's rate, which every point that fits has.
func float(points []Point) float64 {
	for i := range points {
		if points[i].Why == "" {
			return points[i].Float
		}
	}
	return 0
}
