package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"raftlab/cluster/mutants"
)

func (a *app) mutants() *cobra.Command {
	return &cobra.Command{
		Use: "mutants [NAME...]", Short: "Whether the tests of this layer find what they are for",
		Long: `Make mistakes in the log, the connections and the service, one at a time, and run the test that is there for each: it has
to fail within ten runs. It compiles the module for each of them, and takes some minutes.`,
		RunE: func(c *cobra.Command, args []string) error {
			module := os.Getenv("RAFTLAB_MODULE")
			if module == "" {
				return &usageError{errors.New("the sources are not known: call this as raftlab cluster mutants, from a checkout")}
			}
			list, err := mutants.Find(args)
			if err != nil {
				return &usageError{err}
			}
			alive := 0
			for m, found := range mutants.Hunt(c.Context(), module, list) {
				switch {
				case found.Err != nil:
					return &brokenError{found.Err}
				case found.How != "":
					fmt.Fprintf(a.out, "%-33s dead, %s: %s\n", m.Name, found.How, m.What)
				default:
					alive++
					fmt.Fprintf(a.out, "%-33s ALIVE: %s\n", m.Name, m.What)
				}
			}
			if alive > 0 {
				return fmt.Errorf("%d of %d mutants are alive", alive, len(list))
			}
			fmt.Fprintf(a.out, "all %d are dead\n", len(list))
			return nil
		},
	}
}
