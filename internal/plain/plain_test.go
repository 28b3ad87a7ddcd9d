package plain

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, line, text string }{
		{"a peer, ünïcödé ✓ 界", "a peer, ünïcödé ✓ 界", "a peer, ünïcödé ✓ 界"},
		{"\x1b[2J\x1b[32mpass", `\x1b[2J\x1b[32mpass`, `\x1b[2J\x1b[32mpass`},
		{"a\nb\tc\r\n", `a\nb\tc\r\n`, "a\nb\tc\\r\n"},
		{"\u202eevil\u2066 \u200b\ufeff", `\u202eevil\u2066 \u200b\ufeff`, `\u202eevil\u2066 \u200b\ufeff`},
		{"\u009b31m\u0085\u2028", `\u009b31m\u0085\u2028`, `\u009b31m\u0085\u2028`},
		{"bad \xff\x9b utf8 \xe2\x82", `bad \xff\x9b utf8 \xe2\x82`, `bad \xff\x9b utf8 \xe2\x82`},
		{"\x00\x07\x7f\U000e0041", `\x00\x07\x7f\U000e0041`, `\x00\x07\x7f\U000e0041`},
		{"a real \ufffd stays", "a real \ufffd stays", "a real \ufffd stays"},
	} {
		if got := Line(c.in, MaxLine); got != c.line {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.line)
		}
		if got := Text(c.in, MaxText); got != c.text {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.text)
		}
	}
}

func TestCutBetweenCharacters(t *testing.T) {
	for n := range 20 {
		got := Cut(strings.Repeat("界", 7), n)
		if !utf8.ValidString(got) || !strings.Contains(got, "more bytes") {
			t.Errorf("cut at %d bytes: %q", n, got)
		}
	}
	if got := Cut(strings.Repeat("\x80", 100), 50); len(got) > 80 {
		t.Errorf("continuation bytes only: %d bytes are left", len(got))
	}
}

func TestStrings(t *testing.T) {
	type inner struct {
		Text  string
		Names []string
		When  time.Time
	}
	type outer struct {
		*inner2
		P    *inner
		M    map[string]string
		Nil  []string
		skip string
	}
	in := outer{P: &inner{Text: "a\x1b", Names: []string{"b\x00", strings.Repeat("x", 1<<20)}, When: time.Unix(7, 0)},
		M: map[string]string{"k\x07": "v\u202e"}, skip: "c\x1b"}
	out := Strings(in)
	if out.P.Text != `a\x1b` || out.P.Names[0] != `b\x00` || len(out.P.Names[1]) > MaxText+40 || out.M[`k\x07`] != `v\u202e` {
		t.Errorf("got %+v", out)
	}
	if !out.P.When.Equal(in.P.When) || out.Nil != nil || out.skip != in.skip {
		t.Errorf("what is no string changed: %+v", out)
	}
	if in.P.Text != "a\x1b" || in.P.Names[0] != "b\x00" {
		t.Error("the original has changed")
	}
}

type inner2 struct{ X string }

func TestWriterSplitCharacters(t *testing.T) {
	text := "pass ✓ 界 \x1b[31m\xe2\x82 end \xf0\x9f"
	want := "pass ✓ 界 \\x1b[31m\\xe2\\x82 end \\xf0\\x9f"
	for chunk := 1; chunk < 6; chunk++ {
		var b bytes.Buffer
		w := NewWriter(&b)
		for i := 0; i < len(text); i += chunk {
			part := text[i:min(i+chunk, len(text))]
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		w.Close()
		if b.String() != want {
			t.Errorf("in chunks of %d: %q, want %q", chunk, b.String(), want)
		}
	}
}

func TestWriterLongLine(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for range 100 {
		w.Write(bytes.Repeat([]byte("x"), 1<<16))
	}
	w.Write([]byte("\nnext\n"))
	if got := b.String(); len(got) > MaxText+100 || !strings.HasSuffix(got, " more bytes)\nnext\n") {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-60):])
	}
}
