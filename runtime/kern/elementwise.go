package kern

// A Plane is the geometry of an operation on two H x W x C tensors; a stride
// of zero repeats an operand.
type Plane struct {
	H, W, C      int
	ARow, ACol   int
	BRow, BCol   int
	YRow, YCol   int
	AZero, BZero int32
	AMul, BMul   int32 // Add: 15-bit factors of the two operands; Mul: AMul alone
	Shift        uint8 // both are divided by 2^Shift, rounding once
	Zero, Lo, Hi int32
}

// merged returns a plane of the same elements in which rows, columns and channels
// that follow each other in all three tensors are one.
func (g *Plane) merged() Plane {
	m := *g
	if n := m.C; m.ACol == n && m.BCol == n && m.YCol == n {
		m.C, m.W = n*m.W, 1
		if n := m.C; m.ARow == n && m.BRow == n && m.YRow == n {
			m.C, m.H = n*m.H, 1
		}
	}
	return m
}

// Add writes the sum of two tensors of different scales:
// round(((a-AZero)*AMul + (b-BZero)*BMul) / 2^Shift) + Zero, clamped.
func Add(g *Plane, a, b, y []int8) {
	m := g.merged()
	var t addTable
	t.set(g)
	for row := 0; row < m.H; row++ {
		for col := 0; col < m.W; col++ {
			yp := y[row*m.YRow+col*m.YCol:][:m.C]
			ap := a[row*m.ARow+col*m.ACol:][:len(yp)]
			bp := b[row*m.BRow+col*m.BCol:][:len(yp)]
			n := t.run(ap, bp, yp)
			addRun(g, ap[n:], bp[n:], yp[n:])
		}
	}
}

// addRun adds elements side by side. What does not depend on a and b is one
// constant, modulo 2^32 as all of it.
func addRun(g *Plane, a, b, y []int8) {
	am, bm, shift, zero, lo, hi := g.AMul, g.BMul, g.Shift&31, g.Zero, g.Lo, g.Hi
	plus := g.plus()
	a, b = a[:len(y)], b[:len(y)]
	for c := range y {
		t := plus + int32(a[c])*am + int32(b[c])*bm
		y[c] = int8(max(min(t>>shift+zero, hi), lo))
	}
}

// plus is what is added to the products of a sum.
func (g *Plane) plus() int32 { return int32(1)<<g.Shift>>1 - g.AZero*g.AMul - g.BZero*g.BMul }

// Mul writes the product of two tensors:
// round((a-AZero)*(b-BZero)*AMul / 2^Shift) + Zero, clamped.
func Mul(g *Plane, a, b, y []int8) {
	m := g.merged()
	var t mulTable
	t.set(g)
	for row := 0; row < m.H; row++ {
		for col := 0; col < m.W; col++ {
			yp := y[row*m.YRow+col*m.YCol:][:m.C]
			ap := a[row*m.ARow+col*m.ACol:][:len(yp)]
			bp := b[row*m.BRow+col*m.BCol:][:len(yp)]
			n := t.run(ap, bp, yp)
			mulRun(g, ap[n:], bp[n:], yp[n:])
		}
	}
}

// mulRun multiplies elements side by side.
func mulRun(g *Plane, a, b, y []int8) {
	az, bz, mul, shift, zero, lo, hi := g.AZero, g.BZero, int64(g.AMul), g.Shift&63, g.Zero, g.Lo, g.Hi
	round := int64(1) << shift >> 1
	a, b = a[:len(y)], b[:len(y)]
	for c := range y {
		t := int64((int32(a[c])-az)*(int32(b[c])-bz))*mul + round
		y[c] = int8(max(min(int32(t>>shift)+zero, hi), lo))
	}
}

// An Order copies five nested dimensions from one order to another.
type Order struct {
	Dim  [5]int
	X, Y [5]int // elements from one index to the next
}

// merged returns an order of the same copies in which dimensions whose elements
// are side by side in both tensors are one.
func (g *Order) merged() Order {
	m := *g
	if m.X[4] != 1 || m.Y[4] != 1 {
		return m
	}
	for i := 3; i >= 0; i-- {
		if m.Dim[i] != 1 && (m.X[i] != m.Dim[4] || m.Y[i] != m.Dim[4]) {
			break
		}
		m.Dim[4] *= m.Dim[i]
		m.Dim[i] = 1
	}
	return m
}

// Lookup copies x to y and takes each element through a table of 256, indexed
// by the element's bits.
func Lookup(g *Order, x, y []int8, table string) {
	t := table[:256]
	m := g.merged()
	for a := 0; a < m.Dim[0]; a++ {
		for b := 0; b < m.Dim[1]; b++ {
			for c := 0; c < m.Dim[2]; c++ {
				for d := 0; d < m.Dim[3]; d++ {
					xi := a*m.X[0] + b*m.X[1] + c*m.X[2] + d*m.X[3]
					yi := a*m.Y[0] + b*m.Y[1] + c*m.Y[2] + d*m.Y[3]
					if m.X[4] == 1 && m.Y[4] == 1 {
						yr := y[yi:][:m.Dim[4]]
						xr := x[xi:][:len(yr)]
						for i := lookupFast(xr, yr, t); i < len(yr); i++ {
							yr[i] = int8(t[uint8(xr[i])])
						}
						continue
					}
					for e := 0; e < m.Dim[4]; e++ {
						y[yi] = int8(t[uint8(x[xi])])
						xi += m.X[4]
						yi += m.Y[4]
					}
				}
			}
		}
	}
}

// Rearrange is Lookup without a table.
func Rearrange(g *Order, x, y []int8) {
	m := g.merged()
	for a := 0; a < m.Dim[0]; a++ {
		for b := 0; b < m.Dim[1]; b++ {
			for c := 0; c < m.Dim[2]; c++ {
				if shuffle(&m, x[a*m.X[0]+b*m.X[1]+c*m.X[2]:], y[a*m.Y[0]+b*m.Y[1]+c*m.Y[2]:]) {
					continue
				}
				for d := 0; d < m.Dim[3]; d++ {
					xi := a*m.X[0] + b*m.X[1] + c*m.X[2] + d*m.X[3]
					yi := a*m.Y[0] + b*m.Y[1] + c*m.Y[2] + d*m.Y[3]
					if m.X[4] == 1 && m.Y[4] == 1 {
						copy(y[yi:][:m.Dim[4]], x[xi:])
						continue
					}
					for e := 0; e < m.Dim[4]; e++ {
						y[yi] = x[xi]
						xi += m.X[4]
						yi += m.Y[4]
					}
				}
			}
		}
	}
}

// A Frame is a buffer of H x W x C elements with a border that holds the zero
// point, so that no convolution tests for edges.
type Frame struct {
	H, W, C                  int // with the border
	Top, Bottom, Left, Right int
	Zero                     int8
}

// FillFrame writes the border.
func FillFrame(g *Frame, y []int8) {
	row := g.W * g.C
	fill(y[:g.Top*row], g.Zero)
	fill(y[(g.H-g.Bottom)*row:g.H*row], g.Zero)
	for r := g.Top; r < g.H-g.Bottom; r++ {
		line := y[r*row : (r+1)*row]
		fill(line[:g.Left*g.C], g.Zero)
		fill(line[(g.W-g.Right)*g.C:], g.Zero)
	}
}

func fill(y []int8, v int8) {
	n := min(len(y), 64)
	for i := 0; i < n; i++ {
		y[i] = v
	}
	for ; n < len(y); n *= 2 {
		copy(y[n:], y[:n])
	}
}
