package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// scripted returns the command line of a server that plays its part of a conversation, and checks what it reads.
func scripted(t *testing.T, steps []mcptest.Step) []string {
	t.Helper()
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(steps); err != nil { // not JSON: texts need not be UTF-8
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "steps")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return cast.As(t, "scripted", path)
}

// playScripted is the server of scripted.
func playScripted(args []string) int {
	text, err := os.ReadFile(args[0])
	if err != nil {
		return 99
	}
	var steps []mcptest.Step
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&steps); err != nil {
		return 99
	}
	err = mcptest.PlayServer(slices.Values(steps), os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		err = mcptest.AtEOF(os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playCat is a server that writes what it reads, as soon as it has read it.
func playCat([]string) int {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// playMill reads and writes at the same time, and writes the digest of what it has read to stderr.
func playMill(args []string) int {
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return 99
	}
	written := make(chan error, 1)
	go func() { // ends when all is written; waited for below
		_, err := io.Copy(os.Stdout, grist(size))
		written <- err
	}()
	digest := sha256.New()
	if _, err := io.Copy(digest, os.Stdin); err != nil {
		return 1
	}
	if err := <-written; err != nil {
		return 1
	}
	fmt.Fprintf(os.Stderr, "%x", digest.Sum(nil))
	return 0
}

// grist returns bytes of every value, mixed with what a scanner reacts to. Equal sizes give equal bytes.
func grist(size int64) io.Reader {
	words := []string{"\n", "\r\n", "\x00", `{"jsonrpc":"2.0","id":1,"method":"`, `"}`, "[", `\`, "\xff\xfe", "é", "}\n{"}
	random := rand.New(rand.NewPCG(1, uint64(size)))
	pool := make([]byte, 0, 1<<20)
	for len(pool) < 1<<20 {
		pool = append(pool, byte(random.Uint32()))
		if random.IntN(8) == 0 {
			pool = append(pool, words[random.IntN(len(words))]...)
		}
	}
	return io.LimitReader(&repeat{pool: pool}, size)
}

// repeat is an endless reader.
type repeat struct {
	pool []byte
	at   int
}

// Read implements io.Reader.
func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.pool[r.at:])
	r.at = (r.at + n) % len(r.pool)
	return n, nil
}

// playExit ends at once with the given code.
func playExit(args []string) int {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	return code
}

// playSignal prints the first signal it receives, and ends with code 7.
func playSignal([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals)
	signal.Reset(childSignal, urgentSignal) // sent by the runtime and by children, not by the test
	fmt.Println("ready")
	fmt.Println(<-signals)
	return 7
}

// process is what a process reports about itself.
type process struct {
	PID, Parent int
	Exe         string
	Args        []string
	Environ     []string
	Dir         string
}

// playProcess prints its process, and ends with its input.
func playProcess(args []string) int {
	self := process{PID: os.Getpid(), Parent: os.Getppid(), Args: args, Environ: os.Environ()}
	self.Exe, _ = os.Executable()
	self.Dir, _ = os.Getwd()
	if err := json.NewEncoder(os.Stdout).Encode(self); err != nil {
		return 1
	}
	return playCat(nil)
}
