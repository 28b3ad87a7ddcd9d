module raftlab/cluster

go 1.26

require (
	github.com/stretchr/testify v1.12.1
	golang.org/x/sys v0.45.0
	raftlab v0.0.0
)

require (
	go.etcd.io/bbolt v1.5.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace raftlab => ../
