package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"raftlab/cluster/etcd"
	"raftlab/cluster/launch"
)

// settings are what a cluster can be told when it starts, and remembers. Those of etcd's API have
// etcd's names.
type settings struct {
	quota           int64
	mode, retention string
	leases          bool
}

const (
	quotaFlag     = "quota-backend-bytes"
	modeFlag      = "auto-compaction-mode"
	retentionFlag = "auto-compaction-retention"
	leasesFlag    = "lease-reads"
)

func (o *settings) flags(f *pflag.FlagSet) {
	f.Int64Var(&o.quota, "quota-backend-bytes", 0, "with --etcd: how large a member's database may get (default 2 GiB)")
	f.StringVar(&o.mode, "auto-compaction-mode", o.mode, "with --etcd: periodic, or revision")
	f.StringVar(&o.retention, "auto-compaction-retention", "0", "with --etcd: what is kept, hours or a time like 30m, or a number of revisions; 0: everything")
	f.BoolVar(&o.leases, "lease-reads", false, "linearizable reads at the leader ask nobody while its lease lasts, if the peer has LeaseRead. "+
		"This trusts the clocks (docs/lab3e.md)")
}

// check says what cannot be meant.
func (o *settings) check(api bool, f *pflag.FlagSet) error {
	for _, name := range []string{quotaFlag, modeFlag, retentionFlag} {
		if f.Changed(name) && !api {
			return fmt.Errorf("--%s is for clusters with --etcd", name)
		}
	}
	_, err := etcd.ParseCompaction(o.mode, o.retention)
	return err
}

// save notes what has been said this time.
func (o *settings) save(f *pflag.FlagSet, folder *launch.Folder) error {
	if f.Changed(quotaFlag) {
		folder.Quota = o.quota
	}
	if f.Changed(modeFlag) || f.Changed(retentionFlag) {
		folder.Compaction = [2]string{o.mode, o.retention}
	}
	if f.Changed(leasesFlag) {
		folder.LeaseReads = o.leases
	}
	return folder.Save()
}
