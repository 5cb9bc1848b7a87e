package web_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// talk is a session to store.
type talk struct {
	server, version, client, run string
	service, calls               string        // what it is started as, and what the server calls itself, if that is another name
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
		Client: record.Peer{Name: talk.client, Version: "1.0"}, Server: record.Peer{Name: cmp.Or(talk.calls, talk.server), Version: talk.version},
	}
	w := store.Create(store.Config{
		Dir: dir, Origin: &otlpfile.Origin{},
		Meta: store.Meta{ID: about.ID, Version: "1.0.0", Launched: now, Service: cmp.Or(talk.service, "server-"+talk.server), Run: talk.run},
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
		ID: id, Service: cmp.Or(talk.service, "server-"+talk.server), Key: []byte("key"), Check: "check", Logger: slog.New(slog.DiscardHandler),
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
	server *web.Server
	store  *store.Store
	dir    string
}

// inContext calls f with a server of a store, at a time that stands still.
func inContext(t *testing.T, fill func(t *testing.T, dir string), f func(p *page)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(59*day + 14*time.Hour)
		fill(t, dir)
		stored := store.Open(dir)
		s, err := web.New(web.Config{Store: stored, Since: "7d", HangAfter: 30 * time.Second, Zone: time.UTC, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f(&page{t, s, stored, dir})
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
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			p.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		p.Errorf("%s differs; look at it, and: go test ./internal/web -run %s -update\n%s", file, p.Name(), text)
	}
}

// TestContext compares replies with files.
func TestContext(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "")
		p.compare("context.json", c)
		for _, d := range c.Servers[0].Definitions {
			if d.Name == "create_pull_request" {
				p.compare("context-changed.json", replied[api.Definition](p, p.server.Definition, "", "key", d.Key))
			}
			if d.Name == "search_code" {
				p.compare("context-accepted.json", replied[api.Definition](p, p.server.Definition, "", "key", d.Key))
			}
		}
	})
}

// TestContextCounts compares the figures with those that a plain loop over the digests comes to.
func TestContextCounts(t *testing.T) {
	fill := func(t *testing.T, dir string) {
		random := rand.New(rand.NewPCG(1, 2))
		for run := range 30 {
			for _, server := range []string{"a", "b"} {
				one := talk{server: server, client: "claude-code", run: fmt.Sprint("r", run), ago: time.Duration(30-run) * 11 * time.Hour}
				one.pages = [][]record.Definition{{tool("x", 100), tool("y", int64(50+run/10))}, {tool("z", 10)}}
				for range random.IntN(40) {
					one.results = append(one.results, called(string(rune('w'+random.IntN(3))), random.Int64N(60_000)))
				}
				tell(t, dir, one)
			}
		}
	}
	inContext(t, fill, func(p *page) {
		sessions, err := store.Open(p.dir).Sessions()
		if err != nil {
			p.Fatal(err)
		}
		within := "" // a session that goes on
		for i := range sessions {
			if s := &sessions[i]; s.Totals.Calls > 10 {
				within = s.Ended.Add(-5 * time.Second).Format(time.RFC3339)
			}
		}
		ages := map[string]time.Duration{"7d": 7 * day, "100h": 100 * time.Hour, "30d": 30 * day}
		for _, since := range []string{"7d", within, "100h", "30d", within} { // what is remembered must fit all
			c := replied[api.Context](p, p.server.Context, "since="+since)
			begin, err := time.Parse(time.RFC3339, since)
			if err != nil {
				begin = time.Now().Add(-ages[since])
			}
			type sum struct {
				tokens []int64
				total  int64
				large  int
			}
			sums, runs, calls := map[string]*sum{}, map[string]int64{}, map[string]map[string]bool{"a": {}, "b": {}}
			for i := range sessions {
				s := &sessions[i]
				if err := s.Digest(func(op *record.Operation) bool {
					if op.Method != semconv.ToolsCall || op.Start.Before(begin) {
						return true
					}
					calls[s.Server.Name][op.Target] = true
					runs[s.Run] += op.ResponseTokens
					if op.ResponseTokens == 0 {
						return true
					}
					name := s.Server.Name + " " + op.Target
					if sums[name] == nil {
						sums[name] = &sum{}
					}
					sums[name].tokens = append(sums[name].tokens, op.ResponseTokens)
					sums[name].total += op.ResponseTokens
					if op.ResponseTokens > 25_000 {
						sums[name].large++
					}
					return true
				}); err != nil {
					p.Fatal(err)
				}
			}
			if len(c.Results) != len(sums) {
				p.Errorf("since %s: %d rows, want %d", since, len(c.Results), len(sums))
			}
			for _, r := range c.Results {
				want := sums[r.Server+" "+r.Tool]
				slices.Sort(want.tokens)
				n := len(want.tokens)
				if r.Results != n || r.Total != want.total || r.Large != want.large || r.Max != want.tokens[n-1] {
					p.Errorf("since %s: %+v, want %d results, %d in all, the largest %d, %d large", since, r, n, want.total, want.tokens[n-1], want.large)
				}
				for got, exact := range map[int64]int64{r.P50: want.tokens[(n+1)/2-1], r.P95: want.tokens[(n*95+99)/100-1]} {
					if math.Abs(float64(got-exact)) > 0.006*float64(exact) {
						p.Errorf("since %s: a percentile of %s %s is %d, want %d", since, r.Server, r.Tool, got, exact)
					}
				}
			}
			totals := slices.Sorted(maps.Values(runs))
			if n := len(totals); c.Usual.P50 != totals[(n+1)/2-1] || !strings.Contains(c.Usual.Text, fmt.Sprintf("half of %d runs", n)) {
				p.Errorf("since %s: usual are %+v, want %d runs, %d", since, c.Usual, n, totals[(n+1)/2-1])
			}
			for _, one := range c.Servers {
				listed := 0
				for _, name := range []string{"x", "y", "z"} {
					if calls[one.Server][name] {
						listed++
					}
				}
				if one.Called != listed || one.Listed != 3 || one.Tokens != 162 {
					p.Errorf("since %s: %s has %d of %d called, ≈%d", since, one.Server, one.Called, one.Listed, one.Tokens)
				}
			}
		}
	})
}

// TestContextClient: a client that is named is shown, whether or not its servers have listed anything.
func TestContextClient(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "client=codex&window=128000")
		if c.Client != "codex" || c.Window != 128_000 || len(c.Servers) != 1 || c.Servers[0].Tokens != 300 || len(c.Results) != 1 {
			p.Errorf("the reply is %+v", c)
		}
		if len(c.Cut) != 1 || c.Cut[0].Text != "What codex cuts is not known." {
			p.Errorf("it cuts %+v", c.Cut)
		}
		c = replied[api.Context](p, p.server.Context, "client="+url.QueryEscape(hidden))
		if len(c.Servers) != 0 || len(c.Results) != 0 || strings.ContainsAny(c.Client+c.Summary+c.Command, "\u202e\x1b") {
			p.Errorf("the reply is %+v", c)
		}
		if strings.Contains(c.Command, "--client") {
			p.Errorf("a shell would read %q", c.Command)
		}
		if tools := get[api.Tools](t, p.server, "tools"); tools.Command != "spanpipe report --by tool --since 7d" {
			p.Errorf("of the time that the command line has, the command is %q", tools.Command)
		}
	})
	inContext(t, func(*testing.T, string) {}, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "")
		if c.Client != "" || c.Summary == "" || c.Servers == nil || c.Clients == nil || c.Results == nil || c.Cut == nil {
			p.Errorf("of an empty store the reply is %+v", c)
		}
	})
}

// TestContextHostile: what peers have called things is safe to show, in lists, in the panel and in what is to be copied.
func TestContextHostile(t *testing.T) {
	const name = "x; rm -rf ~ \u202e\x1b]0;t\a<img src=x onerror=alert(1)>"
	fill := func(t *testing.T, dir string) {
		tell(t, dir, talk{server: name, client: name, version: name, run: "r", ago: time.Hour,
			pages: [][]record.Definition{{tool(name, 5), tool(strings.Repeat("a", 10_000), 5)}}, results: []record.Operation{called(name, 30_000)}})
	}
	inContext(t, fill, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "")
		if len(c.Servers) != 1 || len(c.Servers[0].Definitions) != 2 {
			p.Fatalf("the reply is %+v", c)
		}
		replies := []any{c}
		for _, d := range c.Servers[0].Definitions {
			one := replied[api.Definition](p, p.server.Definition, "", "key", d.Key)
			replies = append(replies, one)
			for _, command := range one.Commands {
				if strings.ContainsAny(command, ";~<>\x1b\u202e") {
					p.Errorf("a shell would read %q", command)
				}
			}
		}
		// In quotes, a shell reads nothing.
		if want := "spanpipe report --by server --since 7d --client 'x; rm -rf ~ *]0;t*<img src=x onerror=alert(1)>'"; c.Command != want {
			p.Errorf("a shell would read %q, want %q", c.Command, want)
		}
		c.Results[0].Key = "" // a raw name, for requests
		for _, r := range replies {
			var text bytes.Buffer
			encoder := json.NewEncoder(&text)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(r); err != nil {
				p.Fatal(err)
			}
			for _, bad := range []string{"\u202e", `\u001b`, `\u0007`, "\x1b"} {
				if strings.Contains(strings.ReplaceAll(text.String(), `\\`, ""), bad) {
					p.Errorf("%q is in %s", bad, text.String())
				}
			}
		}
	})
}

// TestContextWrong: what cannot be answered is refused with what to do.
func TestContextWrong(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		for _, c := range []struct {
			handle     func(*http.Request) (any, error)
			query, key string
			status     int
		}{
			{p.server.Context, "window=many", "", http.StatusBadRequest},
			{p.server.Context, "window=-1", "", http.StatusBadRequest},
			{p.server.Context, "since=tomorrow", "", http.StatusBadRequest},
			{p.server.Definition, "", "%", http.StatusBadRequest},
			{p.server.Definition, "", web.DefinitionKey(record.ToolDefinition, "server-github", "github", "none"), http.StatusNotFound},
		} {
			r := httptest.NewRequest(http.MethodGet, "/?"+c.query, nil).WithContext(p.Context())
			r.SetPathValue("key", c.key)
			_, err := c.handle(r)
			if web.StatusOf(err) != c.status || err.Error() == "" {
				p.Errorf("%+v: the error is %v", c, err)
			}
		}
	})
}

// TestContextStops: a request that is over reads no further, and what it has read is not remembered.
func TestContextStops(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		replied[api.Context](p, p.server.Context, "client=codex") // so that the store has been read
		ctx, cancel := context.WithCancel(p.Context())
		cancel()
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
		if _, err := p.server.Context(r); !errors.Is(err, context.Canceled) {
			p.Errorf("the error is %v", err)
		}
		if n := p.server.Remembered(); n != 1 {
			p.Errorf("%d sessions are remembered, want codex's", n)
		}
	})
}

// TestContextRoom: what is remembered is bounded, what most sessions share is there once, and what is there stays while it is read.
func TestContextRoom(t *testing.T) {
	var c web.Contexts
	for i := range web.MostRemembered + 10 {
		if own := web.Remember(&c, fmt.Sprint(i), []record.Definition{tool("a", 1), tool("b", 2)}, 0); (own > 0) != (i == 0) {
			t.Fatalf("session %d has %d definitions of its own", i, own)
		}
	}
	if sessions, lists, _ := web.Weighs(&c); sessions > web.MostRemembered || lists != 1 {
		t.Errorf("%d sessions and %d lists are remembered", sessions, lists)
	}
	web.ReadNone(&c)
	most := 0
	for i := range 100 {
		web.Remember(&c, fmt.Sprint("large", i), nil, web.MostWeight/20)
		sessions, _, weight := web.Weighs(&c)
		if weight > web.MostWeight || sessions == 0 || sessions < most {
			t.Fatalf("%d sessions are remembered, which weigh %d; there were %d", sessions, weight, most)
		}
		most = sessions
	}
	if most < 15 {
		t.Errorf("only %d sessions are remembered", most)
	}
	web.ReadNone(&c)
	if sessions, _, weight := web.Weighs(&c); sessions > 0 || weight > 0 {
		t.Errorf("%d sessions are remembered though others take their place, which weigh %d", sessions, weight)
	}
}

// TestContextPages: a list is known once its last page is there, whether it is the first one or one that is read again.
func TestContextPages(t *testing.T) {
	page := func(count int, names ...string) *record.Operation {
		op := &record.Operation{Method: semconv.ToolsList, ToolCount: count, DefinitionTokens: int64(10 * count)}
		for _, name := range names {
			op.Definitions = append(op.Definitions, record.Definition{Kind: record.ToolDefinition, Name: name, Tokens: 10})
		}
		return op
	}
	for name, c := range map[string]struct {
		pages []*record.Operation
		want  string
	}{
		"one page":            {[]*record.Operation{page(2, "a", "b")}, "a b"},
		"two pages":           {[]*record.Operation{page(2, "a", "b"), page(3, "c")}, "a b c"},
		"read again":          {[]*record.Operation{page(2, "a", "b"), page(3, "c"), page(0, "a", "d"), page(4, "e", "f")}, "a d e f"},
		"read again in part":  {[]*record.Operation{page(2, "a", "b"), page(3, "c"), page(0, "x", "y")}, "a b c"},
		"fewer":               {[]*record.Operation{page(3, "a", "b", "c"), page(1, "b")}, "b"},
		"none":                {[]*record.Operation{page(3, "a", "b", "c"), page(0)}, "a b c"},
		"too many to be kept": {[]*record.Operation{page(5, "a", "b"), page(5, "a", "b")}, "a b"},
	} {
		if got := strings.Join(web.Listed(c.pages), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestContextAlike: servers that are started alike, or that call themselves alike, are told apart.
func TestContextAlike(t *testing.T) {
	fill := func(t *testing.T, dir string) {
		for i, tokens := range []int64{400, 300, 200} {
			one := talk{server: fmt.Sprint("s", i), client: "c", run: "r", ago: time.Hour, pages: [][]record.Definition{{tool("search", tokens)}}}
			if i > 0 {
				one.service = "node"
			}
			if i < 2 {
				one.calls = "FastMCP"
			}
			tell(t, dir, one)
		}
	}
	inContext(t, fill, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "")
		var got []string
		for _, one := range c.Servers {
			d := replied[api.Definition](p, p.server.Definition, "", "key", one.Definitions[0].Key)
			got = append(got, fmt.Sprintf("%s %d, %s: %s; %s", one.Server, one.Tokens, d.Server, d.Facts[len(d.Facts)-2].Text, d.Commands[0]))
		}
		want := []string{
			"FastMCP (server-s0) 400, FastMCP (server-s0): ≈400 tokens, 1.6 kB; spanpipe definitions server-s0",
			"FastMCP (node) 300, FastMCP (node): ≈300 tokens, 1.2 kB; spanpipe definitions 7331",
			"s2 200, s2: ≈200 tokens, 830 B; spanpipe definitions 7332",
		}
		if !slices.Equal(got, want) {
			p.Errorf("the servers are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestContextReads: nothing that is asked for changes a file, not even texts that have expired, and these are not shown.
func TestContextReads(t *testing.T) {
	inContext(t, fortnight, func(p *page) {
		p.store.Keep.Content = time.Hour
		before := filesOf(p)
		for _, one := range replied[api.Context](p, p.server.Context, "").Servers {
			for _, d := range one.Definitions {
				if shown := replied[api.Definition](p, p.server.Definition, "", "key", d.Key); shown.Text != "" || shown.Setting == "" {
					p.Errorf("the text of %s is %q", d.Name, shown.Text)
				}
			}
		}
		if after := filesOf(p); !maps.Equal(after, before) {
			p.Errorf("the files have changed from\n%v\nto\n%v", before, after)
		}
	})
}

// filesOf returns what all files of a store hold.
func filesOf(p *page) map[string]string {
	p.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	}); err != nil {
		p.Fatal(err)
	}
	return all
}
