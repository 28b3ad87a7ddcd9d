package labgob

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"raftlab/internal/stacks"
)

// What has been said, and which types need no second look. A mutex and two maps are enough: the
// fast paths above keep their own record of types that have been here.
var warned = struct {
	sync.Mutex
	types   map[reflect.Type]bool // checked for fields that are not sent
	targets map[reflect.Type]bool // reported as a decode target that was not zero
	texts   []string
	hear    func(string)
}{
	types:   map[reflect.Type]bool{},
	targets: map[reflect.Type]bool{},
}

// OnWarning installs the function that hears of every warning from now on, besides stderr; nil
// removes it. f is called on the goroutine that made the mistake and must not call labgob.
func OnWarning(f func(warning string)) {
	warned.Lock()
	defer warned.Unlock()
	warned.hear = f
}

// Warnings returns all warnings so far, oldest first. There is at most one for each field that is
// not sent, and one for each type of decode target.
func Warnings() []string {
	warned.Lock()
	defer warned.Unlock()
	return append([]string(nil), warned.texts...)
}

// warn says it to everybody, with the place where it was noticed. The caller holds no lock.
func warn(text string) {
	if at := asker(); at != "" {
		text += " Noticed at " + at + "."
	}
	warned.Lock()
	warned.texts = append(warned.texts, text)
	hear := warned.hear
	warned.Unlock()
	fmt.Fprintln(os.Stderr, text)
	if hear != nil {
		hear(text)
	}
}

// asker is the call that led here, "raft/persist.go:31, in raft.(*Raft).persist": the innermost function
// of the code under test on the stack. There is none where the network copies what a handler has left:
// the handler has returned by then.
func asker() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		call := stacks.Frame{Function: f.Function, File: f.File, Line: f.Line}
		if call.Owner() == stacks.UnderTest {
			return fmt.Sprintf("%s:%d, in %s", shortFile(f.File), f.Line, f.Function[strings.LastIndexByte(f.Function, '/')+1:])
		}
		if !more {
			return ""
		}
	}
}

// shortFile is a file by its place in the module, or by its last folder if that is not known.
func shortFile(file string) string {
	if rest, ok := strings.CutPrefix(file, "raftlab/"); ok {
		return rest
	}
	return path.Join(path.Base(path.Dir(file)), path.Base(file))
}

// checkType warns of fields that gob will not send, in t and in all types that t is made of. Each
// type is looked at once.
func checkType(t reflect.Type) {
	if t == nil {
		return
	}
	warned.Lock()
	seen := warned.types[t]
	warned.types[t] = true
	warned.Unlock()
	if seen || encodesItself(t) {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.IsExported() {
				checkType(f.Type)
			} else if f.Name != "_" {
				warn(unsentField(t, f.Name))
			}
		}
	case reflect.Array, reflect.Slice, reflect.Pointer:
		checkType(t.Elem())
	case reflect.Map:
		checkType(t.Key())
		checkType(t.Elem())
	}
}

func unsentField(t reflect.Type, field string) string {
	text := fmt.Sprintf("labgob warning: field %q of %s starts with a lower-case letter: it is not sent in RPCs and not saved, the other side sees its zero value.", field, t)
	r, n := utf8.DecodeRuneInString(field)
	if up := unicode.ToUpper(r); up != r {
		return text + fmt.Sprintf(" Call it %q.", string(up)+field[n:])
	}
	return text + " Give it a name that starts with a capital letter."
}

// checkTarget warns if Decode is about to write into a variable in which an old value can survive:
// zero fields are not sent, elements of a slice are decoded over the old ones, and a map is added
// to.
func checkTarget(v reflect.Value) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if !v.IsValid() {
		return
	}
	path, old := leftover(v, 3)
	if !old {
		return
	}
	t := v.Type()
	warned.Lock()
	seen := warned.targets[t]
	warned.targets[t] = true
	warned.Unlock()
	if seen {
		return
	}
	what := "an existing " + t.String()
	if path != "" {
		what = fmt.Sprintf("a %s whose field %s is already set", t, path)
	}
	warn(fmt.Sprintf("labgob warning: decoding into %s: zero values are not sent, so the old value can survive. Decode into a new variable, and make a new reply for every Call.", what))
}

// leftover looks for a part of v, down to the given depth, that decoding need not overwrite. A
// number or string on its own is always sent, and never survives.
func leftover(v reflect.Value, depth int) (path string, found bool) {
	if encodesItself(v.Type()) {
		return "", false
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || depth == 0 {
				continue
			}
			switch f.Type.Kind() {
			case reflect.Struct:
				if path, found := leftover(v.Field(i), depth-1); found {
					return strings.TrimSuffix(f.Name+"."+path, "."), true
				}
			case reflect.Slice, reflect.Map:
				if v.Field(i).Len() > 0 {
					return f.Name, true
				}
			default:
				if !v.Field(i).IsZero() {
					return f.Name, true
				}
			}
		}
	case reflect.Slice:
		return "", v.Len() > 0 && v.Type().Elem().Kind() != reflect.Uint8
	case reflect.Map:
		return "", v.Len() > 0
	}
	return "", false
}
