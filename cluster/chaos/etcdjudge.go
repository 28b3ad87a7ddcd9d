package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// etcdTruth is the order of all writes, put together from what all watchers have got.
type etcdTruth struct {
	events map[int64][]etcdEvent
	states map[string][]etcdEvent // by key, in the order of revisions
	newest int64
}

// truth puts it together. Watchers that contradict each other, or miss something, are found out
// here.
func (r *etcdRecord) truth() (*etcdTruth, error) {
	t := &etcdTruth{events: map[int64][]etcdEvent{}, states: map[string][]etcdEvent{}}
	for _, w := range r.Watches {
		if err := w.inOrder(); err != nil {
			return nil, err
		}
		for _, message := range w.Messages {
			for revision, list := range byRevision(message) {
				if old, seen := t.events[revision]; seen && !slices.EqualFunc(old, list, sameEvent) {
					return nil, failed("%s: revision %d is %v to one watcher, and %v to the one at member %d", watchesAgree, revision, old, list, w.Member)
				}
				t.events[revision] = list
				t.newest = max(t.newest, revision)
			}
		}
	}
	for _, w := range r.Watches {
		if err := w.complete(t); err != nil {
			return nil, err
		}
	}
	for revision := int64(2); revision <= t.newest; revision++ {
		if t.events[revision] == nil {
			return nil, failed("%s: no watcher has got the revision %d, and there are later ones", watchesAgree, revision)
		}
		for _, e := range t.events[revision] {
			t.states[e.Key] = append(t.states[e.Key], e)
		}
	}
	return t, nil
}

func byRevision(message []etcdEvent) map[int64][]etcdEvent {
	all := map[int64][]etcdEvent{}
	for _, e := range message {
		all[e.Revision] = append(all[e.Revision], e)
	}
	return all
}

func sameEvent(a, b etcdEvent) bool {
	a.Seen, b.Seen = 0, 0
	return a == b
}

// inOrder makes sure that nothing comes twice, or after something that is newer, or in pieces, or
// after the promise that it had come.
func (w *etcdWatch) inOrder() error {
	last, promised := int64(0), w.Progress
	most := int64(0)
	for n, message := range w.Messages {
		for len(promised) > 0 && promised[0].Messages <= n {
			if promised[0].Revision < max(most, last) {
				return failed("%s: the watcher at member %d is promised revision %d after %d", watchesAgree, w.Member, promised[0].Revision, max(most, last))
			}
			most = promised[0].Revision
			promised = promised[1:]
		}
		seen := map[string]bool{}
		for _, e := range message {
			id := fmt.Sprint(e.Revision, e.Key)
			switch {
			case e.Revision <= most:
				return failed("%s: the watcher at member %d gets revision %d after the promise that it has got everything up to %d",
					watchesAgree, w.Member, e.Revision, most)
			case e.Revision < last || seen[id] || (len(seen) == 0 && e.Revision == last):
				return failed("%s: the watcher at member %d gets revision %d after %d, or a second time", watchesAgree, w.Member, e.Revision, last)
			}
			seen[id], last = true, e.Revision
		}
	}
	return nil
}

// complete makes sure that a watcher has got everything up to where it is.
func (w *etcdWatch) complete(t *etcdTruth) error {
	got := map[int64]bool{}
	for _, message := range w.Messages {
		for _, e := range message {
			got[e.Revision] = true
		}
	}
	upTo := w.reached()
	for revision := range t.events {
		if revision <= upTo && !got[revision] {
			return failed("%s: the watcher at member %d has come to %d, and was not told of revision %d: %v",
				watchesAgree, w.Member, upTo, revision, t.events[revision])
		}
	}
	return nil
}

// at is what a key was at a revision.
func (t *etcdTruth) at(key string, revision int64) (e etcdEvent, found bool) {
	list := t.states[key]
	i, exact := slices.BinarySearchFunc(list, revision, func(e etcdEvent, r int64) int { return int(e.Revision - r) })
	if !exact {
		i--
	}
	if i < 0 || list[i].Gone {
		return e, false
	}
	return list[i], true
}

// judge says what is wrong with what clients were told, given the order of all writes. Each answer
// has its place there by its revision, so it remains to see that it fits there, and that time has
// not gone backwards between two of them.
func (r *etcdRecord) judge() error {
	t, err := r.truth()
	if err != nil {
		return err
	}
	written := map[string]int64{} // value -> revision
	for revision, list := range t.events {
		for _, e := range list {
			if e.Gone || !strings.HasPrefix(e.Key, etcdPrefix) {
				continue
			}
			if other, twice := written[e.Value]; twice {
				return failed("%s: the value %s was written once, and is there twice: at %d and %d", acknowledged, e.Value, other, revision)
			}
			written[e.Value] = revision
		}
	}
	for _, op := range r.Ops {
		if err := t.fits(op, written); err != nil {
			return err
		}
	}
	return inTime(r.Ops, written)
}

// fits says whether an answer is what the order of all writes gives at its revision.
func (t *etcdTruth) fits(op etcdOp, written map[string]int64) error {
	now, there := t.at(op.Key, op.Revision)
	wrong := func(why string) error {
		return failed("%s: %+v: %s (the key has %+v then)", acknowledged, op, why, now)
	}
	before, was := t.at(op.Key, op.Revision-1)
	switch {
	case op.Failed:
		return nil
	case op.Kind == etcdOld:
		now, there = t.at(op.Key, op.If)
	case op.Kind == etcdDel && op.Wrote:
		if there || !was {
			return wrong("it was told to have deleted the key")
		}
		return nil
	case op.Kind == etcdDel:
		if there {
			return wrong("it was told that there was nothing to delete")
		}
		return nil
	case op.Wrote:
		if written[op.Value] != op.Revision {
			return wrong(fmt.Sprintf("it was acknowledged, and its value is written at %d (0: never)", written[op.Value]))
		}
		if op.Kind == etcdCAS && (was != (op.If != 0) || before.Revision*asInt(was) != op.If) {
			return wrong("it has written although the comparison is wrong")
		}
		return nil
	case op.Kind == etcdCAS && now.Revision*asInt(there) == op.If:
		return wrong("it has not written although the comparison is right")
	}
	if op.Found != there || (there && !op.has(now)) {
		return wrong("it has read something else")
	}
	return nil
}

// has says whether what was read is what an event has written.
func (op *etcdOp) has(e etcdEvent) bool {
	return op.Value == e.Value && op.Mod == e.Revision && op.Version == e.Version && op.Create == e.Create
}

func asInt(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// inTime makes sure that what began after another's end has a later place.
func inTime(ops []etcdOp, written map[string]int64) error {
	type moment struct {
		at  int
		op  *etcdOp
		end bool
	}
	var all []moment
	for i := range ops {
		all = append(all, moment{ops[i].Call, &ops[i], false}, moment{ops[i].End, &ops[i], true})
	}
	slices.SortFunc(all, func(a, b moment) int { return a.at - b.at })
	newest, least := int64(0), map[*etcdOp]int64{}
	for _, m := range all {
		if !m.end {
			least[m.op] = newest
			if m.op.Wrote {
				least[m.op]++
			}
			continue
		}
		op, place := m.op, m.op.Revision
		if op.Failed {
			if place = written[op.Value]; place == 0 || op.Kind == etcdDel {
				continue // it was not executed, or nobody can tell
			}
			least[op]++
		}
		if place < least[op] {
			return failed("%s: %+v has its place at revision %d, and when it began an answer of revision %d had been given",
				acknowledged, *op, place, newest)
		}
		if !op.Failed {
			newest = max(newest, op.Revision)
		}
	}
	return nil
}

// leases makes sure that no lease has gone before its time. A member says how long a lease lives
// from when it was asked.
func (r *etcdRecord) leases() (renewed int, err error) {
	gone := map[string]time.Duration{} // key -> when the first watcher heard that
	for _, w := range r.Watches {
		for _, message := range w.Messages {
			for _, e := range message {
				if seen, before := gone[e.Key]; e.Gone && (!before || e.Seen < seen) {
					gone[e.Key] = e.Seen
				}
			}
		}
	}
	for _, s := range r.Sessions {
		renewed += len(s.Alive)
		at, over := gone[s.Key]
		for _, asked := range s.Alive {
			if over && asked < at && at < asked+s.TTL {
				return renewed, failed("%s: %s was gone %v after it had been given %v", leaseLives, s.Key, at-asked, s.TTL)
			}
		}
	}
	return renewed, nil
}
