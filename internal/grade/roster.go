package grade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"raftlab/internal/plain"
	"raftlab/internal/submission"
)

// Entry is what one student handed in.
type Entry struct {
	Name string // of the student: what the folder or the archive is called
	Path string
	// Strange says why it cannot be a submission, which a person has to look at.
	Strange string
	// File is the name as files are called by it, on every system.
	File string
}

// ignoredFiles are files beside submissions that nobody hands in.
var ignoredFiles = []string{".csv", ".json", ".yml", ".yaml", ".html", ".txt", ".md", ".xlsx", ".xls", ".ods", ".db", ".ini"}

// maxRoster is how many entries a folder of submissions may have.
const maxRoster = 10_000

// FindRoster returns the submissions in a folder, sorted by name, and the names of files that are
// passed over.
func FindRoster(dir string) (roster []Entry, ignored []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read the folder of submissions: %w; name the folder that holds one folder or archive for each student", err)
	}
	if len(entries) > maxRoster {
		return nil, nil, fmt.Errorf("%s has %d entries, and at most %d submissions are graded; give the folder that holds one folder or archive "+
			"for each student", dir, len(entries), maxRoster)
	}
	if what := partOfOne(dir, entries); what != "" {
		return nil, nil, fmt.Errorf("%s is one submission (%s is in it), and not a folder with one folder or archive for each student; "+
			"name the folder that it is in, or grade it alone with --one", dir, what)
	}
	exported, err := exportedNames(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "__MACOSX") {
			continue
		}
		entry := Entry{Name: name, Path: filepath.Join(dir, name)}
		short, archive := submission.CutArchive(name)
		switch {
		case e.IsDir():
			entry.Name = strings.TrimSuffix(name, ".git")
		case !e.Type().IsRegular():
			entry.Strange = "is a link, a pipe or a device; put the folder or the archive itself in its place"
		case archive:
			entry.Name = short
		case slices.Contains(ignoredFiles, strings.ToLower(filepath.Ext(name))):
			ignored = append(ignored, name)
			continue
		default:
			entry.Strange = "is neither a folder nor a zip, tar.gz or tar; unpack it into a folder"
		}
		if who := exported[name]; who != "" {
			entry.Name = who
		}
		roster = append(roster, entry)
	}
	return finishRoster(roster), ignored, nil
}

// exportFile is in what Gradescope exports: it says whose the folders submission_1, submission_2
// and so on are.
const exportFile = "submission_metadata.yml"

// exportedNames are the names in an export of Gradescope, by the folder; none where it is no
// export. Who handed in together is named together.
func exportedNames(dir string) (map[string]string, error) {
	text, err := submission.ReadFile(context.Background(), filepath.Join(dir, exportFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var folders map[string]struct {
		Submitters []struct {
			Name string `yaml:":name"`
		} `yaml:":submitters"`
	}
	if err == nil {
		err = yaml.Unmarshal(text, &folders)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s, which says whose the submissions of an export are: %w; move it away, and they are called like their folders", exportFile, err)
	}
	names := map[string]string{}
	for folder, of := range folders {
		var all []string
		for _, s := range of.Submitters {
			if name := strings.TrimSpace(s.Name); name != "" {
				all = append(all, name)
			}
		}
		names[folder] = strings.Join(all, ", ")
	}
	return names, nil
}

// partOfOne is what shows that a folder is itself a submission, or "": a file of Go, or a folder
// that is called as the course's are.
func partOfOne(dir string, entries []os.DirEntry) string {
	for _, e := range entries {
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".go" {
			return e.Name()
		}
	}
	for _, name := range []string{"raft", "raft1", "kvraft", "kvraft1", "kvsrv", "kvsrv1", "labrpc"} {
		for _, at := range []string{name, filepath.Join("src", name)} {
			if info, err := os.Lstat(filepath.Join(dir, at)); err == nil && info.IsDir() {
				return at
			}
		}
	}
	return ""
}

// One is the roster of a single submission.
func One(path string) ([]Entry, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("look at the submission: %w", err)
	}
	name, archive := submission.CutArchive(filepath.Base(abs))
	entry := Entry{Name: name, Path: abs}
	if !info.IsDir() && !archive {
		entry.Strange = "is neither a folder nor a zip, tar.gz or tar; unpack it into a folder"
	}
	return finishRoster([]Entry{entry}), nil
}

// finishRoster makes names that are there twice distinct (alice and alice.zip), and gives each a
// file name.
func finishRoster(roster []Entry) []Entry {
	count := map[string]int{}
	for _, e := range roster {
		count[e.Name]++
	}
	for i, e := range roster {
		if count[e.Name] > 1 {
			roster[i].Name = filepath.Base(e.Path)
		}
	}
	slices.SortFunc(roster, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	taken := map[string]bool{}
	for i := range roster {
		name := fileName(roster[i].Name)
		for key := strings.ToLower(name); taken[key]; key = strings.ToLower(name) {
			name += "_" // some systems do not tell Alice from alice
		}
		taken[strings.ToLower(name)] = true
		roster[i].File = name
	}
	return roster
}

// fileName makes a name that every system takes, and that reads as the student's where that is
// possible.
func fileName(name string) string {
	const most = 80 // characters; systems have limits in bytes, and something is appended
	var b strings.Builder
	n := 0
	for _, r := range plain.Line(name, 4*most) {
		if n++; n > most {
			break
		}
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), strings.ContainsRune("-_+@., ()", r):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	s := strings.TrimRight(b.String(), ". ")
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	reserved := []string{"", "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "LPT1", "LPT2", "LPT3"}
	if slices.Contains(reserved, base) || strings.HasPrefix(s, "-") {
		return "_" + s
	}
	return s
}

// checkFolders says which folders of the policy are nobody's, or lead out of what was handed in.
func (p Policy) checkFolders(roster []Entry) error {
	var errs []error
	var names []string
	for _, e := range roster {
		names = append(names, e.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Folders)) {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("folders: nobody is called %q here; there are %s", name, submission.Listed(names)))
		} else if f := p.Folders[name]; !filepath.IsLocal(filepath.FromSlash(f)) {
			errs = append(errs, fmt.Errorf("folders: %s: %q is no folder in what was handed in; write it as it is called there, such as lab4/src", name, f))
		}
	}
	return errors.Join(errs...)
}
