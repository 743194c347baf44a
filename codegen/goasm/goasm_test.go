package goasm

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

var update = flag.Bool("update", false, "write the assembly of package kern")

func all(string) bool { return true }

// TestKern holds the assembly in package kern against what is printed here.
func TestKern(t *testing.T) {
	name := filepath.Join("..", "..", "runtime", "kern", "neon_arm64.s")
	text := Source(all)
	if *update {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, text) {
		t.Errorf("%s is not what goasm prints; run make update", name)
	}
}

var wordLine = regexp.MustCompile(`(?m)^\tWORD \$0x([0-9a-f]{8}) // (.*)$`)

// TestWords decodes every WORD: it has to be the instruction in its comment.
func TestWords(t *testing.T) {
	text := string(Source(all))
	words := wordLine.FindAllStringSubmatch(text, -1)
	if n := strings.Count(text, "WORD $"); n != len(words) || n < 300 {
		t.Fatalf("%d lines of %d are a word and its syntax", len(words), n)
	}
	used := map[string]bool{}
	for _, m := range words {
		checkWord(t, m[1], m[2])
		used[strings.Fields(m[2])[0]] = true
	}
	for name, e := range encodings {
		if !used[strings.Fields(e.syntax)[0]] {
			t.Errorf("%s is not used", name)
		}
	}
}

func checkWord(t *testing.T, hex, syntax string) {
	t.Helper()
	w, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(uint32(w))
	if err != nil || got != syntax {
		t.Errorf("0x%s is %q (%v), the comment says %q", hex, got, err, syntax)
	}
}

func decode(w uint32) (string, error) {
	inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, w))
	if err != nil {
		return "", err
	}
	return arm64asm.GNUSyntax(inst), nil
}

// TestEncodings decodes every row of the table with operands that set and clear
// each of their bits.
func TestEncodings(t *testing.T) {
	for name, e := range encodings {
		n := strings.Count(e.syntax, "%d")
		for d := range 32 {
			operands := []int{d, 31 - d, d * 11 % 32, d % 8}[:n]
			if n == 4 {
				operands[2] %= 16
			}
			if strings.Contains(e.syntax, "x%d") { // 31 is not a register there
				operands[1], operands[2] = operands[1]%31, operands[2]%31
			}
			w, syntax := encode(name, operands...)
			if got, err := decode(w); err != nil || got != syntax {
				t.Errorf("%s: %08x is %q (%v), want %q", name, w, got, err, syntax)
			}
		}
	}
}
