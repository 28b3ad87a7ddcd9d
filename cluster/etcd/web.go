package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"

	"raftlab/cluster/mvcc"
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
	s.checked(mux, "/livez", s.checks()[:1])
	s.checked(mux, "/readyz", s.checks())
	return mux
}

// check is a part of what /livez and /readyz look at.
type check struct {
	name  string
	fails func(context.Context) error
}

// checks are all of them, under etcd's names. That the database is full is none: it can be read.
func (s *Server) checks() []check {
	return []check{
		{"serializable_read", func(context.Context) error {
			_, err := s.machine.Store.Range(mvcc.Query{Key: "a", Limit: 1})
			return err
		}},
		{"linearizable_read", s.linearize},
		{"non_learner", func(context.Context) error { return nil }},
		{"data_corruption", func(context.Context) error {
			if len(s.machine.Alarms(pb.AlarmType_CORRUPT)) > 0 {
				return errors.New("alarm activated: CORRUPT")
			}
			return nil
		}},
	}
}

// checked serves checks under a path, all of them but those that the client excludes, and each by
// itself.
func (s *Server) checked(mux *http.ServeMux, path string, all []check) {
	serve := func(w http.ResponseWriter, r *http.Request, some []check) {
		told, code := "", http.StatusOK
		for _, c := range some {
			if err := c.fails(r.Context()); err != nil {
				told, code = told+fmt.Sprintf("[-]%s failed: %v\n", c.name, err), http.StatusServiceUnavailable
			} else {
				told += fmt.Sprintf("[+]%s ok\n", c.name)
			}
		}
		switch {
		case code != http.StatusOK:
			http.Error(w, told, code)
		case r.URL.Query().Has("verbose"):
			fmt.Fprint(w, told)
			fallthrough
		default:
			fmt.Fprintln(w, "ok")
		}
	}
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, slices.DeleteFunc(slices.Clone(all), func(c check) bool { return slices.Contains(r.URL.Query()["exclude"], c.name) }))
	})
	for i, c := range all {
		mux.HandleFunc("GET "+path+"/"+c.name, func(w http.ResponseWriter, r *http.Request) { serve(w, r, all[i:i+1]) })
	}
}

// ill says why a client should go elsewhere: an alarm is on that it does not exclude, or nothing
// can be read.
func (s *Server) ill(r *http.Request) string {
	for _, a := range s.machine.Alarms(pb.AlarmType_NONE) {
		if !slices.Contains(r.URL.Query()["exclude"], a.Alarm.String()) {
			return "ALARM " + a.Alarm.String()
		}
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
