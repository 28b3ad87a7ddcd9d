package etcd

import (
	"encoding/json"
	"fmt"
	"net/http"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"
)

// Web answers what etcd answers to plain HTTP.
func (s *Server) Web() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"etcdserver": version.Version, "etcdcluster": storageVersion, "storage": storageVersion})
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		if why := s.ill(r); why != "" {
			answer(w, http.StatusServiceUnavailable, map[string]string{"health": "false", "reason": why})
			return
		}
		answer(w, http.StatusOK, map[string]string{"health": "true", "reason": ""})
	})
	mux.Handle("GET /metrics", s.c.Metrics.Handler())
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := s.ill(r); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// ill says why a client should go elsewhere: an alarm is on, or nothing can be read.
func (s *Server) ill(r *http.Request) string {
	for _, a := range s.machine.Alarms(pb.AlarmType_NONE) {
		return "ALARM " + a.Alarm.String()
	}
	if r.URL.Query().Has("serializable") {
		return ""
	}
	if err := s.linearize(r.Context()); err != nil {
		return "RANGE ERROR: " + err.Error()
	}
	return ""
}

func answer(w http.ResponseWriter, code int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(what)
}
