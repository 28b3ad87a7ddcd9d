package chaos

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// good is what two watchers, a client and a session see when all is well.
func good() *etcdRecord {
	put := func(revision, version, create int64, key, value string) etcdEvent {
		return etcdEvent{Revision: revision, Key: key, Value: value, Version: version, Create: create}
	}
	messages := [][]etcdEvent{
		{put(2, 1, 2, "key0", "1")},
		{put(3, 2, 2, "key0", "2"), put(4, 1, 4, "lease/0", "")},
		{{Revision: 5, Key: "key0", Gone: true}},
		{{Revision: 6, Key: "lease/0", Gone: true, Seen: 10 * time.Second}},
		{put(7, 1, 7, "key0", "6")},
	}
	r := &etcdRecord{newest: 7}
	for member := range 2 {
		w := &etcdWatch{Member: member, upTo: 7, Progress: []progress{{4, 2}, {7, 5}}}
		for _, m := range messages {
			w.Messages = append(w.Messages, slices.Clone(m))
		}
		r.Watches = append(r.Watches, w)
	}
	r.Sessions = []*session{{Key: "lease/0", TTL: 3 * time.Second, Alive: []time.Duration{time.Second, 6 * time.Second}}}
	r.Ops = []etcdOp{
		{Kind: etcdPut, Key: "key0", Value: "1", Call: 1, End: 2, Revision: 2, Wrote: true},
		{Kind: etcdCAS, Key: "key0", Value: "2", If: 2, Call: 3, End: 4, Revision: 3, Wrote: true},
		{Kind: etcdCAS, Key: "key0", Value: "2", If: 2, Call: 5, End: 6, Revision: 4, Found: true, Mod: 3, Create: 2, Version: 2},
		{Kind: etcdGet, Key: "key0", Value: "2", Call: 7, End: 8, Revision: 4, Found: true, Mod: 3, Create: 2, Version: 2},
		{Kind: etcdDel, Key: "key0", Call: 9, End: 10, Revision: 5, Wrote: true},
		{Kind: etcdDel, Key: "key0", Call: 11, End: 12, Revision: 6},
		{Kind: etcdOld, Key: "key0", If: 2, Value: "1", Call: 13, End: 14, Revision: 6, Found: true, Mod: 2, Create: 2, Version: 1},
		{Kind: etcdPut, Key: "key0", Value: "6", Call: 15, End: 16, Failed: true},
	}
	return r
}

func (r *etcdRecord) verdict() error {
	err := r.judge()
	if err == nil {
		_, err = r.leases()
	}
	return err
}

// What is right is accepted, and each mistake is found.
func TestEtcdJudge(t *testing.T) {
	require.NoError(t, good().verdict())
	for name, c := range map[string]struct {
		mistake func(*etcdRecord)
		found   string
	}{
		"an event is lost at one member": {func(r *etcdRecord) {
			r.Watches[1].Messages = slices.Delete(r.Watches[1].Messages, 2, 3)
		}, "was not told of revision 5"},
		"an event is lost at all": {func(r *etcdRecord) {
			for _, w := range r.Watches {
				w.Messages, w.Progress = slices.Delete(w.Messages, 0, 1), nil
			}
		}, "no watcher has got the revision 2"},
		"an event comes twice": {func(r *etcdRecord) {
			r.Watches[0].Messages = slices.Insert(r.Watches[0].Messages, 3, r.Watches[0].Messages[2])
		}, "or a second time"},
		"watchers disagree":      {func(r *etcdRecord) { r.Watches[1].Messages[0][0].Value = "x" }, "to the one at member 1"},
		"a promise is too early": {func(r *etcdRecord) { r.Watches[0].Progress[0].Messages = 1 }, "after the promise"},
		"a promise goes back":    {func(r *etcdRecord) { r.Watches[0].Progress[0].Revision = 3 }, "is promised revision 3 after 4"},
		"a read is stale": {func(r *etcdRecord) {
			r.Ops[3].Value, r.Ops[3].Mod, r.Ops[3].Version, r.Ops[3].Revision = "1", 2, 1, 2
		}, "when it began an answer of revision 4"},
		"a read is wrong at its revision":         {func(r *etcdRecord) { r.Ops[3].Value = "1" }, "read something else"},
		"a read of an old revision is wrong":      {func(r *etcdRecord) { r.Ops[6].Mod = 3 }, "read something else"},
		"an acknowledged write is nowhere":        {func(r *etcdRecord) { r.Ops[0].Value = "lost" }, "it was acknowledged"},
		"a write is answered with another's":      {func(r *etcdRecord) { r.Ops[1].Revision = 2 }, "it was acknowledged"},
		"a wrong comparison writes":               {func(r *etcdRecord) { r.Ops[1].If = 1 }, "although the comparison is wrong"},
		"a right comparison does not":             {func(r *etcdRecord) { r.Ops[2].If = 3 }, "although the comparison is right"},
		"a key is deleted and is not":             {func(r *etcdRecord) { r.Ops[4].Revision = 6 }, "to have deleted the key"},
		"there is something to delete":            {func(r *etcdRecord) { r.Ops[4].Wrote = false; r.Ops[4].Revision = 4 }, "nothing to delete"},
		"a failed write is there before it began": {func(r *etcdRecord) { r.Ops[7].Value = "2"; r.Ops[1].Value = "2" }, "an answer of revision 6"},
		"a write is there twice": {func(r *etcdRecord) {
			for _, w := range r.Watches {
				w.Messages[4][0].Value = "2"
			}
		}, "written once, and is there twice"},
		"a lease goes too early": {func(r *etcdRecord) { r.Sessions[0].Alive[1] = 8 * time.Second }, "after it had been given 3s"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			c.mistake(r)
			require.ErrorContains(t, r.verdict(), c.found)
		})
	}
}
