// Package scrape reads the metrics that a program serves in Prometheus' text format.
package scrape

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values are metrics by name, with their labels as they were written.
type Values map[string]float64

var client = &http.Client{Timeout: 5 * time.Second}

// Read asks the program at an address, host:port.
func Read(ctx context.Context, address string) (Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("http://%s/metrics answers %s", address, answer.Status)
	}
	return Parse(answer.Body)
}

// Parse reads the format. What it does not know it leaves out.
func Parse(text io.Reader) (Values, error) {
	v := Values{}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if value, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			v[line[:at]] = value
		}
	}
	return v, lines.Err()
}

// Sum adds up all metrics of a name that have all those labels, each as name="value". ok is false
// if there are none.
func (v Values) Sum(name string, labels ...string) (sum float64, ok bool) {
	for key, value := range v {
		if has(key, name, labels) {
			sum, ok = sum+value, true
		}
	}
	return sum, ok
}

func has(key, name string, labels []string) bool {
	rest, ok := strings.CutPrefix(key, name)
	if !ok || rest != "" && rest[0] != '{' {
		return false
	}
	for _, l := range labels {
		if !strings.Contains(rest, l) {
			return false
		}
	}
	return true
}

// Quantile is about the value below which a share of what a histogram has seen since before lies:
// in the middle of its bucket. ok is false if it has seen nothing.
func (v Values) Quantile(before Values, share float64, name string, labels ...string) (value float64, ok bool) {
	counts := map[float64]float64{}
	for key, n := range v {
		if !has(key, name+"_bucket", labels) {
			continue
		}
		_, rest, _ := strings.Cut(key, `le="`)
		text, _, _ := strings.Cut(rest, `"`)
		if upTo, err := strconv.ParseFloat(text, 64); err == nil { // +Inf is one
			counts[upTo] += n - before[key]
		}
	}
	bounds := make([]float64, 0, len(counts))
	for b := range counts {
		bounds = append(bounds, b)
	}
	slices.Sort(bounds)
	if len(bounds) == 0 || counts[bounds[len(bounds)-1]] <= 0 {
		return 0, false
	}
	all, low, under := counts[bounds[len(bounds)-1]], 0.0, 0.0
	for _, b := range bounds {
		if counts[b] >= share*all {
			if math.IsInf(b, 1) {
				return low, true
			}
			return low + (b-low)*(share*all-under)/(counts[b]-under), true
		}
		low, under = b, counts[b]
	}
	return low, true
}
