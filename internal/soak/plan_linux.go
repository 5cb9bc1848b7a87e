package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// plan is everything random about a session except times. Client and server derive it from seed and number.
type plan struct {
	mode       mode
	calls      int
	biggest    int     // bytes of a call or a response, at most
	chunk      int     // bytes of a write, at most
	noise      float64 // share of responses that follow a line that is not a message
	unanswered float64 // share of calls
	healthy    bool    // the collector accepts everything
	lazy       bool    // the client reads slowly
	ending     ending
	after      int        // calls before the server ends, or before the host's signal
	code       int        // exit code of a server that exits
	orphan     bool       // the server leaves a child behind
	random     *rand.Rand // for everything else on the client's side
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
	serverDies   // of a signal it sends itself
	hostTerms    // TERM to the wrapper
	hostKills    // KILL to the wrapper
	readerLeaves // the client closes its reading end
	endings
)

func (e ending) String() string {
	return [...]string{
		"client leaves", "server exits", "server dies", "TERM", "KILL", "client stops reading",
	}[e]
}

// mostCalls bounds the calls of a session.
const mostCalls = 3000

// marathonNumber is the number of the session that lasts as long as the soak.
const marathonNumber = 0

func newPlan(seed uint64, number int64) *plan {
	if number == marathonNumber {
		return &plan{
			mode: overGRPC, calls: math.MaxInt, biggest: 16 << 10, chunk: 8 << 10, noise: 0.05, unanswered: 0.02, after: -1,
		}
	}
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	p := &plan{
		mode: mode(r.IntN(int(modes))), calls: 1 + logUniform(r, mostCalls), biggest: 64 + logUniform(r, 4<<20),
		chunk: 1 + logUniform(r, 1<<17), healthy: r.IntN(2) == 0, lazy: r.IntN(8) == 0,
		ending: ending(r.IntN(int(endings))), code: r.IntN(100), orphan: r.IntN(6) == 0, random: r,
	}
	if r.IntN(2) == 0 {
		p.noise = r.Float64() / 4
	}
	if r.IntN(3) == 0 {
		p.unanswered = r.Float64() / 4
	}
	for p.calls > 1 && p.calls*p.biggest > 64<<20 { // more than any buffer holds is enough
		p.calls /= 2
	}
	for p.chunk < 64 && p.calls*p.biggest > 1<<20 { // long sessions byte by byte would take too long
		p.chunk *= 8
	}
	p.after = r.IntN(p.calls + 1)
	return p
}

// logUniform returns a number below limit. Every order of magnitude is equally likely.
func logUniform(r *rand.Rand, limit int) int {
	return int(math.Exp(r.Float64()*math.Log(float64(limit)))) - 1
}

func (p *plan) String() string {
	return fmt.Sprintf("%v, %d calls of up to %d bytes in chunks of up to %d, noise %.2f, unanswered %.2f, healthy collector %v, "+
		"lazy reader %v, orphan %v; %v after %d, code %d",
		p.mode, p.calls, p.biggest, p.chunk, p.noise, p.unanswered, p.healthy, p.lazy, p.orphan, p.ending, p.after, p.code)
}

// talk is what both sides write. Each call has random numbers of its own, so that both sides know both texts, in any order.
type talk struct {
	p      *plan
	seed   uint64
	number int64
}

// What random numbers of a call are for.
const (
	callText = iota
	responseText
	isUnanswered
	serverWrites
	clientWrites
	clientReads
	signalTime
	collectorFaults
	marathonTimes
)

func (t talk) random(i int, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(t.seed^uint64(t.number)<<32, uint64(i)<<8|purpose))
}

// call returns what the client writes in call i.
func (t talk) call(i int) []byte {
	r := t.random(i, callText)
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"tool%d","arguments":{"x":"`, i, r.IntN(5))
	b.Write(jsonText(r, t.p.biggest))
	b.WriteString("\"}}}\n")
	return b.Bytes()
}

// response returns what the server writes in call i, which may be nothing.
func (t talk) response(i int) []byte {
	r := t.random(i, responseText)
	var b bytes.Buffer
	if r.Float64() < t.p.noise {
		b.WriteString([]string{
			"ready\n", "\n\r\n", "{\"level\":\"info\"}\n", "Content-Length: 5\r\n\r\n", "{\n", "\xff\x00\n", "[INFO] x\n",
		}[r.IntN(7)])
	}
	if t.unanswered(i) {
		return b.Bytes()
	}
	fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"`, i)
	b.Write(jsonText(r, t.p.biggest))
	b.WriteString("\"}]}}\n")
	return b.Bytes()
}

func (t talk) unanswered(i int) bool { return t.random(i, isUnanswered).Float64() < t.p.unanswered }

// jsonText returns up to limit bytes of the inside of a JSON string, with escapes and with brackets for a scanner.
func jsonText(r *rand.Rand, limit int) []byte {
	const alphabet = `abcdefgh ijklmnop{}[]:,0123456789\"`
	n := logUniform(r, limit)
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

// randomDelay returns a duration below limit.
func randomDelay(r *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(limit)))
}
