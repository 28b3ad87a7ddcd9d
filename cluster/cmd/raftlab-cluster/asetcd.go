package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/version"

	"raftlab/cluster/etcd"
	"raftlab/cluster/launch"
	"raftlab/cluster/member"
)

// Tests that others have written for etcd start a program of that name, with its flags. What is in
// this file is one member that can be started so.

// calledEtcd says whether the program was started under etcd's name.
func calledEtcd(name string) bool {
	return strings.TrimSuffix(filepath.Base(name), ".exe") == "etcd"
}

func (a *app) etcdProgram() *cobra.Command {
	return &cobra.Command{
		Use: "etcd-program FILE", Short: "Write a program that takes etcd's flags, for tests of etcd", Args: cobra.ExactArgs(1),
		Long: `Copy this program, with the peer that is built into it, to FILE, which has to be called etcd: under that name it takes
etcd's flags, and runs one member with etcd's API. Flags that have no meaning here are named and ignored; those of TLS are refused.`,
		RunE: func(_ *cobra.Command, args []string) error {
			if !calledEtcd(args[0]) {
				return &usageError{fmt.Errorf("%s: the file has to be called etcd, for the program looks at its own name", args[0])}
			}
			return copySelf(args[0])
		},
	}
}

func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("writing the program: %w", err)
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(fmt.Errorf("writing the program: %w", err), out.Close())
	}
	return out.Close()
}

// known are etcd's flags that have a meaning here, and their defaults.
var known = map[string]string{
	"name": "default", "data-dir": "", "listen-client-urls": "http://localhost:2379", "advertise-client-urls": "", "listen-peer-urls": "",
	"initial-advertise-peer-urls": "", "initial-cluster": "default=http://localhost:2380", "initial-cluster-token": "etcd-cluster",
	quotaFlag: "0", modeFlag: etcd.ModePeriodic, retentionFlag: "0",
}

// refused are flags whose absence would be noticed too late.
var refused = []string{"auto-tls", "peer-auto-tls", "cert-file", "peer-cert-file", "client-cert-auth", "discovery-token", "force-new-cluster"}

// etcdFlags reads a command line of etcd's. Boolean flags may stand alone.
func etcdFlags(args []string) (map[string]string, error) {
	flags := map[string]string{}
	for name, value := range known {
		flags[name] = value
	}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !given && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
			value = args[i]
		}
		if slices.Contains(refused, name) && value != "false" {
			return nil, &usageError{fmt.Errorf("--%s: a member listens at loopback only, without encryption, and its cluster is fixed", name)}
		}
		if _, ok := known[name]; !ok && name != "version" {
			fmt.Fprintf(os.Stderr, "--%s has no meaning here, and is ignored\n", name)
			continue
		}
		flags[name] = value
	}
	return flags, nil
}

// asEtcd runs a member as etcd's flags say.
func asEtcd(ctx context.Context, args []string) error {
	flags, err := etcdFlags(args)
	if err != nil {
		return err
	}
	if _, ok := flags["version"]; ok {
		fmt.Printf("etcd Version: %s\nGit SHA: none: this is raftlab, on the peer %s\n", version.Version, implementation)
		return nil
	}
	f, me, err := folderFrom(flags)
	if err != nil {
		return err
	}
	go sayReady(ctx, f.Members[me].Etcd)
	return member.Run(ctx, member.Config{Folder: f, Member: me, Make: makePeer})
}

// sayReady says, in the words that tests wait for, that clients are served.
func sayReady(ctx context.Context, address string) {
	for ctx.Err() == nil {
		if r, err := http.Get("http://" + address + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				fmt.Fprintln(os.Stderr, "ready to serve client requests")
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// folderFrom makes the folder of a cluster, as this member sees it, in the data directory. The
// members' numbers are the order of their names, and what they have to have in common is made from
// the flags that they have in common.
func folderFrom(flags map[string]string) (f *launch.Folder, me int, err error) {
	dir := cmp.Or(flags["data-dir"], flags["name"]+".etcd")
	common := sha256.Sum256([]byte(flags["initial-cluster-token"] + " " + flags["initial-cluster"]))
	f = &launch.Folder{Path: dir, Cluster: fmt.Sprintf("%x", common[:8]), Secret: fmt.Sprintf("%x", common), Implementation: implementation,
		Etcd: true, Record: os.Getenv("RAFTLAB_JUDGED") != "", Fragile: os.Getenv("RAFTLAB_JUDGED") != ""}
	if f.Quota, err = strconv.ParseInt(flags[quotaFlag], 10, 64); err != nil {
		return nil, 0, &usageError{fmt.Errorf("--%s: %w", quotaFlag, err)}
	}
	f.Compaction = [2]string{flags[modeFlag], flags[retentionFlag]}
	if _, err = etcd.ParseCompaction(flags[modeFlag], flags[retentionFlag]); err != nil {
		return nil, 0, &usageError{err}
	}
	for one := range strings.SplitSeq(flags["initial-cluster"], ",") {
		name, peers, _ := strings.Cut(one, "=")
		address, err := addressOf("initial-cluster", peers)
		if err != nil {
			return nil, 0, err
		}
		f.Members = append(f.Members, launch.Addresses{Name: name, Peers: address})
	}
	slices.SortFunc(f.Members, func(a, b launch.Addresses) int { return strings.Compare(a.Name, b.Name) })
	me = slices.IndexFunc(f.Members, func(a launch.Addresses) bool { return a.Name == flags["name"] })
	if me < 0 {
		return nil, 0, &usageError{fmt.Errorf("--name %s is none of --initial-cluster %s", flags["name"], flags["initial-cluster"])}
	}
	own := &f.Members[me]
	if own.Etcd, err = addressOf("listen-client-urls", flags["listen-client-urls"]); err != nil {
		return nil, 0, err
	}
	if old, err := launch.Read(dir); err == nil && old.Cluster == f.Cluster {
		own.HTTP = old.Members[me].HTTP
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err
	} else if free, err := launch.FreePorts(1); err != nil {
		return nil, 0, err
	} else {
		own.HTTP = free[0]
	}
	return f, me, f.Save()
}

// addressOf is the address in the first of some URLs.
func addressOf(name, urls string) (string, error) {
	first, _, _ := strings.Cut(urls, ",")
	u, err := url.Parse(first)
	if err != nil || u.Scheme != "http" || u.Port() == "" {
		return "", &usageError{fmt.Errorf("--%s %s: only http://HOST:PORT is possible here", name, urls)}
	}
	return u.Host, nil
}
