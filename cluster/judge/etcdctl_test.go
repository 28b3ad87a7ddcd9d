package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// said is a command, and what etcdctl has said to it.
type said struct{ command, output string }

// script is a run of commands on one cluster.
type script struct {
	*ctl
	all    []said
	leases []string // those that were granted, as etcdctl writes them
	ids    map[string]string
}

func newScript(t *testing.T, c *cluster, etcdctl string) *script {
	s := &script{ctl: &ctl{c, etcdctl, t}, ids: map[string]string{}}
	var list struct {
		Header struct {
			Cluster uint64 `json:"cluster_id"`
		}
		Members []struct {
			ID   uint64
			Name string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.do("member", "list", "-w", "json")), &list))
	s.named(list.Header.Cluster, "CLUSTER")
	for _, m := range list.Members {
		s.named(m.ID, "ID-OF-"+m.Name)
	}
	for i, e := range c.endpoints {
		s.ids[e] = fmt.Sprint("ENDPOINT-", i)
	}
	return s
}

// named has a number of this cluster read like that of another.
func (s *script) named(id uint64, name string) {
	s.ids[fmt.Sprintf("%x", id)], s.ids[fmt.Sprint(id)] = name, name
}

// common are what two clusters do not have in common though both are right, and what is read in its
// place.
var common = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\b(?:[0-9a-f]{14,16}|[0-9]{17,20})\b`), "LEASE"},
	{regexp.MustCompile(`("(?:raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|raft_term|raftTerm|RaftTerm)" ?: ?)[0-9]+`), "${1}N"},
	{regexp.MustCompile(`("(?:member_id|MemberID|leader)" ?: ?)[-\w]+`), "${1}SOMEBODY"}, // who answers, and who leads, is chance
	{regexp.MustCompile(`remaining\([0-9]+s\)`), "remaining(soon)"},
	{regexp.MustCompile(`(took|"Took" :) [0-9.]+[mµ]?s`), "$1 some time"},
	{regexp.MustCompile(`http://127.0.0.1:[0-9]+`), "http://PEER"},
	{regexp.MustCompile(`ETCD_INITIAL_CLUSTER=.*`), ""},
}

var attached = regexp.MustCompile(`attached keys\(\[([^\]]*)\]\)`)

// note keeps what was said, in words that two clusters have in common.
func (s *script) note(command, output string) {
	for id, name := range s.ids {
		output = regexp.MustCompile(`\b`+regexp.QuoteMeta(id)+`\b`).ReplaceAllString(output, name)
	}
	for _, c := range common {
		output = c.from.ReplaceAllString(output, c.to)
	}
	output = attached.ReplaceAllStringFunc(output, func(keys string) string { // of a lease, which etcd has in a map
		all := strings.Fields(attached.FindStringSubmatch(keys)[1])
		slices.Sort(all)
		return "attached keys([" + strings.Join(all, " ") + "])"
	})
	if inAnyOrder[command] {
		lines := strings.Split(output, "\n")
		slices.Sort(lines)
		output = strings.Join(lines, "\n")
	}
	s.all = append(s.all, said{command, output})
}

// inAnyOrder are commands that tell of members: etcd has them in the order of their IDs, which are
// drawn.
var inAnyOrder = map[string]bool{"member list": true, "defrag --cluster": true, "endpoint health --cluster -w fields": true}

// runs runs commands, one a line.
func (s *script) runs(commands string) {
	for line := range strings.Lines(commands) {
		if line = strings.TrimSpace(line); line != "" {
			s.run("", strings.Fields(line)...)
		}
	}
}

// run runs a command. LEASE-n is the n-th lease, "" an empty argument.
func (s *script) run(stdin string, args ...string) string {
	sent := make([]string, len(args))
	for i, a := range args {
		for n, id := range s.leases {
			a = strings.ReplaceAll(a, fmt.Sprint("LEASE-", n), id)
		}
		sent[i] = strings.ReplaceAll(a, `""`, "")
	}
	output := s.at(s.endpoints, stdin, sent...)
	if id, ok := strings.CutPrefix(output, "lease "); ok && args[1] == "grant" {
		id, _, _ = strings.Cut(id, " ")
		s.leases = append(s.leases, id)
	}
	s.note(strings.Join(args, " "), output)
	return output
}

// while runs a command that does not end by itself, and others meanwhile.
func (s *script) while(args string, do func()) {
	ctx, stop := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer stop()
	output := make(chan string, 1)
	go func() { output <- s.within(ctx, s.endpoints, "", strings.Fields(args)...) }()
	time.Sleep(1500 * time.Millisecond) // until it has begun: nothing tells
	do()
	time.Sleep(1500 * time.Millisecond) // until it has said everything
	stop()
	s.note(args, <-output)
}

func (s *script) keys() {
	s.runs(`put a 1
put a 2 --prev-kv
put b 3
put ab 4
put c 5
put c --ignore-value
get a
get a --rev 2
get a --rev 999
get nothing
get a c
get a --prefix
get a --from-key
get "" --from-key --keys-only
get "" --from-key --count-only -w fields
get a --prefix --limit 1 -w json
get "" --prefix --sort-by VALUE --order DESCEND
get "" --prefix --sort-by MODIFY --order ASCEND --print-value-only
get "" --prefix --min-mod-rev 3 --max-mod-rev 5
get a --consistency s
get a -w fields
del b --prev-kv
del nothing
del a --prefix --prev-kv
get "" --prefix
put d 1 --lease 12345
put d --ignore-value
put c 9 --ignore-lease`)
	s.run("value(\"c\") = \"9\"\n\nput e 1\nget c\nput f 1\n\ndel c\n\n", "txn", "-i")
	s.run("mod(\"c\") > \"99\"\nversion(\"c\") = \"1\"\n\nput e 2\n\nput g 1\nget e\n\n", "txn", "-i")
	s.run("create(\"new\") = \"0\"\n\nput new 1\nput new 2\n\n\n", "txn", "-i")
	s.runs(`get "" --prefix -w json
put k/1 x
put k/2 y
del k/1
compaction 5
compaction 5
compaction 999
get a --rev 2
compaction 14 --physical
watch a --rev 2
get "" --prefix
endpoint hashkv`)
}

func (s *script) watches() {
	write := func() {
		s.runs(`put w/1 a
put w/2 b
del w/1
put v c`)
	}
	s.while("watch w/ --prefix", write)
	s.while("watch w/ --prefix --prev-kv --rev 18", write)
	s.while("watch w/1 --progress-notify", write)
	s.while("watch w/1 w/9 -w json", write)
}

func (s *script) times() {
	s.runs(`lease grant 600
put l/1 x --lease LEASE-0
put l/2 x --lease LEASE-0
lease timetolive LEASE-0 --keys
lease keep-alive LEASE-0 --once
lease list
lease revoke LEASE-0
lease revoke LEASE-0
lease timetolive LEASE-0
lease keep-alive LEASE-0 --once
get l/ --prefix
lease list
lease grant 0
lease grant 99999999999
lease grant 2
put l/3 x --lease LEASE-1
get l/3`)
	time.Sleep(6 * time.Second)
	s.runs(`get l/3
lease timetolive LEASE-1`)
	s.run("", "lock", "m", "echo", "held")
	s.while("lock n", func() { s.run("", "lock", "other", "--ttl", "5", "echo", "this one, too") })
	s.while("elect e one", func() {})
	s.run("", "lock", "n", "echo", "free again")
}

func (s *script) maintains() {
	s.runs(`member list
member add m9 --peer-urls http://127.0.0.1:1
endpoint health --cluster -w fields
endpoint status -w json
alarm list
alarm disarm
defrag
defrag --cluster
put after defrag
get after`)
	saved := s.at(s.endpoints[:1], "", "snapshot", "save", filepath.Join(s.t.TempDir(), "saved"))
	s.note("snapshot save", regexp.MustCompile(`saved at .*`).ReplaceAllString(saved, "saved"))
	s.moves()
}

// moves has each member lead in turn.
func (s *script) moves() {
	chance := regexp.MustCompile(`\b[0-9a-f]{12,16}\b|127.0.0.1:[0-9]+`) // who leads
	for range s.endpoints {
		var all []struct {
			Endpoint string
			Status   struct {
				Header struct {
					Member uint64 `json:"member_id"`
				}
				Leader uint64
			}
		}
		require.NoError(s.t, json.Unmarshal([]byte(s.do("endpoint", "status", "-w", "json")), &all))
		for i, m := range all {
			if m.Status.Header.Member != m.Status.Leader {
				continue
			}
			to := all[(i+1)%len(all)]
			for _, at := range []string{to.Endpoint, m.Endpoint} { // a member that does not lead refuses
				told := s.at([]string{at}, "", "move-leader", fmt.Sprintf("%x", to.Status.Header.Member))
				s.note("move-leader", chance.ReplaceAllString(told, "SOMEBODY"))
			}
			break
		}
		s.runs("put moved x")
	}
}

// etcdctl says the same to a cluster of ours and to a real one, command by command.
func TestEtcdctl(t *testing.T) {
	etcdctl, etcd := program(t, "RAFTLAB_ETCDCTL"), program(t, "RAFTLAB_ETCD")
	scripts := [2]*script{newScript(t, start(t, ours(t), 3), etcdctl), newScript(t, start(t, etcd, 3, "--log-level", "error"), etcdctl)}
	both(scripts, func(s *script) {
		s.keys()
		s.watches()
		s.times()
		s.maintains()
	})
	compare(t, scripts)
	theirs := metrics(t, scripts[1].endpoints[0])
	for name := range metrics(t, scripts[0].endpoints[0]) {
		if strings.HasPrefix(name, "etcd_") {
			assert.True(t, theirs[name], "etcd has no metric of this name and type: %s", name)
		}
	}
}

// both does something with both at the same time.
func both(scripts [2]*script, do func(*script)) {
	var all sync.WaitGroup
	for _, s := range scripts {
		all.Go(func() { do(s) })
	}
	all.Wait()
}

// compare fails for each command to which the two have said different things.
func compare(t *testing.T, scripts [2]*script) {
	t.Helper()
	require.Len(t, scripts[0].all, len(scripts[1].all))
	for i, theirs := range scripts[1].all {
		ours := scripts[0].all[i]
		if why := excepted[theirs.command]; why != "" {
			require.NotEqual(t, theirs, ours, "etcdctl %s is no exception any more", theirs.command)
			continue
		}
		if ours != theirs {
			t.Errorf("etcdctl %s: etcd says\n%s\nand ours\n%s", theirs.command, theirs.output, ours.output)
		}
	}
	t.Logf("%d commands", len(scripts[0].all))
}

// excepted are commands whose output differs for a reason.
var excepted = map[string]string{
	"member add m9 --peer-urls http://127.0.0.1:1": "the cluster is fixed",
}
