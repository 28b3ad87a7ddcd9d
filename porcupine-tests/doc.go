// Package porcupinetests holds nothing itself. Its packages ask whether a key/value service is
// linearizable:
//
//		nemesis/  --- faults --->  service  <--- operations ---  clients, through the clerks of history/
//		                                                              |
//		                                                            trace
//		                                                              |
//		                          model/  <---------------------------+
//		                            |
//		                 linearizable | not, with a drawing | nobody can say
//
//	  - model: what a service may answer, and the judge, which is porcupine
//	  - configs: what a shard controller may answer, and the judge of that
//	  - history: clerks that leave their operations in the trace; the judgement of a run
//	  - nemesis: faults of several kinds at once, on a schedule drawn from the seed
//
// Labs 3, 4 and porcupine (packages labs/lab3, labs/lab4 and labs/porcupine) are built on them.
package porcupinetests
