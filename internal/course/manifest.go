package course

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

const (
	manifestName   = ".raftlab-course.json"
	manifestSchema = "raftlab/course/v1"
)

// manifest is the file that makes a tree a course tree.
type manifest struct {
	Schema string `json:"schema"`
	Note   string `json:"note"`
	// Raftlab is the release that the framework's files are of.
	Raftlab string   `json:"raftlab,omitempty"`
	Labs    []string `json:"labs"`
	// Parts are those that are asked for; none means all of the labs.
	Parts []string `json:"parts,omitempty"`
	// Extras are the names of those of [Extras] that the tree has.
	Extras []string `json:"extras,omitempty"`
	// Files are the framework's files, by their slash-separated path, with the hash of what the
	// framework wrote there. A file that hashes otherwise has been edited.
	Files map[string]string `json:"files"`
}

// Has reports whether the tree at dir was written with an extra.
func Has(dir, extra string) bool {
	m, err := readManifest(dir)
	return err == nil && slices.Contains(m.Extras, extra)
}

// ask writes down which labs the tree is for, and which of their parts.
func (m *manifest) ask(labs []Lab) {
	m.Labs, m.Parts = nil, nil
	some := slices.ContainsFunc(labs, func(l Lab) bool { return l.Some })
	for _, l := range labs {
		m.Labs = append(m.Labs, l.Name)
		if some {
			m.Parts = append(m.Parts, l.Parts...)
		}
	}
}

// asked are the labs of known that the tree has, with the parts that it asks for, and those to be
// added.
func (m *manifest) asked(known, add []Lab) (labs []Lab) {
	for _, l := range known {
		i := slices.IndexFunc(add, func(a Lab) bool { return a.Name == l.Name })
		switch has := slices.Contains(m.Labs, l.Name); {
		case has && m.Parts != nil:
			all := len(l.Parts)
			l.Parts = slices.DeleteFunc(slices.Clone(l.Parts), func(p string) bool {
				return !slices.Contains(m.Parts, p) && (i < 0 || !slices.Contains(add[i].Parts, p))
			})
			l.Some = len(l.Parts) < all
		case has:
		case i >= 0:
			l = add[i]
		default:
			continue
		}
		labs = append(labs, l)
	}
	return labs
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("%s is not a course tree: %w", dir, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("reading %s: it is damaged (%w); take it back from version control, or from a fresh tree of the same raftlab (raftlab init)", path, err)
	}
	if m.Schema != manifestSchema {
		return m, fmt.Errorf("%s is of format %q, this raftlab knows %q: use the raftlab that wrote it, or a newer one", path, m.Schema, manifestSchema)
	}
	return m, nil
}

func (m manifest) write(dir string) error {
	m.Schema = manifestSchema
	m.Note = "Written by `raftlab init`. It tells the framework's files from yours; leave it where it is."
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, manifestName), append(data, '\n'))
}

// hash identifies what a file holds, whichever way its lines end: git on Windows rewrites them.
func hash(data []byte) string {
	sum := sha256.Sum256(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	return hex.EncodeToString(sum[:])
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// Is reports whether the tree at dir is a course tree that this program can read.
func Is(dir string) bool {
	_, err := readManifest(dir)
	return err == nil
}
