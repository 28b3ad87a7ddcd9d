//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"raftlab/internal/formats"
	"raftlab/internal/grade"
	"raftlab/internal/plain"
	"raftlab/internal/suite"
)

func formatFlag(flags *pflag.FlagSet, names *[]string) {
	flags.StringSliceVar(names, "format", nil, "write grades as services read them, into formats/: `names` such as gradescope,canvas; there are "+
		strings.Join(formats.Names(), ", "))
}

func checkFormats(names []string) error {
	for _, name := range names {
		if _, err := formats.Of(name); err != nil {
			return fmt.Errorf("--format: %w", err)
		}
	}
	return nil
}

// writeFormats writes the grades for services: formats/canvas.csv, formats/gradescope/NAME.json.
func (a *app) writeFormats(r *grade.Results, dir string, names []string) error {
	without := map[string][]string{} // student -> the formats that have no word for what there is
	for _, name := range names {
		f, err := formats.Of(name)
		if err != nil {
			return err
		}
		base := filepath.Join(dir, "formats", name)
		if f.Class != nil {
			text, err := f.Class(r)
			if err == nil {
				err = place(base+f.Ending, text)
			}
			if err != nil {
				return err
			}
			continue
		}
		for _, s := range r.Students {
			written, err := writeFormat(r, s, f, filepath.Join(base, s.File+f.Ending))
			if err != nil {
				return err
			}
			if !written {
				without[s.Name] = append(without[s.Name], name)
			}
		}
	}
	a.tellWithout(r, without)
	return nil
}

// tellWithout says for whom nothing was written for services, and why.
func (a *app) tellWithout(r *grade.Results, without map[string][]string) {
	waiting := 0
	for _, s := range r.Students {
		switch {
		case len(without[s.Name]) == 0:
		case s.Status == grade.NotYet:
			waiting++
		default:
			fmt.Fprintf(a.err, "nothing is written for %s (%s): a person has to look first\n", plain.Line(s.Name, plain.MaxName), strings.Join(without[s.Name], ", "))
		}
	}
	if waiting > 0 {
		fmt.Fprintf(a.err, "nothing is written for services of %d that are not graded yet\n", waiting)
	}
}

// writeFormat writes the grade of one student, and reports whether there is one. Where there is
// none, a file from before goes away.
func writeFormat(r *grade.Results, s grade.Student, f formats.Format, file string) (written bool, err error) {
	text, err := f.Student(r, s)
	if errors.Is(err, formats.ErrNoGrade) {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, fmt.Errorf("remove a grade that does not hold any more: %w", err)
		}
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write %s for %s: %w", f.Name, s.Name, err)
	}
	return true, place(file, text)
}

// place replaces a file in one step, in a directory that is made.
func place(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make a place for %s: %w", file, err)
	}
	suite.ForgetUnfinished(file)
	return suite.WriteFile(file, text)
}

// handOver writes the grade of the one submission where its service looks for it. GitHub gets it
// through files that the environment names.
func (a *app) handOver(plan *grade.Plan, dir, name, file string) error {
	r, err := plan.Collect(dir)
	if err != nil {
		return err
	}
	f, err := formats.Of(name)
	if err != nil {
		return err
	}
	if f.Class != nil {
		text, err := f.Class(r)
		if err != nil {
			return err
		}
		return place(file, text)
	}
	s := r.Students[0]
	switch written, err := writeFormat(r, s, f, file); {
	case err != nil:
		return err
	case !written:
		a.tellWithout(r, map[string][]string{s.Name: {name}})
	}
	if name != "github" {
		return nil
	}
	a.out.Write(formats.GitHubAnnotations(s))
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(
		appendTo(os.Getenv("GITHUB_OUTPUT"), "result="+base64.StdEncoding.EncodeToString(text)+"\n"),
		appendTo(os.Getenv("GITHUB_STEP_SUMMARY"), string(formats.GitHubSummary(s))),
	)
}

// appendTo adds to a file that a service named, if it did.
func appendTo(file, text string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("hand the result to the service: %w", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
