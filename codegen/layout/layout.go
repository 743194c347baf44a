// Package layout is the table of the folders that build systems expect: where
// each kind of emitted file lies, and which small files describe the folder.
// Flat shows any of them as one flat folder, so that nobody else has to know.
package layout

import (
	"path"
	"slices"
	"strings"
)

// A Layout says where files lie, as folders inside the emitted one; "" is that
// folder itself, where the certificate and the reports always are.
type Layout struct {
	Name    string // of --package
	Why     string
	Sources string // NAME.c and NAME_weights.c
	Header  string // NAME.h, which callers include
	Kernels string // NAME_weights.h and snug_*.h, which only the sources include
	Test    string // NAME_test.c
	Texts   []Text
}

// A Text is a file that describes the folder to its build system.
type Text struct{ Path, Template string }

// Default is the layout of folders whose certificate names none.
const Default = "flat"

// Every layout has the Makefile, so that the known-answer test runs on the
// host as well.
var makefile = Text{"Makefile", "Makefile.tmpl"}

// Layouts is the table.
var Layouts = []Layout{
	{Default, "one folder, with a CMakeLists.txt", "", "", "", "", []Text{makefile, {"CMakeLists.txt", "CMakeLists.txt.tmpl"}}},
	{"cmake", "CMake project that installs for find_package", "src", "include", "src", "test",
		[]Text{makefile, {"CMakeLists.txt", "cmake.CMakeLists.txt.tmpl"}}},
	{"zephyr", "Zephyr module, with an application that runs the test", "src", "include", "src", "test",
		[]Text{makefile, {"CMakeLists.txt", "zephyr.CMakeLists.txt.tmpl"}, {"Kconfig", "zephyr.Kconfig.tmpl"}, {"zephyr/module.yml", "zephyr.module.yml.tmpl"},
			{"test/CMakeLists.txt", "zephyr.test.CMakeLists.txt.tmpl"}, {"test/prj.conf", "zephyr.prj.conf.tmpl"}}},
	{"platformio", "PlatformIO library", "src", "include", "src", "test",
		[]Text{makefile, {"library.json", "platformio.library.json.tmpl"}}},
	{"arduino", "Arduino library, with a sketch that runs the test", "src", "src", "src", "examples/SelfTest",
		[]Text{makefile, {"library.properties", "arduino.library.properties.tmpl"}, {"examples/SelfTest/SelfTest.ino", "arduino.SelfTest.ino.tmpl"}}},
	{"esp-idf", "ESP-IDF component", "src", "include", "src", "test",
		[]Text{makefile, {"CMakeLists.txt", "esp-idf.CMakeLists.txt.tmpl"}, {"idf_component.yml", "esp-idf.idf_component.yml.tmpl"}}},
}

// Find returns the layout of that name, or nil; "" is the default.
func Find(name string) *Layout {
	if name == "" {
		name = Default
	}
	for i := range Layouts {
		if Layouts[i].Name == name {
			return &Layouts[i]
		}
	}
	return nil
}

// Place is the path of a file of a network, which has the given name in a flat
// folder.
func (l *Layout) Place(network, name string) string {
	switch {
	case name == network+"_test.c":
		return path.Join(l.Test, name)
	case name == network+".h":
		return path.Join(l.Header, name)
	case strings.HasSuffix(name, ".c"):
		return path.Join(l.Sources, name)
	case strings.HasSuffix(name, ".h"):
		return path.Join(l.Kernels, name)
	}
	return name
}

// Includes are the folders in which a compiler has to look for headers when it
// compiles the sources or the test; none when there is but one folder.
func (l *Layout) Includes() []string {
	dirs := []string{l.Header, l.Kernels, l.Sources}
	slices.Sort(dirs)
	return slices.DeleteFunc(slices.Compact(dirs), func(d string) bool { return d == "" })
}

// Folders are those that any layout uses, sorted: nothing that snug wrote lies
// elsewhere.
func Folders() []string {
	dirs := []string{"."}
	for _, l := range Layouts {
		files := []string{path.Join(l.Sources, "x"), path.Join(l.Header, "x"), path.Join(l.Kernels, "x"), path.Join(l.Test, "x")}
		for _, t := range l.Texts {
			files = append(files, t.Path)
		}
		for _, f := range files {
			for d := path.Dir(f); d != "."; d = path.Dir(d) {
				dirs = append(dirs, d)
			}
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
