package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/snug-nn/snug/ir"
)

// Versions that are read: from operator set 7 on, arithmetic broadcasts as it
// does today; 26, and 13 of the file format, are the newest that are known.
const (
	oldestOpset = 7
	newestOpset = 26
	newestIR    = 13
)

// reasons says of operators without a row what a user can do, or what family
// is missing.
var reasons = map[string]string{
	"GRU":                   recurrent,
	"LSTM":                  recurrent,
	"RNN":                   recurrent,
	"If":                    "its condition is not a constant, export with fixed shapes or fold constants first",
	"Loop":                  "loops are not supported, export with the loop unrolled",
	"Scan":                  "loops are not supported, export with the loop unrolled",
	"ConvInteger":           integerOps,
	"DynamicQuantizeLinear": integerOps,
	"MatMulInteger":         integerOps,
	"QLinearConv":           integerOps,
	"QLinearMatMul":         integerOps,
}

const (
	recurrent  = "recurrent networks are not supported yet"
	integerOps = "quantize with QuantizeLinear and DequantizeLinear (QDQ) instead"
	unknownOp  = "the operator is not supported"
)

// quantOps are the operators of QONNX that are read, in the domains that exporters
// put them in.
var (
	quantOps     = []string{"BipolarQuant", "Quant"}
	quantDomains = []string{"finn.custom_op.general", "onnx.brevitas", "qonnx.custom_op.general"}
)

// versions refuses a file that is older or newer than what the rest of the
// package was written for: reading it would guess what it means.
func (m *model) versions() error {
	if m.irVersion > newestIR {
		return fmt.Errorf("IR version %d is newer than %d, re-export with an older one", m.irVersion, newestIR)
	}
	opset, ok := m.opsets[""]
	if !ok && slices.ContainsFunc(m.graph.nodes, func(n *node) bool { return n.domain == "" }) {
		return errors.New("the file does not say its operator set, re-export it")
	}
	if ok && opset < oldestOpset {
		return fmt.Errorf("opset %d is older than %d, re-export or convert the model", opset, oldestOpset)
	}
	if opset > newestOpset {
		return fmt.Errorf("opset %d is newer than %d, re-export with an older one", opset, newestOpset)
	}
	return nil
}

// refuse returns one error that lists every node that cannot be read, before
// anything is decoded: a user who has to change the model wants to know all of
// it. Nodes with the same operator and reason share an entry.
func (m *model) refuse() error {
	type entry struct{ what, why string }
	var order []entry // as the nodes come: a map alone would change from run to run
	refused, total := map[entry][]string{}, 0
	used, consts := m.graph.reads(), m.graph.constants()
	for _, n := range m.graph.nodes {
		why := n.refusal(used, consts)
		if why == "" {
			continue
		}
		e := entry{fmt.Sprintf("%s, opset %d", show(n.op), m.opsets[""]), why}
		if n.domain != "" {
			e.what = fmt.Sprintf("%s, domain %s", show(n.op), show(n.domain))
		}
		if refused[e] == nil {
			order = append(order, e)
		}
		refused[e] = append(refused[e], show(n.title()))
		total++
	}
	if total == 0 {
		return nil
	}
	lines := make([]string, len(order))
	for i, e := range order {
		lines[i] = fmt.Sprintf("%s (%s): %s", strings.Join(refused[e], ", "), e.what, e.why)
	}
	head := "1 node is not supported"
	if total > 1 {
		head = fmt.Sprintf("%d nodes are not supported", total)
	}
	return errors.New(head + ": " + strings.Join(lines, "; "))
}

// reads is the set of values that a node or an output reads.
func (g *graph) reads() map[string]bool {
	used := map[string]bool{}
	for _, n := range g.nodes {
		for _, name := range n.in {
			used[name] = true
		}
	}
	for _, out := range g.outputs {
		used[out.name] = true
	}
	delete(used, "")
	return used
}

// refusal says why a node cannot be read, "" when it can.
func (n *node) refusal(used map[string]bool, consts map[string]*tensor) string {
	if n.domain != "" && !slices.Contains(quantDomains, n.domain) {
		return "operators of this domain are not supported"
	}
	op := ir.Op(n.op)
	row, attrs := op.Row(), rowOf(op)
	if row == nil || attrs == nil || slices.Contains(quantOps, n.op) != (n.domain != "") {
		return cmp.Or(reasons[n.op], unknownOp)
	}
	// Exporters declare outputs that nobody reads, such as a Dropout's mask.
	if row.Out >= 0 && len(n.out) > row.Out {
		for _, out := range n.out[row.Out:] {
			if used[out] {
				return fmt.Sprintf("its output %q is used, only the first is supported", out)
			}
		}
	}
	// An attribute that is not known may change what the operator means.
	for _, a := range n.attrs {
		if !slices.Contains(strings.Fields(attrs.attrs), a.name) {
			return fmt.Sprintf("attribute %s is not supported", show(a.name))
		}
		if !a.decodable() {
			return fmt.Sprintf("attribute %s has the type %d, which is not supported", a.name, a.typ)
		}
	}
	if limit := limits[op]; limit != nil {
		return limit(n, consts)
	}
	return ""
}

// limits holds, for operators that are read in part, what refuses the rest.
var limits = map[ir.Op]func(n *node, consts map[string]*tensor) string{
	"BatchNormalization": func(n *node, _ map[string]*tensor) string {
		if n.integer("training_mode") != 0 {
			return "it is in training mode, export for inference"
		}
		// Before operator set 9: statistics for each pixel instead of channel.
		if a := n.attr("spatial"); a != nil && a.i != 1 {
			return "spatial=0 is not supported"
		}
		return ""
	},
	"Cast": func(n *node, _ map[string]*tensor) string {
		if _, err := elemOf(int(n.integer("to"))); err != nil {
			return "it casts to " + err.Error()
		}
		return ""
	},
	"DequantizeLinear": blocked,
	"Dropout": func(n *node, consts map[string]*tensor) string {
		if n.input(2) == "" {
			return ""
		}
		t := consts[n.input(2)]
		if t == nil {
			return "its training_mode is not a constant, export for inference"
		}
		if training, err := t.truth(); err != nil {
			return "its training_mode " + err.Error()
		} else if training {
			return "it is in training mode, export for inference"
		}
		return ""
	},
	"MaxPool": func(n *node, _ map[string]*tensor) string {
		// It orders the indices, an output that is not supported either.
		if n.integer("storage_order") != 0 {
			return "storage_order=1 is not supported"
		}
		return ""
	},
	"QuantizeLinear": blocked,
	"Resize":         resampling,
	"Upsample":       resampling,
}

// resampling refuses what looks at more than the elements next to a place.
func resampling(n *node, _ map[string]*tensor) string {
	if a := n.attr("mode"); a != nil && string(a.text) != "nearest" && string(a.text) != "linear" {
		return fmt.Sprintf("mode %s is not supported, nearest and linear are", show(string(a.text)))
	}
	for _, name := range []string{"antialias", "exclude_outside"} {
		if n.integer(name) != 0 {
			return name + "=1 is not supported"
		}
	}
	return ""
}

// blocked refuses scales that are shared by blocks of an axis.
func blocked(n *node, _ map[string]*tensor) string {
	if n.integer("block_size") != 0 {
		return "scales by block are not supported, quantize by tensor or by axis"
	}
	return ""
}

// show returns a name of the file for use in a message: as it is, or quoted
// when it would not read as one word.
func show(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || !strconv.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
