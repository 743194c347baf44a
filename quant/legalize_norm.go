package quant

import (
	"errors"
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// localNorm refuses constants with which the factor does not fall as the sum of
// squares grows, from a finite value on: the kernel's table stands on that.
func localNorm(l *legalizer, n *ir.Node) error {
	a := &n.Attrs
	if a.Size < 1 || !(a.Alpha >= 0 && a.Beta >= 0 && a.Bias > 0) {
		return fmt.Errorf("has size %d, alpha %g, beta %g, bias %g: want positive ones", a.Size, a.Alpha, a.Beta, a.Bias)
	}
	x, out := n.In[0], n.Out[0]
	switch len(x.Shape) {
	case 4:
		l.emit(n)
		return nil
	case 3:
		y := l.value(out.Name, 1, x.Shape[1], 1, x.Shape[2])
		l.uses[y] = 1
		l.emit(&ir.Node{Name: n.Name, Op: n.Op, In: []*ir.Value{l.reshaped(x, y.Shape)}, Out: []*ir.Value{y}, Attrs: *a})
		l.reshapeTo(n.Name, y, out)
		return nil
	}
	return errors.New("is supported for images of one or two dimensions")
}
