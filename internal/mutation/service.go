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

// The packages whose test binaries run subjects.
const (
	PeerPackage    = "./" + packageDir
	ServicePackage = "./kvraft"
	ShardedPackage = "./shardkv"
	SinglePackage  = "./kvsrv"
)

// Packages are all packages whose test binaries run subjects.
var Packages = []string{PeerPackage, SinglePackage, ServicePackage, ShardedPackage}

// family is what subjects are versions of: the peer; or a service, or what only its clients notice,
// such as a peer that answers reads wrongly.
type family struct {
	prefixes []string // with which the names of such subjects begin
	dir      string   // of the package whose test binary runs them
	packages []layer  // that the patch of such a subject may change, the first being dir itself
	imports  []string // of the test that runs the subject which the environment names
	tests    string   // and its test functions
	contract string   // the type of what a version's function Service returns
}

// layer is a package that a service is made of.
type layer struct {
	dir    string
	copy   string // where a subject's copy of it stands below DIR/NAME
	always bool   // each subject has one, also if its patch does not change it: it imports others that it may
}

var families = []family{
	{dir: packageDir, packages: []layer{{packageDir, "", true}}}, // peers; entranceFor has their test
	{
		prefixes: []string{"srv-", "lock-"},
		dir:      "kvsrv",
		packages: []layer{{"kvsrv", "", true}, {"kvsrv/lock", "lock", false}},
		imports:  []string{"raftlab/kvapi", "raftlab/labs/lab1"},
		tests:    `func TestLab1(t *testing.T) { lab1.Run(t, service(t)) }`,
		contract: "kvapi.Single",
	},
	{
		prefixes: []string{"kv-"},
		dir:      "kvraft",
		packages: []layer{{"kvraft", "", true}, {"kvraft/rsm", "rsm", false}, {packageDir, packageDir, false}},
		imports:  []string{"raftlab/kvapi", "raftlab/labs/lab3", "raftlab/labs/porcupine", "raftlab/labs/rsm"},
		tests: `func TestLab3(t *testing.T) { lab3.Run(t, service(t)) }
func TestRSM(t *testing.T) { rsm.Run(t, service(t)) }
func TestPorcupine(t *testing.T) { porcupine.Run(t, service(t)) }`,
		contract: "kvapi.Service",
	},
	{
		prefixes: []string{"ctrl-", "shard-"},
		dir:      "shardkv",
		packages: []layer{{"shardkv", "", true}, {"shardkv/shardctrler", "shardctrler", true}, {"kvraft/rsm", "rsm", false}, {packageDir, packageDir, false}},
		imports:  []string{"raftlab/labs/lab4", "raftlab/labs/porcupine", "raftlab/labs/shardgrp", "raftlab/shardapi"},
		tests: `func TestLab4(t *testing.T) { lab4.Run(t, service(t)) }
func TestShardgrp(t *testing.T) { shardgrp.Run(t, service(t)) }
func TestPorcupine(t *testing.T) { porcupine.RunShards(t, service(t)) }`,
		contract: "shardapi.Service",
	},
}

// familyOf returns the family of the subjects that the test binary of a package runs.
func familyOf(pkg string) (family, error) {
	for _, f := range families {
		if "./"+f.dir == pkg {
			return f, nil
		}
	}
	return family{}, fmt.Errorf("the test binary of package %s runs no subjects", pkg)
}

// Package is the package whose test binary runs the subject; "" for the reference, which is in all.
func (s Subject) Package() string {
	if s.Kind == Reference {
		return ""
	}
	for _, f := range families {
		if slices.ContainsFunc(f.prefixes, func(p string) bool { return strings.HasPrefix(s.Name, p) }) {
			return "./" + f.dir
		}
	}
	return PeerPackage
}

// Of returns the subjects that the test binary of a package runs.
func Of(subjects []Subject, pkg string) []Subject {
	return slices.DeleteFunc(slices.Clone(subjects), func(s Subject) bool { return s.Package() != pkg && s.Package() != "" })
}

// eachCopy calls take with the files of each subject that is not the reference itself, and its place
// among them. The error names all patches that do not apply any more.
func (f family) eachCopy(root string, subjects []Subject, take func(i int, s Subject, files map[string][]byte) error) error {
	var bad []error
	for i, s := range subjects {
		if s.Patch == nil {
			continue
		}
		files, err := f.files(root, s)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if err := take(i, s, files); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return stale(bad)
	}
	return nil
}

// put adds a copy's files to edits, in its place below the package.
func (f family) put(edits map[string][]byte, place string, files map[string][]byte) {
	for name, text := range files {
		edits[path.Join(f.dir, place, name)] = f.redirect(place, files, text)
	}
}

// files returns the files of the packages that the subject does not share with the reference, by
// their names below DIR/NAME.
func (f family) files(root string, s Subject) (map[string][]byte, error) {
	var changed map[string][]byte
	if s.Patch != nil {
		var err error
		if changed, err = s.Patch.Apply(root); err != nil {
			return nil, err
		}
	}
	files := map[string][]byte{}
	for _, l := range f.packages {
		own := map[string][]byte{}
		for name, text := range changed {
			if path.Dir(name) == l.dir {
				own[path.Base(name)] = text
				delete(changed, name)
			}
		}
		if len(own) == 0 && !l.always {
			continue
		}
		base := map[string][]byte{}
		if len(own) == 0 || !s.Patch.Header.Alone {
			var err error
			if base, err = sources(filepath.Join(root, filepath.FromSlash(l.dir))); err != nil {
				return nil, err
			}
		}
		maps.Copy(base, own)
		for name, text := range base {
			files[path.Join(l.copy, name)] = text
		}
	}
	for name := range changed {
		return nil, fmt.Errorf("%s: it changes %s, which is in none of the packages of %s", s.Patch.File, name, f.dir)
	}
	return files, nil
}

// redirect turns the imports of packages that the subject has a copy of to the copy.
func (f family) redirect(subject string, files map[string][]byte, text []byte) []byte {
	for _, l := range f.packages[1:] {
		for name := range files {
			if path.Dir(name) == l.copy {
				text = bytes.ReplaceAll(text, fmt.Appendf(nil, "%q", "raftlab/"+l.dir), fmt.Appendf(nil, "%q", "raftlab/"+path.Join(f.dir, subject, l.copy)))
				break
			}
		}
	}
	return text
}

// entrance writes the test that runs the subject which the environment names.
func (f family) entrance(subjects []Subject, places map[string]string) ([]byte, error) {
	if f.contract == "" {
		return entranceFor(subjects, places)
	}
	var imports, cases bytes.Buffer
	for _, name := range f.imports {
		fmt.Fprintf(&imports, "%q\n", name)
	}
	lines, names := imported(f.dir, subjects, places)
	imports.WriteString(lines)
	for _, s := range subjects {
		fmt.Fprintf(&cases, "case %q:\nreturn %s.Service()\n", s.Name, names[s.Name])
	}
	return format.Source(fmt.Appendf(nil, `package %s_test

import (
	"os"
	"testing"

	%s
)

%s

func service(t *testing.T) %s {
	switch name := os.Getenv(%q); name {
	%s
	default:
		t.Fatalf("there is no service %%q in this binary", name)
		return %[4]s{}
	}
}
`, f.dir, imports.String(), f.tests, f.contract, peerVariable, cases.String()))
}

// write is [Write] for a version of the service: the packages that it does not share with the
// reference, each in a folder of its name. A folder of a submission stands for all that is below
// it: so the packages above one that is written, and those below it, are written too.
func (f family) write(root string, s Subject, dir string) error {
	files, err := f.files(root, s)
	if err != nil {
		return err
	}
	written := map[string][]byte{}
	for name, text := range files {
		name = f.home(name)
		written[name] = text
	}
	for _, each := range families {
		for _, l := range each.packages {
			if err := complete(root, l.dir, written); err != nil {
				return err
			}
		}
	}
	for name, text := range written {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// complete adds the reference's files of a package that belongs to one of those that are written,
// above or below it, and is not among them.
func complete(root, dir string, written map[string][]byte) error {
	belongs := false
	for name := range written {
		other := path.Dir(name)
		if other == dir {
			return nil
		}
		belongs = belongs || strings.HasPrefix(other, dir+"/") || strings.HasPrefix(dir, other+"/")
	}
	if !belongs {
		return nil
	}
	reference, err := sources(filepath.Join(root, filepath.FromSlash(dir)))
	for name, text := range reference {
		written[path.Join(dir, name)] = text
	}
	return err
}

// home is where a file of a subject, named as in [family.files], stands in the tree.
func (f family) home(name string) string {
	for _, l := range f.packages {
		if path.Dir(name) == path.Clean(l.copy) {
			return path.Join(l.dir, path.Base(name))
		}
	}
	return path.Join(f.dir, name)
}
