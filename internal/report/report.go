package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Version is the version of a report as JSON.
const Version = 1

// Report is a report. Its JSON is documented in docs/json.md: times are RFC 3339, durations seconds, sizes bytes, shares
// between 0 and 1.
type Report struct {
	Version int       `json:"version"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Before  time.Time `json:"before"` // the start of the window before
	By      By        `json:"by"`

	Sessions int   `json:"sessions"` // that ran in the window
	Total    Row   `json:"total"`
	Rows     []Row `json:"rows"`

	Hung        []Hung     `json:"hung"`
	Errors      []Error    `json:"errors"`
	BadRequests []Error    `json:"bad_requests"`
	Slower      []Slower   `json:"slower"`
	Sequences   []Sequence `json:"sequences"`
	NeverCalled []Unused   `json:"never_called"`
	Unusual     []Unusual  `json:"unusual"`
	Changed     []Changed  `json:"changed"`

	Definitions []Definition `json:"definitions"` // of which the tokens are known, the dearest first
	Cut         []Cut        `json:"cut"`
	Cost        *Cost        `json:"cost,omitempty"` // if the user has set a price

	Stored   time.Time `json:"-"` // as in Options
	Called   int       `json:"-"` // rows with calls, also where only those with failures are wanted
	LastCall time.Time `json:"-"` // the latest call before the window; zero if none was found
	Unread   []Unread  `json:"-"` // sessions that could be read only in part
}

// Row is a group of calls. What there is none of is absent: a percentile of no calls, the trend of what is new.
type Row struct {
	Name
	Sessions int `json:"sessions"` // in which there were calls; of a server or client, those that ran
	Counts
	FailureRate *float64 `json:"failure_rate,omitempty"`

	P50 *float64 `json:"p50,omitempty"`
	P95 *float64 `json:"p95,omitempty"`
	P99 *float64 `json:"p99,omitempty"`
	Max *float64 `json:"max,omitempty"`

	Sent       int64  `json:"sent"`     // to the server
	Received   int64  `json:"received"` // from it
	ResultSize *int64 `json:"result_size,omitempty"`

	// Estimates of tokens: of all arguments, of all results, and the median of a result's.
	RequestTokens  int64  `json:"request_tokens"`
	ResponseTokens int64  `json:"response_tokens"`
	ResultTokens   *int64 `json:"result_tokens,omitempty"`

	Before *Past    `json:"before,omitempty"`
	Trend  *float64 `json:"trend,omitempty"` // of the number of calls: 0.1 is a tenth more than before

	Tools *Tools `json:"tools,omitempty"` // of a server or client
}

// Past is what a row was in the window before.
type Past struct {
	Calls       int      `json:"calls"`
	Failed      int      `json:"failed"`
	FailureRate float64  `json:"failure_rate"`
	P95         *float64 `json:"p95,omitempty"`
}

// Tools are those that a server lists, or all that are listed to a client.
type Tools struct {
	Listed         int   `json:"listed"`
	Never          int   `json:"never_called"`
	DefinitionSize int64 `json:"definition_size"`

	DefinitionTokens  int64 `json:"definition_tokens"` // estimated; 0 if that is not known
	InstructionTokens int64 `json:"instruction_tokens"`
}

// Error is what went wrong with calls of one target.
type Error struct {
	Name
	Word      string `json:"-"` // for a person
	ErrorType string `json:"error_type,omitempty"`
	Class     string `json:"error_class,omitempty"`
	Code      string `json:"code,omitempty"` // of a bad request
	Times
}

// Slower is a target that takes longer than in the window before.
type Slower struct {
	Name
	P95       float64 `json:"p95"`
	P95Before float64 `json:"p95_before"`
}

// Unused are the tools that a server lists, and that were not called in the window.
type Unused struct {
	Server string   `json:"server"`
	Tools  []string `json:"tools"`
}

// Unread is a session that could not be read, or not to its end.
type Unread struct {
	Name string
	Err  error
}

// Make makes a report of sessions, which are read in parallel.
func Make(sessions []Session, o Options) *Report {
	if o.Location == nil {
		o.Location = time.UTC
	}
	c := collect(sessions, &o)
	r := &Report{
		Version: Version, Since: o.Since.UTC(), Until: o.Until.UTC(), Before: o.Window.Before().UTC(), By: o.By,
		Stored: o.Stored, Sequences: c.sequences(), Unread: c.unread,
	}
	for _, at := range c.pairs {
		r.Sessions += at.sessions
	}
	for k, t := range c.last {
		if o.By.counts(kind(k)) {
			r.LastCall = latest(r.LastCall, t)
		}
	}
	targets := c.targets(o.By)
	r.addRows(c, &o)
	r.addErrors(targets)
	r.Hung, r.Slower = hung(targets), slower(targets)
	r.NeverCalled, r.Changed = c.unused(), changed(&o)
	r.Unusual = c.listUnusual()
	r.addContext(c)
	r.addCost(c, &o)
	return r
}

// group is a row in the making: the groups of the window and of the one before.
type group struct {
	name        Name
	now, before []*figures
}

// rowsBy sorts the finest groups into rows. Those that name leaves out are in none.
func (c *collection) rowsBy(name func(key) (Name, bool)) map[Name]*group {
	all := map[Name]*group{}
	for k, f := range c.groups {
		n, ok := name(k)
		if !ok {
			continue
		}
		g := all[n]
		if g == nil {
			g = &group{name: n}
			all[n] = g
		}
		if k.before {
			g.before = append(g.before, f)
		} else {
			g.now = append(g.now, f)
		}
	}
	return all
}

// addRows adds the total and the rows, which are made in parallel: to sort a million durations takes a while.
func (r *Report) addRows(c *collection, o *Options) {
	called := c.called()
	total := c.rowsBy(func(k key) (Name, bool) { return Name{}, o.By.counts(k.kind) })[Name{}]
	if total == nil {
		total = &group{}
	}
	rows := c.rowsBy(o.By.name)
	if o.By == ByServer || o.By == ByClient { // also those without calls
		for p := range c.pairs {
			if n := o.By.ofPair(p); rows[n] == nil {
				rows[n] = &group{name: n}
			}
		}
	}
	if o.By == ByDay {
		fillDays(rows, o)
	}
	groups := append([]*group{total}, slices.Collect(maps.Values(rows))...)
	made := make([]Row, len(groups))
	each(len(groups), func(_, i int) { made[i] = groups[i].row() })

	r.Total, r.Rows = made[0], []Row{}
	r.Total.Sessions, r.Total.Tools = r.Sessions, c.tools(called, func(pair) bool { return true })
	for _, row := range made[1:] {
		if o.By == ByServer || o.By == ByClient {
			of := func(p pair) bool { return o.By.ofPair(p) == row.Name }
			row.Sessions, row.Tools = c.sessionsOf(of), c.tools(called, of)
		}
		if row.Calls > 0 {
			r.Called++
		}
		if (row.Calls > 0 || row.Hung > 0 || row.Sessions > 0 || o.By == ByDay) && (row.Failed > 0 || !o.Failed) {
			r.Rows = append(r.Rows, row)
		}
	}
	slices.SortFunc(r.Rows, func(a, b Row) int {
		switch {
		case o.By == ByDay:
			return cmp.Compare(a.Day, b.Day)
		case o.Failed:
			return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Calls, a.Calls), a.compare(b.Name))
		}
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), a.compare(b.Name))
	})
}

// fillDays adds the days without calls between the first one with calls and the end of the window: a gap is a fact.
func fillDays(rows map[Name]*group, o *Options) {
	first := day(0)
	for _, g := range rows {
		if d := g.name.day; d > 0 && (first == 0 || d < first) {
			first = d
		}
	}
	if first == 0 {
		return
	}
	for d := first; d <= dayOf(o.Until.Add(-1).In(o.Location)); d = d.next() {
		n := Name{Day: d.String(), day: d}
		if rows[n] == nil && dayOf(d.time(o.Location)) == d { // where the date line moved, a day was left out
			rows[n] = &group{name: n}
		}
	}
}

// row makes the row of a group.
func (g *group) row() Row {
	f := sum(g.now)
	r := Row{Name: g.name, Sessions: len(f.sessions), Counts: f.Counts, Sent: f.Sent, Received: f.Received}
	r.RequestTokens, r.ResponseTokens = f.RequestTokens, f.ResponseTokens
	if f.Calls > 0 {
		r.FailureRate = new(rounded(f.rate()))
	}
	for p, to := range map[int]**float64{50: &r.P50, 95: &r.P95, 99: &r.P99, 100: &r.Max} {
		*to = seconds(f.durations, p)
	}
	if size, ok := percentile(f.results, 50); ok {
		r.ResultSize = &size
	}
	if tokens, ok := percentile(f.tokens, 50); ok {
		r.ResultTokens = &tokens
	}
	if g.before == nil {
		return r
	}
	past := sum(g.before)
	r.Before = &Past{Calls: past.Calls, Failed: past.Failed, FailureRate: rounded(past.rate()), P95: seconds(past.durations, 95)}
	if past.Calls > 0 {
		r.Trend = new(rounded(float64(f.Calls)/float64(past.Calls) - 1))
	}
	return r
}

// rounded returns a share with six digits: more would only be hard to read.
func rounded(share float64) float64 { return math.Round(share*1e6) / 1e6 }

// seconds returns a percentile of sorted durations; nil if there are none.
func seconds(sorted []time.Duration, p int) *float64 {
	if d, ok := percentile(sorted, p); ok {
		return new(record.Seconds(d))
	}
	return nil
}
