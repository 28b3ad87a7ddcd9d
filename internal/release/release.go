// Package release says which release of raftlab this is, so that a term can stand still: a course
// tree, a policy and every report name the release, and what was made with one can be repeated with
// it (docs/releases.md).
//
// The number stands here and nowhere else. A commit that is a release has a number without an
// ending, and the tag of that name: 1.2.0 is v1.2.0. All commits between two releases have the
// number of the coming one with the ending -dev.
package release

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Version is the release that this program is of, a semantic version.
const Version = "0.1.0-dev"

// file is where the constant stands in a tree.
const file = "internal/release/release.go"

var (
	declared = regexp.MustCompile(`(?m)^const Version = "([^"\n]*)"`)
	form     = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
)

// Of returns the release of the framework in a checkout or a course tree, or "" for one from before
// there were releases.
func Of(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	m := declared.FindSubmatch(text)
	if err != nil || m == nil || !form.Match(m[1]) {
		return ""
	}
	return string(m[1])
}

// Named is a release in a sentence.
func Named(version string) string {
	if version == "" {
		return "a raftlab from before its releases had numbers"
	}
	return "raftlab " + version
}

// Check says what is wrong with the text of a release.
func Check(version string) error {
	if !form.MatchString(version) {
		return fmt.Errorf("%q is no release; write it as `raftlab --version` does, such as 1.2.0", version)
	}
	return nil
}

// Tag is what git calls a release, or "" for what is none: a commit between two releases.
func Tag(version string) string {
	if !form.MatchString(version) || strings.Contains(version, "-") {
		return ""
	}
	return "v" + version
}

// HowToGet says how to come by a release, to somebody with a checkout of another.
func HowToGet(version string) string {
	tag := Tag(version)
	if tag == "" {
		return fmt.Sprintf("%s is no release, and no tag leads back to it: use the checkout that it was", Named(version))
	}
	return fmt.Sprintf("git fetch --tags && git worktree add ../raftlab-%s %s makes a checkout of it beside this one", version, tag)
}
