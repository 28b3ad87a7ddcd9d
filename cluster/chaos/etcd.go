package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"raftlab/cluster/launch"
)

// A cluster with etcd's API tells so much in each answer that no search is needed to judge it: each
// write has a revision of its own, and each read says at which revision it looked.

// etcdOp is an operation and its answer.
type etcdOp struct {
	Kind        etcdKind
	Key, Value  string
	If          int64 // cas: the revision that the key must have, 0 for a key that is not there
	Call, End   int   // when, by the recorder's counter
	Failed      bool  // nobody knows whether it was executed
	Revision    int64 // of the answer
	Wrote       bool  // cas: it has; del: there was something
	Found       bool  // get: the key is there, with
	Mod, Create int64
	Version     int64
}

type etcdKind string

const (
	etcdPut etcdKind = "put"
	etcdCAS etcdKind = "cas"
	etcdDel etcdKind = "del"
	etcdGet etcdKind = "get"
	etcdOld etcdKind = "get of an old revision"
)

// etcdRecord is what clients of etcd's API have seen.
type etcdRecord struct {
	mu       sync.Mutex
	at       int
	values   int
	newest   int64 // revision that somebody has seen
	Ops      []etcdOp
	Watches  []*etcdWatch
	Sessions []*session
}

func (r *etcdRecord) counts() (operations, unknown int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.Ops {
		if op.Failed {
			unknown++
		}
	}
	return len(r.Ops), unknown
}

func (r *etcdRecord) now() int {
	r.at++
	return r.at
}

// call begins an operation.
func (r *etcdRecord) call(op *etcdOp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values++
	op.Call, op.Value = r.now(), fmt.Sprint(r.values) // no value is written twice
}

// returned notes its end. What has failed and would have changed nothing is forgotten.
func (r *etcdRecord) returned(op etcdOp, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op.End, op.Failed = r.now(), err != nil
	if op.Failed && (op.Kind == etcdGet || op.Kind == etcdOld) {
		return
	}
	r.newest = max(r.newest, op.Revision)
	r.Ops = append(r.Ops, op)
}

const (
	etcdPatience = 2 * time.Second // of a client with one operation
	etcdPrefix   = "key"
)

// etcdClient is a client of some members.
func etcdClient(f *launch.Folder, members ...int) (*clientv3.Client, error) {
	var endpoints []string
	for _, i := range members {
		endpoints = append(endpoints, f.Members[i].Etcd)
	}
	return clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop(),
		DialKeepAliveTime: 2 * time.Second, DialKeepAliveTimeout: time.Second})
}

// runClient asks and writes until ctx is over.
func (r *etcdRecord) runClient(ctx context.Context, c *clientv3.Client, draws *rand.Rand) {
	for ctx.Err() == nil {
		op := etcdOp{Key: fmt.Sprint(etcdPrefix, draws.IntN(keys))}
		switch d := draws.IntN(100); {
		case d < 35:
			op.Kind = etcdPut
		case d < 55:
			op.Kind = etcdCAS
		case d < 63:
			op.Kind = etcdDel
		case d < 92:
			op.Kind = etcdGet
		default:
			op.Kind = etcdOld
		}
		_ = r.do(ctx, c, op, draws)
		time.Sleep(5*time.Millisecond + time.Duration(draws.Int64N(int64(10*time.Millisecond))))
	}
}

// do executes and records one operation.
func (r *etcdRecord) do(ctx context.Context, c *clientv3.Client, op etcdOp, draws *rand.Rand) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), etcdPatience)
	defer stop()
	if op.Kind == etcdCAS { // what is compared comes from a read that is not judged: it may be old on purpose
		if now, err := c.Get(ctx, op.Key, clientv3.WithSerializable()); err == nil && len(now.Kvs) > 0 {
			op.If = now.Kvs[0].ModRevision
		}
	}
	if op.Kind == etcdOld {
		r.mu.Lock()
		op.If = max(r.newest-int64(draws.IntN(30)), 1)
		r.mu.Unlock()
	}
	r.call(&op)
	err := op.execute(ctx, c)
	r.returned(op, err)
	return err
}

// execute does it, and notes the answer.
func (op *etcdOp) execute(ctx context.Context, c *clientv3.Client) error {
	switch op.Kind {
	case etcdPut:
		a, err := c.Put(ctx, op.Key, op.Value)
		if err == nil {
			op.Revision, op.Wrote = a.Header.Revision, true
		}
		return err
	case etcdCAS:
		same := clientv3.Compare(clientv3.ModRevision(op.Key), "=", op.If)
		a, err := c.Txn(ctx).If(same).Then(clientv3.OpPut(op.Key, op.Value)).Else(clientv3.OpGet(op.Key)).Commit()
		if err == nil {
			op.Revision, op.Wrote = a.Header.Revision, a.Succeeded
		}
		if err == nil && !a.Succeeded {
			op.found((*clientv3.GetResponse)(a.Responses[0].GetResponseRange()))
		}
		return err
	case etcdDel:
		a, err := c.Delete(ctx, op.Key)
		if err == nil {
			op.Revision, op.Wrote = a.Header.Revision, a.Deleted > 0
		}
		return err
	}
	var o []clientv3.OpOption
	if op.Kind == etcdOld {
		o = append(o, clientv3.WithRev(op.If))
	}
	a, err := c.Get(ctx, op.Key, o...)
	if err == nil {
		op.Revision = a.Header.Revision
		op.found(a)
	}
	return err
}

// found notes what a read has found.
func (op *etcdOp) found(a *clientv3.GetResponse) {
	if op.Value = ""; len(a.Kvs) > 0 {
		kv := a.Kvs[0]
		op.Found, op.Value, op.Mod, op.Create, op.Version = true, string(kv.Value), kv.ModRevision, kv.CreateRevision, kv.Version
	}
}

// readAll reads every key at the end.
func (r *etcdRecord) readAll(ctx context.Context, f *launch.Folder, members []int) error {
	c, err := etcdClient(f, members...)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range keys {
		if err := r.do(ctx, c, etcdOp{Kind: etcdGet, Key: fmt.Sprint(etcdPrefix, i)}, nil); err != nil {
			return fmt.Errorf("reading at the end: %w", err)
		}
	}
	return nil
}

// save writes everything to a file, an operation or a watch a line.
func (r *etcdRecord) save(lines string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.Create(lines)
	if err != nil {
		return err
	}
	defer f.Close()
	e := json.NewEncoder(f)
	for _, op := range r.Ops {
		err = errors.Join(err, e.Encode(op))
	}
	for _, w := range r.Watches {
		err = errors.Join(err, e.Encode(w))
	}
	for _, s := range r.Sessions {
		err = errors.Join(err, e.Encode(s))
	}
	return err
}
