package kit

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
)

// What a clerk says that nobody has written yet is no answer; what the contract allows is one.
func TestWhatIsNoAnswer(t *testing.T) {
	for _, c := range []struct {
		op   model.Op
		want bool
	}{
		{model.Op{Dialect: model.Versioned, Kind: model.Get}, false},
		{model.Op{Dialect: model.Versioned, Kind: model.Put}, false},
		{model.Op{Dialect: model.Versioned, Kind: model.Put, Err: "ErrWrongLeader"}, false},
		{model.Op{Dialect: model.Versioned, Kind: model.Get, Err: kvapi.ErrMaybe}, false},
		{model.Op{Dialect: model.Versioned, Kind: model.Get, Err: kvapi.ErrNoKey}, true},
		{model.Op{Dialect: model.Versioned, Kind: model.Put, Err: kvapi.ErrMaybe}, true},
		{model.Op{Dialect: model.Versioned, Kind: model.Put, Err: kvapi.ErrVersion}, true},
		{model.Op{Dialect: model.Classic, Kind: model.Append, Err: kvapi.OK}, true},
	} {
		assert.Equal(t, c.want, answered(c.op), "%+v", c.op)
	}
}

// A server whose log is short and which has no snapshot may have lost it.
func TestNoSnapshot(t *testing.T) {
	assert.NotContains(t, NoSnapshot(1, 2000, 1000), "clears")
	assert.Contains(t, NoSnapshot(1, 499, 1000), "the snapshot is lost")
}
