package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFull compiles to a file system of 128 kB: over an earlier output,
// which has to stay as it is.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("skipped: cannot mount a small file system: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	dir := filepath.Join(disk, "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "certificate.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, stderr := process(t, append(compileResNet, "--calib-limit", "2", "-o", dir)...)
	refused(t, cmd.Run(), stderr.String(), "no space left on device")
	if left := names(t, disk); len(left) != 1 {
		t.Errorf("on the disk: %v", left)
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("in the folder: %v", left)
	}
}

// TestMemory compiles files of a few hundred bytes that ask for gigabytes, and
// looks at the most memory that the process ever had.
func TestMemory(t *testing.T) {
	var fills strings.Builder // each is small enough; all together are not
	for i := range 64 {
		fmt.Fprintf(&fills, "c%d = ConstantOfShape(s)\nx%d = MatMul(x%d, c%d)\n", i, i+1, i, i)
	}
	tests := []struct {
		name, text, want string
		mib              int64
	}{
		{"a dimension", "input x float[1,1099511627776]\ny = Relu(x)\noutput y", "elements", 64},
		{"an input", "input x float[1,2147483647]\ny = Relu(x)\noutput y", "elements together", 64},
		{"two dimensions", "input x float[1,3,65536,65536]\ny = Relu(x)\noutput y", "elements", 64},
		{"channels", "input x float[1,1,4000,4000]\ninit w float[64,1,1,1] 1\ny = Conv(x, w)\noutput y", "elements together", 64},
		{"padding", "input x float[1,1,8,8]\ninit w float[1,1,1,1] 1\ny = Conv(x, w) pads=40000,40000,40000,40000\noutput y", "elements", 64},
		{"a fill", "input x float[1,4]\ninit s int64[2] 4 500000000\nc = ConstantOfShape(s)\ny = MatMul(x, c)\noutput y", "elements together", 64},
		{"many fills", "input x0 float[1,4096]\ninit s int64[2] 4096 4096\n" + fills.String() + "output x64", "elements together", 1200},
		{"an expansion", "input x float[1,4]\ninit s int64[3] 100000 100000 4\nc = Expand(x, s)\ny = Relu(c)\noutput y", "elements", 64},
		{"a pad", "input x float[1,4]\ninit p int64[4] 0 1000000000 0 1000000000\ny = Pad(x, p)\noutput y", "elements", 64},
		{"a tensor", "input x float[1,4]\ninit w float[1099511627776] 1 2\ny = Add(x, w)\noutput y", "impossible shape", 64},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			model := filepath.Join(dir, "m.onnx")
			if err := os.WriteFile(model, encode(t, test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd, stderr := process(t, "compile", model, "--calib", "random", "--calib-limit", "1", "-o", filepath.Join(dir, "out"))
			refused(t, cmd.Run(), stderr.String(), test.want)
			peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10 // MiB
			t.Logf("at most %d MiB", peak)
			// Linux counts what this process held when it forked as the child's.
			var own syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
				t.Fatal(err)
			}
			if most := max(test.mib, own.Maxrss>>10); peak > most {
				t.Errorf("the process took %d MiB, want at most %d", peak, most)
			}
		})
	}
}
