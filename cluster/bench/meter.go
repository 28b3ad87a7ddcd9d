package bench

import (
	"context"
	"fmt"

	"raftlab/cluster/scrape"
)

// meter is what members have used so far, added up: from their metrics, which etcd and this
// framework call by the same names.
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

// read asks all members. A metric that one of them does not have is an error: 0 would look like a
// good value.
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
	v, err := scrape.Read(ctx, address)
	if err != nil {
		return err
	}
	return m.take(v)
}

func (m *meter) take(v scrape.Values) error {
	for name, to := range m.names() {
		value, ok := v.Sum(name)
		if !ok {
			return fmt.Errorf("there is no metric %s (CPU time and memory are told on Linux, macOS and Windows only)", name)
		}
		*to += value
	}
	return nil
}
