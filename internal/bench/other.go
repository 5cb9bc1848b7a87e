//go:build !unix

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: needs Unix: the client reads and writes pipes with blocking system calls")
	os.Exit(1)
}
