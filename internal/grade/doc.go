// Package grade judges the submissions of a class, and turns what came out into scores that can be
// explained, repeated and contested.
//
//	SUBMISSIONS --FindRoster--> entries --Open--> files --Class.Grade--> runs --Judge--> Student --Render--> files
//	                                      \                  |             ^                         for people and
//	                                       `- adopting       v             |                         grading services
//	                                          goes here   journal        Policy
//
// Three things are kept apart. A run is a fact: case, seed and build give one verdict, on every
// machine. Runs are written to a journal the moment they end, so that a grader that is killed loses
// only what was going on. A judgement is a function of the runs and the policy ([Judge]); it has no
// clock and no memory, so that every machine, every number of workers and every sharding gives the
// same bytes. A rendering is a function of the judgements of a class ([Render]).
//
//   - [Policy], [ReadPolicy], [DefaultPolicy]: what a case is worth, and what a student gets to see
//     (policy.go, number.go)
//   - [FindRoster], [Open]: who handed in, and what (roster.go, open.go)
//   - [Class], [Class.Grade]: the class that is graded (class.go, student.go, journal.go)
//   - [Judge], [Student], [Case]: what came out for one submission (judge.go)
//   - [Render], [Groups]: the files for the class (render.go, groups.go, feedback.go, pages.go)
//   - [Merge]: several shards are one class again (merge.go)
//
// Seeds can be hidden: package hidden.
//
// A fault of the framework, and a run without a verdict, is never a score: the student is listed
// for a person.
package grade
