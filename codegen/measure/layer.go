package measure

import "math"

// layer counts a region by class and gives it its issue bound.
func (d *decoder) layer(r *region, cpu *CPU) Layer {
	var l Layer
	var slots int64 // of the one SIMD and memory pipe
	by := [numClasses]int64{}
	for _, c := range r.code {
		text := d.of(c)
		if text == "" {
			l.Unknown += c.count
		}
		class, n := classify(text, cpu.Arch == "arm")
		by[class] += c.count
		if class == SIMDMultiply || class == SIMDOther {
			n = 1
		}
		slots += int64(n) * c.count
		l.Instructions += c.count
	}
	l.Loads = Access{by[Load], by[Load64], by[Load128]}
	l.Stores = Access{by[Store], by[Store64], by[Store128]}
	l.Multiplies, l.SIMD, l.Branches = by[SIMDMultiply], by[SIMDOther], by[Branch]
	if cpu.Bound {
		l.Bound = issueBound(slots, l.Instructions)
	}
	return l
}

// issueBound is the least number of cycles of an in-order core that issues two
// instructions a cycle, of which one may be SIMD or move a vector: a SIMD
// operation takes that pipe for one cycle, a vector access for one every 64 bits,
// and everything else is beside them. Those are the rules of thumb that ncnn's
// guide to Cortex-A53 gives (docs/developer-guide/arm-a53-a55-dual-issue.md).
func issueBound(slots, instructions int64) float64 {
	return max(float64(slots), float64(instructions)/2)
}

// add adds the counts of m; bytes are no sum, as calls share them.
func (l *Layer) add(m *Layer) {
	l.MACs += m.MACs
	l.Instructions += m.Instructions
	l.Loads = l.Loads.plus(m.Loads)
	l.Stores = l.Stores.plus(m.Stores)
	l.Multiplies += m.Multiplies
	l.SIMD += m.SIMD
	l.Branches += m.Branches
	l.Unknown += m.Unknown
	l.Cycles += m.Cycles
	l.Silent += m.Silent
	l.Bound += m.Bound
}

func (a Access) plus(b Access) Access {
	return Access{a.Integer + b.Integer, a.Vector64 + b.Vector64, a.Vector128 + b.Vector128}
}

// finish derives the ratio and cuts cycles to whole ones.
func (l *Layer) finish() {
	if l.Instructions > 0 {
		l.PerInsn = math.Round(1000*float64(l.MACs)/float64(l.Instructions)) / 1000
	}
	l.Cycles, l.Bound = math.Round(l.Cycles), math.Round(l.Bound)
}
