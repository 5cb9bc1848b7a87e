//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "soak: what is watched is read from /proc, which only Linux has")
	os.Exit(2)
}
