package verify

import (
	"regexp"
	"strings"
)

// Tables of a large network are hundreds of megabytes, which regular expressions
// take a minute for; what surrounds a table is small.

var cTableHead = regexp.MustCompile(`const (int8_t|int16_t|int32_t) (\w+)\[(\d+)\] \w+ = $`)

// A cTable is an array as it stands: its type, name, stated length and numbers.
type cTable struct{ elem, name, length, numbers string }

// cTables lists the arrays of a text without comments.
func cTables(text string) []cTable {
	var all []cTable
	for {
		head, rest, found := strings.Cut(text, "{")
		if !found {
			return all
		}
		text = rest
		m := cTableHead.FindStringSubmatch(head[strings.LastIndexByte(head, '\n')+1:])
		if m == nil {
			continue
		}
		if end := strings.IndexByte(rest, '}'); end >= 0 && strings.HasPrefix(rest[end:], "};") {
			all = append(all, cTable{m[1], m[2], m[3], rest[:end]})
			text = rest[end:]
		}
	}
}

// cStrip removes comments, as far as they are closed.
func cStrip(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for {
		at := strings.IndexByte(text, '/')
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		text = text[at:]
		end := 1
		switch {
		case strings.HasPrefix(text, "//"):
			if end = strings.IndexByte(text, '\n'); end < 0 {
				end = len(text)
			}
		case strings.HasPrefix(text, "/*") && strings.Contains(text[2:], "*/"):
			end = 4 + strings.Index(text[2:], "*/")
		default:
			b.WriteByte('/')
		}
		text = text[end:]
	}
}
