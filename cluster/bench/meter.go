package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// meter is what members have used so far, added up: from their metrics, which etcd and this framework call by the same names.
type meter struct {
	CPU     float64 // seconds, of user and system
	Memory  float64 // bytes that are resident now
	Fsyncs  float64 // of the logs
	Commits float64 // of the databases: two fsyncs each
	Bytes   float64 // that were written to the logs
}

// names are the metrics, and where they go.
func (m *meter) names() map[string]*float64 {
	return map[string]*float64{
		"process_cpu_seconds_total":                       &m.CPU,
		"process_resident_memory_bytes":                   &m.Memory,
		"etcd_disk_wal_fsync_duration_seconds_count":      &m.Fsyncs,
		"etcd_disk_backend_commit_duration_seconds_count": &m.Commits,
		"etcd_disk_wal_write_bytes_total":                 &m.Bytes,
	}
}

var client = &http.Client{Timeout: 10 * time.Second}

// read asks all members. A metric that one of them does not have is an error: 0 would look like a good value.
func (m *meter) read(ctx context.Context, members []string) error {
	*m = meter{}
	for _, address := range members {
		if err := m.add(ctx, address); err != nil {
			return fmt.Errorf("reading the metrics of the member at %s: %w", address, err)
		}
	}
	return nil
}

func (m *meter) add(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return m.parse(answer.Body)
}

func (m *meter) parse(text io.Reader) error {
	open := m.names()
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		to := open[name]
		if to == nil {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("the metric %s: %w", name, err)
		}
		*to += v
		delete(open, name)
	}
	for name := range open {
		return fmt.Errorf("there is no metric %s (CPU time and memory are told on Linux, macOS and Windows only)", name)
	}
	return lines.Err()
}
