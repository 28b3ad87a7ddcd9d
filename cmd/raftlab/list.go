package main

import (
	"github.com/spf13/cobra"

	"raftlab/internal/suite"
)

func listCommand(a *app) *cobra.Command {
	var asJSON, course bool
	c := &cobra.Command{
		Use:   "list [SEL...]",
		Short: "List the cases: points, section of the paper, what each checks",
		Long: "List the cases. SEL is a lab (lab2), a part (2A) or a case (2A/InitialElection, or just InitialElection);\n" +
			"upper and lower case are the same, and a prefix will do where it is clear.",
		RunE: func(c *cobra.Command, args []string) error {
			all, err := a.allCases(c.Context())
			if err != nil {
				return usage(err)
			}
			cases, err := suite.Select(all, args)
			if err != nil {
				return usage(err)
			}
			if course {
				cases = demandedByCourse(cases)
			}
			if asJSON {
				return broken(suite.WriteListJSON(a.out, cases, ""))
			}
			return broken(suite.WriteList(a.out, cases, width(a.out)))
		},
	}
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	courseFlag(c.Flags(), &course)
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON (docs/results.md)")
	return c
}
