package labrpc

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/labgob"
)

// direct is a carrier as short as can be: it encodes, has the server run the handler, and decodes.
type direct struct {
	t   *testing.T
	srv *Server
	err error
}

func (d *direct) Call(svcMeth string, args, reply any) bool {
	var request, answer bytes.Buffer
	require.NoError(d.t, labgob.NewEncoder(&request).Encode(args))
	var r any
	r, d.err = d.srv.Dispatch(svcMeth, func(to any) error { return labgob.NewDecoder(&request).Decode(to) })
	if d.err != nil {
		return false
	}
	require.NoError(d.t, labgob.NewEncoder(&answer).Encode(r))
	return labgob.NewDecoder(&answer).Decode(reply) == nil
}

type twice struct{}

type number struct{ N int }

func (twice) Double(args number, reply *number)     { reply.N = 2 * args.N }
func (twice) DoublePtr(args *number, reply *number) { reply.N = 2 * args.N }

// An end of another carrier is called like any other, by value or by pointer, and says what is
// wrong.
func TestCarried(t *testing.T) {
	srv := MakeServer()
	srv.AddService(MakeService(twice{}))
	d := &direct{t: t, srv: srv}
	e := MakeCarried(d)
	for _, method := range []string{"twice.Double", "twice.DoublePtr"} {
		var reply number
		require.True(t, e.Call(method, number{21}, &reply))
		require.Equal(t, 42, reply.N)
		require.True(t, e.Call(method, &number{4}, &reply))
		require.Equal(t, 8, reply.N)
	}
	require.False(t, e.Call("twice.Triple", number{1}, &number{}))
	require.ErrorContains(t, d.err, `no method "Triple"`)
	_, err := srv.Dispatch("twice.Double", func(any) error { return errors.New("broken") })
	require.EqualError(t, err, "the arguments do not fit the handler of twice.Double, which takes a labrpc.number: broken")
}
