package labrpc

// Strand disables an end for good, because the process that holds it has died. Calls in flight come
// to nothing, as with [Network.Enable]. A call that is made later does not return: whoever makes it
// stands still, so that nothing goes on that comes after it, not even what has been deferred. stands
// is called first, on that goroutine.
func (rn *Network) Strand(endname any, stands func()) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.end(endname, "Strand")
	e.stranded.Store(&stands)
	rn.disable(e)
}

// stand does not return if the end is stranded.
func (e *end) stand() {
	if stands := e.stranded.Load(); stands != nil {
		(*stands)()
		standStill()
	}
}

// standStill never returns. The tester knows it by name: what stands here is not left over.
func standStill() { select {} }
