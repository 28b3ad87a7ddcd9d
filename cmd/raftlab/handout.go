//raftlab:checkout-only (course trees are what it writes)

package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/course"
	"raftlab/internal/site"
	"raftlab/internal/suite"
)

// The extras of a tree that is handed out.
const (
	workflows = "workflows"
	webSite   = "site"
	tidy      = "tidy"
	vendored  = "vendor"
)

func init() {
	commands = append(commands, handoutCommand)
	extras[workflows] = course.Workflows
	extras[tidy] = course.Tidy
	extras[vendored] = course.Vendor
	for _, n := range suite.Numberings {
		extras[numberingExtra(n)] = numbered(suite.Numbering(n))
	}
	extras[webSite] = func(_ []course.Lab, files map[string][]byte) error { return site.Add(files, "docs", "site") }
}

// numbered is the extra that calls labs and parts as the course does, in all pages and in what
// tests them.
func numbered(n suite.Numbering) course.Extra {
	return func(_ []course.Lab, files map[string][]byte) error {
		renamed := map[string][]byte{}
		for name, text := range files {
			if strings.HasPrefix(name, "vendor/") {
				continue
			}
			page := filepath.Ext(name) == ".md" && name != "docs/adopt.md" // which speaks of the course's numbers already
			if page || name == "Makefile" || filepath.Ext(name) == ".yml" {
				delete(files, name)
				renamed[n.Text(name)] = []byte(n.Text(string(text)))
			}
		}
		maps.Copy(files, renamed)
		return nil
	}
}

func handoutCommand(a *app) *cobra.Command {
	var names []string
	var withSite, offline bool
	c := &cobra.Command{
		Use:   "handout DIR",
		Short: "Write what an instructor hands out: a course tree with CI files, and a web site of its pages",
		Long: `Write into DIR, which must be empty or not exist, the tree that raftlab init writes, as a template for students'
repositories: with workflows that test it on GitHub and on GitLab, each part in a job of its own, and with --site a static web site of
its pages in DIR/site. With --offline the tree brings the modules that it needs, so that it builds without a network. The same commit gives the same bytes. raftlab init --update refreshes it.`,
		Args: one("the directory for the tree, which is empty or does not exist"),
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.root()
			if err != nil {
				return usage(err)
			}
			return a.handOut(c.Context(), root, args[0], names, withSite, offline)
		},
	}
	c.Flags().StringSliceVar(&names, "labs", nil, "labs and parts that are asked for, such as lab1,2A-2C; lab2 means 2A-2D (default: all)")
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	c.Flags().BoolVar(&offline, "offline", false, "put the modules that the tree imports into DIR/vendor: it builds without a network and a module cache")
	c.Flags().BoolVar(&withSite, "site", false, "write a web site of the pages into DIR/site as well")
	return c
}

func (a *app) handOut(ctx context.Context, root course.Root, dir string, names []string, withSite, offline bool) error {
	chosen, err := a.chooseLabs(ctx, names)
	if err != nil {
		return usage(err)
	}
	wanted := []string{workflows, tidy}
	if offline {
		wanted = append(wanted, vendored)
	}
	if a.numbering != "" {
		wanted = append(wanted, numberingExtra(a.numbering))
	}
	if withSite {
		wanted = append(wanted, webSite)
	}
	if a.own != nil {
		a.ownExtra()
		wanted = append([]string{ownCases}, wanted...)
	}
	student, err := course.Init(root, dir, chosen, extras, wanted...)
	if err == nil {
		err = renumber(suite.Numbering(a.numbering), dir, student)
	}
	if err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s can be handed out: it has no reference, no wrong versions and no history. Students write %s.\n\n", dir, strings.Join(student, ", "))
	fmt.Fprintf(a.out, "  .github/workflows/labs.yml, .gitlab-ci.yml    test each part on every push; keep the one that you need\n")
	if withSite {
		fmt.Fprintf(a.out, "  site/    its pages; open %s, or put the folder on any web server\n", filepath.Join(dir, "site", "index.html"))
	}
	fmt.Fprintf(a.out, "\nTo make it a repository:\n\n  cd %s\n  git init && git add . && git commit -m \"the labs\"\n", quote(dir))
	return nil
}
