package session_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Opened(*record.Operation)  {}
func (discard) Changed(*record.Operation) {}
func (discard) Noted(record.Note)         {}

// speaker plays lines that differ in a number. It allocates nothing.
type speaker struct {
	p    *player
	line []byte
	now  time.Duration
}

func newSpeaker(o session.Sink) *speaker { return &speaker{p: newPlayer(session.Config{}, o)} }

func (s *speaker) say(dir record.Direction, format string, n int) {
	s.line = append(fmt.Appendf(s.line[:0], format, n), '\n')
	s.now += time.Microsecond
	s.p.say(dir, s.line, s.now)
}

const (
	ask      = `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"search","arguments":{"query":"how to"}}}`
	response = `{"result":{"content":[{"type":"text","text":"forty-two"}]},"jsonrpc":"2.0","id":%d}`
	meta     = `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"search","arguments":{"query":"how to"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"host","version":"1.0"},"progressToken":7}}}`
)

// BenchmarkPair measures a request and its response: what decoding and correlation cost without the scanner, and with
// it.
func BenchmarkPair(b *testing.B) {
	for _, version := range []struct{ name, ask string }{{"2025", ask}, {"2026", meta}} {
		b.Run(version.name+"/decode+track", func(b *testing.B) { pairs(b, version.ask) })
		b.Run(version.name+"/scan+decode+track", func(b *testing.B) {
			p := newPlayer(session.Config{}, discard{})
			request, response := []byte(fmt.Sprintf(version.ask, 123456)+"\n"), []byte(fmt.Sprintf(response, 123456)+"\n")
			b.ReportAllocs()
			for b.Loop() {
				p.say(record.ToServer, request, time.Second)
				p.say(record.ToClient, response, time.Second)
			}
		})
	}
}

// pairs replays two messages that have been scanned once.
func pairs(b *testing.B, request string) {
	messages := [2]framing.Message{scanned(fmt.Sprintf(request, 123456)), scanned(fmt.Sprintf(response, 123456))}
	tracker := session.New(session.Config{}, discard{})
	var decoders [2]session.Decoder
	for i, dir := range directions {
		decoders[i] = session.Decoder{Reader: reader, Dir: dir, Epoch: epoch}
	}
	var m session.Raw
	b.ReportAllocs()
	for b.Loop() {
		for dir := range messages {
			decoders[dir].Decode(&messages[dir], &m)
			tracker.Observe(&m.Message)
		}
	}
}

// scanned scans a line and copies the message, which is only lent.
func scanned(line string) (m framing.Message) {
	s := framing.NewScanner(reader.Table, func(lent *framing.Message) {
		m = *lent
		m.ID.Text = append([]byte(nil), lent.ID.Text...)
		m.Method = append([]byte(nil), lent.Method...)
		m.Version = append([]byte(nil), lent.Version...)
		m.Values = append([]framing.Value(nil), lent.Values...)
		for i := range m.Values {
			m.Values[i].Text = append([]byte(nil), m.Values[i].Text...)
		}
	})
	s.Write([]byte(line+"\n"), epoch.Add(time.Second))
	return m
}

// BenchmarkFloods measures a message of a flood, by how many are open. If the time grew with the number, a peer could
// make telemetry quadratic.
func BenchmarkFloods(b *testing.B) {
	for _, flood := range floods {
		for _, open := range []int{100, 2_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", flood.name, open), func(b *testing.B) {
				s := newSpeaker(discard{})
				for n := range open {
					flood.fill(s, n)
				}
				n := open
				for b.Loop() {
					flood.message(s, n)
					n++
				}
			})
		}
	}
}

var floods = []struct {
	name          string
	fill, message func(s *speaker, n int)
}{
	{"unanswered", sayAsk, sayAsk},
	{"answered oldest first", sayAsk, func(s *speaker, n int) {
		sayAsk(s, n)
		s.say(record.ToClient, response, n-9_999)
	}},
	{"orphans", sayAsk, func(s *speaker, n int) { s.say(record.ToClient, response, -n) }},
	{"orphans and new requests", sayAsk, func(s *speaker, n int) {
		s.say(record.ToClient, response, -n)
		sayAsk(s, n)
	}},
	{"one id", func(s *speaker, _ int) { sayAsk(s, 7) }, func(s *speaker, _ int) {
		sayAsk(s, 7)
		s.say(record.ToClient, response, 7)
	}},
	{"one id as another type", func(s *speaker, _ int) { sayAsk(s, 7) }, func(s *speaker, _ int) {
		s.say(record.ToClient, `{"jsonrpc":"2.0","id":"%d","result":{}}`, 7)
	}},
	{"cancels", sayAsk, func(s *speaker, n int) {
		sayAsk(s, n)
		s.say(record.ToServer, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, n)
	}},
	{"cancels of nothing", sayAsk, func(s *speaker, n int) {
		s.say(record.ToServer, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, -n)
	}},
	{"input required", sayInputRequired, func(s *speaker, n int) {
		sayInputRequired(s, n)
		s.say(record.ToServer, retry, n)
	}},
	{"tasks", sayTask, func(s *speaker, n int) {
		sayTask(s, n)
		s.say(record.ToClient, `{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t%d","status":"completed"}}`, n)
	}},
	{"requests of the server", sayAsk, func(s *speaker, n int) {
		s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"method":"roots/list"}`, n)
		s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"result":{}}`, n)
	}},
	{"questions", sayQuestion, sayQuestion},
}

const retry = `{"jsonrpc":"2.0","id":-%d,"method":"tools/call","params":{"name":"search","arguments":{"query":"how to"},"inputResponses":{}}}`

func sayAsk(s *speaker, n int) { s.say(record.ToServer, ask, n) }

func sayQuestion(s *speaker, n int) {
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"method":"roots/list"}`, n)
}

func sayInputRequired(s *speaker, n int) {
	sayAsk(s, n)
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"resultType":"input_required","inputRequests":{}}}`, n)
}

func sayTask(s *speaker, n int) {
	sayAsk(s, n)
	s.say(record.ToClient, fmt.Sprintf(`{"jsonrpc":"2.0","id":%%d,"result":{"resultType":"task","taskId":"t%d","status":"working"}}`, n), n)
}

// TestMillionUnanswered checks what a million requests that are never answered cost. The figure is that of the heap
// after a collection: the tracker with its ten thousand open operations, both decoders and both scanners.
func TestMillionUnanswered(t *testing.T) {
	const limit = 16 << 20
	for _, c := range []struct {
		name     string
		requests int
		request  string
	}{
		{"plain", 1_000_000, ask},
		{"everything a request can have", 200_000, `{"jsonrpc":"2.0","id":"request-%[1]d","method":"tools/call","params":{"name":"tool-%[1]d","uri":"file:///somewhere/far/away/%[1]d","arguments":{},"task":{},"_meta":{` +
			`"progressToken":%[1]d,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"vendor=%[1]d","io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			count := c.requests
			if testing.Short() {
				count /= 10
			}
			before := heap()
			s := newSpeaker(discard{})
			for n := range count {
				s.say(record.ToServer, c.request, n)
			}
			if open := s.p.tracker.Opened(); open != 10_000 {
				t.Errorf("%d operations are open", open)
			}
			grown := heap() - before
			t.Logf("%.1f MiB", float64(grown)/(1<<20))
			if grown > limit {
				t.Errorf("%d unanswered requests cost %d bytes", count, grown)
			}
			runtime.KeepAlive(s)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkClassify reads an error text of the greatest length, and one as most are.
func BenchmarkClassify(b *testing.B) {
	for name, text := range map[string]string{
		"short": "Request failed with status code 503",
		"long":  strings.Repeat("The quick brown fox could not jump over ", 20),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				session.Classify("-32000", []byte(text), record.Internal)
			}
		})
	}
}
