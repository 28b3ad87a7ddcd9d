package labrpc

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"raftlab/internal/globals"
)

// Server is a collection of services that share a place in the network, as a Raft peer and the
// service on top of it do. A restarted server is a new Server.
type Server struct {
	mu       sync.Mutex
	services map[string]*Service
	methods  map[string]*method // by full name: "Raft.AppendEntries"
	count    int
	owner    globals.Owner // of the package variables that its handlers use
}

// Service is an object some of whose methods can be called from afar.
type Service struct {
	name    string
	methods map[string]*method
	misfits map[string]string // methods that look as if they were meant to be called, and why they cannot
}

// method is a handler.
type method struct {
	call    reflect.Value // bound to its receiver
	args    reflect.Type  // of the arguments, without the pointer in front if there is one
	pointer bool          // there is
	reply   reflect.Type  // what the reply parameter points to
	of      reflect.Type  // of the receiver, of which it is a method
	index   int           // by this number
}

// MakeServer returns a server without services. Its handlers will use the package variables that
// the caller uses.
func MakeServer() *Server {
	return &Server{services: map[string]*Service{}, methods: map[string]*method{}, owner: globals.Current()}
}

// AddService adds a service, which replaces one of the same name.
func (srv *Server) AddService(svc *Service) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.services[svc.name] = svc
	for name, m := range svc.methods {
		srv.methods[svc.name+"."+name] = m
	}
}

// GetCount returns how many requests have been delivered to this server.
func (srv *Server) GetCount() int {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.count
}

func (srv *Server) counted() {
	srv.mu.Lock()
	srv.count++
	srv.mu.Unlock()
}

// MakeService makes a service of rcvr, usually a pointer to a struct. Its name is the name of the
// type, and the methods that can be called are those that look like
//
//	func (rf *Raft) AppendEntries(args *AppendEntriesArgs, reply *AppendEntriesReply)
//
// that is, exported, with two parameters of which the second is a pointer, and no results. The
// first can be a pointer or not.
func MakeService(rcvr any) *Service {
	v := reflect.ValueOf(rcvr)
	svc := &Service{
		name:    reflect.Indirect(v).Type().Name(),
		methods: map[string]*method{},
		misfits: map[string]string{},
	}
	for i := range v.NumMethod() {
		name, t := v.Type().Method(i).Name, v.Method(i).Type()
		if why := unfit(t); why != "" {
			svc.misfits[name] = why
			continue
		}
		m := &method{call: v.Method(i), args: t.In(0), reply: t.In(1).Elem(), of: v.Type(), index: i}
		if m.args.Kind() == reflect.Pointer {
			m.args, m.pointer = m.args.Elem(), true
		}
		svc.methods[name] = m
	}
	return svc
}

// unfit says why a method of type t cannot be called from afar.
func unfit(t reflect.Type) string {
	switch {
	case t.NumIn() != 2:
		return fmt.Sprintf("it has %d parameters", t.NumIn())
	case t.In(1).Kind() != reflect.Pointer:
		return fmt.Sprintf("its reply, a %s, is no pointer", t.In(1))
	case t.NumOut() != 0:
		return "it has results"
	}
	return ""
}

// invoke calls the handler with pointers to arguments and reply, and returns when it does.
func (m *method) invoke(args, reply reflect.Value) {
	if !m.pointer {
		args = args.Elem()
	}
	m.call.Call([]reflect.Value{args, reply})
}

// find looks a handler up. The error says what is wrong with the name.
func (srv *Server) find(svcMeth string) (*method, error) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if m := srv.methods[svcMeth]; m != nil {
		return m, nil
	}
	service, name, ok := strings.Cut(svcMeth, ".")
	if !ok {
		return nil, fmt.Errorf("%q is no method name: write it as \"Raft.RequestVote\"", svcMeth)
	}
	svc := srv.services[service]
	if svc == nil {
		return nil, fmt.Errorf("the server has no service %q, it has %s", service, list(srv.services))
	}
	if why := svc.misfits[name]; why != "" {
		return nil, fmt.Errorf("%s cannot be called from afar, because %s: a handler is an exported method (args T, reply *U) without results", svcMeth, why)
	}
	return nil, fmt.Errorf("the service %s has no method %q that can be called from afar, it has %s", service, name, list(svc.methods))
}

func list[V any](m map[string]V) string {
	var names []string
	for name := range m {
		if name == "" {
			name = "one whose type has no name"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
