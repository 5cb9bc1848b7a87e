package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// serverRole is the argument that makes this binary the server of a session.
const serverRole = "@server"

// serve is the server: it answers each line as the plan has it, and at its own end leaves a report of what it has heard.
func serve(args []string) int {
	seed, err1 := strconv.ParseUint(args[0], 10, 64)
	number, err2 := strconv.ParseInt(args[1], 10, 64)
	if err1 != nil || err2 != nil {
		return 120
	}
	p := newPlan(seed, number)
	t := talk{p, seed, number}
	if p.orphan && p.mode != off { // which leaves orphans alone
		if err := exec.Command("/bin/sleep", "1000").Start(); err != nil { // not waited for: the wrapper is to end it
			return 121
		}
	}
	heard := sha256.New()
	count := 0
	in := bufio.NewReaderSize(io.TeeReader(os.Stdin, counter{heard, &count}), 64<<10)
	r := t.of(0, 3)
	for i := 0; ; i++ {
		if i == p.after && p.ending == serverExits {
			return p.code
		}
		if i == p.after && p.ending == serverDies {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nobody can prevent it
			time.Sleep(time.Minute)
		}
		if i == p.after && (p.ending == hostTerms || p.ending == hostKills) {
			fmt.Fprintln(os.Stderr, "half way")
		}
		if err := line(in); err != nil {
			break
		}
		if err := write(os.Stdout, t.answered(i), r, p.chunk); err != nil {
			return 0 // the reader has left
		}
	}
	report := fmt.Sprintf("%d %x", count, heard.Sum(nil))
	unfinished := args[2] + ".new" // a server may be killed while it writes
	if os.WriteFile(unfinished, []byte(report), 0o600) != nil || os.Rename(unfinished, args[2]) != nil {
		return 122
	}
	return 0
}

// counter counts and hashes what passes.
type counter struct {
	hash  io.Writer
	count *int
}

// Write implements io.Writer.
func (c counter) Write(p []byte) (int, error) {
	*c.count += len(p)
	return c.hash.Write(p)
}

// line reads to the end of a line, however long it is.
func line(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
