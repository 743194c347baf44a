package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snug-nn/snug/quant/verify"
)

// TestNarrowestWidth: the least width that holds is found where holding is
// monotone, and taken where noise makes a width beside it hold; no width is tried
// twice but by name.
func TestNarrowestWidth(t *testing.T) {
	from := func(p int) []int {
		var all []int
		for ; p <= wide; p++ {
			all = append(all, p)
		}
		return all
	}
	cases := []struct {
		holds []int
		want  int
	}{
		{nil, 0},
		{from(17), 32},
		{from(16), 16},
		{from(8), 8},
		{from(9), 9},
		{from(12), 12},
		{from(13), 13},
		{append([]int{10}, from(12)...), 10}, // one below fails, two below holds
		{[]int{12, 14, 15, 16, 32}, 12},      // one above fails
	}
	for _, c := range cases {
		tried := map[int]bool{}
		got, err := narrowestWidth(func(p int) (bool, error) {
			if p < leastNarrow || p > mostNarrow && p != wide {
				t.Errorf("%v: tried %d", c.holds, p)
			}
			tried[p] = true
			return slices.Contains(c.holds, p), nil
		})
		if err != nil || got != c.want {
			t.Errorf("of %v: %d, %v, want %d", c.holds, got, err, c.want)
		}
		for _, p := range []int{got - 2, got - 1, got + 1} {
			if got != 0 && got != wide && p >= leastNarrow && p <= mostNarrow && !tried[p] {
				t.Errorf("of %v: %d was found, %d not tried", c.holds, got, p)
			}
		}
		if len(tried) > 8 {
			t.Errorf("of %v: tried %d widths", c.holds, len(tried))
		}
	}
}

// An interrupter is a Ctrl-C when text is written for the second time.
type interrupter struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (w *interrupter) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if strings.Count(w.String(), ": holds\n") == 2 {
		w.cancel()
	}
	return n, err
}

// TestKeepBest: what holds when a search is interrupted is written if that was asked
// for, and nothing otherwise.
func TestKeepBest(t *testing.T) {
	data := "../../testdata/cifar10_200"
	for _, keep := range []bool{true, false} {
		ctx, cancel := context.WithCancel(context.Background())
		out := &interrupter{cancel: cancel}
		dir := filepath.Join(t.TempDir(), "net")
		args := []string{"../../testdata/resnet8_cifar10.onnx", "--effort", "0", "--calib", data + ".npy", "--calib-limit", "8", "--data", data + ".npy",
			"--labels", data + "_labels.npy", "--limit", "20", "--max-drop", "100", "-o", dir}
		if keep {
			args = append(args, "--keep-best")
		}
		err := compile(ctx, args, out)
		if !keep {
			if _, stat := os.Stat(dir); !errors.Is(err, context.Canceled) || !os.IsNotExist(stat) {
				t.Errorf("without --keep-best: error %v, folder %v", err, stat)
			}
			continue
		}
		if err != nil || !strings.Contains(out.String(), "interrupted: what holds so far is kept") || !strings.Contains(out.String(), "(window bound, 11 bits)") {
			t.Errorf("error %v:\n%s", err, out)
		}
		if _, err := verify.Folder(os.DirFS(dir)); err != nil {
			t.Error(err)
		}
	}
}
