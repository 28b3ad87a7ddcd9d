package course

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const (
	manifestName   = ".raftlab-course.json"
	manifestSchema = "raftlab/course/v1"
)

// manifest is the file that makes a tree a course tree.
type manifest struct {
	Schema string   `json:"schema"`
	Note   string   `json:"note"`
	Labs   []string `json:"labs"`
	// Extras are the names of those of [Extras] that the tree has.
	Extras []string `json:"extras,omitempty"`
	// Files are the framework's files, by their slash-separated path, with the hash of what the
	// framework wrote there. A file that hashes otherwise has been edited.
	Files map[string]string `json:"files"`
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("%s is not a course tree: %w", dir, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("reading %s: %w", path, err)
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
