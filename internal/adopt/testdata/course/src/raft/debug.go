package raft

import (
	"fmt"
	"strings"
)

func dump(cfg *config, rafts []*Raft) string {
	var b strings.Builder
	for _, rf := range rafts {
		fmt.Fprintln(&b, rf.me, cfg.t.Name())
	}
	return b.String()
}
