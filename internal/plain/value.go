package plain

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// Value writes a value out in about at most most bytes: {Term:3 CandidateId:1}. Unlike package fmt
// it never calls methods of the value, which may be of a type of the code under test, prints no
// addresses, and shortens from the inside.
func Value(x any, most int) string {
	p := printer{most: most}
	p.value(reflect.ValueOf(x), 0)
	return string(p.out)
}

type printer struct {
	out    []byte
	most   int
	inside int // so many tables
}

func (p *printer) text(s string) { p.out = append(p.out, s...) }
func (p *printer) full() bool    { return len(p.out) >= p.most }

func (p *printer) value(v reflect.Value, depth int) {
	const deepest = 6
	switch {
	case !v.IsValid():
		p.text("nil")
		return
	case depth > deepest || p.full():
		p.text("...")
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		p.out = strconv.AppendBool(p.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.out = strconv.AppendInt(p.out, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.out = strconv.AppendUint(p.out, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		p.out = strconv.AppendFloat(p.out, v.Float(), 'g', -1, 64)
	case reflect.String:
		p.string(v.String())
	case reflect.Pointer, reflect.Interface:
		p.value(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		p.slice(v, depth)
	case reflect.Map:
		p.table(v, depth)
	case reflect.Struct:
		p.text("{")
		for i := range v.NumField() {
			if i > 0 {
				p.text(" ")
			}
			p.text(v.Type().Field(i).Name + ":")
			p.value(v.Field(i), depth+1)
		}
		p.text("}")
	default:
		p.text(v.Kind().String())
	}
}

func (p *printer) string(s string) {
	if room := max(p.most-len(p.out), 16); len(s) > room {
		p.out = strconv.AppendQuote(p.out, s[:room])
		p.text(fmt.Sprintf("...(%d bytes)", len(s)))
		return
	}
	p.out = strconv.AppendQuote(p.out, s)
}

func (p *printer) slice(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		p.string(string(v.Bytes()))
		return
	}
	p.text("[")
	for i := range v.Len() {
		if i > 0 {
			p.text(" ")
		}
		if p.full() {
			p.text(fmt.Sprintf("...(%d in all)", v.Len()))
			break
		}
		p.value(v.Index(i), depth+1)
	}
	p.text("]")
}

// maxTable is how many entries of a map are looked at, by how many maps it is in: maps that share
// others in them have more entries than anybody could look at. What is shown must not depend on the
// order in which a map gives its entries, so there is no beginning of a larger one.
var maxTable = []int{1000, 30, 1}

// table renders a map with its keys in the order of their texts.
func (p *printer) table(v reflect.Value, depth int) {
	if v.Len() > maxTable[min(p.inside, len(maxTable)-1)] {
		p.text(fmt.Sprintf("map[%d entries]", v.Len()))
		return
	}
	var parts []string
	for iter := v.MapRange(); iter.Next(); {
		part := printer{most: max(p.most>>(4*p.inside), 64), inside: p.inside + 1}
		part.value(iter.Key(), depth+1)
		part.text(":")
		part.value(iter.Value(), depth+1)
		parts = append(parts, string(part.out))
	}
	slices.Sort(parts)
	p.text("map[")
	for i, part := range parts {
		if i > 0 {
			p.text(" ")
		}
		if p.full() {
			p.text("...")
			break
		}
		p.text(part)
	}
	p.text("]")
}
