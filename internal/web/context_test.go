package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var updateContext = flag.Bool("update-context", false, "rewrite testdata/context*.json")

// talk is a session to store.
type talk struct {
	server, version, client, run string
	ago                          time.Duration // when it began; each of its operations begins a second later
	instructions                 int64         // bytes of the server's
	pages                        [][]record.Definition
	results                      []record.Operation // calls, with a target and tokens
}

// tool is a definition whose text takes about four bytes a token.
func tool(name string, tokens int64) record.Definition {
	return record.Definition{
		Kind: record.ToolDefinition, Name: name, Tokens: tokens, Size: tokens*4 + 30, Description: tokens * 3,
		Fingerprint: record.Fingerprint{Name: "#" + name, Description: fmt.Sprint(tokens), Input: "i"},
	}
}

func called(name string, tokens int64) record.Operation {
	return record.Operation{Method: semconv.ToolsCall, Target: name, Answered: true, ResponseTokens: tokens, ResponseSize: tokens * 4}
}

// tell stores a session, and what its server's definitions are.
func tell(t *testing.T, dir string, talk talk) {
	t.Helper()
	now := time.Now().Add(-talk.ago)
	about := record.Session{
		ID: talk.run + talk.server, Time: now, Launched: now, Started: now, Ready: true,
		Client: record.Peer{Name: talk.client, Version: "1.0"}, Server: record.Peer{Name: talk.server, Version: talk.version},
	}
	w := store.Create(store.Config{
		Dir: dir, Origin: &otlpfile.Origin{},
		Meta: store.Meta{ID: about.ID, Version: "1.0.0", Launched: now, Service: "server-" + talk.server, Run: talk.run},
	})
	w.Noted(about)
	number := uint64(0)
	add := func(op record.Operation) {
		number, now = number+1, now.Add(time.Second)
		op.Change, op.Number, op.Direction, op.Start, op.End = record.Ended, number, record.ToServer, now, now.Add(time.Millisecond)
		op.Duration = time.Millisecond
		w.Changed(&op)
	}
	if talk.instructions > 0 {
		add(record.Operation{Method: semconv.Initialize, Answered: true, DefinitionTokens: talk.instructions / 4, Definitions: []record.Definition{
			{Kind: record.InstructionsDefinition, Size: talk.instructions, Tokens: talk.instructions / 4, Description: talk.instructions},
		}})
	}
	op := record.Operation{Method: semconv.ToolsList, Answered: true}
	for _, page := range talk.pages {
		op.Definitions = page
		op.ToolCount += len(page)
		for _, d := range page {
			op.DefinitionSize, op.DefinitionTokens = op.DefinitionSize+d.Size, op.DefinitionTokens+d.Tokens
		}
		add(op)
	}
	observe(t, dir, &talk, time.Now().Add(-talk.ago+time.Second))
	for _, op := range talk.results {
		add(op)
	}
	w.Noted(record.Exit{Time: now, EndedBy: record.ByClient, Cause: record.ClientLeft})
	w.Close(t.Context(), nil)
}

// observe keeps what a server has defined, as a session does.
func observe(t *testing.T, dir string, talk *talk, at time.Time) {
	t.Helper()
	all := slices.Concat(talk.pages...)
	if len(all) == 0 {
		return
	}
	id := fmt.Sprintf("%x", talk.server)
	d, err := store.Open(dir).OpenDefinitions(store.DefinitionsConfig{
		ID: id, Service: "server-" + talk.server, Key: []byte("key"), Check: "check", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := definitions.Observation{Time: at, Kind: record.ToolDefinition, Definitions: all, Whole: true}
	for _, one := range all {
		text, err := json.Marshal(map[string]string{"name": one.Name, "description": strings.Repeat("x", int(one.Tokens%50))})
		if err != nil {
			t.Fatal(err)
		}
		o.Texts = append(o.Texts, definitions.Text{
			Form: definitions.Form{Kind: one.Kind, Fingerprint: one.Fingerprint}, Captured: at, Text: string(text),
		})
	}
	d.Observed(o)
	d.Close(t.Context())
}

const (
	day    = 24 * time.Hour
	hidden = "\u202e<img src=x onerror=alert(1)>\x1b[31m"
)

// fortnight stores two weeks of two clients.
func fortnight(t *testing.T, dir string) {
	t.Helper()
	github := []record.Definition{tool("search_code", 480), tool("create_pull_request", 300), tool("unused", 200)}
	files := [][]record.Definition{{tool("read_text_file", 150)}, {tool("edit_file", 120), tool(hidden, 30)}}
	tell(t, dir, talk{server: "github", version: "0.31.2", client: "claude-code", run: "r1", ago: 12 * day, pages: [][]record.Definition{github},
		results: []record.Operation{called("search_code", 900)}})
	if _, err := store.Open(dir).Accept(fmt.Sprintf("%x", "github")); err != nil {
		t.Fatal(err)
	}
	github = append(slices.Clone(github), tool("projects_write", 790))
	github[1] = tool("create_pull_request", 940)
	tell(t, dir, talk{server: "github", version: "0.32.0", client: "claude-code", run: "r2", ago: 2 * day, pages: [][]record.Definition{github},
		results: []record.Operation{called("search_code", 1000), called("search_code", 26_000), called("create_pull_request", 40)}})
	tell(t, dir, talk{server: "filesystem", version: "2026.7.1", client: "claude-code", run: "r2", ago: 2 * day, pages: files,
		instructions: 4000, results: []record.Operation{called("read_text_file", 5000), called("read_text_file", 7000), called(hidden, 9)}})
	tell(t, dir, talk{server: "github", version: "0.32.0", client: "claude-code", run: "r3", ago: day, pages: [][]record.Definition{github},
		results: []record.Operation{called("search_code", 1500)}})
	tell(t, dir, talk{server: "filesystem", version: "2026.7.1", client: "claude-code", run: "r3", ago: day, pages: files, instructions: 4000})
	tell(t, dir, talk{server: "filesystem", version: "2026.7.1", client: "codex", run: "r4", ago: 3 * day, pages: files,
		results: []record.Operation{called("edit_file", 100)}})
	tell(t, dir, talk{server: "broken", client: "claude-code", run: "r5", ago: time.Hour}) // it has listed nothing
}

// page serves a store to a test.
type page struct {
	*testing.T
	server *Server
	dir    string
}

// inContext calls f with a server of a store, at a time that stands still.
func inContext(t *testing.T, fill func(t *testing.T, dir string), f func(p *page)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(59*day + 14*time.Hour)
		fill(t, dir)
		s, err := New(Config{Store: store.Open(dir), Since: "7d", HangAfter: 30 * time.Second, Zone: time.UTC, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.keeper.close()
		f(&page{t, s, dir})
	})
}

// replied returns what a handler replies.
func replied[T any](p *page, handle func(*http.Request) (any, error), query string, values ...string) *T {
	p.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/?"+query, nil).WithContext(p.Context())
	for i := 0; i+1 < len(values); i += 2 {
		r.SetPathValue(values[i], values[i+1])
	}
	got, err := handle(r)
	if err != nil {
		p.Fatal(err)
	}
	one, ok := got.(*T)
	if !ok {
		p.Fatalf("the reply is a %T", got)
	}
	return one
}

// compare compares a reply with a file.
func (p *page) compare(name string, got any) {
	p.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		p.Fatal(err)
	}
	text = append(text, '\n')
	file := filepath.Join("testdata", name)
	if *updateContext {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			p.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		p.Errorf("%s is not as before (rewrite it with -update-context if that is meant):\n%s", name, text)
	}
}

// TestContext compares replies with files.
func TestContext(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		c := replied[api.Context](p, p.server.context, "")
		p.compare("context.json", c)
		for _, d := range c.Servers[0].Definitions {
			if d.Name == "create_pull_request" {
				p.compare("context-changed.json", replied[api.Definition](p, p.server.definition, "", "key", d.Key))
			}
			if d.Name == "search_code" {
				p.compare("context-accepted.json", replied[api.Definition](p, p.server.definition, "", "key", d.Key))
			}
		}
	})
}
