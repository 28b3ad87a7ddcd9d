package site

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made is the site of the project's own pages.
func made(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files["docs/"+filepath.Base(name)] = text
	}
	pages := len(files)
	require.Greater(t, pages, 20)
	pictures, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.png"))
	require.NoError(t, err)
	for _, name := range pictures {
		files["docs/"+filepath.Base(name)], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	require.NoError(t, Add(files, "docs", "site"))
	require.Len(t, files, 2*(pages+len(pictures))+1)
	return files
}

var (
	hrefs = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	ids   = regexp.MustCompile(` id="([^"]*)"`)
)

// Every link leads to a page, and to a heading that it has; and nothing is fetched from elsewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	files := made(t)
	headings := map[string]map[string]bool{}
	for name, text := range files {
		headings[name] = map[string]bool{}
		for _, m := range ids.FindAllSubmatch(text, -1) {
			assert.False(t, headings[name][string(m[1])], "%s has two headings %s", name, m[1])
			headings[name][string(m[1])] = true
		}
	}
	links := 0
	for name, text := range files {
		if filepath.Ext(name) != ".html" {
			continue
		}
		for _, m := range hrefs.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(m[1], "https://") {
				continue // for a reader who follows it
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = "site/" + file
			}
			require.NotNil(t, files[target], "%s links to %s", name, m[1])
			assert.True(t, anchor == "" || headings[target][anchor], "%s links to %s: there is no such heading", name, m[1])
			links++
		}
		assert.NotContains(t, string(text), "<script", name)
		assert.NotContains(t, string(text), "raw HTML omitted", "%s: put it in backquotes, or it is lost", name)
		assert.NotContains(t, string(text), `src="http`, name)
	}
	assert.Greater(t, links, 200)
}

func TestPages(t *testing.T) {
	files := map[string][]byte{
		"docs/README.md": []byte("# Pages\n\n[one](lab2.md#the-end), [code](../raft/raft.go), [far](https://example.org), ![a picture](gone.png), ![one](here.png)\n"),
		"docs/lab2.md":   []byte("# `Lab` 2: R & S\n\n| a | b |\n|---|---|\n| `x` | <script>alert(1)</script> |\n\n## The end?\n\n## The end\n"),
		"docs/here.png":  []byte("png"),
		"raft/raft.go":   []byte("package raft"),
	}
	require.NoError(t, Add(files, "docs", "site"))
	index := string(files["site/index.html"])
	assert.Contains(t, index, `<title>Pages</title>`)
	assert.Contains(t, index, `<a href="lab2.html#the-end">one</a>, code, <a href="https://example.org">far</a>`)
	assert.Contains(t, index, `a picture, <img src="here.png" alt="one">`)
	assert.Equal(t, "png", string(files["site/here.png"]))
	assert.Contains(t, index, `<a href="lab2.html">Lab 2</a>`)
	lab := string(files["site/lab2.html"])
	assert.Contains(t, lab, "<title>Lab 2: R &amp; S</title>")
	assert.Contains(t, lab, `<div class="wide"><table>`)
	assert.NotContains(t, lab, "<script>")
	assert.Contains(t, lab, `<h2 id="the-end">The end?</h2>`)
	assert.Contains(t, lab, `<h2 id="the-end-1">The end</h2>`)
	assert.ErrorContains(t, Add(map[string][]byte{}, "docs", "site"), "docs/README.md")
}
