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

// Add writes the sum of two tensors of different scales:
// round(((a-AZero)*AMul + (b-BZero)*BMul) / 2^Shift) + Zero, clamped.
func Add(g *Plane, a, b, y []int8) {
	round := int32(1) << g.Shift >> 1
	for row := 0; row < g.H; row++ {
		for col := 0; col < g.W; col++ {
			yp := y[row*g.YRow+col*g.YCol:][:g.C]
			ap := a[row*g.ARow+col*g.ACol:][:len(yp)]
			bp := b[row*g.BRow+col*g.BCol:][:len(yp)]
			for c := range yp {
				t := (int32(ap[c])-g.AZero)*g.AMul + (int32(bp[c])-g.BZero)*g.BMul
				yp[c] = int8(clamp((t+round)>>g.Shift+g.Zero, g.Lo, g.Hi))
			}
		}
	}
}

// Mul writes the product of two tensors:
// round((a-AZero)*(b-BZero)*AMul / 2^Shift) + Zero, clamped.
func Mul(g *Plane, a, b, y []int8) {
	round := int64(1) << g.Shift >> 1
	for row := 0; row < g.H; row++ {
		for col := 0; col < g.W; col++ {
			yp := y[row*g.YRow+col*g.YCol:][:g.C]
			ap := a[row*g.ARow+col*g.ACol:][:len(yp)]
			bp := b[row*g.BRow+col*g.BCol:][:len(yp)]
			for c := range yp {
				t := int64((int32(ap[c])-g.AZero)*(int32(bp[c])-g.BZero)) * int64(g.AMul)
				yp[c] = int8(clamp(int32((t+round)>>g.Shift)+g.Zero, g.Lo, g.Hi))
			}
		}
	}
}

// An Order copies five nested dimensions from one order to another.
type Order struct {
	Dim  [5]int
	X, Y [5]int // elements from one index to the next
}

// Lookup copies x to y and takes each element through a table of 256, indexed
// by the element's bits.
func Lookup(g *Order, x, y []int8, table string) {
	for a := 0; a < g.Dim[0]; a++ {
		for b := 0; b < g.Dim[1]; b++ {
			for c := 0; c < g.Dim[2]; c++ {
				for d := 0; d < g.Dim[3]; d++ {
					xi := a*g.X[0] + b*g.X[1] + c*g.X[2] + d*g.X[3]
					yi := a*g.Y[0] + b*g.Y[1] + c*g.Y[2] + d*g.Y[3]
					for e := 0; e < g.Dim[4]; e++ {
						y[yi] = int8(table[uint8(x[xi])])
						xi += g.X[4]
						yi += g.Y[4]
					}
				}
			}
		}
	}
}

// Rearrange is Lookup without a table.
func Rearrange(g *Order, x, y []int8) {
	for a := 0; a < g.Dim[0]; a++ {
		for b := 0; b < g.Dim[1]; b++ {
			for c := 0; c < g.Dim[2]; c++ {
				for d := 0; d < g.Dim[3]; d++ {
					xi := a*g.X[0] + b*g.X[1] + c*g.X[2] + d*g.X[3]
					yi := a*g.Y[0] + b*g.Y[1] + c*g.Y[2] + d*g.Y[3]
					for e := 0; e < g.Dim[4]; e++ {
						y[yi] = x[xi]
						xi += g.X[4]
						yi += g.Y[4]
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
	for i := range y {
		y[i] = v
	}
}
