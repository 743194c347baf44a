package report

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
)

// Sizes of a drawing, in its units. Coordinates are integers, so that the bytes
// depend on no machine.
const (
	curvesWidth = 760
	plotTop     = 40 // below the top of a network's row
	plotHeight  = 210
	plotLeft    = 60
	plotWidth   = 320
	secondLeft  = 430 // of the plot over instructions
	secondWidth = 310
	legendLine  = 17
	lineOfNames = 7 // of accumulators
)

// curveColours are of the lines, in light and in dark.
var curveColours = [][2]string{{"#0969da", "#58a6ff"}, {"#1a7f37", "#3fb950"}, {"#bc4c00", "#f0883e"}, {"#8250df", "#bc8cff"},
	{"#bf3989", "#f778ba"}, {"#57606a", "#9ea7b3"}, {"#9a6700", "#d29922"}, {"#0a7f8c", "#39c5cf"}}

// dropTicks are the drops that a plot may mark.
var dropTicks = []float64{-5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100}

// SweepSVG draws points, one row a network: drop over the accumulator, one line
// a method, and drop over predicted instructions, with the front filled.
func SweepSVG(points []Point) []byte {
	var b bytes.Buffer
	y := 0
	for _, name := range Networks(points) {
		y += drawNetwork(&b, Of(points, name), y)
	}
	var svg bytes.Buffer
	fmt.Fprintf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-labelledby=\"t\">\n", curvesWidth, y, curvesWidth, y)
	svg.WriteString("<title id=\"t\">Drop in accuracy over the width of the accumulator, and over predicted instructions</title>\n<style>\n" +
		"text { font: 12px ui-sans-serif, system-ui, \"Segoe UI\", sans-serif; fill: #24292f; }\n.small { font-size: 11px; fill: #57606a; }\n" +
		".axis { stroke: #57606a; }\n.grid { stroke: #57606a; stroke-opacity: .25; }\n.line { fill: none; stroke-width: 1.5; }\n")
	for i, c := range curveColours {
		fmt.Fprintf(&svg, ".c%d { stroke: %s; fill: %s; }\n", i, c[0], c[0])
	}
	svg.WriteString(".line, .hollow { fill: none; }\n@media (prefers-color-scheme: dark) {\ntext { fill: #e6edf3; }\n.small { fill: #9ea7b3; }\n.axis, .grid { stroke: #9ea7b3; }\n")
	for i, c := range curveColours {
		fmt.Fprintf(&svg, ".c%d { stroke: %s; fill: %s; }\n", i, c[1], c[1])
	}
	svg.WriteString(".line, .hollow { fill: none; }\n}\n</style>\n")
	svg.Write(b.Bytes())
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// A scale maps a value to a place on the drawing.
type scale struct {
	lo, hi float64
	at     int // of lo
	length int // to hi; negative upward
	bend   func(float64) float64
}

func (s *scale) place(v float64) int {
	lo, hi := s.bend(s.lo), s.bend(s.hi)
	if hi == lo {
		return s.at + s.length/2
	}
	return s.at + int(math.Round(float64(s.length)*(s.bend(v)-lo)/(hi-lo)))
}

// signedLog is near linear below a point and logarithmic above, in both
// directions: a tenth of a point matters as much as ten where there are fifty.
func signedLog(v float64) float64 { return math.Copysign(math.Log1p(math.Abs(v)), v) }

func linear(v float64) float64 { return v }

// drawNetwork draws one row from y down and returns its height.
func drawNetwork(b *bytes.Buffer, points []Point, y int) int {
	fit := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return p.Why != "" })
	names := methods(points)
	height := plotTop + plotHeight + 60 + (len(names)+1)/2*legendLine
	title := points[0].Network + ": " + points[0].judgedOn()
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\">%s</text>\n", plotLeft, y+18, html.EscapeString(title))
	if len(fit) == 0 {
		return height
	}
	drops := scale{lo: 0, hi: 1, at: y + plotTop, length: plotHeight, bend: signedLog}
	costs := scale{lo: math.Inf(1), hi: math.Inf(-1), at: secondLeft + 12, length: secondWidth - 48, bend: linear}
	for i := range fit {
		p := &fit[i]
		drops.lo, drops.hi = min(drops.lo, p.Drop-p.StdErr), max(drops.hi, p.Drop+p.StdErr)
		if p.Proven() {
			costs.lo, costs.hi = min(costs.lo, p.Cost), max(costs.hi, p.Cost)
		}
	}
	bottom := y + plotTop + plotHeight
	for _, d := range dropTicks {
		if d < drops.lo || d > drops.hi {
			continue
		}
		at := drops.place(d)
		for _, x := range [][2]int{{plotLeft, plotWidth}, {secondLeft, secondWidth}} {
			fmt.Fprintf(b, "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x[0], at, x[0]+x[1], at)
		}
		fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%g</text>\n", plotLeft-6, at+4, d)
	}
	across := widths(points)
	slices.Reverse(across)
	place := func(acc string) int {
		return plotLeft + 12 + slices.Index(across, acc)*(plotWidth-24)/max(len(across)-1, 1)
	}
	second := 0 // line of names, for every other one where one line is too narrow for all
	if len(across) > lineOfNames {
		second = 12
	}
	for i, a := range across {
		fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", place(a), bottom+16+i%2*second, html.EscapeString(a))
	}
	fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\">drop in points: down is worse</text>\n", plotLeft, y+plotTop-6)
	fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">bits of the accumulator</text>\n", plotLeft+plotWidth/2, bottom+30+second)
	fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\">filled: no other point is better in everything</text>\n", secondLeft, y+plotTop-6)
	fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">millions of %s, predicted</text>\n", secondLeft+secondWidth/2, bottom+30, html.EscapeString(fit[0].Unit))
	var ends []float64
	if costs.lo <= costs.hi {
		ends = slices.Compact([]float64{costs.lo, costs.hi})
	}
	for _, c := range ends {
		fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.2f</text>\n", costs.place(c), bottom+16, c/1e6)
	}
	for i, m := range names {
		colour := i % len(curveColours)
		drawMethod(b, points, m, colour, place, &drops)
		x, at := plotLeft+i%2*(curvesWidth-plotLeft)/2, bottom+54+i/2*legendLine
		fmt.Fprintf(b, "<line class=\"line c%d\"%s x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n",
			colour, dash(m, points), x, at-4, x+26, at-4, x+32, at, html.EscapeString(m))
	}
	drawCosts(b, points, names, &costs, &drops)
	return height
}

// dash is how a method that proves nothing is drawn.
func dash(method string, points []Point) string {
	for i := range points {
		if points[i].Method() == method && points[i].Rung == "observed" {
			return " stroke-dasharray=\"4 3\""
		}
	}
	return ""
}

// drawMethod draws the line of one method over the accumulators, with standard
// errors as bars.
func drawMethod(b *bytes.Buffer, points []Point, method string, colour int, place func(string) int, drops *scale) {
	own := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return p.Why != "" || p.Method() != method })
	slices.SortStableFunc(own, func(p, q Point) int { return place(p.Accum) - place(q.Accum) })
	fmt.Fprintf(b, "<polyline class=\"line c%d\"%s points=\"", colour, dash(method, points))
	for i := range own {
		fmt.Fprintf(b, "%d,%d ", place(own[i].Accum), drops.place(own[i].Drop))
	}
	b.WriteString("\"/>\n")
	for i := range own {
		p := &own[i]
		x := place(p.Accum)
		fmt.Fprintf(b, "<line class=\"c%d\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><circle class=\"c%d\" cx=\"%d\" cy=\"%d\" r=\"2\">%s</circle>\n",
			colour, x, drops.place(p.Drop-p.StdErr), x, drops.place(p.Drop+p.StdErr), colour, x, drops.place(p.Drop), tooltip(p))
	}
}

// drawCosts draws the points that are proven over what they are predicted to
// execute.
func drawCosts(b *bytes.Buffer, points []Point, names []string, costs, drops *scale) {
	front := Front(points)
	var labels [][2]int
	for i := range points {
		p := &points[i]
		if !p.Proven() {
			continue
		}
		class := fmt.Sprintf("hollow c%d", slices.Index(names, p.Method())%len(curveColours))
		if front[i] {
			class = class[len("hollow "):]
		}
		x, y := costs.place(p.Cost), drops.place(p.Drop)
		fmt.Fprintf(b, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"3\">%s</circle>\n", class, x, y, tooltip(p))
		beside := func(l [2]int) bool { return max(l[0]-x, x-l[0]) < 30 && max(l[1]-y, y-l[1]) < 10 }
		if front[i] && !slices.ContainsFunc(labels, beside) { // two labels in one place are none
			labels = append(labels, [2]int{x, y})
			fmt.Fprintf(b, "<text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n", x+6, y+4, html.EscapeString(p.Accum))
		}
	}
}

func tooltip(p *Point) string {
	return fmt.Sprintf("<title>%s bits, %s: drop %.2f, s.e. %.2f; %.0f %s, flash %d, RAM %d</title>", p.Accum, html.EscapeString(p.Method()), p.Drop, p.StdErr, p.Cost, html.EscapeString(p.Unit), p.Flash, p.RAM)
}
