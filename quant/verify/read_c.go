package verify

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	cPieces   = regexp.MustCompile(`static const snug_piece layer_(\w+)_pieces\[(\d+)\] = \{((?:[^;])*)\};`)
	cGeometry = regexp.MustCompile(`static const snug_\w+ layer_(\w+) = \{([^;]*)\};`)
	cField    = regexp.MustCompile(`\.(\w+) = (-?\w+)`)
	cRun      = regexp.MustCompile(`(?s)_run\(const int8_t \*in, int8_t \*out, void \*arena\)\s*\{(.*?)\n\}`)
	cCall     = regexp.MustCompile(`^snug_(\w+)\(&layer_(\w+), ([^;]*)\)$`)
	cMark     = regexp.MustCompile(`^([A-Z0-9_]+)_MARK\((?:layer_)?(\w+)\)$`)
	cWorking  = regexp.MustCompile(`^t \+ [SU]_\w+$`)
	cVector   = regexp.MustCompile(`\.(\w+) = \{([-\d, ]+)\}`)
	cBase     = regexp.MustCompile(`^(?:t \+ (\w+)|(in|out))(?: ([+-]) (\d+))?$`)
)

var cLimits = map[string]int64{"int8_t": 1 << 7, "int16_t": 1 << 15, "int32_t": 1 << 31}

// readC reads NAME.c and NAME_weights.c.
func readC(name, model, weights string) (*source, error) {
	s := &source{tables: map[string][]int64{}, pieces: map[string][]piece{}, geometry: map[string]fields{}}
	for _, t := range cTables(cStrip(weights)) {
		values, err := cNumbers(t.numbers, cLimits[t.elem])
		if err != nil {
			return nil, fmt.Errorf("%s_weights.c: table %s: %w", name, t.name, err)
		}
		if n, _ := strconv.Atoi(t.length); n != len(values) {
			return nil, fmt.Errorf("%s_weights.c: table %s has %d numbers, its type says %d", name, t.name, len(values), n)
		}
		s.tables[strings.TrimPrefix(t.name, name+"_")] = values
	}
	model = cStrip(model)
	for _, m := range cPieces.FindAllStringSubmatch(model, -1) {
		v, err := cNumbers(strings.NewReplacer("{", "", "}", "").Replace(m[3]), 1<<31)
		if err != nil || len(v)%3 != 0 || strconv.Itoa(len(v)/3) != m[2] {
			return nil, fmt.Errorf("%s.c: %s_pieces is not %s triples", name, m[1], m[2])
		}
		for i := 0; i < len(v); i += 3 {
			s.pieces[m[1]] = append(s.pieces[m[1]], piece{v[i], int(v[i+1]), v[i+2] != 0})
		}
	}
	for _, m := range cGeometry.FindAllStringSubmatch(model, -1) {
		f := newFields()
		for _, p := range cField.FindAllStringSubmatch(m[2], -1) {
			if v, err := strconv.ParseInt(p[2], 10, 64); err == nil {
				f.num[p[1]] = v
			} else {
				f.ref[p[1]] = strings.TrimPrefix(p[2], name+"_")
			}
		}
		for _, p := range cVector.FindAllStringSubmatch(m[2], -1) {
			v, err := cNumbers(p[2], 1<<31)
			if err != nil {
				return nil, fmt.Errorf("%s.c: layer_%s: %s: %w", name, m[1], p[1], err)
			}
			f.vec[p[1]] = v
		}
		s.geometry[m[1]] = f
	}
	if err := s.cCalls(name, model); err != nil {
		return nil, fmt.Errorf("%s.c: %w", name, err)
	}
	return s, nil
}

// cAround are the statements around the calls.
var cAround = map[string]bool{
	"int8_t *const t = arena":                                     true,
	"if (in == NULL || out == NULL || arena == NULL) { return -1": true,
	"return 0": true,
}

// cCalls reads the statements of run. It refuses what is no call of a kernel: the
// proof would say nothing about it. The one exception is the profiling hook,
// with the name of the call that it stands behind.
func (s *source) cCalls(name, model string) error {
	runs := cRun.FindAllStringSubmatch(model, -1)
	if len(runs) != 1 {
		return fmt.Errorf("holds %d functions %s_run, want one", len(runs), name)
	}
	tag := fmt.Sprintf("if (memcmp(t + T_TAG, %[1]s_tag, sizeof %[1]s_tag) != 0) { return -2", name)
	last := "BEGIN"
	for _, statement := range strings.Split(runs[0][1], ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		// The brace that closes a check stands before the next statement.
		statement = strings.TrimSpace(strings.TrimPrefix(statement, "}"))
		if statement == "" || statement == tag || cAround[statement] {
			continue
		}
		if m := cMark.FindStringSubmatch(statement); m != nil && m[1] == strings.ToUpper(name) {
			if m[2] != last {
				return fmt.Errorf("the profiling hook behind %s names %s", last, m[2])
			}
			continue
		}
		m := cCall.FindStringSubmatch(statement)
		if m == nil {
			return fmt.Errorf("statement %q is no call of a kernel", statement)
		}
		c := call{kernel: m[1], layer: m[2]}
		for _, arg := range strings.Split(m[3], ", ") {
			if arg == "NULL" || cWorking.MatchString(arg) {
				continue // what a kernel works in is no tensor
			}
			b := cBase.FindStringSubmatch(arg)
			if b == nil {
				return fmt.Errorf("call of %s: argument %q is not a tensor", m[2], arg)
			}
			var at int64
			if b[4] != "" {
				var err error
				if at, err = strconv.ParseInt(b[3]+b[4], 10, 32); err != nil {
					return fmt.Errorf("call of %s: argument %q is not a tensor", m[2], arg)
				}
			}
			c.src, c.srcAt = append(c.src, b[1]+b[2]), append(c.srcAt, at)
		}
		c.give()
		s.calls = append(s.calls, c)
		last = c.layer
	}
	return nil
}

// cNumbers reads a list of integers; nothing else may stand in it.
func cNumbers(text string, limit int64) ([]int64, error) {
	values := make([]int64, 0, strings.Count(text, ",")+1)
	for w := range strings.SplitSeq(text, ",") {
		w = strings.TrimSpace(w)
		if w == "" {
			continue
		}
		v, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an integer", w)
		}
		if v < -limit || v >= limit {
			return nil, fmt.Errorf("%d does not fit its type", v)
		}
		values = append(values, v)
	}
	return values, nil
}
