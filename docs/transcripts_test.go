package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"raftlab/internal/transcript"
)

// Pages that tell a transcript tell it word for word, or its excerpts only, indented: its own test
// keeps it true to the run (internal/transcript), and this one keeps the page true to it.
func TestTranscriptsAreQuoted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "internal", "transcript", "testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		quoted := false
		for _, page := range pages(t) {
			quoted = quoted || strings.Contains(page, "```\n"+string(text)+"```\n") || containsAll(page, transcript.Indented(string(text)))
		}
		if !quoted {
			t.Errorf("no page quotes %s as it is now: copy it, or go test ./internal/transcript -rewrite", filepath.Base(file))
		}
	}
}

func containsAll(page string, excerpts []string) bool {
	for _, excerpt := range excerpts {
		if !strings.Contains(page, excerpt) {
			return false
		}
	}
	return len(excerpts) > 0
}
