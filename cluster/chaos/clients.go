package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"raftlab/cluster/kv"
	"raftlab/cluster/launch"
	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
)

// recorder writes down what clients ask and are told, and what is done to the members. Calls and
// returns are ordered by one counter: clients live in this process.
type recorder struct {
	mu      sync.Mutex
	began   time.Time
	at      int
	clients int
	ops     []model.Op
	faults  []model.Fault
}

// newClient is a number that no client has had: one whose operation has no answer does not go on
// under its own.
func (r *recorder) newClient() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients++
	return r.clients - 1
}

// call records the beginning of an operation.
func (r *recorder) call(op *model.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at++
	op.Dialect, op.Call, op.Begin = model.Classic, r.at, time.Since(r.began)
}

// returned records its end. One that was certainly not executed has no place in the history.
func (r *recorder) returned(op model.Op, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at++
	op.Return, op.End = r.at, time.Since(r.began)
	switch {
	case err == nil:
		op.Err = kvapi.OK
	case kv.IsUnknown(err):
		op.Open = true
	default:
		return
	}
	r.ops = append(r.ops, op)
}

// fault records something that is done, and returns what to call when it is over.
func (r *recorder) fault(what string) (over func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at++
	i := len(r.faults)
	r.faults = append(r.faults, model.Fault{What: what, From: r.at, To: r.at})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at++
		r.faults[i].To = r.at
	}
}

// keys are few, so that clients meet.
const keys = 5

// runClient asks and writes until ctx is over.
func (r *recorder) runClient(ctx context.Context, f *launch.Folder, draws *rand.Rand) {
	number := r.newClient()
	c, node := f.Client(number)
	defer node.Close()
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprint("key", draws.IntN(keys))
		op := model.Op{Client: number, Kind: model.Get, Key: key}
		if d := draws.IntN(100); d < 45 {
			op.Kind, op.Value = model.Append, model.Value(fmt.Sprintf("%d.%d", number, n))
		} else if d < 52 {
			op.Kind, op.Value = model.Put, model.Value(fmt.Sprintf("%d.%d", number, n))
		}
		if err := r.do(c, op); kv.IsUnknown(err) {
			number = r.newClient()
		}
		time.Sleep(5*time.Millisecond + time.Duration(draws.Int64N(int64(10*time.Millisecond))))
	}
}

// do executes and records one operation.
func (r *recorder) do(c *kv.Client, op model.Op) (err error) {
	var res kv.Result
	r.call(&op)
	switch op.Kind {
	case model.Get:
		res, err = c.Get(op.Key)
		op.Got = res.Value
	case model.Put:
		_, err = c.Put(op.Key, op.Value)
	default:
		_, err = c.Append(op.Key, op.Value)
	}
	r.returned(op, err)
	return err
}

// readAll reads every key at the end, so that what was lost shows.
func (r *recorder) readAll(f *launch.Folder) error {
	c, node := f.Client(0)
	defer node.Close()
	number := r.newClient()
	for i := range keys {
		if err := r.do(c, model.Op{Client: number, Kind: model.Get, Key: fmt.Sprint("key", i)}); err != nil {
			return fmt.Errorf("reading at the end: %w", err)
		}
	}
	return nil
}

// save writes the history to a file, an operation a line, and porcupine's picture of it to another.
func (r *recorder) save(lines, picture string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.Create(lines)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, op := range r.ops {
		if err := json.NewEncoder(f).Encode(op); err != nil {
			return err
		}
	}
	p, err := os.Create(picture)
	if err != nil {
		return err
	}
	defer p.Close()
	return model.Draw(p, r.ops, r.faults)
}
