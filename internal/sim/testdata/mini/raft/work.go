package raft

import (
	"fmt"
	"math/rand"
	"os"
	"sync"
	"time"
)

var (
	printing = os.Getenv("PRINT") != ""
	hoarding = os.Getenv("ALLOC") != ""
	sinks    [64][]byte
)

type state struct {
	Votes map[int]bool
	Names map[string]int
	Log   []int
	Any   any
}

// work is a little of everything that could differ between two runs: goroutines that compete, select,
// random numbers, maps, timers. What it notes is the order of events.
func work(note func(string)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var orders [6]string // in which the goroutines see a map
	left, right := make(chan int), make(chan int, 3)
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for round := range 50 {
				mu.Lock()
				noise(i, round)
				orders[i] = order()
				mu.Unlock()
				time.Sleep(time.Duration(rand.Intn(3)) * time.Millisecond)
				select {
				case left <- i:
				case right <- -i:
				}
			}
		}()
	}
	done := make(chan bool)
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case v := <-left:
			note(fmt.Sprint("left ", v))
		case v := <-right:
			note(fmt.Sprint("right ", v))
		case <-done:
			m := map[int]int{}
			for i := range 100 {
				m[i] = i
			}
			for k := range m {
				note(fmt.Sprint("key ", k, orders))
				break
			}
			return
		}
	}
}

// noise is what must not change a run.
func noise(i, round int) {
	if hoarding {
		sinks[round%len(sinks)] = make([]byte, 100<<10)
	}
	if printing {
		s := state{Votes: map[int]bool{1: true, i: false}, Names: map[string]int{"a": 1, "b": round}, Log: []int{i}, Any: i}
		fmt.Printf("%v %+v %T\n", s, &s, s.Any)
		for k, v := range s.Names {
			fmt.Fprintln(os.Stderr, time.Now(), k, v, len(map[string]bool{k: true}))
		}
	}
}

// race lets goroutines compete for one channel, with nothing random in sight.
func race(note func(string)) {
	c := make(chan int)
	for i := range 6 {
		go func() { c <- i }()
	}
	for range 6 {
		note(fmt.Sprint(<-c))
	}
}

// order is the order in which this goroutine sees a map.
func order() string {
	text := ""
	for k := range map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true} {
		text += fmt.Sprint(k)
	}
	return text
}

// maps fails if six goroutines do not see equal maps in more than one order.
func maps() string {
	orders := make(chan string)
	seen := map[string]bool{}
	for range 6 {
		go func() { orders <- order() }()
		seen[<-orders] = true
	}
	if len(seen) < 2 {
		return "one order for all"
	}
	return ""
}

// decisions notes, for each of some rounds, in which order four goroutines have had their turns, what each has drawn, and which case
// of a select it has taken. With EXTRA set a fifth one takes more decisions than otherwise, in the third round.
func decisions(note func(string)) {
	var mu sync.Mutex
	const rounds = 12
	said := make([]string, rounds)
	var all sync.WaitGroup
	start := time.Now()
	for who := range 5 {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := range rounds {
				time.Sleep(time.Until(start.Add(time.Duration(round+1) * time.Second)))
				if who == 4 {
					if os.Getenv("EXTRA") != "" && round == 2 {
						decide()
						time.Sleep(time.Millisecond)
						<-time.After(time.Millisecond)
					}
					continue
				}
				took := decide()
				mu.Lock()
				said[round] += fmt.Sprint(" ", who, ":", took)
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	for _, text := range said {
		note(text)
	}
}

func decide() string {
	a, b := make(chan int, 1), make(chan int, 1)
	a <- 1
	b <- 2
	drawn := rand.Intn(1000)
	select {
	case x := <-a:
		return fmt.Sprint(drawn, "/", x)
	case x := <-b:
		return fmt.Sprint(drawn, "/", x)
	}
}
