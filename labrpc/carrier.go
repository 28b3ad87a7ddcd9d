package labrpc

import (
	"fmt"
	"reflect"
)

// Carrier brings calls to servers by another way than a [Network]: over TCP between processes, say.
type Carrier interface {
	// Call has the contract of [ClientEnd.Call], except that it may give up after a time of its
	// own.
	Call(svcMeth string, args, reply any) bool
}

// MakeCarried returns an end whose calls go through c. It belongs to no network.
func MakeCarried(c Carrier) *ClientEnd { return &ClientEnd{&end{carrier: c}} }

// Dispatch runs the handler for a request that did not come over a [Network]. decode reads the
// arguments into the variable that it is given a pointer to. Dispatch returns when the handler
// does, with a pointer to the reply. The error says that there is no such handler, or that the
// arguments do not fit; then nothing was run.
func (srv *Server) Dispatch(svcMeth string, decode func(args any) error) (reply any, err error) {
	m, err := srv.find(svcMeth)
	if err != nil {
		return nil, err
	}
	args := reflect.New(m.args)
	if err := decode(args.Interface()); err != nil {
		return nil, fmt.Errorf("the arguments do not fit the handler of %s, which takes a %s: %w", svcMeth, m.args, err)
	}
	result := reflect.New(m.reply)
	m.invoke(args, result)
	return result.Interface(), nil
}
