package experiment

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettings(t *testing.T) {
	x := Experiment{Name: "x", Settings: append([]Setting{
		{"peers", "5", "peers", count}, {"away", "10s", "how long", period}, {"reads", "0.9", "share", share}, {"value", "1KiB", "size", size},
	}, surroundings("5ms", "2ms", "0")...)}
	settings, err := x.With("peers=7, away=2s,value=2MiB,fsync=0s,reads=1")
	require.NoError(t, err)
	require.Equal(t, "5", x.Settings[0].Default, "the experiment's own stay")
	trial := Trial{Experiment: x, settings: settings}
	require.Equal(t, 7, trial.Int("peers"))
	require.Equal(t, 2*time.Second, trial.Duration("away"))
	require.Equal(t, 2<<20, trial.Int("value"))
	require.Zero(t, trial.Duration("fsync"))
	require.Equal(t, 5*time.Millisecond, trial.Duration("rtt"))
	require.Equal(t, 1.0, trial.Share("reads"))
	require.Panics(t, func() { trial.Int("rooms") })

	for wrong, says := range map[string]string{
		"peers=many": "number", "peers=-1": "number", "peers": "number", "away=5": "duration", "away=-2s": "duration", "away=0s": "duration",
		"reads=1.5": "share", "reads=0": "share", "value=1KB": "size", "value=-1KiB": "size", "value=": "size", "rtt=fast": "duration",
		"rooms=3": "rooms=3: the experiment x has no such setting; it has peers, away, reads, value, rtt, fsync",
	} {
		_, err := x.With(wrong)
		require.ErrorContains(t, err, says, wrong)
	}
	settings, err = x.With("")
	require.NoError(t, err)
	require.Len(t, settings, len(x.Settings))
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]float64{"7": 7, "7B": 7, "1KiB": 1024, "3MiB": 3 << 20} {
		got, err := parseSize(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestMeasures(t *testing.T) {
	m, ok := ParseMeasured(`measured {"Metric":"leader changes","Value":1.5}`)
	require.True(t, ok)
	require.Equal(t, Measured{Metric: "leader changes", Value: 1.5}, m)
	m, ok = ParseMeasured(`measured {"Metric":"p50","Short":"no lease","Why":"it has none"}`)
	require.True(t, ok)
	require.Equal(t, "no lease", m.Short)
	for _, note := range []string{"something else", "measured x 1", `measured {"Metric"`} {
		_, ok := ParseMeasured(note)
		require.False(t, ok, note)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	require.EqualValues(t, 50, percentile(hundred, 50))
	require.EqualValues(t, 99, percentile(hundred, 99))
	require.EqualValues(t, 2, percentile([]time.Duration{1, 2, 3}, 50))
	require.EqualValues(t, 7, percentile([]time.Duration{7}, 99))
}

// Every experiment says all that a reader needs.
func TestExperiments(t *testing.T) {
	for _, x := range All() {
		for _, text := range []string{x.Name, x.Question, x.Setup, x.Hypothesis, x.Source, x.LeftOut, x.Seeds} {
			require.NotEmpty(t, text, x.Name)
		}
		require.NotEmpty(t, x.Variants)
		require.NotEmpty(t, x.Metrics)
		found, err := Find(x.Name)
		require.NoError(t, err)
		require.Equal(t, x.Name, found.Name)
		for _, s := range x.Settings {
			_, err := s.kind.parse(s.Default)
			require.NoError(t, err, s.Name)
		}
	}
	_, err := Find("nothing")
	require.ErrorContains(t, err, "rejoin")
}
