package mutation

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

// peerVariable is the environment variable that tells a bundled test binary which peer to run.
const peerVariable = "RAFTLAB_PEER"

// packageDir is the package of peers, and entrance the test file of each package that hands what it
// has to the labs.
const (
	packageDir = "raft"
	entrance   = "/lab_test.go"
)

// Bundle returns the edits (see sim.Build) that put all subjects which the test binary of a package
// runs into it, each as a package of its own beside the reference:
//
//	raft/*.go                        the reference
//	raft/votes-twice/*.go            a patched copy of all its files
//	raft/lab_test.go                 runs the one that RAFTLAB_PEER names
//
// Each version of a service is a copy of it, and of those of the packages under it that its patch
// changes; the others it shares with the reference:
//
//	kvraft/kv-forgets/*.go           a copy that imports kvraft/kv-forgets/rsm and raftlab/raft
//	kvraft/kv-forgets/rsm/*.go       patched
//
// Linking a test binary and compiling it to machine code takes longer than most hunts for a mutant;
// so it is done once for all of them. Packages share nothing, so that a run is the same as with the
// subject's files in the reference's place. The tree is only read.
func Bundle(root, pkg string, subjects []Subject) (map[string][]byte, error) {
	f, err := familyOf(pkg)
	if err != nil {
		return nil, err
	}
	subjects = Of(subjects, pkg)
	edits := map[string][]byte{}
	err = f.eachCopy(root, subjects, func(_ int, s Subject, files map[string][]byte) error {
		f.put(edits, s.Name, files)
		return nil
	})
	if err != nil {
		return nil, err
	}
	edits[f.dir+entrance], err = f.entrance(subjects, places(subjects))
	return edits, err
}

// stale is the error of patches that do not apply any more.
func stale(bad []error) error {
	return fmt.Errorf("%w\n(raftlab mutants --check lists what does not apply or compile, --rebase carries patches over)", errors.Join(bad...))
}

// Write writes the files of one subject's package into dir, which is made if it does not exist: as
// a submission for `raftlab replay --impl`.
func Write(root string, s Subject, dir string) error {
	f, err := familyOf(cmp.Or(s.Package(), PeerPackage))
	if err != nil {
		return err
	}
	if f.contract != "" {
		return f.write(root, s, dir)
	}
	files, err := f.files(root, s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sources reads the Go files of the package at dir, without tests.
func sources(dir string) (map[string][]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("reading the reference: %w", err)
		}
	}
	return files, nil
}

// places are where the subjects' copies are if each has one of its own, below the package that they
// are versions of.
func places(subjects []Subject) map[string]string {
	own := map[string]string{}
	for _, s := range subjects {
		if s.Patch != nil {
			own[s.Name] = s.Name
		}
	}
	return own
}

// imported returns the lines that import what the subjects are in, the reference among them, and
// the name by which each is called then.
func imported(dir string, subjects []Subject, places map[string]string) (lines string, names map[string]string) {
	var b strings.Builder
	names = map[string]string{}
	known := map[string]string{} // by place
	for i, s := range subjects {
		place, copied := places[s.Name]
		switch {
		case !copied && known[place] == "":
			known[place] = dir
			fmt.Fprintf(&b, "%q\n", "raftlab/"+dir)
		case known[place] == "":
			known[place] = fmt.Sprintf("subject%d", i)
			fmt.Fprintf(&b, "%s %q\n", known[place], "raftlab/"+dir+"/"+place)
		}
		names[s.Name] = known[place]
	}
	return b.String(), names
}

// entranceFor writes the test that runs the peer which the environment names.
func entranceFor(subjects []Subject, places map[string]string) ([]byte, error) {
	var cases bytes.Buffer
	imports, names := imported(packageDir, subjects, places)
	for _, s := range subjects {
		fmt.Fprintf(&cases, "case %q:\nlab2.Run(t, %s.Make)\n", s.Name, names[s.Name])
	}
	return format.Source(fmt.Appendf(nil, `package raft_test

import (
	"os"
	"testing"

	"raftlab/labs/lab2"
	%s
)

func TestLab2(t *testing.T) {
	switch peer := os.Getenv(%q); peer {
	%s
	default:
		t.Fatalf("there is no peer %%q in this binary", peer)
	}
}
`, imports, peerVariable, cases.String()))
}
