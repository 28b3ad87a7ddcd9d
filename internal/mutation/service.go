package mutation

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// servicePrefix begins the names of subjects that are versions of the key/value service, or of what
// only a service notices: a peer that answers reads wrongly, for example.
const servicePrefix = "kv-"

// The packages whose test binaries run subjects.
const (
	PeerPackage    = "./" + packageDir
	ServicePackage = "./" + serviceDir
)

const (
	serviceDir      = "kvraft"
	serviceEntrance = serviceDir + "/lab_test.go"
)

// serviceDirs are the packages that the patch of such a subject may change, and where the changed copies
// stand below kvraft/NAME.
var serviceDirs = []struct{ dir, copy string }{
	{serviceDir, ""},
	{serviceDir + "/rsm", "rsm"},
	{packageDir, packageDir},
}

// Package is the package whose test binary runs the subject; "" for the reference, which is in all.
func (s Subject) Package() string {
	switch {
	case s.Kind == Reference:
		return ""
	case strings.HasPrefix(s.Name, servicePrefix):
		return ServicePackage
	default:
		return PeerPackage
	}
}

// Of returns the subjects that the test binary of a package runs.
func Of(subjects []Subject, pkg string) []Subject {
	return slices.DeleteFunc(slices.Clone(subjects), func(s Subject) bool { return s.Package() != pkg && s.Package() != "" })
}

// BundleService is [Bundle] for versions of the service. Each is a copy of the service, and of those of the
// packages under it that its patch changes; the others it shares with the reference:
//
//	kvraft/*.go                      the reference
//	kvraft/kv-forgets/*.go           a copy that imports kvraft/kv-forgets/rsm and raftlab/raft
//	kvraft/kv-forgets/rsm/*.go       patched
//	kvraft/lab_test.go               runs the one that RAFTLAB_PEER names
func BundleService(root string, subjects []Subject) (map[string][]byte, error) {
	edits := map[string][]byte{}
	subjects = Of(subjects, ServicePackage)
	for _, s := range subjects {
		if s.Patch == nil {
			continue
		}
		files, err := serviceFiles(root, s)
		if err != nil {
			return nil, err
		}
		for name, text := range files {
			edits[path.Join(serviceDir, s.Name, name)] = imports(s.Name, files, text)
		}
	}
	entrance, err := serviceEntranceFor(subjects)
	edits[serviceEntrance] = entrance
	return edits, err
}

// serviceFiles returns the files of the packages that the subject does not share with the reference, by
// their names below kvraft/NAME.
func serviceFiles(root string, s Subject) (map[string][]byte, error) {
	changed, err := s.Patch.Apply(root)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, d := range serviceDirs {
		own := map[string][]byte{}
		for name, text := range changed {
			if path.Dir(name) == d.dir {
				own[path.Base(name)] = text
				delete(changed, name)
			}
		}
		if len(own) == 0 && d.dir != serviceDir {
			continue
		}
		base, err := sources(filepath.Join(root, filepath.FromSlash(d.dir)))
		if err != nil {
			return nil, err
		}
		maps.Copy(base, own)
		for name, text := range base {
			files[path.Join(d.copy, name)] = text
		}
	}
	for name := range changed {
		return nil, fmt.Errorf("%s: it changes %s, which is in none of the packages of a service", s.Patch.File, name)
	}
	return files, nil
}

// imports turns the imports of packages that the subject has a copy of to the copy.
func imports(subject string, files map[string][]byte, text []byte) []byte {
	for _, d := range serviceDirs[1:] {
		for name := range files {
			if path.Dir(name) == d.copy {
				text = bytes.ReplaceAll(text, fmt.Appendf(nil, "%q", "raftlab/"+d.dir), fmt.Appendf(nil, "%q", "raftlab/"+path.Join(serviceDir, subject, d.copy)))
				break
			}
		}
	}
	return text
}

// serviceEntranceFor writes the test that runs the service which the environment names.
func serviceEntranceFor(subjects []Subject) ([]byte, error) {
	var imports, cases bytes.Buffer
	for i, s := range subjects {
		name := serviceDir
		if s.Patch != nil {
			name = fmt.Sprintf("service%d", i)
			fmt.Fprintf(&imports, "%s %q\n", name, "raftlab/"+serviceDir+"/"+s.Name)
		} else {
			fmt.Fprintf(&imports, "%q\n", "raftlab/"+serviceDir)
		}
		fmt.Fprintf(&cases, "case %q:\nreturn %s.Service()\n", s.Name, name)
	}
	return format.Source(fmt.Appendf(nil, `package kvraft_test

import (
	"os"
	"testing"

	"raftlab/kvapi"
	"raftlab/labs/lab3"
	"raftlab/labs/porcupine"
	%s
)

func TestLab3(t *testing.T)      { lab3.Run(t, service(t)) }
func TestPorcupine(t *testing.T) { porcupine.Run(t, service(t)) }

func service(t *testing.T) kvapi.Service {
	switch name := os.Getenv(%q); name {
	%s
	default:
		t.Fatalf("there is no service %%q in this binary", name)
		return kvapi.Service{}
	}
}
`, imports.String(), peerVariable, cases.String()))
}

// writeService is [Write] for a version of the service: the packages that it does not share with the
// reference, each in a folder of its name.
func writeService(root string, s Subject, dir string) error {
	files, err := serviceFiles(root, s)
	if err != nil {
		return err
	}
	for name, text := range files {
		to := filepath.Join(dir, serviceDir, filepath.FromSlash(name))
		if rest, ok := strings.CutPrefix(name, packageDir+"/"); ok {
			to = filepath.Join(dir, packageDir, rest)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
