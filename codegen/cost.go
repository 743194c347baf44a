package codegen

import (
	"math"
)

// Costs are instructions of compiled kernels, counted in their inner loops
// (clang 19, -O2), with what a tile and a channel block need around them. MLA.8h
// counts as many as it takes cycles of other vector instructions, since that is
// what decides between families; loads are one each. They only have to rank
// kernels: exact counts come from snug bench.

func blocks(n, size int) float64 { return float64((n + size - 1) / size) }

// costMLA: tiles of eight pixels by sixteen channels; eight products take 28
// instructions around 128 MLA, the rest of a piece one at a time.
func costMLA(w *work, _ *Kernel, t *Target) float64 {
	if n := columns(w); n > 0 {
		tile := 230.0
		for range w.pieces {
			tile += float64(w.cin/8)*(2*float64(n)+18+384*t.MLA) + 7
		}
		return blocks(w.c, 16) * (float64(w.h)*blocks(w.w, 8)*tile + 4.3*float64(w.k))
	}
	tile := 0.0
	for _, p := range w.pieces {
		tile += float64(p.Len/8) * (28 + 128*t.MLA)
		if r := p.Len % 8; r > 0 {
			tile += 22 + float64(r)*(2+16*t.MLA)
		}
		tile += 14
	}
	rest := float64(w.pixels()%8%4)*0.14 + float64(w.pixels()%8/4)*0.55
	tiles := float64(w.pixels()/8) + rest
	return float64(w.groups) * blocks(w.c, 16) * (tiles*(tile+170) + 4.3*float64(w.k))
}

// columns is the number of columns that eight pixels of a row share, where the
// kernel loads each once: windows of three columns a stride of one or two apart,
// in rows that eights fill well. Zero: it does not.
func columns(w *work) int {
	stride := w.strides[len(w.strides)-1]
	if w.groups != 1 || w.cin%8 != 0 || stride > 2 || w.w < 8 || (w.w+7)/8*15 > 2*w.w {
		return 0
	}
	for _, p := range w.pieces {
		if p.Len != 3*w.cin {
			return 0
		}
	}
	return 3 + 7*stride
}

// pointTables are the bytes of snug_point_block.
const pointTables = 1152

// costPoint: tiles of four pixels by thirty-two channels or eight by sixteen, eight
// products a step.
func costPoint(w *work, _ *Kernel, t *Target) float64 {
	if len(w.pieces) != 1 || w.groups != 1 {
		return math.Inf(1)
	}
	steps := blocks(w.k, 8)
	load := float64(6 * w.k)
	cost := 0.0
	for c := w.c; c > 0; c -= 2 * blockLanes {
		tile := 150 + steps*(15+128*t.MLA)
		single := 50 + steps*(12+32*t.MLA)
		pixels := 4
		n := min(c, 2*blockLanes)
		if n <= blockLanes {
			tile, single, pixels = 140+steps*(24+128*t.MLA), 40+steps*(10+16*t.MLA), 8
		}
		if n%blockLanes != 0 { // stored one by one
			tile, single = tile+float64(pixels)*60, single+60
		}
		cost += float64(w.pixels()/pixels)*tile + float64(w.pixels()%pixels)*single + 250 + load*blocks(n, blockLanes)
	}
	return cost
}

// costFirst: tiles of eight pixels of a row by sixteen or eight channels, a row of
// nine products at a time.
func costFirst(w *work, _ *Kernel, t *Target) float64 {
	step := w.strides[1] * w.cin
	if w.groups != 1 || w.w < 8 || step != 3 && step != 6 {
		return math.Inf(1)
	}
	for _, p := range w.pieces {
		if p.Len != 9 {
			return math.Inf(1)
		}
	}
	loads := float64(2 * ((7*step + 16) / 8))
	cost := 0.0
	for c := w.c; c > 0; c -= blockLanes {
		n := min(c, blockLanes)
		tile := 140 + float64(len(w.pieces))*(loads+10+144*t.MLA)
		if n <= 8 {
			tile = 90 + float64(len(w.pieces))*(loads+7+72*t.MLA)
		}
		if n%8 != 0 { // stored one by one
			tile += 8 * 60
		}
		cost += float64(w.h)*blocks(w.w, 8)*tile + 250 + float64(6*w.k)
	}
	return cost
}

// costMLA32: tiles of four pixels by sixteen channels.
func costMLA32(w *work, _ *Kernel, _ *Target) float64 {
	tile := 0.0
	for _, p := range w.pieces {
		tile += float64(p.Len/8) * 92
		if r := p.Len % 8; r > 0 {
			tile += 14 + float64(10*r)
		}
		tile += 14
	}
	return float64(w.groups) * blocks(w.c, 16) * (blocks(w.pixels(), 4)*(tile+130) + float64(5*w.k))
}

// costDot: tiles of four pixels by four channels, on ARMv7 of two, sixteen
// products at a time; a single pixel goes with eight channels, on ARMv8 sixty-four
// products at a time unless sums are flushed.
func costDot(w *work, _ *Kernel, t *Target) float64 {
	steps, flushes := 0.0, 0.0
	for _, p := range w.pieces {
		steps += float64(p.Len/16) + 0.55*blocks(p.Len%16, 8)
		if p.Flush {
			flushes++
		}
	}
	pieces := float64(len(w.pieces))
	if w.pixels() >= 3 && t.Has&A32 != 0 {
		tile := 100.0
		if flushes > 0 { // wide sums are in memory
			tile = 180 + 85*flushes
		}
		return float64(w.groups) * blocks(w.c, 4) * blocks(w.pixels(), 2) * (steps*29 + pieces*14 + tile)
	}
	if w.pixels() < 3 {
		if t.Has&A64 != 0 && flushes == 0 {
			line := 2.9
			if t.Pace != nil { // loads of four registers take the A55's model 9 cycles each
				line = 6.3
			}
			steps = 0
			for _, p := range w.pieces {
				steps += float64(line*float64(p.Len/64)) + 0.55*blocks(p.Len%64, 8)
			}
		}
		return float64(w.groups*w.pixels()) * blocks(w.c, 8) * (steps*27 + pieces*12 + flushes*16 + 60)
	}
	return float64(w.groups) * blocks(w.c, 4) * blocks(w.pixels(), 4) * (steps*44 + pieces*14 + flushes*36 + 200)
}

// costSaddw: tiles of four pixels by sixteen channels, eight products at a time, the
// rest of a piece one at a time.
func costSaddw(w *work, _ *Kernel, t *Target) float64 {
	tile := 230.0
	for _, p := range w.pieces {
		tile += 14 + float64(p.Len/8)*(20+64*t.MLA)
		if r := p.Len % 8; r > 0 {
			tile += 8 + float64(r)*(3+8*t.MLA)
		}
		if p.Flush {
			tile += 24
		}
	}
	return float64(w.groups) * blocks(w.c, blockLanes) * (blocks(w.pixels(), 4)*tile + 4.3*float64(w.k))
}

// costSaddw32: tiles of three pixels by eight channels.
func costSaddw32(w *work, _ *Kernel, _ *Target) float64 {
	tile := 150.0
	for _, p := range w.pieces {
		tile += 15 + float64(p.Len/8)*36
		if r := p.Len % 8; r > 0 {
			tile += 6 + float64(6*r)
		}
		if p.Flush {
			tile += 11
		}
	}
	return float64(w.groups) * blocks(w.c, 8) * (blocks(w.pixels(), 3)*tile + 5*float64(w.k))
}

// costSdot: tiles of eight pixels by eight channels, sixteen products at a time.
func costSdot(w *work, _ *Kernel, _ *Target) float64 {
	tile := 0.0
	for _, p := range w.pieces {
		tile += float64(p.Len/16) * 80
		if r := p.Len % 16; r > 0 {
			tile += 14 + 19*blocks(r, 4)
		}
		tile += 14
	}
	rest := float64(w.pixels()%8%4)*0.25 + float64(w.pixels()%8/4)*0.6
	return float64(w.groups) * blocks(w.c, 8) * (float64(w.pixels()/8) + rest) * (tile + 190)
}

// costRing is a ring form's when its sums need not be split.
func costRing(w *work, k *Kernel, t *Target) float64 { return k.Form.cost(w, 1, t) }

// cost counts the input transform by tile and eight channels, the product of
// matrices by point, tiles and sixteen channels, and the output transform by tile
// and eight channels, once for each group of a split; +Inf when w is no such layer.
func (f *RingForm) cost(w *work, split int, t *Target) float64 {
	phase := f.phase(w)
	if phase == 0 {
		return math.Inf(1)
	}
	tiles, points, pixels := blocks(w.h, f.Out)*blocks(w.w, f.Out), float64(f.Points*f.Points), float64(f.Out*f.Out)
	vectors, channels := blocks(phase*phase*w.cin, 8), 2*blocks(w.c, 16)
	input := float64(f.Loads+f.InOps*(f.In+f.Points)) + points + 18
	eight, four := points*(vectors*(8+128*t.MLA)+19*float64(split)), points*(vectors*(7+64*t.MLA)+15*float64(split))
	output := points + float64(f.OutOps*(f.Points+f.Out)) + 35
	if t.Has&A32 != 0 { // four tiles at a time; transforms go through memory
		four = points * (vectors*87 + 45*float64(split))
		eight = 2 * four
		input, output = 1.7*input, 1.5*output
	}
	finish := 9 * pixels
	if split > 1 {
		output += 4 * pixels
	}
	product := math.Floor(tiles/8) * eight
	switch rest := tiles - 8*math.Floor(tiles/8); {
	case rest > 4:
		product += eight
	case rest > 0:
		product += four
	}
	patch := 60.0
	if phase > 1 { // a copy for each pixel of the form and row of the phase
		patch += float64(f.In*f.In*phase) * (10 + 4*blocks(phase*w.cin, 8))
	}
	return float64(w.groups) * (tiles*(vectors*input+patch) + blocks(w.c, 16)*product + channels*tiles*(float64(split)*output+finish))
}

func costPlain(w *work, _ *Kernel, _ *Target) float64 {
	return 3*w.macs() + 40*float64(w.pixels()*w.groups*w.c)
}

// costBaseline only has to be below the portable kernels': no other competes.
func costBaseline(w *work, _ *Kernel, _ *Target) float64 { return w.macs() }

// costWide: tiles of eight pixels by eight channels, on ARMv7 of four pixels; the
// rest of the pixels one at a time. Weights are widened for each block.
func costWide(w *work, _ *Kernel, t *Target) float64 {
	pixels, tile, one := 8, 281.0, 60.0
	step, product, single := 165.0, 17.0, 38.0
	if t.Has&A32 != 0 {
		pixels, tile, step, product = 4, 250, 86, 9
	}
	for _, p := range w.pieces {
		rest := float64(p.Len % 8)
		tile += float64(p.Len/8)*step + min(rest, 1)*35 + rest*product
		one += float64(p.Len/8)*single + min(rest, 1)*5 + rest*4
	}
	n := w.pixels()
	return float64(w.groups) * blocks(w.c, 8) * (float64(n/pixels)*tile + float64(n%pixels)*one + 3.5*float64(w.k))
}

// costPair: tiles of four pixels by four channels, on ARMv7 of two pixels, sixteen
// products at a time; a single pixel goes with eight channels.
func costPair(w *work, _ *Kernel, t *Target) float64 {
	pixels, tile, step := 4, 150.0, 60.0
	if t.Has&A32 != 0 {
		pixels, tile, step = 2, 190, 31.5
	}
	steps := 0.0
	for _, p := range w.pieces {
		steps += float64(p.Len/16) + 0.6*blocks(p.Len%16, 8)
	}
	if w.pixels() == 1 {
		return float64(w.groups) * blocks(w.c, 8) * (steps*38 + 14*float64(len(w.pieces)) + 90)
	}
	tile += steps*step + 14*float64(len(w.pieces))
	return float64(w.groups) * blocks(w.c, 4) * blocks(w.pixels(), pixels) * tile
}

// costWord16: plain Go; 21 instructions for a product of three pixels by sixteen
// channels, 14 by eight, and 45 for each output.
func costWord16(w *work, _ *Kernel, _ *Target) float64 {
	product := 21 * float64(w.c/16)
	if rest := w.c % 16; rest > 8 {
		product += 21
	} else if rest > 0 {
		product += 14
	}
	return costWord(w, product, 16)
}

// costWord32: 21 instructions for a product of three pixels by eight channels.
func costWord32(w *work, _ *Kernel, _ *Target) float64 { return costWord(w, 21*blocks(w.c, 8), 8) }

// costWord is what a layer takes whose product is one of three pixels by all
// channels of a group; weights are packed a block at a time.
func costWord(w *work, product float64, block int) float64 {
	n := blocks(w.c, block)
	tile := product*float64(w.k) + 200*n*float64(len(w.pieces)) + 3*45*float64(w.c)
	return float64(w.groups) * (blocks(w.pixels(), 3)*tile + 20*n*float64(w.k))
}

func (w *work) macs() float64 { return float64(w.pixels() * w.groups * w.c * w.k) }
