package transport

import (
	"raftlab/labrpc"
)

// Own returns an end by which a peer calls itself, through srv in the same process. Most never do.
func Own(srv *labrpc.Server) *labrpc.ClientEnd { return labrpc.MakeCarried(own{srv}) }

type own struct{ srv *labrpc.Server }

// Call implements labrpc.Carrier. What is handed over is a copy, as everywhere.
func (o own) Call(method string, args, reply any) bool {
	body, err := encode(args)
	if err != nil {
		return false
	}
	result, err := o.srv.Dispatch(method, func(to any) error { return decode(body, to) })
	if err != nil {
		return false
	}
	answer, err := encode(result)
	return err == nil && decode(answer, reply) == nil
}
