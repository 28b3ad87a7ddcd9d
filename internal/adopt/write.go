package adopt

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"raftlab/internal/submission"
)

// Write writes the tree into a directory, which must be empty or not exist, with a page that says
// what was done.
func (a *Adopted) Write(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty (it has %s); give a directory that is empty or does not exist", dir, entries[0].Name())
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	if err := a.Nothing(); err != nil {
		return err
	}
	if err := a.write(dir); err != nil {
		return fmt.Errorf("write the adopted tree: %w", err)
	}
	return nil
}

// Nothing is an error, which says what is missing, if there is nothing that can be tested.
func (a *Adopted) Nothing() error {
	if len(a.Files) > 0 {
		return nil
	}
	var missing []string
	for _, n := range a.Notes {
		if n.Kind == Missing {
			missing = append(missing, n.String())
		}
	}
	return fmt.Errorf("nothing in it can be tested: %s", strings.Join(missing, "; "))
}

func (a *Adopted) write(dir string) error {
	if err := submission.Write(dir, a.Files); err != nil {
		return err
	}
	text, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "adopted.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "ADOPTED.md"), []byte(a.Page()), 0o644)
}

// headings are what notes of a kind are about.
var headings = map[Kind]string{
	Missing:   "Not there, so not tested",
	Named:     "To be looked at",
	Shimmed:   "Replaced by something that does less",
	Converted: "Rewritten, with the same meaning",
	LeftOut:   "Left out",
}

// Page is all that was done, for people.
func (a *Adopted) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Adopted from %s\n\nA solution %s.\n", a.From, a.Summary())
	for _, k := range kinds {
		first := true
		for _, n := range a.Notes {
			if n.Kind != k {
				continue
			}
			if first {
				fmt.Fprintf(&b, "\n## %s\n\n", headings[k])
				first = false
			}
			fmt.Fprintf(&b, "- %s\n", n)
		}
	}
	return b.String()
}
