package report_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// week is the window of a week.
func week(by report.By) report.Options {
	return report.Options{Window: report.Window{Since: until.AddDate(0, 0, -7), Until: until}, By: by}
}

// call is a call with what a naive count needs.
type call struct {
	*record.Operation
	session int
	s       *stored
}

// calls returns the calls of a kind of report that started in a window.
func calls(all []stored, by report.By, since, until time.Time) (found []call) {
	for i := range all {
		for j := range all[i].operations {
			op := &all[i].operations[j]
			method := map[report.By]string{
				report.ByTool: semconv.ToolsCall, report.ByPrompt: semconv.PromptsGet, report.ByResource: semconv.ResourcesRead,
			}[by]
			isCall := op.Method == semconv.ToolsCall || op.Method == semconv.PromptsGet || op.Method == semconv.ResourcesRead
			if isCall && op.Direction == record.ToServer && (method == "" || method == op.Method) &&
				!op.Start.Before(since) && op.Start.Before(until) {
				found = append(found, call{op, i, &all[i]})
			}
		}
	}
	return found
}

// rowOf names the row that a call belongs to.
func rowOf(by report.By, c call) report.Name {
	switch by {
	case report.ByServer:
		return report.Name{Server: c.s.Server}
	case report.ByClient:
		return report.Name{Client: c.s.Client}
	case report.ByDay:
		return report.Name{Day: c.Start.Format(time.DateOnly)}
	case report.ByPrompt:
		return report.Name{Server: c.s.Server, Prompt: c.Target}
	case report.ByResource:
		return report.Name{Server: c.s.Server, Resource: c.Resource}
	}
	return report.Name{Server: c.s.Server, Tool: c.Target}
}

// named returns a name as another package can make it.
func named(n report.Name) report.Name {
	return report.Name{Server: n.Server, Tool: n.Tool, Prompt: n.Prompt, Resource: n.Resource, Client: n.Client, Day: n.Day}
}

// counted counts calls in the plainest way.
func counted(all []call) (c report.Counts) {
	for _, op := range all {
		c.Calls++
		if op.Hung {
			c.Hung++
		}
		switch {
		case op.ErrorType == semconv.ErrTimeout:
			c.TimedOut++
			c.Failed++
		case op.ErrorType == semconv.ErrCancelled:
			c.Cancelled++
		case op.ErrorType == semconv.ErrAbandoned:
			c.Unanswered++
		case op.ErrorType == semconv.ErrServerExit:
			c.Unanswered++
			c.Failed++
		case op.ErrorType != "":
			c.Failed++
		case op.Code != "":
			c.BadRequests++
		}
	}
	return c
}

// exact returns a percentile by sorting: the smallest duration that is not exceeded by so many of a hundred calls.
func exact(all []call, p int) *float64 {
	var took []time.Duration
	for _, c := range all {
		if c.Answered || c.ErrorType == semconv.ErrTimeout {
			took = append(took, c.Duration)
		}
	}
	slices.Sort(took)
	for i, d := range took {
		if (i+1)*100 >= p*len(took) {
			return new(float64(d) / 1e9)
		}
	}
	return nil
}

// TestTotals: on random stores, the rows of every kind of report are what a naive count of the same operations finds, and
// so is their sum.
func TestTotals(t *testing.T) {
	for seed := range uint64(60) {
		all := randomStore(rand.New(rand.NewPCG(seed, 1)))
		for _, by := range report.Bys() {
			o := week(by)
			r := report.Make(sessions(all), o)
			now, before := calls(all, by, o.Since, until), calls(all, by, o.Before(), o.Since)
			checkRow(t, &r.Total, now, before)
			rows, past := map[report.Name][]call{}, map[report.Name][]call{}
			for _, c := range now {
				rows[rowOf(by, c)] = append(rows[rowOf(by, c)], c)
			}
			if by != report.ByDay {
				for _, c := range before {
					past[rowOf(by, c)] = append(past[rowOf(by, c)], c)
				}
			}
			for i := range r.Rows {
				n := named(r.Rows[i].Name)
				checkRow(t, &r.Rows[i], rows[n], past[n])
				delete(rows, n)
			}
			if len(rows) > 0 {
				t.Errorf("by %s: no rows of %v", by, slices.Collect(maps.Keys(rows)))
			}
			if t.Failed() {
				t.Fatalf("seed %d, by %s", seed, by)
			}
		}
	}
}

func checkRow(t *testing.T, row *report.Row, now, before []call) {
	t.Helper()
	if want := counted(now); row.Counts != want {
		t.Errorf("%+v: %+v, want %+v", row.Name, row.Counts, want)
	}
	for p, got := range map[int]*float64{50: row.P50, 95: row.P95, 99: row.P99, 100: row.Max} {
		if want := exact(now, p); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: p%d is %v, want %v", row.Name, p, got, want)
		}
	}
	var sent, received int64
	sessions := map[int]bool{}
	for _, c := range now {
		sent, received = sent+c.RequestSize, received+c.ResponseSize
		sessions[c.session] = true
	}
	if row.Sent != sent || row.Received != received {
		t.Errorf("%+v: %d and %d bytes, want %d and %d", row.Name, row.Sent, row.Received, sent, received)
	}
	if row.Tool != "" && row.Sessions != len(sessions) {
		t.Errorf("%+v: in %d sessions, want %d", row.Name, row.Sessions, len(sessions))
	}
	if want := counted(before); row.Before == nil && want.Calls > 0 ||
		row.Before != nil && (row.Before.Calls != want.Calls || row.Before.Failed != want.Failed) {
		t.Errorf("%+v: before %+v, want %+v", row.Name, row.Before, want)
	}
}

// TestSequences: sequences are those that a search of every session's calls finds, without those of one tool alone and the
// pairs that are mostly part of a longer one.
func TestSequences(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		all := randomStore(rand.New(rand.NewPCG(seed, 2)))
		o := week(report.ByTool)
		counts := map[string]int{}
		for i := range all {
			var tools []string
			for _, c := range calls(all[i:i+1], report.ByTool, o.Since, until) {
				tools = append(tools, c.Target)
			}
			for n := 2; n <= 3; n++ {
				for j := 0; j+n <= len(tools); j++ {
					if part := tools[j : j+n]; len(slices.Compact(slices.Clone(part))) > 1 {
						counts[all[i].Server+" "+strings.Join(part, " ")]++
					}
				}
			}
		}
		got := map[string]int{}
		list := report.Make(sessions(all), o).Sequences
		for _, s := range list {
			got[s.Server+" "+strings.Join(s.Tools, " ")] = s.Count
		}
		want := maps.Clone(counts)
		maps.DeleteFunc(want, func(pair string, n int) bool {
			server, tools, _ := strings.Cut(pair, " ")
			for longer, m := range counts {
				if other, more, _ := strings.Cut(longer, " "); other == server && len(more) > len(tools) &&
					(strings.HasPrefix(more, tools) || strings.HasSuffix(more, tools)) && 2*m > n {
					return true
				}
			}
			return n < 3
		})
		if len(want) <= 20 && !maps.Equal(got, want) || len(want) > 20 && len(got) != 20 {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
		if !slices.IsSortedFunc(list, func(a, b report.Sequence) int { return cmp.Compare(b.Count, a.Count) }) {
			t.Fatalf("seed %d: not the most frequent first: %v", seed, list)
		}
		found += len(want)
	}
	if found < 100 {
		t.Errorf("only %d sequences: the stores show too little", found)
	}
}

// TestNever: the tools that were never called are those that were listed in a session of the window, less those called in
// it.
func TestNever(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		all := randomStore(rand.New(rand.NewPCG(seed, 3)))
		o := week(report.ByServer)
		want := map[string][]string{}
		for _, server := range []string{"files", "web", ""} {
			listed := map[string]bool{}
			for i := range all {
				if s := &all[i]; s.Server == server && ranIn(s, o.Window) {
					for _, op := range s.operations {
						for _, name := range op.ToolNames() {
							listed[name] = listed[name] || op.Start.Before(until)
						}
					}
				}
			}
			maps.DeleteFunc(listed, func(_ string, before bool) bool { return !before })
			for _, c := range calls(all, report.ByTool, o.Since, until) {
				if c.s.Server == server {
					delete(listed, c.Target)
				}
			}
			if len(listed) > 0 {
				want[server] = slices.Sorted(maps.Keys(listed))
			}
		}
		r := report.Make(sessions(all), o)
		got, sum := map[string][]string{}, 0
		for _, one := range r.NeverCalled {
			got[one.Server] = one.Tools
			sum += len(one.Tools)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
		for i := range r.Rows {
			if row := &r.Rows[i]; row.Tools != nil && row.Tools.Never != len(want[row.Server]) {
				t.Fatalf("seed %d: %d tools of %q were never called, want %v", seed, row.Tools.Never, row.Server, want[row.Server])
			}
		}
		found += sum
	}
	if found < 100 {
		t.Errorf("only %d tools: the stores show too little", found)
	}
}

// ranIn reports whether a session ran in a window, as far as is known.
func ranIn(s *stored, w report.Window) bool {
	end := s.Ended
	if end.IsZero() {
		end = s.Launched
		for _, op := range s.operations {
			if op.End.After(end) {
				end = op.End
			}
		}
	}
	return s.Launched.Before(w.Until) && (s.Live || !end.Before(w.Since))
}

// TestOrder: neither the order of the sessions nor the reader that has read one changes a report.
func TestOrder(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 4))
		all := randomStore(r)
		for _, by := range report.Bys() {
			want := report.Make(sessions(all), week(by))
			shuffled := sessions(all)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if got := report.Make(shuffled, week(by)); text(t, got, 0, true) != text(t, want, 0, true) || !sameJSON(t, got, want) {
				t.Fatalf("seed %d, by %s: %+v, want %+v", seed, by, got, want)
			}
		}
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(one, other)
}

// TestOpen: a call that hangs counts as hung and not as a call; one that ended while the session was read counts once.
func TestOpen(t *testing.T) {
	at := until.Add(-time.Hour)
	op := func(number uint64) record.Operation {
		return record.Operation{
			Change: record.Hanging, Number: number, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "query",
			Start: at, Hung: true,
		}
	}
	ended := op(2)
	ended.Change, ended.End, ended.Answered = record.Ended, at.Add(time.Minute), true
	for _, live := range []bool{true, false} {
		s := stored{
			Session:    report.Session{Server: "db", Launched: at, Live: live},
			operations: []record.Operation{ended}, open: []record.Operation{op(1), op(2)},
		}
		r := report.Make([]report.Session{s.session()}, week(report.ByTool))
		want := report.Counts{Calls: 1, Hung: 2}
		if live {
			want.HungNow = 1
		}
		if len(r.Rows) != 1 || r.Rows[0].Counts != want || r.Total.Counts != want {
			t.Errorf("live %v: %+v, want %+v", live, r.Rows, want)
		}
		if len(r.Hung) != 1 || r.Hung[0].Count != 2 || r.Hung[0].Now != want.HungNow {
			t.Errorf("live %v: %+v", live, r.Hung)
		}
	}
}

// TestUnusual: what stood out in the window is counted by what it is about, the latest first.
func TestUnusual(t *testing.T) {
	finding := func(tool string, ago time.Duration) record.Finding {
		return record.Finding{Kind: record.UnseenSequence, Tool: tool, From: "read", Time: until.Add(-ago)}
	}
	s := report.Session{
		Server: "mail", Launched: until.Add(-100 * 24 * time.Hour), Live: true, Digest: func(func(*record.Operation) bool) error { return nil },
		Findings: func() []record.Finding {
			return []record.Finding{
				finding("old", 30*24*time.Hour), finding("send", 3*time.Hour), finding("list", 2*time.Hour), finding("send", time.Hour),
			}
		},
	}
	r := report.Make([]report.Session{s}, week(report.ByTool))
	if len(r.Unusual) != 2 || r.Unusual[0].Tool != "send" || r.Unusual[0].Count != 2 || !r.Unusual[0].Last.Equal(until.Add(-time.Hour)) ||
		r.Unusual[0].From != "read" || r.Unusual[0].Server != "mail" || r.Unusual[1].Tool != "list" {
		t.Errorf("%+v", r.Unusual)
	}
	var out strings.Builder
	if err := r.Text(&out, &view.Screen{Zone: time.UTC}, false); err != nil || !strings.Contains(out.String(), "send: unseen sequence after read, last ") {
		t.Errorf("%v: %s", err, &out)
	}
}

// TestOpenAlone: a session that was killed ran in the window in which its only call hung, although nothing ended there.
func TestOpenAlone(t *testing.T) {
	s := stored{
		Session: report.Session{Server: "db", Launched: until.AddDate(0, 0, -8)},
		open: []record.Operation{{
			Number: 1, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "query", Start: until.Add(-time.Hour), Hung: true,
		}},
	}
	if r := report.Make([]report.Session{s.session()}, week(report.ByServer)); r.Sessions != 1 || r.Total.Hung != 1 || r.Rows[0].Sessions != 1 {
		t.Errorf("%d sessions, %+v", r.Sessions, r.Rows)
	}
}

// TestDays: days are those of the time zone, also of 23 and 25 hours, and one without calls has a row.
func TestDays(t *testing.T) {
	zone := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err) // a machine without time zones
		}
		return l
	}
	for _, tt := range []struct {
		name  string
		zone  *time.Location
		first string // UTC
		hours int
		want  map[string]int // calls, one an hour
	}{
		{"UTC", time.UTC, "2026-03-28T00:00:00Z", 72, map[string]int{"2026-03-28": 24, "2026-03-29": 24, "2026-03-30": 24}},
		{"a day of 23 hours", zone("Europe/Berlin"), "2026-03-27T23:00:00Z", 71, map[string]int{
			"2026-03-28": 24, "2026-03-29": 23, "2026-03-30": 24}},
		{"a day of 25 hours", zone("Europe/Berlin"), "2026-10-23T22:00:00Z", 73, map[string]int{
			"2026-10-24": 24, "2026-10-25": 25, "2026-10-26": 24}},
		{"a day that begins at one", zone("Africa/Cairo"), "2026-04-22T22:00:00Z", 71, map[string]int{
			"2026-04-23": 24, "2026-04-24": 23, "2026-04-25": 24}},
		{"a day that is missing", zone("Pacific/Apia"), "2011-12-29T10:00:00Z", 48, map[string]int{
			"2011-12-29": 24, "2011-12-31": 24}},
		{"no call on a day", time.UTC, "2026-03-28T23:00:00Z", 1, map[string]int{
			"2026-03-28": 1, "2026-03-29": 0, "2026-03-30": 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, err := time.Parse(time.RFC3339, tt.first)
			if err != nil {
				t.Fatal(err)
			}
			s := stored{Session: report.Session{Launched: first, Live: true}}
			for i := range tt.hours {
				at := first.Add(time.Duration(i) * time.Hour)
				s.operations = append(s.operations, record.Operation{
					Number: uint64(i + 1), Direction: record.ToServer, Method: semconv.ToolsCall, Target: "a", Answered: true,
					Start: at, End: at,
				})
			}
			end := first.Add(time.Duration(max(tt.hours, 48)) * time.Hour)
			r := report.Make([]report.Session{s.session()}, report.Options{
				Window: report.Window{Since: first.Add(-48 * time.Hour), Until: end}, By: report.ByDay, Location: tt.zone,
			})
			got := map[string]int{}
			for _, row := range r.Rows {
				got[row.Day] = row.Calls
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestSlower: a tool that takes twice as long is found, and chance is not, however widely durations vary.
func TestSlower(t *testing.T) {
	const runs = 100
	for _, tt := range []struct {
		name        string
		factor      float64
		calls       int
		least, most int // in how many of the runs it is found
	}{
		{"the same, few calls", 1, 35, 0, runs / 50},
		{"the same, many calls", 1, 300, 0, 0},
		{"a little slower", 1.1, 150, 0, runs / 50},
		{"three times as slow", 3, 150, runs * 95 / 100, runs},
		{"too few calls", 10, 20, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := 0
			for seed := range uint64(runs) {
				r := rand.New(rand.NewPCG(seed, 5))
				s := stored{Session: report.Session{Server: "files", Launched: until.AddDate(0, 0, -14), Live: true}}
				for i := range 2 * tt.calls {
					at, factor := until.AddDate(0, 0, -8), 1.0
					if i >= tt.calls {
						at, factor = until.AddDate(0, 0, -1), tt.factor
					}
					took := time.Duration(factor * float64(100*time.Millisecond) * r.ExpFloat64())
					s.operations = append(s.operations, record.Operation{
						Number: uint64(i + 1), Direction: record.ToServer, Method: semconv.ToolsCall, Target: "search", Answered: true,
						Start: at.Add(time.Duration(i) * time.Second), End: at.Add(time.Duration(i)*time.Second + took), Duration: took,
					})
				}
				found += len(report.Make([]report.Session{s.session()}, week(report.ByTool)).Slower)
			}
			if found < tt.least || found > tt.most {
				t.Errorf("found in %d of %d runs, want %d to %d", found, runs, tt.least, tt.most)
			}
		})
	}
}

// TestChanged: definitions that have changed in the window are reported, with the day and the parts; others are not.
func TestChanged(t *testing.T) {
	until := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	change := func(name string, ago time.Duration, change record.DefinitionChangeKind, parts ...record.Part) record.DefinitionChange {
		return record.DefinitionChange{
			Change: change, Kind: record.ToolDefinition, Name: name, Parts: parts, Since: until.Add(-ago),
		}
	}
	r := report.Make(nil, report.Options{
		Window: report.Window{Since: until.AddDate(0, 0, -7), Until: until}, By: report.ByTool,
		Changes: map[string][]record.DefinitionChange{"github": {
			change("create_pull_request", 72*time.Hour, record.DefinitionChanged, record.TitlePart),
			change("create_pull_request", 48*time.Hour, record.DefinitionChanged, record.DescriptionPart, record.InputPart),
			change("old", 8*24*time.Hour, record.DefinitionChanged, record.InputPart),
			change("new", time.Hour, record.DefinitionAdded),
		}},
	})
	var out strings.Builder
	if err := r.Text(&out, &view.Screen{Columns: 80, Paint: view.Plain, Zone: time.UTC}, false); err != nil {
		t.Fatal(err)
	}
	if want := "Changed   2  github create_pull_request, Tue 24 Nov: description, input schema\n"; !strings.Contains(out.String(), want) ||
		strings.Contains(out.String(), "old") || strings.Contains(out.String(), "new") {
		t.Errorf("the report is\n%s\nwant in it %q", out.String(), want)
	}
}
