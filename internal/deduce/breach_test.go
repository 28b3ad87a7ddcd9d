package deduce

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

// start adds the starts of three peers.
func (t *trace) start() {
	for p := range 3 {
		t.add(record.Start, p, record.None, 0, "", "")
	}
}

func (t *trace) vote(candidate, voter, term, last, lastTerm int, granted bool) {
	t.call(candidate, voter, "Raft.RequestVote", fmt.Sprintf("{Term:%d CandidateId:%d LastLogIndex:%d LastLogTerm:%d}", term, candidate, last, lastTerm),
		fmt.Sprintf("{Term:%d VoteGranted:%t}", term, granted))
}

func (t *trace) entries(leader, follower, term, prev, prevTerm int, entries string, commit int) {
	t.call(leader, follower, "Raft.AppendEntries", fmt.Sprintf("{Term:%d LeaderId:%d PrevLogIndex:%d PrevLogTerm:%d Entries:[%s] LeaderCommit:%d}",
		term, leader, prev, prevTerm, entries, commit), fmt.Sprintf("{Term:%d Success:true}", term))
}

func (t *trace) apply(peer, index int) {
	t.add(record.Apply, peer, record.None, 0, "", "")
	t.events[len(t.events)-1].Index = index
}

// Each story begins with an election of peer 0 and an entry that a majority has. What a peer may
// do is no breach; what its own words exclude is one.
func TestBreaches(t *testing.T) {
	restart := func(r *trace) {
		r.add(record.CrashPeer, 1, record.None, 0, "", "")
		r.add(record.Restart, 1, record.None, 0, "", "")
	}
	stories := []struct {
		name string
		what string // of the breach; "" for none
		more func(r *trace)
	}{
		{"all is well", "", func(r *trace) {
			r.entries(0, 1, 1, 1, 1, "", 1)
			r.apply(0, 1)
			r.apply(1, 1)
			r.vote(2, 1, 2, 0, 0, false)
			r.pause(time.Second)
			r.vote(1, 2, 3, 1, 1, true)
			r.entries(1, 2, 3, 0, 0, "{Term:1 Command:5}", 1)
		}},
		{"an old log wins a vote", "grants its vote to 2, whose log ends at 0, but its own at 1 (term 1)", func(r *trace) { r.vote(2, 1, 2, 0, 0, true) }},
		{"two votes", "votes for 2 in term 1, in which it has voted for 0", func(r *trace) { r.vote(2, 1, 1, 1, 1, true) }},
		{"two votes, across a restart", "votes for 2 in term 1, in which it has voted for 0", func(r *trace) {
			restart(r)
			r.vote(2, 1, 1, 1, 1, true)
		}},
		{"leads by itself", "leads term 2 with 1 of 3 votes, its own among them", func(r *trace) { r.entries(2, 1, 2, 0, 0, "", 0) }},
		{"forgets its term", "asks in term 1, but had been in term 3 before its restart", func(r *trace) {
			r.vote(1, 2, 3, 1, 1, true)
			restart(r)
			r.vote(1, 2, 1, 1, 1, false)
		}},
		{"forgets its log", "says that its log ends at 0, but it had accepted 1 (term 1)", func(r *trace) {
			restart(r)
			r.vote(1, 2, 2, 0, 0, false)
		}},
		{"an old leader is obeyed", "accepts entries from 0 in term 1, but had been in term 2 already", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.entries(0, 1, 1, 1, 1, "{Term:1 Command:6}", 1)
		}},
		{"a gap", "accepts entries after 7, but can have none after 1", func(r *trace) { r.entries(0, 1, 1, 7, 1, "{Term:1 Command:6}", 1) }},
		{"entries that come in another order, and are kept until they fit", "", func(r *trace) {
			for _, n := range []uint64{91, 92, 90} { // the first comes last
				args := fmt.Sprintf("{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[{Term:1 Command:6}] LeaderCommit:1}", n-89)
				r.add(record.Sent, 0, 1, n, "Raft.AppendEntries", args)
				r.add(record.Delivered, 0, 1, n, "Raft.AppendEntries", args)
			}
			r.add(record.Handled, 0, 1, 92, "Raft.AppendEntries", "{Term:1 Success:true}")
		}},
		{"numbers that no log has", "counts 4611686018427387904 as committed, but a majority is known to have no more than 1", func(r *trace) {
			const huge = 1 << 62
			r.entries(0, 1, 1, huge, 1, "{Term:1 Command:6}", huge)
			r.call(0, 1, "Raft.AppendEntries", fmt.Sprintf("{Term:1 PrevLogIndex:%d PrevLogTerm:1 Entries:[] LeaderCommit:%d}", -huge, huge),
				"{Term:1 Success:false}")
			r.entries(0, 1, 1, huge-1, 2, "{Term:3 Command:6}", -huge)
		}},
		{"committed too early", "counts 2 (term 1) as committed", func(r *trace) {
			r.entries(0, 1, 1, 1, 1, "{Term:1 Command:6}", 1)
			r.vote(2, 1, 2, 2, 1, true)
			r.entries(2, 0, 2, 2, 1, "", 0)
			r.entries(2, 1, 2, 1, 1, "{Term:1 Command:6}", 0)
			r.entries(2, 1, 2, 2, 1, "", 2)
		}},
		{"applied on nobody's word", "applies 2, but no message has vouched for more than 0", func(r *trace) { r.apply(1, 2) }},
		{"one index, two commands", "sends 9 as entry 1 (term 1), which was 5 before", func(r *trace) { r.entries(0, 2, 1, 0, 0, "{Term:1 Command:9}", 0) }},
		{"no patience", "stands in term 2, 2ms after it has heard the leader", func(r *trace) { r.vote(1, 2, 2, 1, 1, false) }},
		{"it is told to stand", "", func(r *trace) {
			r.call(0, 1, "Raft.TimeoutNow", "{Term:1}", "{}")
			r.vote(1, 2, 2, 1, 1, true)
		}},
		{"obstinate", "goes on as leader of term 1, but 2 had told it of term 4", func(r *trace) {
			r.call(0, 2, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "{Term:4 Success:false}")
			r.pause(time.Second)
			r.entries(0, 1, 1, 1, 1, "", 1)
		}},
		{"a vote that is refused for nothing", "refuses its vote to 1 in term 2, in which it votes for nobody, and its log is no newer", func(r *trace) {
			r.vote(1, 2, 2, 1, 1, false)
		}},
		{"a vote that is refused since the term has its leader", "", func(r *trace) {
			r.vote(1, 0, 2, 1, 1, true)
			r.call(1, 2, "Raft.AppendEntries", "{Term:2 LeaderId:1 PrevLogIndex:1 PrevLogTerm:1 Entries:[] LeaderCommit:0}", "{Term:2 Success:false}")
			r.vote(1, 2, 2, 1, 1, false)
		}},
		{"a vote that is refused with an empty log", "refuses its vote to 1 in term 3, in which it votes for nobody, and its log is no newer", func(r *trace) {
			r.vote(1, 2, 2, 1, 1, true)
			r.entries(1, 2, 2, 0, 0, "", 0) // the log stays empty
			r.vote(1, 2, 3, 1, 1, false)
		}},
		{"what a leader knew as committed it knows in its next term", "", func(r *trace) {
			r.vote(0, 2, 2, 1, 1, true)
			r.entries(0, 2, 2, 0, 0, "", 1)
		}},
		{"a vote that is refused since another one has it", "", func(r *trace) {
			r.vote(1, 2, 2, 1, 1, false)
			r.vote(0, 2, 2, 1, 1, true)
		}},
		{"a leader loses what it had sent, and not stored", "", func(r *trace) {
			r.entries(0, 1, 1, 1, 1, "{Term:1 Command:6}", 1)
			r.add(record.CrashPeer, 0, record.None, 0, "", "")
			r.add(record.Restart, 0, record.None, 0, "", "")
			r.vote(2, 0, 2, 1, 1, true)
		}},
		{"a refusal is an answer to a leader", "stands in term 2, 2ms after it has heard the leader", func(r *trace) {
			r.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:7 PrevLogTerm:1 Entries:[] LeaderCommit:0}", "{Term:1 Success:false}")
			r.vote(1, 2, 2, 1, 1, false)
		}},
		{"an old leader is no leader", "", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:1 PrevLogTerm:1 Entries:[] LeaderCommit:0}", "{Term:2 Success:false}")
			r.vote(1, 2, 3, 1, 1, true)
		}},
		{"two terms at once", "asks for votes in term 4, but the newest term that it has stood in or heard of is 2", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.vote(2, 1, 4, 1, 1, true)
		}},
		{"two terms at once, and it has heard of one", "", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.call(2, 0, "Raft.RequestVote", "{Term:2 CandidateId:2 LastLogIndex:1 LastLogTerm:1}", "{Term:3 VoteGranted:false}")
			r.vote(2, 1, 4, 1, 1, true)
		}},
		{"asking for leave raises a term", "asks for pre-votes in term 3, but the newest term that it has stood in or heard of is 1", func(r *trace) {
			for _, term := range []int{2, 2, 3} {
				r.call(1, 2, "Raft.PreVote", fmt.Sprintf("{Term:%d CandidateId:1 LastLogIndex:1 LastLogTerm:1}", term), "")
			}
		}},
		{"one is left alone", "sends nothing to 2 from here on for 450ms, although it leads, and sends to others", func(r *trace) {
			r.entries(0, 2, 1, 0, 0, "", 0)
			for range 4 {
				r.pause(100 * time.Millisecond)
				r.entries(0, 1, 1, 1, 1, "", 0)
			}
			r.pause(30 * time.Millisecond)
			r.entries(0, 2, 1, 0, 0, "", 0)
		}},
		{"one is left alone, and stands", "sends nothing to 2 from here on for 406ms, although it leads, and sends to others", func(r *trace) {
			r.entries(0, 2, 1, 0, 0, "", 0)
			for range 3 {
				r.pause(100 * time.Millisecond)
				r.entries(0, 1, 1, 1, 1, "", 0)
			}
			r.pause(90 * time.Millisecond)
			r.vote(2, 0, 2, 0, 0, false)
		}},
		{"a term from before a crash", "", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.add(record.CrashPeer, 2, record.None, 0, "", "") // it may have stored term 3, and said nothing yet
			r.add(record.Restart, 2, record.None, 0, "", "")
			r.vote(2, 1, 4, 1, 1, true)
		}},
		{"one is left alone, as the last message was lost", "", func(r *trace) {
			r.call(0, 2, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "")
			for range 3 {
				r.pause(100 * time.Millisecond)
				r.entries(0, 1, 1, 1, 1, "", 0)
			}
			r.pause(90 * time.Millisecond)
			r.vote(2, 0, 2, 0, 0, false)
		}},
		{"a term that an heir tells of", "", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.call(2, 1, "Raft.TimeoutNow", "{Term:2}", "{Term:3}")
			r.vote(2, 1, 4, 1, 1, true)
		}},
		{"a candidate stays in its term", "still asks for votes in term 2, 1.197s after it first did", func(r *trace) {
			for range 5 {
				r.call(2, 1, "Raft.RequestVote", "{Term:2 CandidateId:2 LastLogIndex:1 LastLogTerm:1}", "")
				r.pause(397 * time.Millisecond)
			}
		}},
		{"one is left alone by one that crashes", "", func(r *trace) {
			r.entries(0, 2, 1, 0, 0, "", 0)
			for range 2 {
				r.pause(100 * time.Millisecond)
				r.entries(0, 1, 1, 1, 1, "", 0)
			}
			r.add(record.CrashPeer, 0, record.None, 0, "", "")
			r.add(record.Restart, 0, record.None, 0, "", "")
			r.pause(time.Second)
			r.add(record.Note, record.None, record.None, 0, "", "")
		}},
		{"all are left alone", "", func(r *trace) {
			r.entries(0, 2, 1, 0, 0, "", 0)
			r.pause(450 * time.Millisecond)
			r.entries(0, 1, 1, 1, 1, "", 0)
			r.entries(0, 2, 1, 0, 0, "", 0)
		}},
		{"a handler hangs", "never answers the AppendEntries of 0 that arrives here", func(r *trace) {
			for _, k := range []record.Kind{record.Sent, record.Delivered} {
				r.add(k, 0, 1, 77, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:1 PrevLogTerm:1 Entries:[] LeaderCommit:0}")
			}
			r.pause(2 * time.Second)
			r.add(record.Note, record.None, record.None, 0, "", "")
		}},
		{"silence, but for a leader whose term is over", "hears no leader from here on, 4.2s to the end, and never asks for votes", func(r *trace) {
			r.vote(2, 1, 2, 1, 1, true)
			r.add(record.CrashPeer, 2, record.None, 0, "", "")
			r.pause(4 * time.Second)
			r.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:1 PrevLogTerm:1 Entries:[] LeaderCommit:0}", "{Term:2 Success:false}")
			r.add(record.Note, record.None, record.None, 0, "", "")
		}},
		{"silence", "hears no leader from here on, 4.2s to the end, and never asks for votes", func(r *trace) {
			r.vote(2, 0, 2, 0, 0, false)
			r.pause(4 * time.Second)
			r.add(record.Note, record.None, record.None, 0, "", "")
		}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			var r trace
			r.start()
			r.vote(0, 1, 1, 0, 0, true)
			r.entries(0, 1, 1, 0, 0, "{Term:1 Command:5}", 0)
			if s.name != "no patience" {
				r.pause(200 * time.Millisecond)
			}
			s.more(&r)
			var all []string
			for _, b := range Breaches(r.events) {
				if b.Rule == "" {
					all = append(all, b.What)
				}
			}
			if s.what == "" {
				assert.Empty(t, all)
				return
			}
			assert.Condition(t, func() bool { return len(all) > 0 && len(all[0]) >= len(s.what) && all[0][:len(s.what)] == s.what }, "%q", all)
		})
	}
}

// A server that says yes before any peer has sent the write to another has it alone.
func TestAnswersTooEarly(t *testing.T) {
	const client = record.FirstClient
	put := func(r *trace, value, answer string) {
		r.call(client, 0, "KV.Put", fmt.Sprintf(`{Key:"a" Value:%q Seq:6}`, value), fmt.Sprintf("{Err:%q}", answer))
	}
	told := func(more func(r *trace)) (all []string) {
		var r trace
		r.start()
		r.vote(0, 1, 1, 0, 0, true)
		r.add(record.Invoke, client, record.None, 0, "put", `"a" "[1]"`)
		more(&r)
		for _, b := range Breaches(r.events) {
			all = append(all, fmt.Sprint(b.Peer, " ", b.What))
		}
		return all
	}
	early := []string{`0 answers that "[1]" is written, but no peer has sent an entry with it to another`}
	assert.Equal(t, early, told(func(r *trace) {
		put(r, "[1]", "OK")
		r.entries(0, 1, 1, 0, 0, `{Term:1 Command:"put \"a\" \"[1]\""}`, 0)
	}))
	assert.Empty(t, told(func(r *trace) {
		r.entries(0, 1, 1, 0, 0, `{Term:1 Command:"put \"a\" \"[1]\""}`, 0)
		put(r, "[1]", "OK")
	}), "it was sent before")
	assert.Empty(t, told(func(r *trace) {
		put(r, "[1]", "OK")
		r.entries(0, 1, 1, 0, 0, `{Term:1 Command:[1 2 3]}`, 0)
	}), "entries cannot be read")
	assert.Empty(t, told(func(r *trace) {
		put(r, "[1]", "ErrWrongLeader")
		r.entries(0, 1, 1, 0, 0, `{Term:1 Command:"put \"a\" \"[1]\""}`, 0)
		put(r, "[1]", "OK")
	}), "it says no at first")
}

// A breach names the event that made so what it denies: the answer with which a peer took the entry,
// gave its vote, or came to the term.
func TestSince(t *testing.T) {
	var r trace
	r.start()
	r.vote(0, 1, 1, 0, 0, true)
	voted := len(r.events) - 2 // handled, and then the reply comes
	r.entries(0, 1, 1, 0, 0, "{Term:1 Command:5}", 0)
	stored := len(r.events) - 2
	r.entries(0, 1, 1, 1, 1, "", 0) // says nothing new of the log
	r.add(record.CrashPeer, 1, record.None, 0, "", "")
	r.add(record.Restart, 1, record.None, 0, "", "")
	r.vote(2, 1, 1, 0, 0, true)
	var since []int
	for _, b := range Breaches(r.events) {
		since = append(since, b.Since)
	}
	assert.Equal(t, []int{stored, voted}, since, "an old log wins a vote, and it is the second in the term")
	assert.Equal(t, []record.Kind{record.Handled, record.Handled}, []record.Kind{r.events[voted].Kind, r.events[stored].Kind})
}

// A clerk that counts its tries asks for something else; a lock has to be written.
func TestBreachesOfClients(t *testing.T) {
	const client = record.FirstClient
	var r trace
	r.add(record.Invoke, client, record.None, 0, "append", `"a" "[1]"`)
	r.call(client, 0, "KV.PutAppend", `{Key:"a" Value:"[1]" Client:6 Seq:6}`, "")
	r.call(client, 1, "KV.PutAppend", `{Key:"a" Value:"[1]" Client:6 Seq:7}`, `{Err:"OK"}`)
	r.add(record.Invoke, client+1, record.None, 0, "acquire", `"l"`)
	r.call(client+1, 0, "KV.Put", `{Key:"l" Value:"me" Version:3}`, `{Err:"ErrVersion"}`)
	r.add(record.Return, client+1, record.None, 0, "acquire", "")
	r.events[len(r.events)-1].Text = "done"
	var all []string
	for _, b := range Breaches(r.events) {
		all = append(all, fmt.Sprint(b.Peer, " ", b.What))
	}
	assert.Equal(t, []string{"1000 asks again with Seq 7, but had asked with 6", `1001 has the lock, but the answer to its write was "ErrVersion"`}, all)
}
