package globals

// The engine replaces this file, when it has changed the Go runtime so that goroutines have owners.

// variables is how many variables of the code under test are kept apart.
const variables = 0

func owner() uint64 { return 0 }

func setOwner(uint64) (before uint64) { return 0 }

func setName(owner, number uint64) {}
