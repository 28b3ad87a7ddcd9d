package record

// What the native engine and the process that it starts for a run say to each other, beside
// [Params].
const (
	ParamsVariable  = "RAFTLAB_PARAMS"  // Params as JSON
	VerdictVariable = "RAFTLAB_VERDICT" // the file to write a NativeEnd to
	TraceVariable   = "RAFTLAB_TRACE"   // the file for events
	MemoryVariable  = "RAFTLAB_MEMORY"  // bytes that the process may have
)

// ParamsIn stands before the name of a file with the parameters, where they are too long for an
// environment.
const ParamsIn = "file:"

// Lost is how a native run begins its last words where its verdict or its events cannot be written.
const Lost = "raftlab: nobody can be told "

// NativeEnd is what a process of the native engine leaves.
type NativeEnd struct {
	Verdict
	GCs    int    `json:"gcs,omitempty"`
	Forced int    `json:"forced,omitempty"` // collections in the middle of work
	Idle   uint64 `json:"idle,omitempty"`
}
