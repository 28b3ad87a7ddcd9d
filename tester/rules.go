package tester

import "raftlab/tester/rules"

// Rule names in a few words what was broken: see package rules, where the list stands.
type Rule = rules.Rule

// Violation is a broken rule.
type Violation = rules.Violation

// The rules, as cases call them.
const (
	RuleTwoLeaders      = rules.TwoLeaders
	RuleTwoVotes        = rules.TwoVotes
	RuleTermBack        = rules.TermBack
	RuleTwoCommands     = rules.TwoCommands
	RuleLostCommit      = rules.LostCommit
	RuleApplyOrder      = rules.ApplyOrder
	RuleSnapshot        = rules.Snapshot
	RuleLeftover        = rules.Leftover
	RuleNetwork         = rules.Network
	RuleAfterlife       = rules.Afterlife
	RuleNotEarned       = rules.NotEarned
	RuleStuck           = rules.Stuck
	RuleTime            = rules.Time
	RuleFrozen          = rules.Frozen
	RuleDataRace        = rules.DataRace
	RuleCrash           = rules.Crash
	RuleNoLeader        = rules.NoLeader
	RuleUnwantedLeader  = rules.UnwantedLeader
	RuleTermsDiffer     = rules.TermsDiffer
	RuleTermChanged     = rules.TermChanged
	RuleNoAgreement     = rules.NoAgreement
	RuleUnwantedCommit  = rules.UnwantedCommit
	RuleWrongIndex      = rules.WrongIndex
	RuleWrongTerm       = rules.WrongTerm
	RuleLostValue       = rules.LostValue
	RuleTooManyRPCs     = rules.TooManyRPCs
	RuleTooManyBytes    = rules.TooManyBytes
	RuleLogTooLarge     = rules.LogTooLarge
	RuleTooSlow         = rules.TooSlow
	RuleMissing         = rules.Missing
	RuleDisturbed       = rules.Disturbed
	RuleLinearizability = rules.Linearizability
	RuleNoProgress      = rules.NoProgress
	RuleWrongAnswer     = rules.WrongAnswer
	RuleCostlyRead      = rules.CostlyRead
	RuleTwoHolders      = rules.TwoHolders
	RuleHoards          = rules.Hoards
	RuleUneven          = rules.Uneven
	RuleNeedlessMoves   = rules.NeedlessMoves
)
