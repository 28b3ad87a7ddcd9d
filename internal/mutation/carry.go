package mutation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"raftlab/internal/patch"
)

// Carried says what [CarryOver] did to one patch.
type Carried struct {
	Subject string
	Patch   string // the patch file, relative to the root
	patch.Carriage
	Err   error  // why it could not be carried over
	Flaws []Flaw // what is wrong with it all the same, or still
}

// Good reports whether the patch applies and compiles now.
func (c Carried) Good() bool { return c.Err == nil && c.WorkCopy == "" && len(c.Flaws) == 0 }

// CarryOver takes the patches of the subjects over to the tree at root (see [patch.Carrier]), and
// writes the patch files that change. Working copies for a person are made below workDir: of
// patches with conflicts, and of those that apply and do not compile. It returns the subjects that
// it did something about, or could not.
func CarryOver(ctx context.Context, root, workDir string, subjects []Subject) (all []Carried, err error) {
	carrier := &patch.Carrier{Root: root, WorkDir: workDir}
	defer func() { err = errors.Join(err, carrier.Close()) }()
	became := map[string]*Carried{}
	var applying []Subject
	for _, s := range subjects {
		if s.Patch == nil {
			continue
		}
		c := Carried{Subject: s.Name, Patch: (&check{root}).relative(s.Patch.File)}
		if c.Carriage, c.Err = carrier.Carry(s.Patch); c.Err == nil && c.WorkCopy == "" {
			if c.Text != "" {
				if s.Patch, err = rewrite(s.Patch.File, c.Text); err != nil {
					return nil, err
				}
			}
			applying = append(applying, s)
		}
		became[s.Name] = &c
	}
	if err := follow(ctx, root, carrier, applying, became); err != nil {
		return nil, err
	}
	for _, s := range subjects {
		c := became[s.Name]
		if c == nil || c.Good() && c.Text == "" {
			continue
		}
		if len(c.Flaws) > 0 {
			if c.WorkCopy, err = carrier.LayOut(current(applying, s)); err != nil {
				return nil, err
			}
		}
		all = append(all, *c)
	}
	return all, nil
}

// follow notes which of the patches that apply do not compile, after it has given these the names
// that are others now.
func follow(ctx context.Context, root string, carrier *patch.Carrier, applying []Subject, became map[string]*Carried) error {
	flaws, err := Check(ctx, root, applying)
	if err != nil {
		return err
	}
	bad := map[string]bool{}
	for _, f := range flaws {
		bad[f.Subject] = true
	}
	renamed := false
	for i, s := range applying {
		if c := became[s.Name]; bad[s.Name] && c.Text == "" {
			next, err := carrier.Rename(s.Patch)
			if err != nil || next.Text == "" {
				continue // a person has to see to it, with the compiler's words
			}
			c.Carriage, renamed = next, true
			if applying[i].Patch, err = rewrite(s.Patch.File, next.Text); err != nil {
				return err
			}
		}
	}
	if renamed {
		if flaws, err = Check(ctx, root, applying); err != nil {
			return err
		}
	}
	for _, f := range flaws {
		became[f.Subject].Flaws = append(became[f.Subject].Flaws, f)
	}
	return nil
}

// current is the patch that a subject has now.
func current(subjects []Subject, of Subject) *patch.Patch {
	for _, s := range subjects {
		if s.Name == of.Name {
			return s.Patch
		}
	}
	return of.Patch
}

// rewrite writes a patch file and reads it again.
func rewrite(file, text string) (*patch.Patch, error) {
	if err := os.WriteFile(filepath.Clean(file), []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("writing the patch that was carried over: %w", err)
	}
	return patch.Parse(file, text)
}
