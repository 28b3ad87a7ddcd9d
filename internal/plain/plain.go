// Package plain makes text from outside safe to show: what code under test prints, panics with or
// is called, file names, messages of compilers. Such text can be of any length and can hold control
// characters, with which it could erase lines on a terminal, turn the direction of writing, or
// claim a verdict in a log.
//
// What is printable stays as it is. Everything else becomes an escape as in a Go string: \x1b,
// \u202e, \xff for a byte that is no UTF-8. It is an allow-list: a character that a later Unicode
// invents is escaped.
//
//   - [Line]: for one line of a table, a timeline, a title
//   - [Text]: for several lines, such as a message or a stack
//   - [Strings]: every string of a value, before it is written as JSON or XML
//   - [Value]: any value, without calling its methods (value.go)
//   - [Writer]: the last fence, in front of a terminal (writer.go)
package plain

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths in bytes of the text before it is escaped.
const (
	MaxName = 128      // of something with a name: a method, a file, an extension
	MaxLine = 4 << 10  // of one line
	MaxText = 64 << 10 // of a message or a stack
)

// Line returns s as one line, of at most most bytes of s: line breaks and tabs are escaped too.
func Line(s string, most int) string { return clean(s, most, "") }

// Text returns s, of at most most bytes of s, with its line breaks and tabs.
func Text(s string, most int) string { return clean(s, most, "\n\t") }

// Cut returns s if it has at most most bytes, and otherwise its beginning and how much is missing.
// It escapes nothing, and cuts between characters.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	at := most
	for at > 0 && at > most-utf8.UTFMax && !utf8.RuneStart(s[at]) {
		at--
	}
	return strings.Clone(s[:at]) + fmt.Sprintf(".. (%d more bytes)", len(s)-at)
}

func clean(s string, most int, keep string) string {
	s = Cut(s, most)
	if safe(s, keep) {
		return s
	}
	return string(appendClean(make([]byte, 0, len(s)+16), s, keep))
}

// safe reports that nothing in s has to be escaped.
func safe(s, keep string) bool {
	for i, r := range s {
		if !printable(r, keep) || r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return false
		}
	}
	return true
}

func printable(r rune, keep string) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f || strings.ContainsRune(keep, r)
	}
	return unicode.IsPrint(r)
}

// appendClean appends s to b, escaped.
func appendClean(b []byte, s, keep string) []byte {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = fmt.Appendf(b, `\x%02x`, s[i])
		case printable(r, keep):
			b = append(b, s[i:i+size]...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < utf8.RuneSelf:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 1<<16:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
		i += size
	}
	return b
}

// Strings returns a copy of v in which every string has gone through [Text] with [MaxText], however
// deep in exported fields of structs, in slices, maps and pointers it is.
func Strings[T any](v T) T {
	return copyOf(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func copyOf(v reflect.Value) reflect.Value {
	to := reflect.New(v.Type()).Elem()
	to.Set(v)
	switch v.Kind() {
	case reflect.String:
		to.SetString(Text(v.String(), MaxText))
	case reflect.Pointer:
		if !v.IsNil() {
			to.Set(reflect.New(v.Type().Elem()))
			to.Elem().Set(copyOf(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if to.Field(i).CanSet() {
				to.Field(i).Set(copyOf(v.Field(i)))
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			to.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				to.Index(i).Set(copyOf(v.Index(i)))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			to.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for _, key := range v.MapKeys() {
				to.SetMapIndex(copyOf(key), copyOf(v.MapIndex(key)))
			}
		}
	}
	return to
}
