package model

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Histories of one classic key in which a value is written more than once. Which of the equal
// writes a read tells of is not to be seen, so an order has to be searched for; but what reads tell
// leads the search, and little of it is left to chance:
//
//   - Equal writes can take each other's places. Of those that have begun, the one that ends first
//     goes first.
//   - A read goes first as soon as the key has its value: it changes nothing.
//   - A state of which no read that is left begins is as good as any other such state: it is "lost"
//     until the next put.
//   - A write that may not have been done is left out where it would lead there.
//   - Of two states that differ only in such writes, the one that has used fewer of each kind is as good
//     as the other: what is left can be used later, or not at all. Of equal puts that may not have been
//     done nobody needs more than there are reads to come that begin with their value.
//   - A first search takes such writes as often as it likes. What it cannot explain nobody can.
//   - The writes that are tried first are those that lead to what the next read has seen.
//
// So a set of answered operations that are done, with the state after them, is looked at again only
// with fewer of the others.

// seeker searches for an order. Operations are numbered as they began; classes are of equal writes.
type seeker struct {
	ops      []*Op
	class    []int   // of writes; -1 is a read
	got      []value // of reads
	unread   []bool  // by class: no read has the value anywhere in it
	byReturn []int   // answered operations
	past     past
	unsure   unsure
	lavish   bool // unsure writes are not used up

	done   []bool
	seen   map[point][][]int // with these uses of unsure writes
	frames []frame
	steps  int // that were taken
}

// point is where a search has been: the answered operations that are done, and the state.
type point struct {
	done, sum uint64
	size      int
}

// frame is one write of the order that is tried, and the reads behind it.
type frame struct {
	state    value
	active   []int // that have begun and are not done
	began    int   // operations
	returned int   // of byReturn: those before are done
	hash     uint64
	used     []int // by kind: unsure writes that are done
	placed   []int // what is done here
	choices  []choice
}

type choice struct {
	op    int
	state value
	rank  int
}

// seek judges a history of one classic key by a search of at most budget steps. Where writes have an
// unknown outcome it begins with one that is lavish with them: see unsure.go.
func seek(ops []Op, budget int) (Result, int) {
	s := seekerOf(ops)
	if len(s.unsure.example) > 0 {
		s.lavish = true
		if result := s.run(budget / 2); result == Illegal || result == OK && s.affords() {
			return result, s.steps
		}
		s.lavish = false
	}
	return s.run(budget), s.steps
}

func seekerOf(ops []Op) *seeker {
	s := &seeker{}
	for i := range ops {
		s.ops = append(s.ops, &ops[i])
	}
	slices.SortStableFunc(s.ops, func(a, b *Op) int { return cmp.Compare(a.Call, b.Call) })
	s.classify()
	s.unsure = unsureOf(s.ops, s.class, s.byReturn)
	return s
}

// classify finds equal writes, and what reads tell.
func (s *seeker) classify() {
	type kind struct {
		kind  Kind
		value string
	}
	classes := map[kind]int{}
	var reads []*Op
	for i, op := range s.ops {
		if !op.Unknown() {
			s.byReturn = append(s.byReturn, i)
		}
		if op.Kind == Get {
			s.class, s.got = append(s.class, -1), append(s.got, value{size: len(op.Got), sum: sumOf(op.Got)})
			reads = append(reads, op)
			continue
		}
		k := kind{op.Kind, op.Value}
		if _, known := classes[k]; !known {
			classes[k] = len(classes)
		}
		s.class, s.got = append(s.class, classes[k]), append(s.got, value{})
	}
	slices.SortStableFunc(s.byReturn, func(a, b int) int { return cmp.Compare(s.ops[a].Return, s.ops[b].Return) })
	s.past = pastOf(reads)
	s.unread = make([]bool, len(classes))
	for k, n := range classes {
		s.unread[n] = k.value != "" && !slices.ContainsFunc(s.past.longest, func(text string) bool { return strings.Contains(text, k.value) })
	}
}

// run tries one write after the other, and takes back what led nowhere.
func (s *seeker) run(budget int) Result {
	s.seen, s.done, s.frames = map[point][][]int{}, make([]bool, len(s.ops)), nil
	s.enter(frame{used: make([]int, len(s.unsure.example))}, -1, value{})
	for len(s.frames) > 0 {
		top := &s.frames[len(s.frames)-1]
		switch {
		case top.returned == len(s.byReturn):
			return OK
		case s.steps >= budget:
			return Unknown
		case len(top.choices) == 0:
			for _, i := range top.placed {
				s.done[i] = false
			}
			s.frames = s.frames[:len(s.frames)-1]
		default:
			next := top.choices[0]
			top.choices = top.choices[1:]
			s.enter(*top, next.op, next.state)
		}
	}
	return Illegal
}

// enter does a write (-1: none) and everything that goes without saying after it.
func (s *seeker) enter(from frame, write int, state value) {
	s.steps++
	f := frame{state: state, active: slices.Clone(from.active), began: from.began, returned: from.returned, hash: from.hash, used: from.used}
	switch {
	case write >= 0 && s.lavish && s.unsure.kind[write] >= 0:
		f.use(s.unsure.kind[write])
	case write >= 0:
		f.active = slices.DeleteFunc(f.active, func(i int) bool { return i == write })
		s.place(&f, write)
	}
	s.settle(&f)
	if f.returned < len(s.byReturn) && s.isNew(&f) {
		s.choose(&f)
	}
	s.frames = append(s.frames, f)
}

func (s *seeker) place(f *frame, i int) {
	s.done[i] = true
	f.placed = append(f.placed, i)
	if kind := s.unsure.kind[i]; kind >= 0 {
		f.use(kind)
		return
	}
	f.hash ^= mix(uint64(i) + 1)
}

// use notes that an unsure write is done.
func (f *frame) use(kind int) {
	f.used = slices.Clone(f.used)
	f.used[kind]++
}

// settle lets begin what may have begun by now, and does what changes nothing.
func (s *seeker) settle(f *frame) {
	for again := true; again; {
		again = false
		for f.returned < len(s.byReturn) && s.done[s.byReturn[f.returned]] {
			f.returned++
		}
		limit := s.deadline(f)
		for ; f.began < len(s.ops) && s.ops[f.began].Call < limit; f.began++ {
			f.active = append(f.active, f.began)
		}
		if f.state != *lost && !s.past.goesOn(f.state, limit) {
			f.state = *lost
		}
		f.active = slices.DeleteFunc(f.active, func(i int) bool {
			op := s.ops[i]
			free := s.class[i] < 0 && s.got[i] == f.state || s.class[i] >= 0 && f.state == *lost && s.unread[s.class[i]] && !op.Unknown()
			if free {
				s.place(f, i)
				again = true
			}
			return free
		})
	}
}

// deadline is when the first operation that is not done has ended: no other can go before it that
// begins later.
func (s *seeker) deadline(f *frame) int {
	if f.returned == len(s.byReturn) {
		return math.MaxInt
	}
	return s.ops[s.byReturn[f.returned]].Return
}

// choose lists the writes that may come next, the best one first.
func (s *seeker) choose(f *frame) {
	first := map[int]int{} // by class: the one that ends first
	for _, i := range f.active {
		if class := s.class[i]; class >= 0 {
			if other, ok := first[class]; !ok || end(s.ops[i]) < end(s.ops[other]) {
				first[class] = i
			}
		}
	}
	limit, target := s.deadline(f), s.target(f)
	for _, i := range first {
		op := s.ops[i]
		c := choice{op: i, rank: 2}
		switch {
		case op.Kind == Put:
			c.state = value{size: len(op.Value), sum: sumOf(op.Value)}
		case f.state == *lost:
			c.state = *lost
		default:
			c.state = value{size: f.state.size + len(op.Value), sum: extend(f.state.sum, op.Value)}
		}
		switch {
		case target >= 0 && s.past.begins(s.ops[target], c.state):
			c.rank = 0
		case s.past.goesOn(c.state, limit):
			c.rank = 1
		case op.Unknown():
			continue
		default:
			c.state = *lost
		}
		f.choices = append(f.choices, c)
	}
	slices.SortFunc(f.choices, func(a, b choice) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(end(s.ops[a.op]), end(s.ops[b.op])), cmp.Compare(a.op, b.op))
	})
}

// target is the read that ends next, or -1.
func (s *seeker) target(f *frame) int {
	for _, i := range s.byReturn[f.returned:] {
		if s.class[i] < 0 && !s.done[i] {
			return i
		}
	}
	return -1
}

// past is what the reads of a history tell of the key's values: with what they begin.
type past struct {
	longest []string       // the reads with which no other begins
	sums    [][]uint64     // of the beginnings of each of them
	of      map[string]int // of each read: one of longest that begins with it
	last    map[point]int  // by beginning, without point.done: when the last read that begins so has ended
}

func pastOf(reads []*Op) past {
	p := past{of: map[string]int{}, last: map[point]int{}}
	ends := map[string]int{}
	var texts []string
	for _, read := range reads {
		if _, known := ends[read.Got]; !known {
			texts = append(texts, read.Got)
		}
		ends[read.Got] = max(ends[read.Got], read.Return)
	}
	slices.Sort(texts) // what begins with a text follows it
	for i := len(texts) - 1; i >= 0; i-- {
		if i+1 < len(texts) && strings.HasPrefix(texts[i+1], texts[i]) {
			p.of[texts[i]] = p.of[texts[i+1]]
			continue
		}
		p.of[texts[i]] = len(p.longest)
		p.longest = append(p.longest, texts[i])
	}
	latest := make([][]int, len(p.longest)) // by length
	for n, text := range p.longest {
		latest[n] = make([]int, len(text)+1)
	}
	for text, end := range ends {
		at := latest[p.of[text]]
		at[len(text)] = max(at[len(text)], end)
	}
	for n, text := range p.longest {
		sums := make([]uint64, len(text)+1)
		for i := range len(text) {
			sums[i+1] = extend(sums[i], text[i:i+1])
		}
		p.sums = append(p.sums, sums)
		end := -1
		for size := len(text); size >= 0; size-- {
			end = max(end, latest[n][size])
			at := point{sum: sums[size], size: size}
			p.last[at] = max(p.last[at], end)
		}
	}
	return p
}

// goesOn says whether a read that ends at limit or later begins with a state.
func (p past) goesOn(state value, limit int) bool {
	last, known := p.last[point{sum: state.sum, size: state.size}]
	return known && last >= limit
}

// begins says whether what a read has seen begins with a state.
func (p past) begins(read *Op, state value) bool {
	return state.size >= 0 && state.size <= len(read.Got) && p.sums[p.of[read.Got]][state.size] == state.sum
}

// impossible finds an answer that no order of the writes that had been asked for by then can lead
// to, whatever else was answered: its text is not made of their values, or has one of them more
// often than it was written.
func impossible(ops []Op) *conflict {
	var writes, reads []*Op
	for i := range ops {
		if ops[i].Kind == Get {
			reads = append(reads, &ops[i])
		} else {
			writes = append(writes, &ops[i])
		}
	}
	slices.SortStableFunc(writes, func(a, b *Op) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortStableFunc(reads, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	q := possible{times: map[string]int{}, brackets: true}
	begun := 0
	for _, read := range reads {
		for ; begun < len(writes) && writes[begun].Call < read.Return; begun++ {
			q.times[writes[begun].Value]++
			q.brackets = q.brackets && isValue(writes[begun].Value)
		}
		if c := q.look(read); c != nil {
			return c
		}
	}
	return nil
}

// possible is what can have been read by some time.
type possible struct {
	times    map[string]int // that each value was written
	brackets bool           // all of them have some
	text     string         // that was read before
	has      map[string]int // how often the text has each value, if all have brackets
}

// look compares a read with what was written. Mostly it has what was read before, and more behind
// it.
func (q *possible) look(read *Op) *conflict {
	rest, goesOn := strings.CutPrefix(read.Got, q.text)
	switch {
	case strings.HasPrefix(q.text, read.Got):
		return nil
	case !q.brackets:
		if !(goesOn && made(rest, q.times)) && !made(read.Got, q.times) {
			return conflictf("%s: it is not made of what anybody had written by then", told(read))
		}
	default:
		if !goesOn || q.has == nil {
			rest, q.has = read.Got, map[string]int{}
		}
		for _, piece := range piecesOf(rest, false) {
			if q.has[piece]++; q.has[piece] > q.times[piece] {
				return conflictf("%s has %s %d times, and it had been written %d times by then", told(read), tail(piece), q.has[piece], q.times[piece])
			}
		}
	}
	q.text = read.Got
	return nil
}

// made says whether a text is a sequence of values.
func made(text string, times map[string]int) bool {
	reached := make([]bool, len(text)+1)
	reached[0] = true
	for at := range text {
		if !reached[at] {
			continue
		}
		for value := range times {
			if strings.HasPrefix(text[at:], value) {
				reached[at+len(value)] = true
			}
		}
	}
	return reached[len(text)]
}

// mix is the finalizer of splitmix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
