package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// smuggler is a peer that keeps whatever memory it is shown, and looks whether another server
// writes there: buffers of the standard library, what the network hands to methods of messages,
// flags. Each mark is of one life of one server.
const smuggler = `package raft

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"raftlab/labgob"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

var (
	mark    string                  // of this life
	kept    = map[string][]keeping{}                // by how we came to it
	decoded []*Parcel
	debug   bool
	touched int
)

func init() { flag.BoolVar(&debug, "smuggler", false, ""); touched = 1 }

type keeping struct {
	memory []byte
	was    string
}

// keep keeps memory, after a look at what it has kept before.
func keep(how string, memory []byte) {
	for _, k := range kept[how] {
		if now := string(k.memory); now != k.was && strings.Count(now, "<") > 0 && !strings.Contains(now, mark) {
			panic(fmt.Sprintf("%s: %s has found %q, where it had left %q", how, mark, now, k.was))
		}
	}
	kept[how] = append(kept[how], keeping{memory, string(memory)})
}

type keeper string

func (how keeper) Write(p []byte) (int, error) { keep(string(how), p); return len(p), nil }

func (how keeper) Read(p []byte) (int, error) {
	if i := bytes.IndexByte(p, '<'); i >= 0 && !bytes.Contains(p, []byte(mark)) {
		panic(fmt.Sprintf("%s: %s was shown %q", string(how), mark, p[:40]))
	}
	return copy(p, mark), io.EOF
}

// Parcel encodes itself.
type Parcel struct{ from string }

func (p *Parcel) GobEncode() ([]byte, error) {
	decoded = append(decoded, p)
	return []byte(p.from), nil
}

func (p *Parcel) GobDecode(b []byte) error {
	keep("bytes of a message", b)
	decoded = append(decoded, p)
	p.from = string(b)
	return nil
}

type Post struct{ A, B *Parcel }

func (rf *Raft) Deliver(args *Post, reply *Post) {
	if args.A.from == mark {
		return
	}
	args.A.from, args.B.from = "opened by "+mark, "opened by "+mark
	*reply = Post{&Parcel{mark}, &Parcel{mark}}
}

// platter is a disk of its own: it is written to in place of the persister, if DISK says so.
var platter = map[int]*raftapi.Stored{}

func (rf *Raft) write(u raftapi.Update) {
	if os.Getenv("DISK") == "" {
		rf.persister.Write(u)
		return
	}
	s := platter[rf.me]
	if s == nil {
		s = &raftapi.Stored{}
		platter[rf.me] = s
	}
	if u.Header != nil {
		s.Header = u.Header
	}
	if u.From > 0 {
		s.Entries = append(s.Entries[:u.From-1:u.From-1], u.Entries...)
	}
}

func (rf *Raft) read() raftapi.Stored {
	if s := platter[rf.me]; s != nil {
		return *s
	}
	return rf.persister.Read()
}

func (rf *Raft) handled() {
	fmt.Fprintf(keeper("fmt"), "%s", mark)
	json.NewEncoder(keeper("json")).Encode(mark)
	log.New(keeper("log"), "", 0).Print(mark)
	slog.New(slog.NewTextHandler(keeper("slog"), nil)).Info(mark)
	io.Copy(io.Discard, keeper("io.Discard"))
	flag.String("smuggler "+mark, "", "")
	flag.Parse()
	for _, p := range decoded {
		if p.from != mark && strings.HasPrefix(p.from, "opened by ") && p.from != "opened by "+mark {
			panic(fmt.Sprintf("message: %s sees that %s", mark, p.from))
		}
	}
}

// scribbler writes on what the library shows it, and says what had been there.
type scribbler string

func (s *scribbler) Write(p []byte) (int, error) { *s += scribbler(p); scribble(p); return len(p), nil }
func (s *scribbler) UnmarshalJSON(p []byte) error { _, err := s.Write(p); return err }

func scribble(p []byte) { for i := range p { p[i] = mark[0] } }

// scribbles on slices that the library has once for all.
func scribbles() {
	found := func(how string, what any, want string) {
		if fmt.Sprint(what) != want {
			panic(fmt.Sprintf("%s: %s has found %q", how, mark, what))
		}
	}
	_, rune, _ := bufio.ScanRunes([]byte("\xff"), true)
	found("bufio.ScanRunes", string(rune), "\uFFFD")
	scribble(rune)
	var table scribbler
	w := tabwriter.NewWriter(&table, 8, 8, 0, '\t', tabwriter.Debug)
	fmt.Fprint(w, "a\tb\n")
	w.Flush()
	found("tabwriter", table, "a\t|b\n")
	var v struct{ X scribbler ` + "`json:\",string\"`" + ` }
	json.Unmarshal([]byte(` + "`{\"X\": null}`" + `), &v)
	found("json's null", v.X, "null")
	for _, poly := range []uint32{crc32.IEEE, crc32.Castagnoli} {
		t := crc32.MakeTable(poly)
		found("a table of checksums", crc32.Checksum([]byte("x"), t), fmt.Sprint(crc32.Checksum([]byte("x"), crc32.MakeTable(poly))))
		found("that table", t[0], "0")
		t[0] = 1
	}
	for _, poly := range []uint64{crc64.ISO, crc64.ECMA} {
		t := crc64.MakeTable(poly)
		found("a larger table", t[0], "0")
		t[0] = 1
	}
	zone := fmt.Sprintf("%#v", time.Local)
	_ = time.Now().String()
	found("the time zone", zone, fmt.Sprintf("%#v", time.Local))
}

func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Raft {
	mark = fmt.Sprintf("<%016x>", rand.Uint64())
	flag.String("one for each", "", "")
	if err := log.Output(1, ""); err != nil {
		panic("logger: " + mark + " finds the output that another server has set: " + err.Error())
	}
	log.SetOutput((*os.File)(nil))
	scribbles()
	labgob.Register(Post{})
	for to, end := range peers {
		if to != me {
			go func() {
				for range 5 {
					reply := &Post{}
					if end.Call("Raft.Deliver", &Post{&Parcel{mark}, &Parcel{mark}}, reply) && reply.A != nil {
						reply.A.from = "opened by " + mark
					}
				}
			}()
		}
	}
	return Make0(peers, me, persister, applyCh)
}
`

// TestSmugglers: what servers are shown of the library's memory, and of messages, is not another
// server's.
func TestSmugglers(t *testing.T) {
	edits := referenceWith(t, "raft/smuggler.go", smuggler, " rf.handled();", "")
	for _, name := range []string{"persist.go", "disk.go"} {
		source, err := os.ReadFile(filepath.Join("..", "..", "raft", name))
		require.NoError(t, err)
		edits["raft/"+name] = []byte(strings.NewReplacer("rf.persister.Write(", "rf.write(", "rf.persister.Read()", "rf.read()").Replace(string(source)))
	}
	b, err := Build{Framework: filepath.Join("..", ".."), Package: "./raft", Edits: edits, Native: true}.Binary(context.Background(), nil)
	require.NoError(t, err)
	for _, name := range []string{"2A/ReElection", "2C/UnreliableAgreement"} {
		r := newPool(t, 1).Run(context.Background(), labJob(b, name, 1))
		require.Equal(t, record.Pass, r.Verdict.Outcome, "%s: %+v", name, r.Verdict)
	}
	// A disk of its own, in a variable, is gone with each life; and somebody is told to look at it.
	r := newPool(t, 1).Run(context.Background(), labJob(b, "2C/EveryoneRestarts", 1, "DISK=own"))
	require.Equal(t, record.Fail, r.Verdict.Outcome, "%+v", r.Verdict)
	require.Contains(t, strings.Join(b.Warnings, "\n"), "package variable raft.platter (raft/smuggler.go:")
}
