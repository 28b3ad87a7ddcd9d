package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/launch"
	"raftlab/cluster/trace"
	"raftlab/internal/plain"
)

const (
	tracePatience = 10 * time.Second
	traceAfter    = 2 * time.Second // for which members may be behind
)

func (a *app) trace() *cobra.Command {
	at, file := 0, ""
	c := &cobra.Command{
		Use: "trace put KEY VALUE", Short: "Follow one request through a running cluster", Args: cobra.ExactArgs(3),
		Long: `Put a key, and print what every member did with the request, in the order of time: received, passed on, proposed, sent, synced, committed,
applied, answered. --at says which member is asked: it shows what is different at one that does not lead. With etcd's API another client that
puts the same value under the same key at this time is taken for the same request.`,
	}
	c.Flags().IntVar(&at, "at", 0, "the `member` that is asked")
	c.Flags().StringVar(&file, "out", "", "a `file` for the viewer of runs as well: raftlab view FILE")
	c.RunE = func(c *cobra.Command, args []string) error {
		if args[0] != "put" || args[2] == "" {
			return &usageError{errors.New("what can be followed is a put of a value: trace put KEY VALUE")}
		}
		f, err := a.eitherFolder(c.Flags().Changed("data"))
		if err != nil {
			return err
		}
		if at < 0 || at >= len(f.Members) {
			return &usageError{fmt.Errorf("--at %d: there are members 0 to %d", at, len(f.Members)-1)}
		}
		return a.follow(c.Context(), f, at, args[1], args[2], file)
	}
	return c
}

// follow puts a key at a member, and prints what has become of it.
func (a *app) follow(ctx context.Context, f *launch.Folder, at int, key, value, file string) error {
	needle, put, end, err := putter(ctx, f, at, key, value)
	if err != nil {
		return err
	}
	defer end()
	var members []int
	for i := range f.Members {
		if f.Trace(i, needle) == nil {
			members = append(members, i)
			defer func() { _ = f.Trace(i, nil) }()
		}
	}
	asked := time.Now()
	if err := put(); err != nil {
		return err
	}
	answered := time.Now()
	var events []trace.Event
	for late := answered.Add(traceAfter); ; time.Sleep(20 * time.Millisecond) {
		events = []trace.Event{trace.Asked(asked, at), trace.Answered(answered)}
		for _, i := range members {
			own, err := f.Traced(i)
			if err != nil {
				return err
			}
			events = append(events, own...)
		}
		if trace.Everywhere(events, members) || time.Now().After(late) {
			break
		}
	}
	fmt.Fprintf(a.out, "peer: %s; %d of %d members run\n", f.Implementation, len(members), len(f.Members))
	trace.Show(a.out, events)
	if file == "" {
		return nil
	}
	var b []byte
	for _, e := range trace.Run(events, key+" "+plain.Line(value, plain.MaxLine)) {
		b = append(e.AppendJSON(b), '\n')
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	fmt.Fprintf(a.out, "`%s view %s` shows it as a picture.\n", strings.TrimSuffix(program, " cluster"), file)
	return nil
}

// putter prepares a put at a member of either kind of cluster. needle are the bytes by which it is
// known.
func putter(ctx context.Context, f *launch.Folder, at int, key, value string) (needle []byte, put func() error, end func(), err error) {
	if !f.Etcd {
		c, node := f.Client(at)
		if needle, err = c.Next(key, value); err != nil {
			node.Close()
		}
		return needle, func() error { _, err := c.Put(key, value); return err }, node.Close, err
	}
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{f.Members[at].Etcd}, DialTimeout: tracePatience, Logger: zap.NewNop()})
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, stop := context.WithTimeout(ctx, tracePatience)
	end = func() { stop(); c.Close() }
	if _, err = c.Status(ctx, f.Members[at].Etcd); err == nil {
		_, err = c.Get(ctx, key)
	}
	if err != nil {
		end()
		return nil, nil, nil, fmt.Errorf("member %d does not answer: %w (`%s status --data %s` shows the members)", at, err, program, f.Path)
	}
	needle, err = proto.Marshal(&pb.PutRequest{Key: []byte(key), Value: []byte(value)})
	return needle, func() error { _, err := c.Put(ctx, key, value); return err }, end, err
}
