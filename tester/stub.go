package tester

import (
	"math/rand/v2"
	"testing"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

func runLab(t *testing.T, lab Lab, subject any) { panic("not yet") }

const (
	ElectionLimit  = 30 * time.Second
	AgreementLimit = 120 * time.Second
	CommitLimit    = 5 * time.Second
	CaseLimit      = 5 * time.Minute
	StuckLimit     = 20 * time.Second
)

type Env struct{}

func (e *Env) Subject() any                                                { panic("") }
func (e *Env) Seed() uint64                                                { panic("") }
func (e *Env) Rand() *rand.Rand                                            { panic("") }
func (e *Env) Fork(name string) *rand.Rand                                 { panic("") }
func (e *Env) Now() time.Duration                                          { panic("") }
func (e *Env) Sleep(d time.Duration)                                       { panic("") }
func (e *Env) Await(ch <-chan struct{}, d time.Duration) bool              { panic("") }
func (e *Env) Note(format string, args ...any)                             { panic("") }
func (e *Env) Fail(v Violation)                                            { panic("") }
func (e *Env) Go(f func())                                                 { panic("") }
func (e *Env) Wait()                                                       { panic("") }
func (e *Env) Failed() bool                                                { panic("") }
func (e *Env) NewCluster(make raftapi.MakeFunc, n int, o Options) *Cluster { panic("") }

type Options struct {
	Unreliable, LongReordering, LongDelays, Duplicates bool
	// SnapshotEvery: the tester, as service, calls Snapshot every so many applied entries; 0: never
	SnapshotEvery int
}

type Cluster struct{}

func (c *Cluster) N() int                                                           { panic("") }
func (c *Cluster) Env() *Env                                                        { panic("") }
func (c *Cluster) Network() *labrpc.Network                                         { panic("") }
func (c *Cluster) Shutdown()                                                        { panic("") }
func (c *Cluster) Crash(i int)                                                      { panic("") }
func (c *Cluster) Restart(i int)                                                    { panic("") }
func (c *Cluster) Running(i int) bool                                               { panic("") }
func (c *Cluster) Disconnect(is ...int)                                             { panic("") }
func (c *Cluster) Connect(is ...int)                                                { panic("") }
func (c *Cluster) Connected(i int) bool                                             { panic("") }
func (c *Cluster) Cut(from, to int)                                                 { panic("") }
func (c *Cluster) Heal(from, to int)                                                { panic("") }
func (c *Cluster) Partition(groups ...[]int)                                        { panic("") }
func (c *Cluster) Links(works func(from, to int) bool)                              { panic("") }
func (c *Cluster) HealAll()                                                         { panic("") }
func (c *Cluster) CrashAtPersist(i int, nth int) <-chan struct{}                    { panic("") }
func (c *Cluster) CopyPersisted(i int) *raftapi.Persister                           { panic("") }
func (c *Cluster) PersistedSize(i int) int                                          { panic("") }
func (c *Cluster) MaxPersistedSize() int                                            { panic("") }
func (c *Cluster) SnapshotSize(i int) int                                           { panic("") }
func (c *Cluster) Leader() int                                                      { panic("") }
func (c *Cluster) LeaderAmong(peers []int) int                                      { panic("") }
func (c *Cluster) NoLeader(d time.Duration)                                         { panic("") }
func (c *Cluster) Term() int                                                        { panic("") }
func (c *Cluster) State(i int) (term int, leader bool)                              { panic("") }
func (c *Cluster) Propose(i int, cmd any) (index, term int, isLeader bool)          { panic("") }
func (c *Cluster) One(cmd any, want int, retry bool) int                            { panic("") }
func (c *Cluster) OneWithin(limit time.Duration, cmd any, want int, retry bool) int { panic("") }
func (c *Cluster) Applied(index int) (n int, cmd any)                               { panic("") }
func (c *Cluster) WaitApplied(index, n, startTerm int) (cmd any, ok bool)           { panic("") }
func (c *Cluster) AppliedThrough(i int) int                                         { panic("") }
func (c *Cluster) RPCs(i int) int                                                   { panic("") }
func (c *Cluster) TotalRPCs() int                                                   { panic("") }
func (c *Cluster) Bytes() int64                                                     { panic("") }
