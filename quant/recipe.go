package quant

import (
	"fmt"
	"slices"
	"strings"
)

// A recipe is which steps the passes take. docs/ablation.md has what each is worth.
type recipe struct {
	settle     bool // levels are chosen again behind the integers before them
	feedback   bool // weights are rounded with feedback of errors
	descent    bool // and then changed unit by unit as long as the error falls
	asymmetric bool // toward the real network's sums on its own inputs, not on the integers'
	scales     bool // several scales of each row are tried
	steps      bool // channels have steps of their own
	fork       bool // convolutions may read a copy in levels of its own
	yield      bool // what a clamp cuts off need not be met, below 12 bits
	compensate bool // a sum takes back the error of what it is added to
	correct    bool // biases take off the mean error
	answers    bool // levels are refined by what the whole network answers
	patches    patchLimit
}

// recipes has one for each effort.
var recipes = [...]recipe{
	{fork: true, correct: true, scales: true, patches: quickPatches},
	{fork: true, correct: true, scales: true, settle: true, steps: true, patches: targetPatches},
	{fork: true, correct: true, scales: true, settle: true, steps: true, feedback: true, descent: true, asymmetric: true, yield: true, compensate: true, patches: targetPatches},
	{fork: true, correct: true, scales: true, settle: true, steps: true, feedback: true, descent: true, asymmetric: true, yield: true, compensate: true, answers: true, patches: finePatches},
}

// recipeSteps are those that Options.Without can name.
var recipeSteps = []struct {
	name string
	of   func(*recipe) *bool
}{
	{"settle", func(r *recipe) *bool { return &r.settle }},
	{"feedback", func(r *recipe) *bool { return &r.feedback }},
	{"descent", func(r *recipe) *bool { return &r.descent }},
	{"asymmetric", func(r *recipe) *bool { return &r.asymmetric }},
	{"scales", func(r *recipe) *bool { return &r.scales }},
	{"steps", func(r *recipe) *bool { return &r.steps }},
	{"fork", func(r *recipe) *bool { return &r.fork }},
	{"yield", func(r *recipe) *bool { return &r.yield }},
	{"compensate", func(r *recipe) *bool { return &r.compensate }},
	{"answers", func(r *recipe) *bool { return &r.answers }},
	{"correct", func(r *recipe) *bool { return &r.correct }},
}

// leastAnswers is the accumulator from which on answers choose levels: with fewer
// bits, what follows is too far from real for them to tell (docs/ablation.md).
const leastAnswers = 12

// leastYield is the accumulator from which on all of a sum is met: with more bits too
// little is left of the errors for a clamp to take (docs/ablation.md).
const leastYield = 12

// mostDescent is the accumulator up to which rows are changed unit by unit: with more
// bits rounding leaves little to gain (docs/ablation.md).
const mostDescent = 15

// recipe is that of the options: an effort's, without the steps that are left out.
// Powers of two and the layer-wise search leave no levels to choose again.
func (o *Options) recipe() (recipe, error) {
	if o.Effort < 0 || o.Effort >= len(recipes) {
		return recipe{}, fmt.Errorf("options: --effort: %d, want 0 to %d", o.Effort, len(recipes)-1)
	}
	r := recipes[o.Effort]
	var names []string
	for _, s := range recipeSteps {
		names = append(names, s.name)
		if slices.Contains(o.Without, s.name) {
			*s.of(&r) = false
		}
	}
	for _, w := range o.Without {
		if !slices.Contains(names, w) {
			return recipe{}, fmt.Errorf("options: --without: %q is none of %s", w, strings.Join(names, ", "))
		}
	}
	r.settle = r.settle && !o.Pow2 && o.Search == ""
	r.descent = r.descent && o.Accum.Total() <= mostDescent
	r.yield = r.yield && o.Accum.Total() < leastYield
	r.answers = r.answers && r.settle && o.Accum.Total() >= leastAnswers
	return r, nil
}
