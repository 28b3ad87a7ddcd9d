package raft

import (
	"bytes"
	"cmp"
	crand "crypto/rand"
	"encoding/gob"
	"errors"
	"fmt"
	"log"
	"math"
	"math/big"
	"math/rand"
	"os"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// This file does what solutions do every day with the standard library, and the reference does not:
// `make rare` keeps it out of the list of what is called hardly ever.

func init() {
	misbehaviours["everyday"] = everyday
	misbehaviours["rare"] = rarely
}

type role int

func (r role) String() string { return "role " + strconv.Itoa(int(r)) }

type operation struct {
	Key, Value string
	Client     int64
	Of         any
	Results    map[string][]int
	When       float64
	Says       fmt.Stringer
	Done       bool
}

func everyday() string {
	log.Print("→ as log prints it, with the date")
	log.SetFlags(log.Lmicroseconds)
	log.SetPrefix("peer ")
	if os.Getenv("DEBUG") == "" {
		log.SetOutput(os.Stderr)
	}
	op := operation{"k", "v", draw(), role(1), map[string][]int{"a": {1}, "b": nil}, math.Sqrt(2), role(2), true}
	log.Printf("[%d] %-5s %5.2f %v %+v %#v %T %q %x %t %p", 3, "a", 1.5, op, &op, op, op, "b", []byte("c"), true, &op)
	log.Println("got", op.Of, errors.New("none"), []int{1}, []string{"x"}, map[int]bool{1: true}, time.Second)
	fmt.Println(fmt.Sprint(role(2), 3, nil), len(fmt.Sprintf("%04d|%v|%s", 7, [2]int{1, 2}, fmt.Errorf("wrapped: %w", os.ErrNotExist))))
	fmt.Fprintf(os.Stderr, "%s %v\n", role(3), struct{ A, B int }{1, 2})
	if !reflect.DeepEqual(op, op) || reflect.TypeOf(op).Name() == "" {
		return "it is not what it is"
	}
	return "" + ordered() + encoded(op) + waited()
}

// draw is the course's nrand.
func draw() int64 {
	n, err := crand.Int(crand.Reader, big.NewInt(int64(1)<<62))
	if err != nil {
		panic(err)
	}
	return n.Int64()
}

func ordered() string {
	r := rand.New(rand.NewSource(time.Now().UnixNano()))
	numbers := r.Perm(9)
	sort.Ints(numbers)
	words := strings.Fields(strings.Repeat("b a ", 3) + strings.ToUpper("c"))
	sort.Strings(words)
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] > numbers[j] })
	slices.Sort(words)
	slices.SortFunc(words, cmp.Compare[string])
	n, err := strconv.Atoi(strings.TrimPrefix(strings.Join([]string{"n1", "2"}, ""), "n"))
	if err != nil || n != 12 || strings.Contains(words[0], "z") || strings.Split("a,b", ",")[1] != "b" {
		panic("it is wrong")
	}
	rand.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	_, _ = rand.Intn(9)+rand.Int()+int(rand.Int63())+int(rand.Int31n(9)), rand.Float64()
	return ""
}

func encoded(op operation) string {
	gob.Register(role(0))
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(op); err != nil {
		panic(err)
	}
	var back operation
	if err := gob.NewDecoder(bytes.NewReader(b.Bytes())).Decode(&back); err != nil || back.Key != op.Key {
		panic(fmt.Sprint(err, back))
	}
	return ""
}

func waited() string {
	var mu sync.RWMutex
	var once sync.Once
	var group sync.WaitGroup
	var count atomic.Int32
	cond := sync.NewCond(&mu)
	timer, ticker := time.NewTimer(time.Minute), time.NewTicker(time.Millisecond)
	timer.Reset(5 * time.Millisecond)
	for range 3 {
		group.Add(1)
		go func() {
			defer group.Done()
			once.Do(func() { time.Sleep(time.Millisecond) })
			mu.Lock()
			defer mu.Unlock()
			count.Add(1)
			cond.Broadcast()
		}()
	}
	mu.Lock()
	for count.Load() < 3 {
		cond.Wait()
	}
	mu.Unlock()
	group.Wait()
	for range 3 {
		select {
		case <-timer.C:
		case <-ticker.C:
		case <-time.After(time.Second):
		}
	}
	ticker.Stop()
	defer func() { fmt.Println("recovered", recover()) }()
	var none map[int]int
	none[1] = 2
	return ""
}

// rarely calls what no peer was ever seen to need, after it has printed something, and goes on.
func rarely() string {
	fmt.Println("before")
	time.Sleep(time.Second)
	moment, err := time.Parse(time.RFC1123, "Mon, 02 Jan 2006 15:04:05 MST")
	if err != nil || moment.YearDay() != 2 {
		return fmt.Sprint(moment, err)
	}
	time.Sleep(time.Second)
	return "as it should: " + moment.Format(time.Kitchen)
}
