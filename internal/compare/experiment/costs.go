package experiment

import "time"

// costs are what a cluster has done so far, or from one moment to another.
type costs struct {
	at        time.Duration // time gone by
	rpcs      int           // between peers
	rpcBytes  int64
	writes    []int // of each peer, to its persister; each is an fsync
	diskBytes int64 // of all
}

// meter is what counts writes.
type meter interface {
	N() int
	Writes(i int) int
	WrittenBytes(i int) int64
}

func (t *Trial) costs(m meter, rpcs int, rpcBytes int64) costs {
	c := costs{at: t.Now(), rpcs: rpcs, rpcBytes: rpcBytes}
	for i := range m.N() {
		c.writes = append(c.writes, m.Writes(i))
		c.diskBytes += m.WrittenBytes(i)
	}
	return c
}

// since subtracts what there was before.
func (c costs) since(before costs) costs {
	d := costs{at: c.at - before.at, rpcs: c.rpcs - before.rpcs, rpcBytes: c.rpcBytes - before.rpcBytes, diskBytes: c.diskBytes - before.diskBytes}
	for i := range c.writes {
		d.writes = append(d.writes, c.writes[i]-before.writes[i])
	}
	return d
}

// fsyncs are those of all peers together.
func (c costs) fsyncs() (n int) {
	for _, w := range c.writes {
		n += w
	}
	return n
}

// busy is the share of the time that the disk of the peer that writes most was busy.
func (c costs) busy(fsync time.Duration) (most float64) {
	for _, w := range c.writes {
		most = max(most, float64(w)*float64(fsync)/float64(c.at))
	}
	return most
}
