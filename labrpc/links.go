package labrpc

// edge is the way from one peer to another: the requests of from travel along it, and the replies
// to the requests of to. Ends that belong to nobody have an edge each to their server.
type edge struct {
	from, to int
	hash     uint64 // for the weather
	n        uint64 // calls so far; goes on when peers restart and get new ends
	cut      bool
	back     *edge // the opposite direction
	wire     line  // of [Network.Bandwidth]
}

// edge returns the edge between two peers. rn.mu is held.
func (rn *Network) edge(from, to int) *edge {
	key := [2]int{from, to}
	e := rn.edges[key]
	if e == nil {
		e = &edge{from: from, to: to, hash: hashName(from, to)}
		rn.edges[key] = e
		e.back = rn.edge(to, from) // finds e if it is the same
		e.back.back = e
	}
	return e
}

// nobodysEdge returns the edge of an end without owner to a server. rn.mu is held.
func (rn *Network) nobodysEdge(endname, servername any) *edge {
	h := hashName(endname, servername)
	e := rn.nobodys[h]
	if e == nil {
		e = &edge{from: None, to: None, hash: h}
		e.back = e
		rn.nobodys[h] = e
	}
	return e
}

// Cut makes the network lose whatever peer from sends to peer to, from now on and including what
// is on its way: requests of from, and replies to requests of to. The opposite direction goes on
// working, so a request from to still reaches from and is handled; only the answer is lost.
//
//	Cut(0, 1)      0 --request--X   1          0 <--request--- 1
//	                                             --reply--X
//
// It concerns ends made with [Network.MakeEdge]. Calls in flight learn of it at once.
func (rn *Network) Cut(from, to int) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.edge(from, to)
	if e.cut {
		return
	}
	e.cut = true
	rn.sweep(func(c *call) {
		if c.edge == e {
			c.loseRequest("link cut")
		}
		if c.edge.back == e {
			c.loseReply("link cut")
		}
	})
}

// Heal undoes [Network.Cut] for messages sent from now on.
func (rn *Network) Heal(from, to int) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.edge(from, to).cut = false
}

// HealAll undoes every [Network.Cut].
func (rn *Network) HealAll() {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	for _, e := range rn.edges {
		e.cut = false
	}
}
