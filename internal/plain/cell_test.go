package plain

import "testing"

// TestCell: no cell begins like a formula, wherever cells begin, and other text stays as it is.
func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"alice":                     "alice",
		"a-b; c=d":                  "a-b; c=d",
		"anna;-maria":               "anna;'-maria",
		"=1+1":                      "'=1+1",
		"-x":                        "'-x",
		"+41":                       "'+41",
		"@SUM(A1)":                  "'@SUM(A1)",
		" =1+1":                     "' =1+1",
		"＝1":                        "'＝1",
		"a;=HYPERLINK(\"x\")":       "a;'=HYPERLINK(\"x\")",
		"2A/Case: it says; =cmd|'!": "2A/Case: it says;' =cmd|'!",
		"\t=1":                      `\t=1`,
	} {
		got := Cell(text)
		if got != want {
			t.Errorf("Cell(%q) = %q, not %q", text, got, want)
		}
		if back := FromCell(got); back != text && text != "\t=1" {
			t.Errorf("FromCell(%q) = %q, not %q", got, back, text)
		}
	}
}
