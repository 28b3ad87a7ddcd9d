// Package rules names what a run can break. Verdicts, summaries and the headers of mutants use the
// same words, so they are constants.
package rules

// Rule names in a few words what was broken. Verdicts, summaries and the headers of mutants use the
// same words, so they are constants.
type Rule string

// The rules. Those of the first group are checked during every run, by watching messages, applied
// entries and answers; the others by the cases.
const (
	TwoLeaders  Rule = "two leaders in a term"
	TwoVotes    Rule = "two votes in a term"
	TermBack    Rule = "term went back across a restart"
	TwoCommands Rule = "two commands at one index"
	LostCommit  Rule = "committed entry lost"
	ApplyOrder  Rule = "applies out of order"
	Snapshot    Rule = "wrong snapshot"
	Leftover    Rule = "goroutine left after Kill"
	Network     Rule = "misuse of the network"
	Afterlife   Rule = "message of a crashed peer"
	NotEarned   Rule = "not earned"
	Stuck       Rule = "call does not return"
	Time        Rule = "virtual time used up"
	Frozen      Rule = "frozen bubble"
	DataRace    Rule = "data race"
	Crash       Rule = "panic or fatal error"

	NoLeader       Rule = "no leader elected"
	UnwantedLeader Rule = "leader without a majority"
	TermsDiffer    Rule = "terms do not agree"
	TermChanged    Rule = "term changed without failure"
	NoAgreement    Rule = "no agreement"
	UnwantedCommit Rule = "committed without a majority"
	WrongIndex     Rule = "wrong index"
	WrongTerm      Rule = "wrong term"
	LostValue      Rule = "acknowledged value lost"
	TooManyRPCs    Rule = "too many RPCs"
	TooManyBytes   Rule = "too many bytes"
	LogTooLarge    Rule = "persisted state too large"
	TooSlow        Rule = "too slow"
	Missing        Rule = "extension missing"
	Disturbed      Rule = "working leader disturbed"

	Linearizability Rule = "not linearizable"
	NoProgress      Rule = "no progress"
	WrongAnswer     Rule = "wrong answer"
	CostlyRead      Rule = "read costs too much"
	TwoHolders      Rule = "two holders of a lock"
	Hoards          Rule = "server keeps too much"

	Uneven        Rule = "shards spread unevenly"
	NeedlessMoves Rule = "shards moved needlessly"
)

// Violation is a broken rule.
type Violation struct {
	Rule    Rule
	Section string // of the Raft paper: "§5.2"; empty where the paper has none
	Message string // one or two lines for a person: what was seen, and what should have been
	Peers   []int  // the peers it is about
}
