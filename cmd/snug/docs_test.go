package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docLink = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	docFile = regexp.MustCompile("`((?:cmd|codegen|ir|quant|runtime|scripts|templates|testdata)/[\\w./-]+)`")
	docFlag = regexp.MustCompile(`--[a-z][a-z0-9-]+`)
)

// TestDocs holds the pages for readers to the tree: links and files exist, and
// so does every flag.
func TestDocs(t *testing.T) {
	root := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 4 {
		t.Fatalf("found %d pages", len(pages))
	}
	var help bytes.Buffer
	for _, v := range verbs {
		if err := run(context.Background(), []string{"help", v.name}, &help); err != nil {
			t.Fatal(err)
		}
	}
	flags := map[string]bool{}
	for _, f := range docFlag.FindAllString(help.String(), -1) {
		flags[f] = true
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		exists := func(from, name string) {
			if _, err := os.Stat(filepath.Join(from, filepath.FromSlash(name))); err != nil {
				t.Errorf("%s: %s does not exist", page, name)
			}
		}
		for _, m := range docLink.FindAllStringSubmatch(text, -1) {
			exists(filepath.Dir(page), m[1])
		}
		for _, m := range docFile.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "NAME") { // stands for any
				exists(root, m[1])
			}
		}
		for _, f := range docFlag.FindAllString(text, -1) {
			if !flags[f] {
				t.Errorf("%s: no command has the flag %s", page, f)
			}
		}
	}
}
