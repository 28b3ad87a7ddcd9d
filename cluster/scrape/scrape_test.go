package scrape

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const text = `# HELP calls Calls.
# TYPE calls counter
calls{code="OK",method="Put"} 3
calls{code="OK",method="Range"} 4
calls_more 100
took_bucket{le="0.001"} %d
took_bucket{le="0.002"} %d
took_bucket{le="+Inf"} %d
plain 1.5e+06
nonsense
`

func values(t *testing.T, a, b, c int) Values {
	t.Helper()
	v, err := Parse(strings.NewReader(fmt.Sprintf(text, a, b, c)))
	require.NoError(t, err)
	return v
}

func TestSum(t *testing.T) {
	v := values(t, 0, 0, 0)
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
		ok     bool
	}{
		{"calls", nil, 7, true},
		{"calls", []string{`method="Put"`}, 3, true},
		{"calls", []string{`method="Put"`, `code="Unknown"`}, 0, false},
		{"plain", nil, 1.5e6, true},
		{"nonsense", nil, 0, false},
	} {
		got, ok := v.Sum(c.name, c.labels...)
		require.Equal(t, c.want, got, c.name)
		require.Equal(t, c.ok, ok, c.name)
	}
}

// What was there before does not count; between two bounds it is a share of the way.
func TestQuantile(t *testing.T) {
	before := values(t, 10, 10, 10)
	for _, c := range []struct {
		now  Values
		want float64
		ok   bool
	}{
		{values(t, 10, 10, 10), 0, false},
		{values(t, 20, 20, 20), 0.0005, true},
		{values(t, 10, 20, 20), 0.0015, true},
		{values(t, 10, 10, 20), 0.002, true},
	} {
		got, ok := c.now.Quantile(before, 0.5, "took")
		require.Equal(t, c.ok, ok)
		require.InDelta(t, c.want, got, 1e-9)
	}
	_, ok := before.Quantile(nil, 0.5, "plain")
	require.False(t, ok, "no histogram")
}

func TestRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			fmt.Fprint(w, "x 1\n")
		}
	}))
	address := strings.TrimPrefix(server.URL, "http://")
	v, err := Read(context.Background(), address)
	require.NoError(t, err)
	require.Equal(t, Values{"x": 1}, v)
	server.Close()
	_, err = Read(context.Background(), address)
	require.Error(t, err)
}
