// Package utils is what the packages of this solution share.
package utils

import (
	"flag"
	"fmt"
	"log"
	"os"
)

var debug = flag.Bool("chatty", false, "print what happens")

var file *os.File

func init() {
	f, err := os.OpenFile("solution.log", os.O_CREATE|os.O_WRONLY, 0644)
	if err != nil {
		log.Fatal(err)
	}
	file = f
	log.SetOutput(file)
}

func Log(format string, args ...interface{}) {
	if *debug || os.Getenv("CHATTY") != "" {
		fmt.Fprintf(file, format+"\n", args...)
	}
}
