package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettings(t *testing.T) {
	set, err := ParseSettings("peers=7, away=2s", All())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"peers": "7", "away": "2s"}, set)
	for _, wrong := range []string{"peers=many", "peers=-1", "peers", "away=5", "rooms=3", "away=-2s"} {
		_, err := ParseSettings(wrong, All())
		require.Error(t, err, wrong)
	}
	set, err = ParseSettings("", nil)
	require.NoError(t, err)
	require.Empty(t, set)
}

func TestMeasures(t *testing.T) {
	metric, value, ok := ParseMeasure(`measured "leader changes" 1.5`)
	require.True(t, ok)
	require.Equal(t, "leader changes", metric)
	require.Equal(t, 1.5, value)
	for _, note := range []string{"something else", "measured x 1", `measured "x"`, `measured "x" y`} {
		_, _, ok := ParseMeasure(note)
		require.False(t, ok, note)
	}
}

// Every experiment says all that a reader needs.
func TestExperiments(t *testing.T) {
	for _, x := range All() {
		for _, text := range []string{x.Name, x.Question, x.Setup, x.Hypothesis, x.Source} {
			require.NotEmpty(t, text, x.Name)
		}
		require.NotEmpty(t, x.Variants)
		require.NotEmpty(t, x.Metrics)
		found, err := Find(x.Name)
		require.NoError(t, err)
		require.Equal(t, x.Name, found.Name)
		for _, s := range x.Settings {
			require.NoError(t, sameKind(s.Default, s.Default), s.Name)
		}
	}
	_, err := Find("nothing")
	require.ErrorContains(t, err, "rejoin")
}
