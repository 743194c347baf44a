package verify_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
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
