package experiment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSweep(t *testing.T) {
	x, err := Find("reads")
	require.NoError(t, err)
	labels := func(set string) string {
		s, err := x.Sweep(set)
		require.NoError(t, err)
		var all []string
		for _, p := range s.Points {
			all = append(all, p.Label)
			_, err := x.With(p.Set)
			require.NoError(t, err, p.Set)
		}
		return s.Setting + ": " + strings.Join(all, " ")
	}
	require.Equal(t, ": ", labels("rtt=5ms"))
	require.Equal(t, ": ", labels(""))
	require.Equal(t, "rtt: 1ms 2ms 5ms 10ms 20ms 50ms 100ms", labels("rtt=1ms..100ms,peers=3"))
	require.Equal(t, "rtt: 3ms 5ms 10ms 12ms", labels("peers=3,rtt=3ms..12ms"))
	require.Equal(t, "fsync: 0s 10µs 20µs 50µs 100µs 200µs 500µs 1ms 2ms 5ms 10ms", labels("fsync=0s..10ms"))
	require.Equal(t, "peers: 3 5 9", labels("peers=3..9"))
	require.Equal(t, "value: 1KiB 2KiB 4KiB 8KiB", labels("value=1KiB..8KiB"))
	require.Equal(t, "value: 100B 128B 256B 300B", labels("value=100..300"))
	require.Equal(t, "link: 0 8KiB 16KiB 32KiB 64KiB 128KiB 256KiB 512KiB 1MiB 2MiB 4MiB", labels("link=0..4MiB"))
	require.Equal(t, "reads: 0.1 0.2 0.5 0.9", labels("reads=0.1..0.9"))
	require.Equal(t, "rtt: 1ms 50ms 200ms", labels("peers=3,rtt=1ms..50ms..200ms"))

	x.Swept = "fsync=1ms..5ms..20ms" // unless something else is asked for
	require.Equal(t, "fsync: 1ms 5ms 20ms", labels(""))
	require.Equal(t, "fsync: 1ms 5ms 20ms", labels("rtt=5ms, peers=3"))
	require.Equal(t, ": ", labels("rtt=5ms, fsync=2ms"))
	require.Equal(t, "rtt: 1ms 2ms", labels("rtt=1ms..2ms"))

	for set, message := range map[string]string{
		"rtt=9ms..1ms":              "the range is empty",
		"rtt=1ms..1ms":              "the range is empty",
		"rtt=1ms..2ms,peers=3..5":   "one setting can be swept at a time",
		"rtt=1ms..3ms..2ms":         "the range is empty",
		"rtt=1ms..2ms..":            "a duration is wanted",
		"rtt=1ms..":                 "a duration is wanted",
		"rtt=..1ms":                 "a duration is wanted",
		"nothing=1..2":              "no such setting",
		"value=1B..1MiB":            "narrow the range",
		"rtt=1ms..2ms,size=3":       "no such setting",
		"reads=0..0.5":              "a share above 0",
		"ops=1..1000000000,peers=3": "narrow the range",
	} {
		_, err := x.Sweep(set)
		require.ErrorContains(t, err, message, set)
	}
}
