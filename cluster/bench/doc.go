// Package bench puts a cluster of this framework beside a real etcd in numbers.
//
//	pair 1: A then B    pair 2: B then A    pair 3: A then B ...
//
// Both clusters have as many members, lie in one folder, and get the same requests, the same number
// of them, with one load at a time. Of each pair the ratio is what counts: whatever slows the
// machine down for a while slows both. The order changes from pair to pair, so that neither is
// always the first. The middle of the ratios and its interval are those of the Walsh averages
// (Hodges and Lehmann, 1963), which ask nothing of how the ratios are spread.
//
// Before anything is said of throughput, etcd is compared with etcd in the same way. Where that
// finds an interval wider than a tenth, the machine is too restless for a verdict; CPU time and
// fsyncs for each request are told all the same.
package bench
