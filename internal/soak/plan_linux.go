package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// plan is all that is random in a session, but for times. The client and the server make it anew from seed and number.
type plan struct {
	mode       mode
	calls      int
	biggest    int     // bytes of a call or an answer
	chunk      int     // bytes of a write, at most
	noise      float64 // share of answers with something before them that is no message
	unanswered float64
	healthy    bool // the collector is, all the time
	lazy       bool // the client reads slowly
	ending     ending
	after      int        // of a server that ends by itself, and of a signal: the calls it has had
	code       int        // exit code
	orphan     bool       // the server leaves a child behind
	random     *rand.Rand // for the rest
}

type mode int

const (
	off mode = iota
	console
	overGRPC
	overHTTP
	modes
)

func (m mode) String() string {
	return [...]string{"off", "console", "otlp over gRPC", "otlp over HTTP"}[m]
}

type ending int

const (
	clientLeaves ending = iota
	serverExits
	serverDies   // by a signal of its own
	hostTerms    // TERM to the wrapper
	hostKills    // KILL to the wrapper
	readerLeaves // the client closes its reading end
	endings
)

func (e ending) String() string {
	return [...]string{"the client leaves", "the server exits", "the server dies", "TERM", "KILL", "the client stops reading"}[e]
}

// mostCalls bounds the calls of a session.
const mostCalls = 3000

// marathonNumber is that of the session that lasts as long as the soak.
const marathonNumber = 0

func newPlan(seed uint64, number int64) *plan {
	if number == marathonNumber {
		return &plan{mode: overGRPC, calls: math.MaxInt, biggest: 16 << 10, chunk: 8 << 10, noise: 0.05, unanswered: 0.02, after: -1}
	}
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	p := &plan{
		mode: mode(r.IntN(int(modes))), calls: 1 + upTo(r, mostCalls), biggest: 64 + upTo(r, 4<<20), chunk: 1 + upTo(r, 1<<17),
		healthy: r.IntN(2) == 0, lazy: r.IntN(8) == 0, ending: ending(r.IntN(int(endings))), code: r.IntN(126), orphan: r.IntN(6) == 0,
		random: r,
	}
	if r.IntN(2) == 0 {
		p.noise = r.Float64() / 4
	}
	if r.IntN(3) == 0 {
		p.unanswered = r.Float64() / 4
	}
	for p.calls > 1 && p.calls*p.biggest > 64<<20 { // enough for any buffer
		p.calls /= 2
	}
	for p.chunk < 64 && p.calls*p.biggest > 1<<20 { // a byte at a time is for short sessions
		p.chunk *= 8
	}
	p.after = r.IntN(p.calls + 1)
	return p
}

// upTo is a number below max, of which every order of magnitude is as likely.
func upTo(r *rand.Rand, max int) int { return int(math.Exp(r.Float64()*math.Log(float64(max)))) - 1 }

func (p *plan) String() string {
	return fmt.Sprintf("%v, %d calls of up to %d bytes in chunks of up to %d, noise %.2f, unanswered %.2f, healthy collector %v, lazy reader %v, "+
		"orphan %v; %v after %d, code %d", p.mode, p.calls, p.biggest, p.chunk, p.noise, p.unanswered, p.healthy, p.lazy, p.orphan, p.ending, p.after, p.code)
}

// talk is the two sides' texts: what is said in call i, and what is answered. Each call has random numbers of its own, so
// that both sides know both texts, in any order.
type talk struct {
	p      *plan
	seed   uint64
	number int64
}

func (t talk) of(i int, side uint64) *rand.Rand {
	return rand.New(rand.NewPCG(t.seed^uint64(t.number)<<32, uint64(i)<<8|side))
}

// said is what the client says in call i.
func (t talk) said(i int) []byte {
	r := t.of(i, 0)
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"tool%d","arguments":{"x":"`, i, r.IntN(5))
	b.Write(letters(r, t.p.biggest))
	b.WriteString("\"}}}\n")
	return b.Bytes()
}

// answered is what the server says to it, which may be nothing.
func (t talk) answered(i int) []byte {
	r := t.of(i, 1)
	var b bytes.Buffer
	if r.Float64() < t.p.noise {
		b.WriteString([]string{"ready\n", "\n\r\n", "{\"level\":\"info\"}\n", "Content-Length: 5\r\n\r\n", "{\n", "\xff\x00\n", "[INFO] x\n"}[r.IntN(7)])
	}
	if t.unanswered(i) {
		return b.Bytes()
	}
	fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"`, i)
	b.Write(letters(r, t.p.biggest))
	b.WriteString("\"}]}}\n")
	return b.Bytes()
}

func (t talk) unanswered(i int) bool { return t.of(i, 2).Float64() < t.p.unanswered }

// letters is up to so many bytes of a string of JSON.
func letters(r *rand.Rand, most int) []byte {
	const alphabet = `abcdefgh ijklmnop{}[]:,0123456789\"`
	n := upTo(r, most)
	b := make([]byte, 0, n+2)
	for len(b) < n {
		switch c := alphabet[r.IntN(len(alphabet))]; c {
		case '\\', '"':
			b = append(b, '\\', c)
		default:
			b = append(b, bytes.Repeat([]byte{c}, 1+r.IntN(64))...)
		}
	}
	return b
}

// write writes a text in chunks of random size.
func write(w interface{ Write([]byte) (int, error) }, text []byte, r *rand.Rand, chunk int) error {
	for len(text) > 0 {
		n := min(len(text), 1+r.IntN(chunk))
		if _, err := w.Write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// soon is a moment of up to so long.
func soon(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}
