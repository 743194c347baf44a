package codegen_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/snug-nn/snug/codegen"
	"github.com/snug-nn/snug/codegen/cgen"
	"github.com/snug-nn/snug/codegen/gogen"
	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/quant/verify"
)

// folder is one emitted folder and how a weight stands in it.
type folder struct {
	name   string
	files  []codegen.File
	file   string
	table  *regexp.Regexp // the text of a table of weights
	weight *regexp.Regexp // one weight in it
	print  func(w int8) string
}

var (
	cWeights  = regexp.MustCompile(`(?s)const int8_t \w+_w\[\d+\].*?};`)
	cNumber   = regexp.MustCompile(`-?\d+,`)
	goWeights = regexp.MustCompile(`(?s)const l\w+Weights\w* = "" \+\n\t"\\x.*?\n\n`)
	goByte    = regexp.MustCompile(`\\x[0-9a-f]{2}`)
)

func folders(t *testing.T) []folder {
	t.Helper()
	var all []folder
	for i, acc := range accums {
		g := zoo(uint64(i), acc)
		k := known(t, g)
		for _, target := range []string{"cortex-a53", "cortex-a72", "cortex-a55", "generic-c", "go"} {
			p, err := codegen.Lower(g, codegen.FindTarget(target), &codegen.Options{})
			if err != nil {
				t.Fatal(err)
			}
			f := folder{name: target + " " + acc.String(), file: "zoo_weights.c", table: cWeights, weight: cNumber,
				print: func(w int8) string { return strconv.Itoa(int(w)) + "," }}
			if target == "go" {
				f.files, err = gogen.Print(p, k)
				f.file, f.table, f.weight = "weights.go", goWeights, goByte
				f.print = func(w int8) string { return fmt.Sprintf(`\x%02x`, uint8(w)) }
			} else {
				f.files, err = cgen.Print(p, k)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
		}
	}
	return all
}

// mutate changes one weight of f, chosen by r, to another int8.
func (f *folder) mutate(r *rand.Rand) ([]codegen.File, string) {
	files := append([]codegen.File(nil), f.files...)
	for i := range files {
		if files[i].Name != f.file {
			continue
		}
		text := files[i].Data
		tables := f.table.FindAllIndex(text, -1)
		t := tables[r.IntN(len(tables))]
		body := t[0] + bytes.IndexAny(text[t[0]:t[1]], "={\"") + 1
		// Comments hold numbers too: blank them without moving anything.
		plain := regexp.MustCompile(`/\*.*?\*/|//[^\n]*`).ReplaceAllFunc(text[body:t[1]], func(c []byte) []byte { return bytes.Repeat([]byte(" "), len(c)) })
		spots := f.weight.FindAllIndex(plain, -1)
		at := spots[r.IntN(len(spots))]
		old := string(text[body+at[0] : body+at[1]])
		next := old
		for next == old {
			next = f.print(int8(r.IntN(256) - 128))
		}
		files[i].Data = []byte(string(text[:body+at[0]]) + next + string(text[body+at[1]:]))
		line := 1 + bytes.Count(text[:body+at[0]], []byte("\n"))
		return files, fmt.Sprintf("%s line %d: %s for %s", f.name, line, next, old)
	}
	panic("no file " + f.file)
}

// TestVerifyRefusesWeights changes one weight in emitted files, a thousand
// times: each folder has to be refused, and before its digests are looked at,
// so that it is the proof that refuses.
func TestVerifyRefusesWeights(t *testing.T) {
	all := folders(t)
	r := rand.New(rand.NewPCG(11, 12))
	for i := range 1000 {
		f := &all[i%len(all)]
		if i < len(all) {
			if _, err := verify.Folder(memory(f.files)); err != nil {
				t.Fatalf("%s: unchanged: %v", f.name, err)
			}
		}
		files, what := f.mutate(r)
		_, err := verify.Folder(memory(files))
		if err == nil {
			t.Fatalf("%s is not noticed", what)
		}
		if !strings.Contains(err.Error(), "channel") && !strings.Contains(err.Error(), "padding") {
			t.Fatalf("%s: refused for another reason: %v", what, err)
		}
	}
}

// TestVerifyRefusesRest changes what is not a weight: levels, biases, flushes,
// the certificate.
func TestVerifyRefusesRest(t *testing.T) {
	g := zoo(1, ir.Accum{Bits: 15, Wide: 32}) // too narrow for kernels of pairs, which do not flush
	p, err := codegen.Lower(g, codegen.FindTarget("cortex-a72"), &codegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := cgen.Print(p, known(t, g))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, file, old, new, want string }{
		{"wider levels", "zoo.c", ".lo = 0, .hi = 23", ".lo = -9, .hi = 23", "its input takes levels"},
		{"a frame outside the levels", "zoo.c", ".zero = -20,\n", ".zero = 100,\n", "its input takes levels"},
		{"no flush at the end", "zoo.c", ", 1},\n};", ", 0},\n};", "segments"},
		{"a wider sum of squares", "zoo.c", ".before = 2, .after = 2", ".before = 9, .after = 9", "its table needs"},
		{"another kernel", "zoo.c", "snug_conv_s8_a16_smlal(&layer_conv_2,", "snug_conv_s8_a16(&layer_conv_2,", "kernel"},
		{"a bias", "zoo_weights.c", "zoo_conv_2_bias[24] ZOO_TABLE = {\n    ", "zoo_conv_2_bias[24] ZOO_TABLE = {\n    1", "not the one that was certified"},
		{"the certificate", "certificate.json", `"levels":{"lo":0`, `"levels":{"lo":-1`, "certificate says"},
		{"a missing layer", "certificate.json", `"name":"conv_2"`, `"name":"conv_x"`, "no certificate"},
		{"a kernel", "snug_conv_smlal.h", "vpadalq_s16", "vpaddlq_s16", "not the one that was certified"},
		{"another header", "certificate.json", "snug_requant.h", "snug_requant2.h", "snug_requant2.h"},
		{"cut short", "zoo_weights.c", "};", "", "is not an integer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changed := append([]codegen.File(nil), files...)
			for i := range changed {
				if changed[i].Name == test.file {
					if !bytes.Contains(changed[i].Data, []byte(test.old)) {
						t.Fatalf("%s does not hold %q", test.file, test.old)
					}
					changed[i].Data = bytes.Replace(changed[i].Data, []byte(test.old), []byte(test.new), 1)
				}
			}
			_, err := verify.Folder(memory(changed))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one about %q", err, test.want)
			}
		})
	}
}
