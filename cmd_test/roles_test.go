package cmd_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
)

// playCat is a server that says what it hears, when it hears it.
func playCat([]string) int {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// playMill reads and writes at the same time, and tells on stderr the digest of what it has read.
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

// grist is bytes of every value, always the same ones, with what a scanner reacts to among them.
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

type repeat struct {
	pool []byte
	at   int
}

// Read returns the next of the pool's bytes, over and over.
func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.pool[r.at:])
	r.at = (r.at + n) % len(r.pool)
	return n, nil
}

// playExit ends at once with the code given.
func playExit(args []string) int {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	return code
}

// playSignal tells the first signal it gets, and ends with code 7.
func playSignal([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals)
	signal.Reset(childSignal, urgentSignal) // of the runtime's and of children: nobody has sent these
	fmt.Println("ready")
	fmt.Println(<-signals)
	return 7
}

// process is what a process says of itself.
type process struct {
	PID, Parent int
	Exe         string
	Args        []string
	Environ     []string
	Dir         string
}

// playProcess tells what it is, and ends with its input.
func playProcess(args []string) int {
	self := process{PID: os.Getpid(), Parent: os.Getppid(), Args: args, Environ: os.Environ()}
	self.Exe, _ = os.Executable()
	self.Dir, _ = os.Getwd()
	if err := json.NewEncoder(os.Stdout).Encode(self); err != nil {
		return 1
	}
	return playCat(nil)
}
