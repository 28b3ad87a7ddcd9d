package experiment

import "time"

// costs are what a cluster has done so far, or from one moment to another.
type costs struct {
	at        time.Duration // time gone by
	rpcs      int           // between peers
	rpcBytes  int64
	writes    []int   // of each peer, to its persister; each is an fsync
	written   []int64 // bytes, of each peer
	diskBytes int64   // of all
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
		c.written = append(c.written, m.WrittenBytes(i))
		c.diskBytes += m.WrittenBytes(i)
	}
	return c
}

// since subtracts what there was before.
func (c costs) since(before costs) costs {
	d := costs{at: c.at - before.at, rpcs: c.rpcs - before.rpcs, rpcBytes: c.rpcBytes - before.rpcBytes, diskBytes: c.diskBytes - before.diskBytes}
	for i := range c.writes {
		d.writes = append(d.writes, c.writes[i]-before.writes[i])
		d.written = append(d.written, c.written[i]-before.written[i])
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

// busy is the share of the time that the disk of the peer was busy which writes most.
func (t *Trial) busy(c costs) (most float64) {
	for i, w := range c.writes {
		took := float64(w) * t.number("fsync")
		if speed := t.number("disk"); speed > 0 {
			took += float64(c.written[i]) / speed * float64(time.Second)
		}
		most = max(most, took/float64(c.at))
	}
	return most
}
