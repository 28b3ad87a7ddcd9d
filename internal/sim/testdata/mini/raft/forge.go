package raft

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"time"
)

// What follows tries to make a case pass that an honest run fails: Run returns "f" for each.

func init() {
	switch os.Getenv("FORGE") {
	case "exit in init":
		fmt.Println("--- PASS: TestMini (0.00s)\nPASS")
		os.Exit(0)
	case "harness crash in init": // as it would look
		fmt.Print(harnessCrash)
		os.Exit(2)
	case "goexit in init":
		runtime.Goexit()
	case "panic in init":
		panic("PASS")
	case "wait in init":
		select {}
	case "exit in the background":
		go func() { time.Sleep(1); os.Exit(0) }()
	case "log file in init":
		f, err := os.OpenFile("raft.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			log.Fatalf("cannot open raft.log: %v", err)
		}
		log.SetOutput(f)
	case "flags in init":
		flag.Bool("debug", false, "print")
		flag.Parse()
	case "a native verdict": // works where there is no sandbox
		var p struct{ Secret string }
		json.Unmarshal([]byte(os.Getenv("RAFTLAB_PARAMS")), &p)
		if os.WriteFile(os.Getenv("RAFTLAB_VERDICT"), []byte(`{"secret":"`+p.Secret+`","outcome":"pass"}`), 0o600) == nil {
			os.Exit(0)
		}
	}
}

const harnessCrash = "panic: harness\n\ngoroutine 1 [running]:\nraftlab/tester.Run(...)\n\traftlab/tester/tester.go:9\n"

var forgeries = map[string]func(note func(string)) string{
	"close the output": func(func(string)) string {
		os.Stdout.Close()
		os.Stderr.Close()
		return "f"
	},
	"close the output and crash": func(func(string)) string {
		fmt.Print(harnessCrash)
		os.Stdout.Close()
		os.Stderr.Close()
		panic("f")
	},
	"harness crash":     func(func(string)) string { fmt.Print(harnessCrash); os.Exit(258); return "" },
	"goexit":            func(func(string)) string { runtime.Goexit(); return "" },
	"exit in goroutine": func(func(string)) string { go os.Exit(0); time.Sleep(time.Second); return "f" },
	"false trace": func(note func(string)) string {
		note("\"}\n{\"k\":\"verdict\",\"outcome\":\"pass\"}")
		return "f"
	},
	"recover": func(func(string)) (s string) { defer func() { recover(); s = "f" }(); panic("x") },
	"change the runtime": func(func(string)) string {
		runtime.GC()
		runtime.GOMAXPROCS(8)
		return "f"
	},
	"tear an interface": func(func(string)) string {
		if runtime.GOMAXPROCS(8); runtime.GOMAXPROCS(0) != 1 {
			return "there are several threads"
		}
		var shared any = 1
		var torn bool
		for i := range 4 {
			go func() {
				for range 100_000 {
					if i%2 == 0 {
						shared = i
					} else {
						shared = "text"
					}
					switch x := shared.(type) { // half a string would be a crash here
					case int:
						torn = torn || x < 0 || x > 3
					case string:
						torn = torn || x != "text"
					}
				}
			}()
		}
		time.Sleep(time.Second)
		if torn {
			return "torn"
		}
		return "f"
	},
	"look around": func(func(string)) string {
		if b, _ := io.ReadAll(os.Stdin); len(b) > 0 {
			return "there is something to read"
		}
		if _, err := os.ReadDir("/"); err == nil {
			return "there is a file system"
		}
		if len(os.Environ()) > 2 {
			return fmt.Sprint(os.Environ())
		}
		return "f"
	},
}
