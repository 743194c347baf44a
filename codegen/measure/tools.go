package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A compiler is one that may be there.
type compiler struct {
	name, arch string
	programs   []string // the first that is found is used
	packages   string   // of Debian
}

// compilers is the table of cross compilers.
var compilers = []compiler{
	{"gcc", "arm64", []string{"aarch64-linux-gnu-gcc"}, "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
	{"clang", "arm64", []string{"clang-19", "clang"}, "clang-19 gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
	{"gcc", "arm", []string{"arm-linux-gnueabihf-gcc"}, "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"},
	{"clang", "arm", []string{"clang-19", "clang"}, "clang-19 gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"},
	{"go", "arm64", []string{"go"}, "golang-go"},
	{"go", "arm", []string{"go"}, "golang-go"},
}

// helpers are the other tools, and the packages that they are in. Before oldest,
// a tool lacks an option that is used; 0 asks nothing.
var helpers = map[string]struct {
	programs []string
	packages string
	oldest   int
}{
	"cc":           {[]string{"cc", "gcc", "clang"}, "gcc libc6-dev", 0},
	"qemu-aarch64": {[]string{"qemu-aarch64"}, "qemu-user", 0},
	"qemu-arm":     {[]string{"qemu-arm"}, "qemu-user", 0},
	"llvm-mc":      {[]string{"llvm-mc-19", "llvm-mc"}, "llvm-19", 0},
	"llvm-mca":     {[]string{"llvm-mca-19", "llvm-mca"}, "llvm-19", 19},
}

// A tool is a program that was found.
type tool struct{ path, version string }

// toolbox finds programs and remembers what is missing.
type toolbox struct {
	found    map[string]tool
	missing  []string
	packages []string // of each that is missing
}

var versionNumber = regexp.MustCompile(`\d+\.\d+(?:\.\d+)?`)

// find returns the first of programs that is not older than major version oldest;
// what is the name for it in messages.
func (b *toolbox) find(what string, programs []string, packages string, oldest int) (tool, bool) {
	for _, p := range programs {
		path, err := exec.LookPath(p)
		if err != nil {
			continue
		}
		if t, ok := b.found[path]; ok {
			return t, true
		}
		arg := "--version"
		if what == "go" {
			arg = "version"
		}
		text, err := exec.Command(path, arg).Output()
		if err != nil {
			continue
		}
		t := tool{path, versionNumber.FindString(string(text))}
		if major, _, _ := strings.Cut(t.version, "."); oldest > 0 {
			if n, err := strconv.Atoi(major); err != nil || n < oldest {
				continue
			}
		}
		b.found[path] = t
		return t, true
	}
	b.miss([]string{what}, []string{packages})
	return tool{}, false
}

// miss notes tools and the packages of each.
func (b *toolbox) miss(tools, packages []string) {
	for i, t := range tools {
		if !slices.Contains(b.missing, t) {
			b.missing, b.packages = append(b.missing, t), append(b.packages, packages[i])
		}
	}
}

func (b *toolbox) helper(what string) tool {
	h := helpers[what]
	t, _ := b.find(what, h.programs, h.packages, h.oldest)
	return t
}

// A MissingError names tools that are not there and Debian's packages of them.
type MissingError struct{ Tools, Packages []string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("bench: %s: not found; install Debian's %s", strings.Join(e.Tools, ", "), strings.Join(e.Packages, " "))
}

func (b *toolbox) err() error {
	if len(b.missing) == 0 {
		return nil
	}
	e := &MissingError{Tools: b.missing}
	for p := range strings.FieldsSeq(strings.Join(b.packages, " ")) {
		if !slices.Contains(e.Packages, p) {
			e.Packages = append(e.Packages, p)
		}
	}
	return e
}

// limit is how long one tool may take.
const limit = 10 * time.Minute

// call runs a tool in dir and returns what it prints, also when it fails.
func call(ctx context.Context, dir string, env []string, input []byte, path string, args ...string) (stdout, stderr []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Dir, c.Stdin = dir, bytes.NewReader(input)
	c.Env = append(os.Environ(), env...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err = c.Run()
	if cause := ctx.Err(); err != nil && cause != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, cause)
	}
	var status *exec.ExitError
	if errors.As(err, &status) {
		return o.Bytes(), e.Bytes(), fmt.Errorf("%s: %w: %s", path, err, complaint(e.String()))
	}
	return o.Bytes(), e.Bytes(), err
}

// complaint is the line of what a tool says that tells most: the first error,
// or the last line.
func complaint(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		last = strings.TrimSpace(line)
		if strings.Contains(last, "error:") {
			break
		}
	}
	return last
}
