package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// TestCertificateBytes changes one byte of certificate.json, a thousand times: each
// folder has to be refused, unless the certificate still says the same, or only what
// the network is called and for whom it was compiled differs: nothing is proven of these.
func TestCertificateBytes(t *testing.T) {
	all := emitted(t)
	r := rand.New(rand.NewPCG(21, 22))
	read := func(b []byte) (c ir.Certificate, err error) {
		err = json.Unmarshal(b, &c)
		c.Target, c.Rung = "", ""
		if c.Language == "go" {
			c.Network = "" // C has it in the names of its files
		}
		return c, err
	}
	refused := 0
	for i := range 1000 {
		folder := maps.Clone(all[i%len(all)])
		text := bytes.Clone(folder["certificate.json"].Data)
		before, err := read(text)
		if err != nil {
			t.Fatal(err)
		}
		// Half of the changes put a digit for a digit, which still can be read.
		n := r.IntN(len(text))
		for i%2 == 0 && (text[n] < '0' || text[n] > '9') {
			n = r.IntN(len(text))
		}
		old := text[n]
		if i%2 == 0 {
			text[n] = '0' + (old-'0'+byte(1+r.IntN(9)))%10
		}
		for text[n] == old {
			text[n] = byte(r.IntN(256))
		}
		folder["certificate.json"] = &fstest.MapFile{Data: text}
		if _, err := verify.Folder(folder); err != nil {
			refused++
			continue
		}
		if after, err := read(text); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("byte %d of certificate.json: %q for %q is not noticed: ...%s", n, text[n], old, text[max(n-40, 0):min(n+20, len(text))])
		}
	}
	t.Logf("%d of 1000 refused; the others say the same", refused)
	if refused < 900 {
		t.Errorf("only %d of 1000 refused", refused)
	}
}

// TestUnknown holds that a certificate that says anything which verify does not know is
// refused.
func TestUnknown(t *testing.T) {
	for i, folder := range emitted(t) {
		text := folder["certificate.json"].Data
		for want, forged := range map[string][]byte{
			`unknown field "margin"`: bytes.Replace(text, []byte("{"), []byte(`{"margin": 1, `), 1),
			"text behind its end":    append(bytes.Clone(text), "{}"...),
		} {
			folder := maps.Clone(folder)
			folder["certificate.json"] = &fstest.MapFile{Data: forged}
			if _, err := verify.Folder(folder); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("folder %d: %s: error %v", i, want, err)
			}
		}
	}
}

// TestTops holds that what a certificate says of the greatest levels of channels is
// what the requantizers before them clamp to: tables and certificate that are changed
// together, digests too, are refused as well.
func TestTops(t *testing.T) {
	table := regexp.MustCompile(`(?s)(\w*_tops|\w*Tops)(?:\[\d+\] \w+_TABLE)? = (?:\[\.\.\.\]int8)?\{(.*?)\}`)
	tried := 0
	for i, folder := range emitted(t) {
		for _, name := range read(folder) {
			text := string(folder[name].Data)
			m := table.FindStringSubmatchIndex(text)
			if m == nil || name == "certificate.json" {
				continue
			}
			tried++
			numbers := regexp.MustCompile(`-?\d+`).FindAllString(text[m[4]:m[5]], -1)
			digest := func() string {
				h := sha256.New()
				for _, n := range numbers {
					fmt.Fprintln(h, n)
				}
				return fmt.Sprintf("%x", h.Sum(nil))
			}
			before := digest()
			least := 0
			value := func(i int) int { n, _ := strconv.Atoi(numbers[i]); return n }
			for j := range numbers {
				if value(j) < value(least) {
					least = j
				}
			}
			numbers[least] = strconv.Itoa(value(least) + 1)
			forged := maps.Clone(folder)
			forged[name] = &fstest.MapFile{Data: []byte(text[:m[4]] + strings.Join(numbers, ", ") + text[m[5]:])}
			certificate := folder["certificate.json"].Data
			if !bytes.Contains(certificate, []byte(before)) {
				t.Fatalf("folder %d: the certificate has no digest %s of %s", i, before, text[m[2]:m[3]])
			}
			forged["certificate.json"] = &fstest.MapFile{Data: bytes.ReplaceAll(certificate, []byte(before), []byte(digest()))}
			if _, err := verify.Folder(forged); err == nil || !strings.Contains(err.Error(), "goes up to") {
				t.Errorf("folder %d: a channel that is clamped one level higher: error %v", i, err)
			}
			// Without the table nothing clamps to it.
			forged = maps.Clone(folder)
			model := "net.c"
			if strings.HasSuffix(name, ".go") {
				model = "model.go"
			}
			bare := regexp.MustCompile(`\.tops = \w+|, Tops: \w+\[:\]`).ReplaceAllStringFunc(string(folder[model].Data), func(s string) string {
				if s[0] == '.' {
					return ".tops = 0"
				}
				return ""
			})
			forged[model] = &fstest.MapFile{Data: []byte(bare)}
			if _, err := verify.Folder(forged); err == nil || !strings.Contains(err.Error(), "goes up to") {
				t.Errorf("folder %d: no channel is clamped: error %v", i, err)
			}
		}
	}
	if tried != 2 {
		t.Errorf("%d folders have greatest levels of channels, want one of C and one of Go", tried)
	}
}
