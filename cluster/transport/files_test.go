package transport

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// broken is a file that fails in the middle.
type broken struct{ io.Reader }

func (broken) Close() error { return nil }

// A file comes whole, on a connection of its own, or there is an error.
func TestFetch(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	a := newPlace(t, member(0), Options{})
	fetch := func(want int) (string, int, error) {
		var to bytes.Buffer
		index, err := a.Fetch(t.Context(), 1, b.address, want, &to)
		return to.String(), index, err
	}
	_, _, err := fetch(1)
	require.ErrorContains(t, err, "has no files yet")

	content := bytes.Repeat([]byte("0123456789"), 70_000)
	b.OfferFiles(func(want int) (io.ReadCloser, int, int64, error) {
		switch want {
		case 7:
			return io.NopCloser(bytes.NewReader(content)), 9, int64(len(content)), nil
		case 8:
			return broken{io.MultiReader(bytes.NewReader(content), errReader{})}, 9, int64(len(content)) + 5, nil
		case 9:
			return io.NopCloser(bytes.NewReader(content)), 9, int64(len(content)) - 1, nil
		case 10:
			return io.NopCloser(bytes.NewReader(content)), 9, int64(len(content)) + 1, nil
		}
		return nil, 0, 0, errors.New("not of 11 yet")
	})
	got, index, err := fetch(7)
	require.NoError(t, err)
	require.Equal(t, 9, index)
	require.Equal(t, string(content), got)
	for want, why := range map[int]string{8: "the disk fails", 9: "has no place", 10: "have come", 11: "not of 11 yet"} {
		_, _, err = fetch(want)
		require.ErrorContains(t, err, why, "%d", want)
	}

	require.NoError(t, (&Node{}).o.withDefaults().Before(0, nil))
	b.Inject(Faults{Cut: []int{0}})
	_, _, err = fetch(7)
	require.Error(t, err)
	b.Inject(Faults{})
	b.Close()
	_, _, err = fetch(7)
	require.Error(t, err)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the disk fails") }

// A request that must not be seen yet does not reach its handler, and counts as not sent.
func TestBefore(t *testing.T) {
	echo := &Echo{}
	wait := errors.New("its file is not here")
	b := listening(t, member(1), Options{Before: func(from int, body []byte) error {
		if bytes.Contains(body, []byte("manifest")) {
			return wait
		}
		return nil
	}}, "127.0.0.1:0", echo)
	a := newPlace(t, member(0), Options{})
	link := a.Service(1, b.address)
	var r Text
	require.Eventually(t, func() bool {
		outcome, _ := link.Ask("Echo.Say", &Text{"x"}, &r)
		return outcome == Answered
	}, 10*time.Second, time.Millisecond)
	ran := echo.ran.Load()
	outcome, err := link.Ask("Echo.Say", &Text{"a manifest"}, &r)
	require.Equal(t, NotSent, outcome)
	require.ErrorContains(t, err, "its file is not here")
	require.Equal(t, ran, echo.ran.Load())
}

// Whatever comes in the place of a file, it is taken or refused, and never more than was announced.
func FuzzFile(f *testing.F) {
	f.Add([]byte("spz"), []byte("01234567"))
	f.Add([]byte("pse"), []byte("why"))
	f.Fuzz(func(t *testing.T, kinds, body []byte) {
		var to bytes.Buffer
		in := newFetch(&to)
		for _, k := range kinds {
			if in.take(message{kind: kind(k), body: body}) != nil {
				break
			}
		}
		require.LessOrEqual(t, int64(to.Len()), max(in.size, 0))
		require.False(t, in.over && in.got != in.size)
	})
}
