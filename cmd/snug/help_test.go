package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestHelp holds every command to a text and examples, and every example to
// flags that the command has.
func TestHelp(t *testing.T) {
	for _, v := range verbs {
		about, ok := abouts[v.name]
		if !ok || about.text == "" || len(about.examples) == 0 {
			t.Errorf("%s: no text or no examples in help.go", v.name)
			continue
		}
		var direct, named bytes.Buffer
		if err := run(context.Background(), []string{v.name, "--help"}, &direct); err != nil {
			t.Errorf("%s --help: %v", v.name, err)
		}
		if err := run(context.Background(), []string{"help", v.name}, &named); err != nil || named.String() != direct.String() {
			t.Errorf("help %s: %v, or another text than %s --help", v.name, err, v.name)
		}
		flags, _, _ := strings.Cut(direct.String(), "\nExamples:")
		for _, e := range about.examples {
			if !strings.HasPrefix(e, "snug "+v.name+" ") {
				t.Errorf("%s: example %q is of another command", v.name, e)
			}
			for _, word := range strings.Fields(e) {
				if strings.HasPrefix(word, "-") && !strings.Contains(flags, " "+word+" ") && !strings.Contains(flags, " "+word+",") && !strings.Contains(flags, " "+word+"[") {
					t.Errorf("%s: example %q has flag %s, which the command does not", v.name, e, word)
				}
			}
		}
	}
	if len(abouts) != len(verbs) {
		t.Errorf("help.go describes %d commands, there are %d", len(abouts), len(verbs))
	}
}
