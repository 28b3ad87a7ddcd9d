// Package similar writes the code of a class for programs that look for copies: Dolos and JPlag. It
// computes no similarity, and no score of any kind: what two programs have in common is for people
// to judge.
//
//	out/jplag/class/PSEUDONYM/raft/raft.go    a folder for each submission
//	out/jplag/past/...                        last years' submissions; the reference with its wrong and right versions
//	out/jplag/base/...                        what was handed out
//	out/dolos.zip                             the same: a file for each, and info.csv
//	out/README.md                             the commands
//	key.csv                                   who is who, beside out and never in it
//
// Names of people are in the key alone, so that out can be shown, and be given to a service.
package similar

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/plain"
	"raftlab/internal/submission"
)

// Sets of entries.
const (
	Class  = "class"
	Past   = "past"   // of other years
	Corpus = "corpus" // the reference, and its wrong and right versions
)

// Entry is the code of one author.
type Entry struct {
	Set   string
	Name  string
	Files []submission.File // the author's own, by their slash-separated paths
}

//go:embed README.md.txt
var readme string

// Write writes the entries into out, which is empty or does not exist, and the key into a file
// beside it. Whoever is in the key already keeps their pseudonym. base are the files that were
// handed out.
func Write(out, key string, entries []Entry, base []submission.File) error {
	if there, err := os.ReadDir(out); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty; name a directory that is empty or does not exist", out)
	}
	if rel, err := filepath.Rel(out, key); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("the key %s would be in %s, which others get to see; name a file elsewhere", key, out)
	}
	names, err := readKey(key)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if entries[i].Name, err = names.of(e); err != nil {
			return err
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Set+"/"+a.Name, b.Set+"/"+b.Name) })
	if err := names.write(key); err != nil {
		return err
	}
	for _, e := range entries {
		set := e.Set
		if set == Corpus {
			set = Past // JPlag compares the class with them, and not them with each other
		}
		if err := writeTree(filepath.Join(out, "jplag", set, e.Name), e.Files); err != nil {
			return err
		}
	}
	if err := writeTree(filepath.Join(out, "jplag", "base"), base); err != nil {
		return err
	}
	packed, err := dolos(append(slices.Clone(entries), Entry{Set: "base", Name: "base", Files: base}))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(out, "dolos.zip"), packed, 0o644), os.WriteFile(filepath.Join(out, "README.md"), []byte(readme), 0o644))
}

func writeTree(dir string, files []submission.File) error {
	for _, f := range files {
		if !fs.ValidPath(f.Name) {
			return fmt.Errorf("a file is called %q, which is no name", f.Name)
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			return fmt.Errorf("write the code of one: %w", err)
		}
	}
	return nil
}

// dolos packs the entries for Dolos, which compares files: all of an author's become one.
func dolos(entries []Entry) ([]byte, error) {
	var packed, info bytes.Buffer
	z, rows := zip.NewWriter(&packed), csv.NewWriter(&info)
	errs := []error{rows.Write([]string{"filename", "full_name", "label", "ignored"})}
	add := func(name string, text []byte) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(text)
		}
		errs = append(errs, err)
	}
	for _, e := range entries {
		name := path.Join(e.Set, e.Name+".go")
		var all bytes.Buffer
		for _, f := range e.Files {
			fmt.Fprintf(&all, "// file %s\n%s\n", f.Name, f.Text)
		}
		add(name, all.Bytes())
		errs = append(errs, rows.Write([]string{name, e.Name, e.Set, fmt.Sprint(e.Set == "base")}))
	}
	rows.Flush()
	add("info.csv", info.Bytes())
	err := errors.Join(append(errs, rows.Error(), z.Close())...)
	return packed.Bytes(), err
}

// names are pseudonyms by set and name.
type names struct {
	rows  [][]string // pseudonym, set, name
	taken map[string]bool
}

func readKey(file string) (*names, error) {
	n := &names{taken: map[string]bool{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], keyHead) {
		return nil, fmt.Errorf("%s is no key that raftlab wrote; name another file, which need not exist", file)
	}
	n.rows = rows[1:]
	for _, row := range n.rows {
		row[2] = plain.FromCell(row[2])
		n.taken[row[0]] = true
	}
	return n, nil
}

var keyHead = []string{"pseudonym", "set", "name"}

// of is what an entry is called for others. The corpus is nobody's, and is called what it is.
func (n *names) of(e Entry) (string, error) {
	if e.Set == Corpus {
		return "raftlab-" + e.Name, nil
	}
	for _, row := range n.rows {
		if row[1] == e.Set && row[2] == e.Name {
			return row[0], nil
		}
	}
	for {
		random := make([]byte, 4)
		if _, err := rand.Read(random); err != nil {
			return "", err
		}
		name := "p" + hex.EncodeToString(random)
		if !n.taken[name] {
			n.taken[name] = true
			n.rows = append(n.rows, []string{name, e.Set, e.Name})
			return name, nil
		}
	}
}

func (n *names) write(file string) error {
	slices.SortFunc(n.rows, slices.Compare)
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{keyHead}
	for _, row := range n.rows { // names begin as they like
		rows = append(rows, []string{row[0], row[1], plain.Cell(row[2])})
	}
	err := w.WriteAll(rows)
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	return nil
}
