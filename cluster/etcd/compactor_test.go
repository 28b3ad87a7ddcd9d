package etcd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseCompaction(t *testing.T) {
	for _, c := range []struct {
		mode, retention string
		want            Compaction
	}{
		{ModePeriodic, "2", Compaction{Period: 2 * time.Hour}},
		{ModePeriodic, "30m", Compaction{Period: 30 * time.Minute}},
		{ModePeriodic, "0", Compaction{}},
		{ModeRevision, "1000", Compaction{Revisions: 1000}},
		{ModeRevision, "0", Compaction{}},
	} {
		got, err := ParseCompaction(c.mode, c.retention)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	for _, c := range [][2]string{{"hourly", "1"}, {ModePeriodic, "soon"}, {ModePeriodic, "-1h"}, {ModePeriodic, "-1"}, {ModeRevision, "1h"}, {ModeRevision, "-5"}} {
		_, err := ParseCompaction(c[0], c[1])
		require.Error(t, err, c)
	}
	require.Nil(t, Compaction{}.schedule(time.Now(), 1))
}

// compactions runs a schedule for so long, at a cluster of one revision where another is written
// each minute. Compactions fail while fails says so.
func compactions(c Compaction, long time.Duration, fails func(minute int) bool) (at []int, upTo []int64) {
	now := time.Unix(0, 0)
	began := now
	plan := c.schedule(now, 1)
	for now.Sub(began) < long {
		now = now.Add(plan.every())
		minute := int(now.Sub(began) / time.Minute)
		if r := plan.look(now, int64(minute+1)); r > 0 {
			if fails(minute) {
				continue
			}
			plan.done(now, r)
			at, upTo = append(at, minute), append(upTo, r)
		}
	}
	return at, upTo
}

func never(int) bool { return false }

// Five hours are kept: nothing happens in the first five, and then what is older goes once an hour.
func TestPeriodicHours(t *testing.T) {
	at, upTo := compactions(Compaction{Period: 5 * time.Hour}, 8*time.Hour+50*time.Minute, never)
	require.Equal(t, []int{300, 360, 420, 480}, at)
	for i := range at {
		require.InDelta(t, at[i]-300, upTo[i], 7, "five hours ago, to one look")
	}
}

// Ten minutes are kept, and ten to twenty are there.
func TestPeriodicMinutes(t *testing.T) {
	at, upTo := compactions(Compaction{Period: 10 * time.Minute}, 45*time.Minute, never)
	require.Len(t, at, 4)
	for i := range at {
		require.InDelta(t, at[i]-10, upTo[i], 2)
		require.InDelta(t, 10*(i+1), at[i], 2)
	}
}

// A compaction that fails comes again at the next look, and not an hour later.
func TestPeriodicRetries(t *testing.T) {
	at, _ := compactions(Compaction{Period: 10 * time.Minute}, 20*time.Minute, func(minute int) bool { return minute < 14 })
	require.Equal(t, 14, at[0])
}

// A cluster where nothing is written is compacted once, and left alone then.
func TestPeriodicQuiet(t *testing.T) {
	plan := Compaction{Period: 10 * time.Minute}.schedule(time.Unix(0, 0), 7)
	var got []int64
	for i := range 100 {
		now := time.Unix(int64(60*(i+1)), 0)
		if r := plan.look(now, 7); r > 0 {
			got = append(got, r)
			plan.done(now, r)
		}
	}
	require.Equal(t, []int64{7}, got)
}

func TestByRevision(t *testing.T) {
	at, upTo := compactions(Compaction{Revisions: 7}, 20*time.Minute, never)
	require.Equal(t, []int{10, 15, 20}, at, "every five minutes, when there are more than seven")
	require.Equal(t, []int64{4, 9, 14}, upTo)
}
