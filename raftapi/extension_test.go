package raftapi

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExtensionsAreReadWithTheirParameters(t *testing.T) {
	x, err := ParseExtension("pipeline:messages=8")
	require.NoError(t, err)
	require.Equal(t, Pipeline, x.Name)
	require.Equal(t, 8, x.Parameter("messages", 64))
	require.Equal(t, 512, x.Parameter("bytes", 512), "what nobody says")

	for text, want := range map[string]string{
		"pipelin":                        `no extension is called "pipelin"; there are prevote`,
		"pipeline:window=8":              `it has no parameter "window"; it has messages, bytes`,
		"prevote:times=2":                `it has no parameter "times"; it has none`,
		"pipeline:messages":              "messages has to be a positive integer, such as pipeline:messages=100",
		"pipeline:messages=0":            "a positive integer",
		"pipeline:messages=1e3":          "a positive integer",
		"pipeline:messages=1:messages=1": "messages is there twice",
		"":                               "no extension is called",
	} {
		_, err := ParseExtension(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestSeveralExtensions(t *testing.T) {
	all, err := ParseExtensions([]string{"prevote", "pipeline:bytes=9", "prevote"})
	require.NoError(t, err)
	require.Equal(t, []string{"pipeline:bytes=9", "prevote"}, all)
	_, err = ParseExtensions([]string{"pipeline", "pipeline:bytes=9"})
	require.ErrorContains(t, err, "name an extension once")

	require.True(t, HasExtension(all, Pipeline))
	require.False(t, HasExtension(all, "pipe"))
	require.Equal(t, []string{"pipeline:bytes=9", "prevote", "disk"}, AddExtensions(all, "pipeline", "disk"), "parameters stay")
	require.Equal(t, []string{"pipeline:bytes=9"}, AddExtensions([]string{"pipeline"}, "pipeline:bytes=9"), "and come in")
}

// Every parameter belongs to an extension that there is.
func TestParametersBelongToExtensions(t *testing.T) {
	for name, all := range parameters {
		require.Contains(t, Extensions, name)
		require.Equal(t, all, Parameters(name))
	}
}
