package kern

// A Piece is a stretch of a convolution's window that is contiguous in the
// input: Len elements from offset At. Flush ends a segment: the narrow
// sums are added to wide ones and start again from zero. A window without a
// flush is summed in the narrow register to its end.
type Piece struct {
	At, Len int
	Flush   bool
}

// A Conv is the geometry of a convolution; a fully connected layer is one
// with a single output pixel. Products are taken in the order of Pieces. Weights
// are in blocks of sixteen channels, w[block][product][channel]; the last block
// of a group is filled with zeros.
type Conv struct {
	H, W       int // output pixels
	XRow, XCol int // input elements from one output row, column to the next
	YRow, YCol int
	Groups     int // each reads XGroup elements further and writes C further
	XGroup     int
	C          int // output channels of a group
	K          int // products in one dot product: the sum of all Len
	Pieces     []Piece
}

// block is the channels that one pass over the pixels computes.
const block = 16

// Conv16 sums in 16 bits: segments between flushes, or whole windows, have to fit
// them. words is scratch of K elements.
func Conv16(g *Conv, x, y []int8, w string, q *Requant, words [][4]uint64) {
	blocks := (g.C + block - 1) / block
	for i := 0; i < g.Groups*blocks; i++ {
		group, c := i/blocks, i%blocks*block
		at := channels{q, group*g.C + c, min(block, g.C-c)}
		convBlock(g, x[group*g.XGroup:], y[at.first:], w[i*g.K*block:][:g.K*block], at, words[:g.K])
	}
}

// Conv32 sums in 32 bits.
func Conv32(g *Conv, x, y []int8, w string, q *Requant, words [][4]uint64) {
	blocks := (g.C + block - 1) / block
	for i := 0; i < g.Groups*blocks; i++ {
		group, c := i/blocks, i%blocks*block
		at := channels{q, group*g.C + c, min(block, g.C-c)}
		convWide(g, x[group*g.XGroup:], y[at.first:], w[i*g.K*block:][:g.K*block], at, words[:g.K])
	}
}

// A walk goes through the output pixels of a layer in rows.
type walk struct {
	x, y       int // offsets of the next pixel's window and output
	col, w     int
	xCol, yCol int
	xEnd, yEnd int // from a row's last pixel to the next row
}

func (g *Conv) walk() walk { return walkOf(g.H, g.W, g.XRow, g.XCol, g.YRow, g.YCol) }

func walkOf(h, w, xRow, xCol, yRow, yCol int) walk {
	if xRow == w*xCol && yRow == w*yCol { // one long row
		return walk{w: h * w, xCol: xCol, yCol: yCol}
	}
	return walk{w: w, xCol: xCol, yCol: yCol, xEnd: xRow - (w-1)*xCol, yEnd: yRow - (w-1)*yCol}
}

func (p *walk) next() {
	if p.col++; p.col == p.w {
		p.col = 0
		p.x += p.xEnd
		p.y += p.yEnd
		return
	}
	p.x += p.xCol
	p.y += p.yCol
}
