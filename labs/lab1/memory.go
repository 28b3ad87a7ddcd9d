package lab1

import (
	"reflect"
	"strings"
	"time"

	"raftlab/tester"
)

// memory has two hundred clients come one after the other, read one of a few keys, write a long
// value to it, and go. Then it looks what the server keeps. A server with versions needs to keep
// nothing about clients; one of the classic dialect a number for each. What it has no use for any
// more are earlier values, and answers that it has given.
func memory(lossy bool) func(*tester.Env) {
	return func(e *tester.Env) {
		const clients, long, keys = 200, 2000, 4
		s := start(e, tester.Options{Unreliable: lossy})
		for i := range clients {
			u := s.user()
			key, value := string(rune('a'+i%keys)), s.Value()
			value += strings.Repeat(".", long-len(value))
			u.Must("read and write", func() {
				u.get(key)
				u.certain(key, value) // nobody else writes meanwhile
			})
			u.Client.Close()
		}
		e.Sleep(time.Second) // late copies
		const perClient, data = 200, 2 * keys * long
		if kept, most := held(s.objects), data+clients*perClient; kept > most {
			s.Fail(tester.RuleHoards, nil, "the server holds %d keys with %d bytes each, and its %s keeps %d bytes. %d would be twice the data and %d for each of %d clients. Does it remember earlier values, or answers that it gave?",
				keys, long, largest(s.objects), kept, most, perClient, clients)
		}
		s.earned()
	}
}

// held is the size of all that some objects lead to, in bytes, as far as values tell: what is in a
// closure, behind an unsafe pointer or in a variable of the package is not seen. It never counts
// too much: what is reached twice counts once.
func held(objects []any) (bytes int) {
	h := hoard{seen: map[uintptr]bool{}}
	for _, o := range objects {
		bytes += h.behind(reflect.ValueOf(o))
	}
	return bytes
}

// largest names the field of an object that leads to most: "field KVServer.items".
func largest(objects []any) string {
	most, name := -1, "server"
	for _, o := range objects {
		v := reflect.Indirect(reflect.ValueOf(o))
		if v.Kind() != reflect.Struct {
			continue
		}
		for i := range v.NumField() {
			h := hoard{seen: map[uintptr]bool{}}
			if n := h.behind(v.Field(i)); n > most {
				most, name = n, "field "+named(v.Type())+"."+v.Type().Field(i).Name
			}
		}
	}
	return name
}

// hoard adds up what values lead to.
type hoard struct {
	seen map[uintptr]bool
}

// first says whether an address has not been met before.
func (h hoard) first(at uintptr) bool {
	known := at == 0 || h.seen[at]
	h.seen[at] = true
	return !known
}

// behind is the size of what a value leads to, without the value itself.
func (h hoard) behind(v reflect.Value) (bytes int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !h.first(v.Pointer()) {
			return 0
		}
		return int(v.Type().Elem().Size()) + h.behind(v.Elem())
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return int(v.Elem().Type().Size()) + h.behind(v.Elem())
	case reflect.Slice:
		if !h.first(v.Pointer()) {
			return 0
		}
		bytes = v.Cap() * int(v.Type().Elem().Size())
		return bytes + h.elements(v)
	case reflect.Array:
		return h.elements(v)
	case reflect.Map:
		if !h.first(v.Pointer()) {
			return 0
		}
		for entries := v.MapRange(); entries.Next(); {
			key, value := entries.Key(), entries.Value()
			bytes += int(key.Type().Size()+value.Type().Size()) + h.behind(key) + h.behind(value)
		}
		return bytes
	case reflect.Struct:
		for i := range v.NumField() {
			bytes += h.behind(v.Field(i))
		}
	}
	return bytes
}

// elements is the size of what the elements of a slice or an array lead to.
func (h hoard) elements(v reflect.Value) (bytes int) {
	if v.Type().Elem().Kind() <= reflect.Complex128 { // numbers lead nowhere
		return 0
	}
	for i := range v.Len() {
		bytes += h.behind(v.Index(i))
	}
	return bytes
}
