package raft

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// What follows tries to make a case pass that an honest run fails: Run returns "f" for each.

func init() {
	switch os.Getenv("FORGE") {
	case "exit in init":
		fmt.Println("--- PASS: TestMini (0.00s)\nPASS")
		os.Exit(0)
	case "no test selected":
		os.Args = []string{"test", "-test.run=Nothing"}
	case "list tests":
		os.Args = append(os.Args, "-test.list=.")
	case "bad flag":
		os.Args = append(os.Args, "-test.nonsense")
	case "other flags":
		flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
		flag.Usage = func() { os.Exit(0) }
	case "exit in the background":
		go func() { time.Sleep(1); os.Exit(0) }()
	}
}

var forgeries = map[string]func(note func(string)) string{
	"change flags": func(func(string)) string {
		flag.Set("test.run", "x")
		flag.Set("test.failfast", "true")
		return "f"
	},
	"close the output": func(func(string)) string {
		os.Stdout.Close()
		os.Stderr.Close()
		os.Stdout, os.Stderr = nil, nil
		return "f"
	},
	"goexit":            func(func(string)) string { runtime.Goexit(); return "" },
	"exit in goroutine": func(func(string)) string { go os.Exit(0); time.Sleep(time.Second); return "f" },
	"dump the heap":     func(func(string)) string { debug.WriteHeapDump(1); return "f" },
	"false trace": func(note func(string)) string {
		note("\"}\n{\"k\":\"verdict\",\"outcome\":\"pass\"}")
		return "f"
	},
	"recover": func(func(string)) (s string) { defer func() { recover(); s = "f" }(); panic("x") },
	"change the runtime": func(func(string)) string {
		debug.SetGCPercent(10)
		debug.SetMemoryLimit(1)
		debug.SetPanicOnFault(true)
		runtime.GC()
		runtime.GOMAXPROCS(8)
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
