//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"raftlab/internal/grade"
)

func init() { commands = append(commands, mergeCommand) }

func mergeCommand(a *app) *cobra.Command {
	var out string
	var formats []string
	c := &cobra.Command{
		Use:   "merge DIR...",
		Short: "Put the grades of several shards together",
		Long: `Put the grades that shards wrote (raftlab grade --shard i/n) together, as if one machine had made them. DIR is the
directory of a shard, or one that holds such directories. Merging can be repeated, also while shards are missing: their
students are listed as not graded yet.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("merge needs the directories that the shards wrote, or the one that they are in"))
			}
			if err := checkFormats(formats); err != nil {
				return usage(err)
			}
			dirs, err := grade.ShardsIn(args)
			if err != nil {
				return usage(err)
			}
			if out == "" {
				if out = "grades"; len(args) == 1 && !slices.Contains(dirs, args[0]) {
					out = args[0] // the shards are in it
				}
			}
			for _, dir := range dirs {
				if sameFile(dir, out) {
					return usage(fmt.Errorf("--out %s: it is one of the directories to merge; name another", out))
				}
			}
			a.withCasesOf(dirs[0])
			all, err := a.allCases(c.Context())
			if err != nil {
				return usage(err)
			}
			plan, err := grade.Merge(out, dirs, all)
			if err != nil {
				return usage(err)
			}
			code, err := a.publish(plan, out, formats)
			if err != nil {
				return broken(err)
			}
			return exitWith(code)
		},
	}
	c.Flags().StringVar(&out, "out", "", "the `directory` for the grades of the whole class (default: the one that the shards are in, if that is given, and grades otherwise)")
	formatFlag(c.Flags(), &formats)
	return c
}
