package codegen

import (
	"cmp"
	"math"
	"slices"
)

// arenaAlign keeps every buffer on a boundary that 128-bit loads like.
const arenaAlign = 16

// arenaSlack is readable memory after the last buffer: SIMD kernels read
// whole vectors, whose last lanes may lie past a row and weigh nothing.
const arenaSlack = 16

// TagSize is room behind the kept buffers for a mark that they are filled.
const TagSize = 16

// placeBuffers gives every buffer of the arena an offset such that two that are
// live at one call do not meet, and returns the peak and its lower bound, the
// largest sum of buffers live at one call. Kept buffers come behind the peak;
// kept is their size. Each buffer in turn takes the lowest
// gap that holds it; several orders are tried, as none is always best.
func placeBuffers(bufs []*Buf, calls int) (peak, live, kept int) {
	order := make([]*Buf, 0, len(bufs))
	at := make([]int, calls+1)
	for _, b := range slices.Backward(bufs) { // what is written over lives as long as what is in its place
		if b.Over != nil {
			b.Over.Last = max(b.Over.Last, b.Last)
		}
	}
	for _, b := range bufs {
		if b.Place != InArena || b.Over != nil {
			continue
		}
		order = append(order, b)
		for i := b.First; i <= b.Last; i++ {
			at[i] += align(b.Size)
		}
	}
	live = slices.Max(at)
	best := math.MaxInt
	for _, o := range placingOrders {
		slices.SortStableFunc(order, o)
		if p := place(order); p < best {
			best = p
			for _, b := range order {
				b.best = b.Off
			}
		}
	}
	for _, b := range order {
		b.Off = b.best
	}
	peak = best
	for _, b := range bufs {
		if b.Over != nil {
			b.Off = b.Over.Off
		}
	}
	peak, live = align(peak+arenaSlack), live+arenaSlack
	for _, b := range bufs {
		if b.Place == Kept {
			b.Off = peak + kept
			kept += align(b.Size)
		}
	}
	if kept > 0 {
		kept += TagSize
	}
	return peak, live, kept
}

// placingOrders: the largest first; the longest lived first; those that live
// around the fullest call by size, the rest in the order of their birth.
var placingOrders = []func(a, b *Buf) int{
	func(a, b *Buf) int { return cmp.Compare(b.Size, a.Size) },
	func(a, b *Buf) int { return cmp.Compare(b.Last-b.First, a.Last-a.First) },
	func(a, b *Buf) int { return cmp.Compare(b.Size*(b.Last-b.First), a.Size*(a.Last-a.First)) },
	func(a, b *Buf) int { return cmp.Compare(a.First, b.First) },
	func(a, b *Buf) int { return cmp.Compare(b.Last, a.Last) },
}

// place gives the buffers offsets in the given order and returns the peak.
func place(order []*Buf) (peak int) {
	var placed []*Buf // by offset
	for _, b := range order {
		off := 0
		for _, o := range placed {
			if o.Last < b.First || b.Last < o.First {
				continue
			}
			if off+align(b.Size) <= o.Off {
				break
			}
			off = max(off, o.Off+align(o.Size))
		}
		b.Off = off
		peak = max(peak, off+align(b.Size))
		i, _ := slices.BinarySearchFunc(placed, off, func(o *Buf, off int) int { return cmp.Compare(o.Off, off) })
		placed = slices.Insert(placed, i, b)
	}
	return peak
}

func align(n int) int { return (n + arenaAlign - 1) / arenaAlign * arenaAlign }
