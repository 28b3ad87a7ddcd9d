package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"raftlab/cluster/launch"
	"raftlab/porcupine-tests/model"
)

// Options say what is to happen.
type Options struct {
	Folder         string
	Members        int
	Implementation string // of the peer, for messages
	Etcd           bool   // its service is etcd's API
	Kills          int
	PowerLosses    int
	Others         int // cuts, pauses and slow links
	Clients        int
	Seed           uint64
	Patience       time.Duration // that the cluster may take to serve again, and to agree. Default 1 minute
	Say            func(format string, args ...any)
}

// Report is what has come out. Failure is empty if all was well.
type Report struct {
	Operations, Unknown int
	Faults              int
	Sectors, Names      int            // that disks have lost
	Kinds, Missed       map[string]int // faults by their kind, and those that did not come about
	Invariants          []Invariant
	Failure             string
	Files               []string // of a failure
}

// maxLog makes snapshots frequent.
const maxLog = 32 << 10

// run is one under way.
type run struct {
	o       Options
	draws   *rand.Rand
	folder  *launch.Folder
	members []*launch.Process
	record  recorder
	report  Report
	watch   *watcher
	etcd    *etcdLoad // nil if the service is that of the labs

	settledAt int // how often all members were seen to have the same data, at the end
}

// failure is what is wrong with the cluster, as opposed to an error of this package.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }

func failed(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }

// Run runs a cluster through all of it. The error says that it could not be done.
func Run(ctx context.Context, o Options) (Report, error) {
	o.Patience = cmp.Or(o.Patience, time.Minute)
	c := &run{o: o, draws: rand.New(rand.NewPCG(o.Seed, 0xc4a05)), watch: newWatcher()}
	c.report.Kinds, c.report.Missed = map[string]int{}, map[string]int{}
	c.record.began = time.Now()
	if o.Etcd {
		c.etcd = &etcdLoad{}
	}
	err := c.prepare()
	if err == nil {
		err = c.all(ctx)
	}
	if c.folder != nil {
		var broken error
		if c.report.Invariants, broken = c.invariants(); err == nil {
			err = broken
		}
	}
	var wrong *failure
	if errors.As(err, &wrong) {
		c.report.Failure = wrong.text
		c.keep()
		err = nil
	}
	return c.report, err
}

// prepare makes the folder. One of an earlier run goes.
func (c *run) prepare() error {
	old, err := launch.Read(c.o.Folder)
	switch {
	case err == nil && !old.Fragile:
		return fmt.Errorf("%s holds a cluster that was not made for this; choose another folder", c.o.Folder)
	case err == nil:
		if err := os.RemoveAll(c.o.Folder); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	create := launch.Create
	if c.o.Etcd {
		create = launch.CreateEtcd
	}
	f, err := create(c.o.Folder, c.o.Members, c.o.Implementation)
	if err != nil {
		return err
	}
	f.Fragile, f.MaxLog, f.Record = true, maxLog, c.o.Etcd
	if err := f.Save(); err != nil {
		return err
	}
	c.folder, err = launch.Read(c.o.Folder)
	c.members = make([]*launch.Process, c.o.Members)
	return err
}

func (c *run) start(i int) (err error) {
	c.members[i], err = c.folder.Start(i, "member")
	return err
}

func (c *run) all(ctx context.Context) error {
	defer c.end()
	for i := range c.members {
		if err := c.start(i); err != nil {
			return err
		}
	}
	if err := c.serves(ctx); err != nil {
		return err
	}
	watching, enough := context.WithCancel(ctx)
	defer enough()
	go c.watch.run(watching, c.folder)
	stop, err := c.clients()
	if err == nil {
		err = c.inflict(ctx)
	}
	stop()
	if err == nil {
		err = c.loseDisks(ctx)
	}
	c.report.Faults = len(c.record.faults)
	if err == nil {
		err = c.settled(ctx)
	}
	if verdict := c.judge(); verdict != nil && ctx.Err() == nil {
		return verdict // whatever else is wrong, this comes first
	}
	if err == nil {
		err = c.watched()
	}
	return err
}

// watched is what the watcher has found.
func (c *run) watched() error {
	all, err := c.invariants()
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.Violation != "" {
			return failed("%s: %s", i.Name, i.Violation)
		}
	}
	return nil
}

// clients starts them. They go on until the function is called that it returns.
func (c *run) clients() (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	stop = func() {
		cancel()
		all.Wait()
	}
	if c.etcd != nil {
		return stop, c.etcdClients(ctx, &all)
	}
	for range c.o.Clients {
		draws := rand.New(rand.NewPCG(c.draws.Uint64(), 1))
		all.Go(func() { c.record.runClient(ctx, c.folder, draws) })
	}
	return stop, nil
}

// inflict does one thing after the other. In between the cluster has to serve.
func (c *run) inflict(ctx context.Context) error {
	for _, what := range plan(c.o, c.draws) {
		if (what == pause || what == stopLong || what == syncVote) && runtime.GOOS == "windows" {
			continue
		}
		if err := c.inject(ctx, what); err != nil {
			return err
		}
		if err := c.serves(ctx); err != nil {
			return err
		}
		c.wait(500 * time.Millisecond)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// serves waits until all members are ready, and none has ended by itself.
func (c *run) serves(ctx context.Context) error {
	within, stop := context.WithTimeout(ctx, c.o.Patience)
	defer stop()
	for _, i := range c.numbers() {
		m := c.members[i]
		go func() {
			select {
			case <-m.Ended():
				stop() // no use waiting
			case <-within.Done():
			}
		}()
	}
	err := c.folder.AwaitReady(within, c.numbers()...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, i := range c.numbers() {
		m := c.members[i]
		select {
		case <-m.Ended():
			return failed("member %d has ended by itself (%v); it said last:\n%s", i, m.Err(), c.folder.Tail(i, 12))
		default:
		}
	}
	if err != nil {
		return failed("the cluster does not serve %v after the fault: %v", c.o.Patience, err)
	}
	return nil
}

// numbers are those of the members that have not been lost for good.
func (c *run) numbers() (all []int) {
	for i, m := range c.members {
		if m != nil {
			all = append(all, i)
		}
	}
	return all
}

// settled waits until all members have the same data, and reads all of it.
func (c *run) settled(ctx context.Context) error {
	if c.etcd != nil {
		if err := c.leasesGo(ctx); err != nil {
			return err
		}
	}
	var hashes []string
	for began := time.Now(); time.Since(began) < c.o.Patience && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		hashes = hashes[:0]
		numbers := c.numbers()
		for _, i := range numbers {
			if s, err := c.folder.Status(i, true); err == nil {
				hashes = append(hashes, s.Hash)
			}
		}
		if len(hashes) == len(numbers) && same(hashes) {
			c.settledAt++
			return c.readAll(ctx)
		}
	}
	c.watch.mu.Lock()
	c.watch.violated(sameData, "%q", hashes)
	c.watch.mu.Unlock()
	return failed("%s: the members do not come to the same data: %q", sameData, hashes)
}

// readAll reads all data at the end, so that what was lost shows.
func (c *run) readAll(ctx context.Context) error {
	if c.etcd == nil {
		return c.record.readAll(c.folder)
	}
	if err := c.etcd.readAll(ctx, c.folder, c.numbers()); err != nil {
		return err
	}
	return c.watchersArrive()
}

func same(all []string) bool {
	for _, s := range all {
		if s != all[0] {
			return false
		}
	}
	return true
}

// judge has the history judged.
func (c *run) judge() error {
	if c.etcd != nil {
		return c.judgeEtcd()
	}
	c.report.Operations = len(c.record.ops)
	c.report.Unknown = 0
	for _, op := range c.record.ops {
		if op.Open {
			c.report.Unknown++
		}
	}
	v := model.Check(c.record.ops, 0)
	switch v.Result {
	case model.OK:
		return nil
	case model.Unknown:
		return fmt.Errorf("the checker gave up on %q: it cannot say whether the history is linearizable", v.Key)
	}
	c.watch.mu.Lock()
	c.watch.violated(acknowledged, "key %q: %s", v.Key, v.Why)
	c.watch.mu.Unlock()
	return failed("%s: the history is not linearizable, key %q: %s", acknowledged, v.Key, v.Why)
}

// keep writes down what there is to look at.
func (c *run) keep() {
	lines, picture := filepath.Join(c.folder.Path, "history.jsonl"), filepath.Join(c.folder.Path, "history.html")
	c.report.Files = []string{lines, picture}
	var err error
	if c.etcd != nil {
		c.report.Files = c.report.Files[:1]
		err = c.etcd.save(lines)
	} else {
		err = c.record.save(lines, picture)
	}
	if err != nil {
		c.o.Say("the history could not be written: %v", err)
		return
	}
	for i := range c.members {
		if _, err := os.Stat(c.folder.Log(i)); err == nil { // a disk that was lost has none
			c.report.Files = append(c.report.Files, c.folder.Log(i))
		}
	}
}

// end ends what still runs.
func (c *run) end() {
	var all sync.WaitGroup
	for _, m := range c.members {
		if m != nil {
			all.Go(m.End)
		}
	}
	all.Wait()
}
