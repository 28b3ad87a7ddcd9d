// Package browsing opens pages that raftlab writes in a real browser, for tests.
package browsing

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Page is a page that is open until the test ends.
type Page struct {
	t    *testing.T
	ctx  context.Context
	said chan string
}

// Open opens the file in a window of that many pixels, and waits until ready, an expression, is
// true; at most for limit. The test is skipped where there is no browser.
func Open(t *testing.T, file string, width int, ready string, limit time.Duration) *Page {
	t.Helper()
	path := find()
	if path == "" {
		t.Skip("there is no chromium on PATH: apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Headless, chromedp.NoFirstRun, chromedp.Flag("window-size", strconv.Itoa(width)+",900"),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(2*time.Minute))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx, said: make(chan string, 1000)}
	messages := chromedp.Console(ctx)
	go func() {
		for m := range messages {
			p.said <- m.String()
		}
	}()
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), 900), chromedp.Navigate("file://"+filepath.ToSlash(file))))
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](ready, chromedp.WithPollingTimeout(limit)))
	require.NoError(t, err, "the page did not draw: %s", strings.Join(p.Console(), "; "))
	return p
}

// find returns the path of a browser, or "".
func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// Eval evaluates an expression in the page; result is a pointer for its value, as JSON has it.
func (p *Page) Eval(js string, result any) {
	p.t.Helper()
	answer, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]byte](js, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, js)
	require.NoError(p.t, json.Unmarshal(answer, result), js)
}

// Becomes waits until an expression is true, for at most limit, and says whether it was. Meanwhile the
// page may be loaded anew: while it goes, there is nobody to ask.
func (p *Page) Becomes(js string, limit time.Duration) bool {
	for until := time.Now().Add(limit); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		asked, cancel := context.WithTimeout(p.ctx, time.Second)
		yes, err := chromedp.Run(asked, chromedp.Evaluate[bool](js))
		cancel()
		if err == nil && yes {
			return true
		}
	}
	return false
}

// Console returns what the page has said on its console since the last call.
func (p *Page) Console() (all []string) {
	for {
		select {
		case s := <-p.said:
			all = append(all, s)
		default:
			return all
		}
	}
}

// Type presses keys, as somebody at the keyboard does: "\r" is Enter, "\t" Tab, "\u001b" Escape.
func (p *Page) Type(keys string) {
	p.t.Helper()
	for _, key := range keys {
		_, err := chromedp.Run(p.ctx, chromedp.KeyEvent(string(key)))
		require.NoError(p.t, err, "key %q", key)
	}
}
