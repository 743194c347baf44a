package main

import (
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows one bar a stage on a terminal, and nothing elsewhere.
type progress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	stage string
	shown bool
	count int
}

func newProgress() *progress {
	return &progress{shown: term.IsTerminal(int(os.Stderr.Fd()))}
}

// update moves the bar of a stage.
func (p *progress) update(stage string, done, total int) {
	if !p.shown || stage == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil || p.stage != stage {
		p.stage = stage
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(stage),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	}
	// A bar that cannot be drawn is no reason to fail.
	_ = p.bar.Set(done)
}

// step counts one more of a stage.
func (p *progress) step(stage string, total int) {
	p.mu.Lock()
	p.count++
	done := p.count
	p.mu.Unlock()
	p.update(stage, done, total)
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
