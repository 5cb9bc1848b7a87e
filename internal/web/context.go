package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file says what servers put into a model's context: GET /api/v1/context.

const (
	usualWindow   = 200_000 // tokens
	largestWindow = 100_000_000
	mostResults   = 200  // of results
	mostShown     = 1000 // definitions of a server
	largeText     = 2048 // characters of a description or of instructions
)

// clientContext is what is known of a client's sessions.
type clientContext struct {
	now, since time.Time
	client     string   // as it is shown
	called     string   // as it calls itself; empty if it is not known
	clients    []string // that can be chosen
	runs       []ran    // of the client, the newest first
	all        []store.Session
	defined    []store.Defined
	servers    []*listedServer // of its newest run in which something was listed
	cutsAt     int64           // characters of a description or of instructions
	cuts       bool
}

// ran is a run with what its sessions have brought.
type ran struct {
	store.Run
	brought []*brought
}

// listedServer is a server with what it costs.
type listedServer struct {
	name    string // as it is shown
	server  serverKey
	release string
	*brought
	calls    map[string]int
	known    *store.Defined // nil if nothing is
	listings []*brought     // of its sessions, the oldest first
}

// serverKey tells servers apart: several programs may call themselves alike.
type serverKey struct{ name, service string }

func serverOf(s *store.Session) serverKey { return serverKey{s.ServerName(), s.Service} }

// contextSource is the source of what stands in a context.
type contextSource struct {
	*source
	remembered contexts // what sessions have brought into one
}

func (s *contextSource) context(r *http.Request) (any, error) {
	window, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	c, err := s.read(r)
	if err != nil {
		return nil, err
	}
	out := &api.Context{
		Reply: api.NewReply(c.now), Client: c.client, Clients: c.clients, Window: window,
		Servers: []api.ContextServer{}, Cut: []api.Remark{}, Note: view.TokensNote, Command: c.command(s.sinceFlag(r)),
	}
	for _, one := range c.servers {
		out.Servers = append(out.Servers, c.server(one))
		out.Total += one.tokens()
	}
	out.Results, out.LeftOut = c.results()
	out.Usual = c.usual()
	out.Cut = c.cut(out.Results)
	out.Summary = c.summary()
	return out, nil
}

func windowOf(r *http.Request) (int64, error) {
	text := r.FormValue("window")
	if text == "" {
		return usualWindow, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > largestWindow {
		return 0, wrong("window: want a number of tokens", "for example: window=200000")
	}
	return n, nil
}

// read reads what is known of the client that a request names: else of the one that ran last, and whose servers listed something.
func (s *contextSource) read(r *http.Request) (*clientContext, error) {
	since, err := s.since(r)
	if err != nil {
		return nil, err
	}
	c := &clientContext{now: s.now(), since: since, clients: []string{}}
	begin := watch.Earlier(since, c.now.AddDate(0, 0, -historyDays))
	if c.all, err = s.keeper.listed(r.Context(), begin); err != nil {
		return nil, err
	}
	if c.defined, err = s.config.Store.Defined(); err != nil {
		c.defined = nil // spanpipe definitions says why
	}
	runs := store.Group(c.all)
	for i := range runs {
		if title := clientTitle(runs[i].Client.Name); !slices.Contains(c.clients, title) {
			c.clients = append(c.clients, title)
		}
	}
	asked := append([]string{}, c.clients...)
	if name := r.FormValue("client"); name != "" {
		asked = []string{name}
	}
	for i, client := range asked {
		if err := s.readClient(r.Context(), c, client, runs); err != nil {
			return nil, err
		}
		if c.list(); len(c.servers) > 0 || i == len(asked)-1 {
			break
		}
	}
	if len(c.servers) == 0 && r.FormValue("client") == "" && len(c.clients) > 0 {
		return c, s.readClient(r.Context(), c, c.clients[0], runs)
	}
	return c, nil
}

// readClient reads the sessions of a client.
func (s *contextSource) readClient(ctx context.Context, c *clientContext, client string, runs []store.Run) error {
	c.client, c.called, c.runs = view.Steady(client), "", nil
	var sessions []store.Session
	for i := range runs {
		if clientTitle(runs[i].Client.Name) == client {
			c.called = cmp.Or(c.called, runs[i].Client.Name)
			c.runs = append(c.runs, ran{Run: runs[i]})
			sessions = append(sessions, runs[i].Sessions...)
		}
	}
	c.cutsAt, c.cuts = report.CutsAt(c.called)
	read, err := s.remembered.read(ctx, sessions, c.since)
	if err != nil {
		return err
	}
	for i := range c.runs {
		n := len(c.runs[i].Sessions)
		c.runs[i].brought, read = read[:n], read[n:]
	}
	return nil
}

// list finds the servers of the newest run in which something was listed, the dearest first.
func (c *clientContext) list() {
	c.servers = nil
	for i := range c.runs {
		for j := range c.runs[i].Sessions {
			c.add(&c.runs[i].Sessions[j], c.runs[i].brought[j])
		}
		if len(c.servers) > 0 {
			break
		}
	}
	c.name()
	for _, one := range c.servers {
		one.listings = c.listings(one.server)
		one.known = c.knownOf(one)
		one.calls = map[string]int{}
		for i := range c.runs {
			for j := range c.runs[i].Sessions {
				if serverOf(&c.runs[i].Sessions[j]) == one.server {
					for tool, n := range c.runs[i].brought[j].calls {
						one.calls[tool] += n
					}
				}
			}
		}
	}
	slices.SortStableFunc(c.servers, func(a, b *listedServer) int {
		return cmp.Or(cmp.Compare(b.tokens(), a.tokens()), strings.Compare(a.name, b.name))
	})
}

// add adds a session of the run, if its list is newer than that of another one of the same server.
func (c *clientContext) add(s *store.Session, b *brought) {
	if b.listedAt.IsZero() {
		return
	}
	one := &listedServer{name: serverTitle(s.ServerName()), server: serverOf(s), release: view.Steady(s.Server.Version), brought: b}
	i := slices.IndexFunc(c.servers, func(other *listedServer) bool { return other.server == one.server })
	switch {
	case i < 0:
		c.servers = append(c.servers, one)
	case b.listedAt.After(c.servers[i].listedAt):
		c.servers[i] = one
	}
}

// name tells apart the servers that call themselves alike.
func (c *clientContext) name() {
	count := map[string]int{}
	for _, one := range c.servers {
		count[one.name]++
	}
	for _, one := range c.servers {
		if count[one.name] > 1 {
			one.name += " (" + view.Steady(one.server.service) + ")"
		}
	}
}

// knownOf returns what is known of a server's definitions. Several servers may have one service's name: it is the one that has
// most of what this one lists.
func (c *clientContext) knownOf(one *listedServer) (best *store.Defined) {
	most := 0
	for i := range c.defined {
		d := &c.defined[i]
		if d.Problem != nil || d.Service != one.server.service {
			continue
		}
		sizes := map[string]int64{}
		for j := range d.Known {
			if d.Known[j].Kind == record.ToolDefinition {
				sizes[d.Known[j].Name] = d.Known[j].Size
			}
		}
		same := 0
		for j := range one.listed {
			if sizes[one.listed[j].Name] == one.listed[j].Size {
				same++
			}
		}
		if same > most || best == nil && len(one.listed) == 0 {
			most, best = same, d
		}
	}
	return best
}

// usual returns what the results of a run come to.
func (c *clientContext) usual() *api.UsualResults {
	var totals []int64
	for i := range c.runs {
		total, any := int64(0), false
		for _, b := range c.runs[i].brought {
			any = any || len(b.calls)+len(b.results) > 0
			for _, r := range b.results {
				total += r.total
			}
		}
		if any {
			totals = append(totals, total)
		}
	}
	n := len(totals)
	if n == 0 {
		return nil
	}
	slices.Sort(totals)
	at := func(p int) int64 { return totals[record.Rank(n, p)-1] }
	u := &api.UsualResults{P50: at(50)}
	switch {
	case n == 1:
		u.Text = "results of the one run " + view.Tokens(u.P50)
	case n < 20: // the 95th of a hundred is the last one
		u.Text = fmt.Sprintf("results of a usual run %s (half of %d runs stay below; the largest has %s)", view.Tokens(u.P50), n, view.Tokens(at(95)))
	default:
		u.Text = fmt.Sprintf("results of a usual run %s (half of %s runs stay below; 1 in 20 passes %s)",
			view.Tokens(u.P50), view.Number(n), view.Tokens(at(95)))
	}
	return u
}

// results returns what calls have brought in, the most tokens first, and how many rows are left out.
func (c *clientContext) results() (rows []api.ResultRow, left int) {
	sums := map[target]*results{}
	for i := range c.runs {
		for _, b := range c.runs[i].brought {
			for to, r := range b.results {
				if sums[to] == nil {
					sums[to] = &results{}
				}
				sums[to].merge(r)
			}
		}
	}
	rows = make([]api.ResultRow, 0, len(sums))
	for to, r := range sums {
		p := r.Percentiles(50, 95)
		rows = append(rows, api.ResultRow{
			Server: serverTitle(to.server), Tool: toolTitle(to.name), Key: to.key(),
			Results: r.N, P50: min(p[0], r.max), P95: min(p[1], r.max), Max: r.max, Large: r.large, Total: r.total,
		})
	}
	slices.SortFunc(rows, func(a, b api.ResultRow) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), strings.Compare(a.Server, b.Server), strings.Compare(a.Tool, b.Tool))
	})
	left = max(len(rows)-mostResults, 0)
	return rows[:len(rows)-left], left
}

// command returns the same in a terminal.
func (c *clientContext) command(since string) string {
	out := "spanpipe report --by server"
	if since != "" {
		out += " --since " + shellWord(since)
	}
	if c.called != "" {
		out += " --client " + shellWord(patternOf(c.called))
	}
	return out
}
