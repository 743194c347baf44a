package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// process returns snug as a process of its own: this test binary under the
// name that TestMain gives main to.
func process(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stderr = &bytes.Buffer{}
	return &exec.Cmd{Path: exe, Args: append([]string{"snug"}, args...), Stderr: stderr}, stderr
}

var compileResNet = []string{"compile", "../../testdata/resnet8_cifar10.onnx", "--calib", "../../testdata/cifar10_200.npy", "--workers", "1"}

// refused holds that a process ended with status 1 and one line.
func refused(t *testing.T, err error, stderr, want string) {
	t.Helper()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != exitFails {
		t.Errorf("%v, want status %d", err, exitFails)
	}
	if !strings.HasPrefix(stderr, "snug: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("standard error %q, want one line with %q", stderr, want)
	}
}

// TestInterrupt sends SIGINT at several moments of a compilation that takes
// seconds: each ends soon, with one line, and leaves nothing.
func TestInterrupt(t *testing.T) {
	for _, after := range []time.Duration{150 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond} {
		parent := t.TempDir()
		cmd, stderr := process(t, append(compileResNet, "-o", filepath.Join(parent, "out"))...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := cmd.Wait()
		if err == nil {
			t.Logf("after %v it was done", after)
			continue
		}
		refused(t, err, stderr.String(), "interrupted; nothing was written")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v to end", took)
		}
		if left := names(t, parent); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestOutputFull holds that what cannot be printed is an error.
func TestOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	defer full.Close()
	cmd, stderr := process(t, "inspect", "../../testdata/dscnn_kws.onnx")
	cmd.Stdout = full
	refused(t, cmd.Run(), stderr.String(), "standard output: ")
}
