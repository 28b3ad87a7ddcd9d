package tester

// Rule names in a few words what was broken. Verdicts, summaries and the headers of mutants use the
// same words, so they are constants.
type Rule string

// The rules. Those of the first group are checked during every run, by watching messages, applied
// entries and answers; the others by the cases.
const (
	RuleTwoLeaders  Rule = "two leaders in a term"
	RuleTwoVotes    Rule = "two votes in a term"
	RuleTermBack    Rule = "term went back across a restart"
	RuleTwoCommands Rule = "two commands at one index"
	RuleLostCommit  Rule = "committed entry lost"
	RuleApplyOrder  Rule = "applies out of order"
	RuleSnapshot    Rule = "wrong snapshot"
	RuleLeftover    Rule = "goroutine left after Kill"
	RuleNetwork     Rule = "misuse of the network"
	RuleAfterlife   Rule = "message of a crashed peer"
	RuleNotEarned   Rule = "not earned"
	RuleStuck       Rule = "call does not return"
	RuleTime        Rule = "virtual time used up"
	RuleFrozen      Rule = "frozen bubble"
	RuleDataRace    Rule = "data race"
	RuleCrash       Rule = "panic or fatal error"

	RuleNoLeader       Rule = "no leader elected"
	RuleUnwantedLeader Rule = "leader without a majority"
	RuleTermsDiffer    Rule = "terms do not agree"
	RuleTermChanged    Rule = "term changed without failure"
	RuleNoAgreement    Rule = "no agreement"
	RuleUnwantedCommit Rule = "committed without a majority"
	RuleWrongIndex     Rule = "wrong index"
	RuleLostValue      Rule = "acknowledged value lost"
	RuleTooManyRPCs    Rule = "too many RPCs"
	RuleTooManyBytes   Rule = "too many bytes"
	RuleLogTooLarge    Rule = "persisted state too large"
	RuleTooSlow        Rule = "too slow"
	RuleMissing        Rule = "extension missing"
	RuleDisturbed      Rule = "working leader disturbed"

	RuleLinearizability Rule = "not linearizable"
	RuleNoProgress      Rule = "no progress"
	RuleWrongAnswer     Rule = "wrong answer"
	RuleCostlyRead      Rule = "read costs too much"
	RuleTwoHolders      Rule = "two holders of a lock"
	RuleHoards          Rule = "server keeps too much"

	RuleUneven        Rule = "shards spread unevenly"
	RuleNeedlessMoves Rule = "shards moved needlessly"
)
