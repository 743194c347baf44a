package codegen

import "github.com/snug-nn/snug/runtime/kern"

// A File is one emitted file.
type File struct {
	Name string
	Data []byte
}

// A Vector is an input of the known-answer test and what the simulator makes
// of it.
type Vector struct{ In, Out []int8 }

// A KnownAnswer is what an emitted test holds the network against.
type KnownAnswer struct {
	Vectors []Vector
	Seed    uint32 // of the random inputs
	Random  int    // how many
	Hash    uint32 // FNV-1a of their outputs
}

// Answer runs p, lowered for go, on the given inputs and on random ones that
// cover all of int8.
func Answer(p *Program, inputs [][]int8, random int) (*KnownAnswer, error) {
	s, err := NewSim(p)
	if err != nil {
		return nil, err
	}
	k := &KnownAnswer{Seed: 1, Random: random, Hash: 2166136261}
	for _, in := range inputs {
		out := make([]int8, p.Out.Len())
		s.Run(in, out)
		k.Vectors = append(k.Vectors, Vector{in, out})
	}
	in, out := make([]int8, p.In.Len()), make([]int8, p.Out.Len())
	state := k.Seed
	for range random {
		state = kern.NextRandom(state, in)
		s.Run(in, out)
		k.Hash = kern.Hash(k.Hash, out)
	}
	return k, nil
}
