# The surroundings of the grader: read by setup.sh and grade.sh, which say where they are (here). Nothing comes from the network.
PATH=/usr/local/go/bin:$PATH
GOPROXY=file://$here/modules
GOSUMDB=off GOTOOLCHAIN=local GOFLAGS=
GOMODCACHE=${GOMODCACHE:-$here/cache/mod}
GOCACHE=${GOCACHE:-$here/cache/go}
RAFTLAB_CACHE=${RAFTLAB_CACHE:-$here/cache/raftlab}
export PATH GOPROXY GOSUMDB GOTOOLCHAIN GOFLAGS GOMODCACHE GOCACHE RAFTLAB_CACHE
