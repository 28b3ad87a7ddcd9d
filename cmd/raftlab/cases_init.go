//raftlab:checkout-only (cases are an instructor's)

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"raftlab/internal/owncases"
)

func init() { commands = append(commands, casesCommand) }

func casesCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "cases",
		Short: "Write a module for cases of your own: raftlab cases init DIR",
		Args:  commandArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "init DIR",
		Short: "Write a module with one case, to begin your own with (docs/private-cases.md)",
		Args:  one("the directory for the module, which is empty or does not exist"),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := a.root()
			if err != nil {
				return usage(err)
			}
			if root.Course {
				return usage(errors.New("cases init needs a checkout of the framework, and this is a course tree"))
			}
			if err := owncases.Write(root.Dir, args[0]); err != nil {
				return usage(err)
			}
			fmt.Fprintf(a.out, "%s has a case of its own, 2X/HalfIsNotEnough, in cases.go. Next:\n\n", args[0])
			fmt.Fprintf(a.out, "  %s test 2X --cases %s        on the reference, which passes\n", program(), quote(args[0]))
			fmt.Fprintf(a.out, "  %s mutants half-commits --write ../half && %[1]s test 2X --cases %s --impl ../half        on a wrong peer, which fails\n",
				program(), quote(args[0]))
			return nil
		},
	})
	return c
}
