package lab1

// demanded are the cases that set up what a test of the course sets up, and ask for the same, by
// that test. Whatever is not here only raftlab asks for: `raftlab list` and grades tell the two
// apart.
var demanded = map[string]string{
	"1A/OneClient":   "ReliablePut",
	"1A/Rules":       "ReliablePut",
	"1A/ManyClients": "PutConcurrent",
	"1A/Race":        "PutConcurrent",
	"1A/Memory":      "MemPutManyClients",
	"1B/OneClient":   "OneClientReliable",
	"1B/ManyClients": "ManyClientsReliable",
	"1C/OneClient":   "UnreliableNet",
	"1C/ManyClients": "Unreliable",
	"1D/OneClient":   "OneClientUnreliable",
	"1D/ManyClients": "ManyClientsUnreliable",
}
