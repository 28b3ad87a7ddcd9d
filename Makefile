# The two that matter: `make lab` runs every lab on this tree's own peer in the engine, 3 seeds each;
# `make test` runs the tests of everything.
GO      ?= go
RAFTLAB := $(GO) run ./cmd/raftlab
LINK    := -ldflags=-w # tests need no tables for debuggers, which are a third of a linker's work
SERVICES := kvsrv|kvraft|shardkv# TestClientsWriteUnlikeValues of ./labs runs the labs of these
SEEDS    ?= 1-3
LONG     ?= 1-5
SOAK     ?= 1-200
FUZZTIME ?= 60s
CLASS_SEEDS ?= 1
SHRINK   ?= 40
WHERE   ?= 20
EXCERPTS ?= 40
TIMES    ?= 3
RUNS     ?= 3

.PHONY: check lab test race bench edits fuzz lint mutants variants shrink where why excerpts porcupine rare class graders slurm soak vet cross clean help

help:           ## this list
	@sed -n 's/^\([a-z]*\): .*## /\1: /p' $(MAKEFILE_LIST)

check:          ## the quick answer before a commit: what the changes since main can break (SINCE=COMMIT)
	GO=$(GO) .ci/check

lab:            ## all labs on this tree's peer in the engine (SEEDS=1-3)
	$(RAFTLAB) test --seeds $(SEEDS)

test: vet       ## every test of the project, the labs in the bubble among them
	$(GO) test -vet=off $(LINK) -timeout 30m $$($(GO) list ./... | grep -vE '^raftlab/($(SERVICES))$$')
	$(GO) test -vet=off $(LINK) -skip '^TestLab[134]$$' ./kvsrv ./kvraft ./shardkv
	cd cluster && TMPDIR="$${DISKTMP:-$$TMPDIR}" $(GO) test -vet=off $(LINK) ./...

race:           ## data races: the labs, on repeatable runs, and the packages under them (needs a C compiler)
	$(GO) test -vet=off -race $(LINK) -skip '^Test(WasteIsNoFlood|Endless)$$' ./labgob ./labrpc ./raftapi ./tester/... # the one counts, and races with nobody; the other has one goroutine
	$(GO) test -vet=off -race $(LINK) -skip '^Test(Lab|Porcupine|CrashPoints$$|LogAgainstModel$$)' ./raft ./kvsrv/... ./kvraft/... ./shardkv/... # these two have one goroutine
	$(RAFTLAB) test --race --strict --seeds 1 lab2
	$(RAFTLAB) test --race --seeds 1 lab1 lab3 lab4

bench:          ## benchmarks of the message path, of the engine, and of a command (RUNS=3 times in turn; docs/bench.md)
	$(GO) test -run '^$$' -bench . -benchmem ./labgob ./labrpc ./internal/sim
	@for run in $$(seq $(RUNS)); do for point in '16/ 10000x' '65536/ 1000x'; do \
		$(GO) test -run '^$$' -bench "Commands/.*/bytes=$${point% *}" -benchtime $${point#* } -cpu 1 ./etcdraft; done; done

edits:          ## what a verdict costs after an edit: a constant, a print, a function in labs 2, 3 and 4 (TIMES=3)
	@.ci/edits $(TIMES)

rare:           ## makes internal/sim/rare.txt, for a new Go release: the functions that runs hardly ever call
	.ci/rare

fuzz:           ## fuzzing, FUZZTIME=60s for each target
	@set -e; for t in DecodeRaftState DecodeAnyShape DecodeValue Copier Encoder; do \
		$(GO) test -run '^$$' -fuzz "^Fuzz$$t$$" -fuzztime $(FUZZTIME) ./labgob; done
	$(GO) test -run '^$$' -fuzz '^FuzzDecodeEntry$$' -fuzztime $(FUZZTIME) ./raft
	@set -e; cd cluster; for t in wal.Group wal.Segment wal.SnapshotFile transport.Message transport.File replica.Batch replica.Manifest kv.Op; do \
		$(GO) test -run '^$$' -fuzz "^Fuzz$${t#*.}$$" -fuzztime $(FUZZTIME) ./$${t%.*}; done

lint:           ## code that nothing reaches, and what staticcheck finds
	GO=$(GO) .ci/lint

mutants:        ## every wrong version must die, within 20 seeds, for the reason it was written for
	$(RAFTLAB) mutants --seeds 1-20

variants:       ## every correct version in another style must pass (SEEDS=1-3)
	$(RAFTLAB) mutants --variants --seeds $(SEEDS)

shrink:         ## how well `raftlab shrink` does on the wrong peers: replays, what was left out (SHRINK=40)
	$(GO) test ./internal/shrink -run TestMutants -mutants $(SHRINK) -v -timeout 4h

where:          ## how well `raftlab where` does on the wrong peers: is the changed function among the first ten
	$(GO) test ./internal/where -run TestMutants -mutants $(WHERE) -v -timeout 4h

why:            ## does `raftlab why` find the moments at which wrong peers are known to have lost
	$(GO) test ./internal/why -run TestKnownMoments -mutants -v -timeout 1h

excerpts:       ## how often a failure's few lines have the event at which a wrong peer first departed from the reference (EXCERPTS=40; others with BESIDES=80)
	$(GO) test ./internal/suite -run TestExcerpts -mutants $(EXCERPTS) -besides "$(BESIDES)" -v -timeout 1h

porcupine:      ## long histories on every read path of both services (LONG=1-5): some 180,000 operations, all judged
	$(RAFTLAB) test porcupine porcupine-shards --seeds $(LONG)

class:          ## a class of 30 submissions of all kinds: graded, killed twice, resumed, sharded, merged (PARTS=2A-2D CLASS_SEEDS=1-5)
	$(GO) test ./cmd/raftlab -run TestClassOf30 -class $(if $(PARTS),-class-parts "$(PARTS)") -class-seeds $(CLASS_SEEDS) -v -timeout 3h

graders:        ## what services run, set up from nothing, and grading with the race detector (needs a C compiler)
	$(GO) test ./cmd/raftlab -run 'TestUploads|TestGradeRaces' -class -v -timeout 1h

slurm:          ## a class graded as a job array of Slurm on this machine, and merged (needs root, and installs Slurm)
	.ci/slurm

# What has been run is kept in .raftlab/soak: the same command goes on where it was interrupted. After a change
# of the code, `make clean` first. For etcd's library it knows only which parts are done.
soak:           ## SOAK=1-200 seeds of everything; takes many hours
	@mkdir -p .raftlab/soak
	$(RAFTLAB) mutants --variants reference --seeds $(SOAK) --resume .raftlab/soak/reference.jsonl
	$(RAFTLAB) mutants --variants reference porcupine --seeds $(SOAK) --resume .raftlab/soak/porcupine.jsonl
	$(RAFTLAB) mutants --variants reference porcupine-shards --seeds $(SOAK) --resume .raftlab/soak/porcupine-shards.jsonl
	@set -e; for part in 2A 2B 2C 2D 3A 3B 3C 3D "2E 2F --with prevote,checkquorum"; do \
		done=".raftlab/soak/etcdraft $$part"; \
		test -e "$$done" || { $(RAFTLAB) test --impl etcdraft $$part --seeds $(SOAK) && touch "$$done"; }; done
	$(RAFTLAB) mutants --variants --seeds $(SOAK) --resume .raftlab/soak/variants.jsonl

vet:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "these files are not gofmt-clean: run gofmt -w"; exit 1; }
	$(GO) vet ./...
	cd cluster && $(GO) vet ./...

cross:          ## type-checks everything for the other systems that students use
	cd .ci/cross && $(GO) run . darwin/arm64,windows/amd64 ../.. ../../cluster

clean:          ## forgets the last results
	rm -rf .raftlab
