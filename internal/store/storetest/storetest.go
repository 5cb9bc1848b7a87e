// Package storetest fills a store with sessions that look like those of real clients, through the same code that stores a
// wrapped session: records go to the sink of package otel, and its spans and log records to a store.Writer. The same seed
// makes the same sessions, except for ids of spans and the names of directories.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Tool is a tool of a made-up server, with how its calls go.
type Tool struct {
	Name   string
	Median time.Duration
	Size   int64   // of a usual result, in bytes
	Fails  float64 // share of calls that fail
	Class  record.Class
}

// Server is a made-up server.
type Server struct {
	Name, Version string
	Tools         []Tool
	Never         int // tools that it lists besides, and that are never called
}

// Servers are those of the design's pictures.
func Servers() []Server {
	return []Server{
		{"filesystem", "2026.7.1", []Tool{
			{"read_text_file", 2 * time.Millisecond, 11_000, 0.004, record.NotFound},
			{"list_directory", 1200 * time.Microsecond, 960, 0, ""},
			{"edit_file", 6 * time.Millisecond, 3600, 0.017, record.InvalidParams},
			{"search_files", 610 * time.Millisecond, 5600, 0, ""},
		}, 5},
		{"github", "0.32.0", []Tool{
			{"search_code", 940 * time.Millisecond, 33_000, 0.145, record.RateLimited},
			{"get_file_contents", 380 * time.Millisecond, 24_000, 0.01, record.NotFound},
			{"list_commits", 360 * time.Millisecond, 13_000, 0, ""},
		}, 38},
		{"postgres", "0.4.1", []Tool{
			{"execute_sql", 18 * time.Millisecond, 4400, 0.032, record.Internal},
			{"get_object_details", 22 * time.Millisecond, 3000, 0, ""},
			{"explain_query", 41 * time.Millisecond, 2600, 0, ""},
		}, 4},
		{"playwright", "0.0.61", []Tool{
			{"browser_navigate", 2900 * time.Millisecond, 1100, 0.053, record.Timeout},
			{"browser_snapshot", 380 * time.Millisecond, 96_000, 0, ""},
			{"browser_click", 210 * time.Millisecond, 8100, 0.029, record.ToolError},
		}, 17},
	}
}

// Clients are clients of such servers.
func Clients() []record.Peer {
	return []record.Peer{{Name: "claude-code", Version: "2.1.240"}, {Name: "cursor-vscode", Version: "1.0.0"}, {Name: "codex-mcp-client", Version: "0.48.0"}}
}

// Session is what to make.
type Session struct {
	Server Server
	Client record.Peer
	Run    string
	Start  time.Time
	Calls  int
	Every  time.Duration // from one call to the next
	Chat   int           // notifications by the server after each call
	Open   bool          // its last call is not answered, and hangs if the session is running
	End    End
	Seed   uint64
	// DigestOnly leaves out spans and log records, as retention does after a while.
	DigestOnly bool
	Past       bool // it is added to what is remembered of its server
}

// End is how a session ends.
type End int

// The ends.
const (
	Closed  End = iota // by the client
	Crashed            // the server exits with 1
	Killed             // the wrapper is killed; nothing says how
	Running            // it has not ended: Make's caller ends it
)

// Fill stores sessions that end, several at a time: each ends with a sync, for which the others need not wait.
func Fill(dir string, sessions []Session) error {
	next, failed := make(chan Session), make([]error, 8)
	var all sync.WaitGroup
	for i := range failed {
		all.Go(func() {
			for s := range next {
				_, err := Make(dir, s)
				failed[i] = errors.Join(failed[i], err)
			}
		})
	}
	for _, s := range sessions {
		next <- s
	}
	close(next)
	all.Wait()
	return errors.Join(failed...)
}

// Make stores a session and returns its writer, which a running session goes on with.
func Make(dir string, s Session) (*store.Writer, error) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", s.Seed)
	about := record.Session{ID: id, Launched: s.Start}
	res := resource.NewSchemaless(attribute.String("service.name", s.Server.Name), attribute.String("service.instance.id", id))
	var problems problems
	w := store.Create(store.Config{
		Dir: dir, Past: s.Past, Logger: slog.New(slog.NewTextHandler(&problems, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Meta:   store.Meta{ID: id, Version: "1.0.0", Launched: s.Start, Service: s.Server.Name, Run: s.Run},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	p := &player{
		sink: nothing{}, store: w,
		random: rand.New(rand.NewPCG(s.Seed, 1)), now: s.Start, hangs: s.End == Running,
	}
	if !s.DigestOnly {
		p.sink = otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: about, Recorder: w})
	}
	p.play(s, about)
	w.Flush(context.Background())
	if spans, records := w.Lost(); spans+records > 0 || problems.text() != "" {
		return nil, fmt.Errorf("storing a session: %d spans and %d log records lost; %s", spans, records, problems.text())
	}
	return w, nil
}

// nothing is a sink that makes nothing of records.
type nothing struct{}

// Opened implements session.Sink.
func (nothing) Opened(*record.Operation) {}

// Changed implements session.Sink.
func (nothing) Changed(*record.Operation) {}

// Noted implements session.Sink.
func (nothing) Noted(record.Note) {}

// problems collects what the writer reports.
type problems struct {
	mu    sync.Mutex
	lines []byte
}

// Write implements io.Writer.
func (p *problems) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line...)
	return len(line), nil
}

func (p *problems) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.lines)
}

type player struct {
	sink   session.Sink
	store  *store.Writer
	random *rand.Rand
	now    time.Time
	number uint64
	hangs  bool // what is not answered
}

func (p *player) play(s Session, about record.Session) {
	about.Started, about.PID, about.Client = s.Start.Add(20*time.Millisecond), 4000+int(s.Seed), s.Client
	p.noted(about)
	p.call(record.Operation{Method: semconv.Initialize, ResponseSize: 420}, 212*time.Millisecond, true)
	about.Time, about.Server = p.now, record.Peer{Name: s.Server.Name, Version: s.Server.Version}
	about.Protocol, about.Ready = "2025-11-25", true
	p.noted(about)
	p.noted(record.Notification{Time: p.now, Direction: record.ToServer, Method: "notifications/initialized", Size: 54})
	p.list(s.Server)
	for i := range s.Calls {
		p.now = p.now.Add(time.Duration(float64(s.Every) * (0.2 + p.random.ExpFloat64())))
		tool := s.Server.Tools[p.random.IntN(len(s.Server.Tools))]
		op := record.Operation{Method: semconv.ToolsCall, Target: tool.Name, Protocol: about.Protocol}
		op.ResponseSize = int64(float64(tool.Size) * (0.5 + p.random.Float64()))
		if p.random.Float64() < tool.Fails {
			op.ErrorType, op.Class, op.ResponseSize = semconv.ErrTool, tool.Class, 300
		}
		took := time.Duration(float64(tool.Median) * (0.4 + p.random.ExpFloat64()))
		p.call(op, took, !s.Open || i < s.Calls-1)
		for range s.Chat {
			p.noted(record.Notification{Time: p.now, Direction: record.ToClient, Method: semconv.ResourcesUpdated, Size: 90})
		}
		if i%500 == 499 { // a real session does not outrun its disk
			p.store.Flush(context.Background())
		}
	}
	p.end(s)
}

func (p *player) list(s Server) {
	op := record.Operation{Method: semconv.ToolsList, ToolCount: len(s.Tools) + s.Never}
	for _, t := range s.Tools {
		op.Definitions = append(op.Definitions, definition(t.Name))
	}
	for i := range s.Never {
		op.Definitions = append(op.Definitions, definition(fmt.Sprintf("unused_%d", i+1)))
	}
	op.DefinitionSize, op.DefinitionTokens = int64(op.ToolCount)*1400, int64(op.ToolCount)*310
	op.ResponseSize = op.DefinitionSize + 60
	p.call(op, 4*time.Millisecond, true)
}

func definition(name string) record.Definition {
	return record.Definition{Kind: record.ToolDefinition, Name: name, Size: 1400, Tokens: 310, Description: 420}
}

// call plays a call of the client.
func (p *player) call(op record.Operation, took time.Duration, answered bool) {
	p.number++
	op.Change, op.Number, op.Direction, op.Start = record.Opened, p.number, record.ToServer, p.now
	op.RequestID, op.RequestSize, op.RoundTrips = fmt.Sprint(p.number), 180, 1
	size := op.ResponseSize
	op.RequestTokens, op.ResponseTokens = 32, size/4
	opened := op
	opened.ResponseSize, opened.ErrorType, opened.Class, opened.Definitions = 0, "", "", nil
	p.sink.Opened(&opened)
	p.store.Opened(&opened)
	if !answered || took >= record.OpenAfter {
		opened.Change = record.StillOpen
		p.changed(opened)
	}
	if !answered {
		if p.hangs {
			opened.Change, opened.Hung, opened.Duration = record.Hanging, true, 30*time.Second
			opened.Prove(record.ServerIdle, record.Evidence{Processes: 2, Over: 29 * time.Second})
			p.changed(opened)
		}
		return
	}
	p.now = p.now.Add(took)
	op.Change, op.End, op.Duration, op.Answered, op.ResponseSize = record.Ended, p.now, took, true, size
	op.Wait = took - took/20
	op.Transfer, op.FirstByte = took/20, op.Start.Add(op.Wait)
	p.changed(op)
}

func (p *player) changed(op record.Operation) {
	p.sink.Changed(&op)
	p.store.Changed(&op)
}

func (p *player) noted(n record.Note) {
	p.sink.Noted(n)
	p.store.Noted(n)
}

func (p *player) end(s Session) {
	exit := record.Exit{Time: p.now.Add(time.Second), EndedBy: record.ByClient, Cause: record.ClientLeft}
	exit.Lifetime = exit.Time.Sub(s.Start)
	switch s.End {
	case Running:
		return
	case Killed: // what was written by then, and no exit
		p.store.Close(context.Background(), nil)
		return
	case Crashed:
		exit.EndedBy, exit.Cause, exit.Code = record.ByServer, record.ServerEnded, 1
	case Closed:
	}
	p.noted(exit)
	p.store.Close(context.Background(), nil)
}
