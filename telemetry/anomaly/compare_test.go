package anomaly_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// settled is a past of 60 sessions, a day apart. In each, one client lists three tools, calls a, b, c, a resource and a prompt
// in turn, 50 calls in all, which take 10 to 20 ms. Slowly is a factor by which a becomes slower each day.
func settled(slowly float64) *past.Past {
	p, r := past.New("server"), rand.New(rand.NewPCG(1, 1))
	factor := 1.0
	for day := range 60 {
		s := past.NewSession()
		for _, op := range session(r, 50) {
			if op.Target == "a" {
				op.Duration = time.Duration(float64(op.Duration) * factor)
			}
			s.Add(op)
		}
		factor *= 1 + slowly
		p.Merge(s, past.About{Name: fmt.Sprintf("%03d", day), Client: "client", Version: "1", Day: past.DayOf(epoch) - 60 + past.Day(day)})
	}
	return p
}

// turns are the targets of settled in their order.
var turns = []past.Key{
	{Kind: past.Tool, Name: "a"}, {Kind: past.Tool, Name: "b"}, {Kind: past.Tool, Name: "c"},
	{Kind: past.Resource, Name: "file:///{path}"}, {Kind: past.Prompt, Name: "plan"},
}

// session is a list of tools and n calls in the usual order, a minute apart.
func session(r *rand.Rand, n int) []*record.Operation {
	list := call("", 0, 0, time.Millisecond, 100)
	list.Number, list.Method, list.Definitions, list.ToolCount = 1, semconv.ToolsList, definitions("a", "b", "c"), 3
	ops := []*record.Operation{list}
	for i := range n {
		took := 10*time.Millisecond + time.Duration(r.IntN(10_000))*time.Microsecond
		ops = append(ops, callOf(turns[i%len(turns)], time.Duration(i+1)*time.Minute, took, int64(500+r.IntN(100)), uint64(i)+2))
	}
	return ops
}

// compared returns the kinds of findings of a session.
func compared(p *past.Past, limits anomaly.Limits, client, version string, ops []*record.Operation) (all []record.Finding) {
	c := anomaly.Compare(limits, func(f record.Finding) { all = append(all, f) })
	c.Noted(record.Session{Client: record.Peer{Name: client}, Server: record.Peer{Version: version}})
	if p != nil {
		c.Know(p)
	}
	feed(c, ops)
	return all
}

func kinds(all []record.Finding) string {
	var out []string
	for _, f := range all {
		out = append(out, strings.TrimSpace(string(f.Kind)+" "+string(f.Side)))
	}
	return strings.Join(out, ", ")
}

// TestCompare changes an ordinary session, which no rule finds, in ways that one rule finds each, or that none may find.
func TestCompare(t *testing.T) {
	t.Parallel()
	sensitive := anomaly.Limits{Chance: 0.5}
	of := func(i int, ops []*record.Operation) []*record.Operation { // the calls of a target
		return slices.DeleteFunc(slices.Clone(ops), func(op *record.Operation) bool {
			key, _ := past.KeyOf(op)
			return key != turns[i]
		})
	}
	for _, test := range []struct {
		name   string
		want   string
		change func(ops []*record.Operation) []*record.Operation
	}{
		{"as usual", "", func(ops []*record.Operation) []*record.Operation { return ops }},
		{"in another order", "unseen_sequence", func(ops []*record.Operation) []*record.Operation {
			ops[9].Target, ops[7].Target = ops[7].Target, ops[9].Target
			return ops
		}},
		{"a resource after a tool it never follows", "unseen_sequence", func(ops []*record.Operation) []*record.Operation {
			return slices.Delete(ops, 13, 14)
		}},
		{"600 calls in an hour", "rate", func(ops []*record.Operation) []*record.Operation {
			for i, op := range ops {
				place(op, time.Duration(i)*100*time.Millisecond, op.Duration)
			}
			return ops
		}},
		{"a tool that takes seconds", "slow", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(0, ops) {
				place(op, startOf(op), 5*time.Second)
			}
			return ops
		}},
		{"one call that takes seconds", "", func(ops []*record.Operation) []*record.Operation {
			place(ops[16], startOf(ops[16]), 5*time.Second)
			return ops
		}},
		{"a tool that takes twice as long", "", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(0, ops) {
				place(op, startOf(op), 2*op.Duration)
			}
			return ops
		}},
		{"two large requests", "large request", func(ops []*record.Operation) []*record.Operation {
			ops[11].RequestSize, ops[16].RequestSize = 300_000, 300_000
			return ops
		}},
		{"large resources", "large response", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(3, ops) {
				op.ResponseSize = 1e6
			}
			return ops
		}},
		{"a prompt that fails", "failures", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(4, ops)[:7] {
				op.ErrorType = semconv.ErrTool
			}
			return ops
		}},
		{"two failures", "", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(0, ops)[:2] {
				op.ErrorType = semconv.ErrTool
			}
			return ops
		}},
		{"what the client took back", "", func(ops []*record.Operation) []*record.Operation {
			for _, op := range of(0, ops) {
				op.ErrorType, op.Answered = string(record.Cancelled), false
			}
			return ops
		}},
		{"three targets fail", "failing_together", func(ops []*record.Operation) []*record.Operation {
			for _, op := range ops[11:16] {
				op.ErrorType = semconv.ErrTool
			}
			return ops
		}},
		{"a tool that is not listed", "unlisted", func(ops []*record.Operation) []*record.Operation {
			return append(ops, callOf(past.Key{Kind: past.Tool, Name: "d"}, 2*time.Hour, time.Millisecond, 1, 1000))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := 50
			if test.want == "rate" {
				n = 600
			}
			ops := test.change(session(rand.New(rand.NewPCG(2, 2)), n))
			found := compared(settled(0), sensitive, "client", "1", ops)
			if got := kinds(found); got != test.want {
				t.Errorf("found %q, want %q: %+v", got, test.want, found)
			}
			for _, f := range found {
				if f.Target() == "" || f.Unit == "" || f.Time.IsZero() || f.Operation == 0 || f.Since.IsZero() || f.Sessions < 20 {
					t.Errorf("%+v", f)
				}
			}
			if got := kinds(compared(settled(0), anomaly.Limits{Chance: 0.5, Sessions: 61}, "client", "1", ops)); got != "" && test.want != "unlisted" {
				t.Errorf("with more sessions needed than there are: %q", got)
			}
		})
	}
}

// TestCompareDrift: a tool that becomes slower by a tenth each day is slow, although each day is like the one before. That is
// seen in a session with ten calls of it, and in one with four, which show nothing by themselves.
func TestCompareDrift(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		slowly float64
		calls  int
		want   string
	}{{0.1, 50, "slow"}, {0.1, 20, "slow"}, {0, 50, ""}, {0, 20, ""}} {
		factor := math.Pow(1+test.slowly, 60)
		for of, want := range map[float64]string{factor: test.want, 1: ""} { // it is slow still, or has become fast again
			ops := session(rand.New(rand.NewPCG(2, 2)), test.calls)
			for _, op := range ops {
				if op.Target == "a" {
					place(op, startOf(op), time.Duration(float64(op.Duration)*of))
				}
			}
			if got := kinds(compared(settled(test.slowly), anomaly.Limits{}, "client", "1", ops)); got != want {
				t.Errorf("%v a day, %d calls, %.0f times as slow: found %q, want %q", test.slowly, test.calls, of, got, want)
			}
		}
	}
}

// TestCompareNeedsAPast: what a habit is depends on the client and on the version of the server, and is not reported for
// ever.
func TestCompareNeedsAPast(t *testing.T) {
	t.Parallel()
	another := func() []*record.Operation { return slices.Delete(session(rand.New(rand.NewPCG(2, 2)), 50), 13, 14) }
	told := settled(0)
	told.Told["unseen_sequence//b/file:///{path}"] = &past.Told{Sessions: 3, Last: past.DayOf(epoch)}
	for name, got := range map[string][]record.Finding{
		"another client":  compared(settled(0), anomaly.Limits{Chance: 0.5}, "other", "1", another()),
		"another version": compared(settled(0), anomaly.Limits{Chance: 0.5}, "client", "2", another()),
		"a small chance":  compared(settled(0), anomaly.Limits{}, "client", "1", another()),
		"told often":      compared(told, anomaly.Limits{Chance: 0.5}, "client", "1", another()),
		"no past":         compared(past.New("server"), anomaly.Limits{Chance: 0.5}, "client", "1", another()),
		"not known":       compared(nil, anomaly.Limits{Chance: 0.5}, "client", "1", another()),
	} {
		if len(got) > 0 {
			t.Errorf("%s: found %+v", name, got)
		}
	}
}

// TestCompareLists: a tool is unlisted only if all lists are known whole.
func TestCompareLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want   string
		past   *past.Past
		change func(c *anomaly.Comparison, list *record.Operation)
	}{
		"a whole list":    {"unlisted", past.New("server"), nil},
		"a name too long": {"", past.New("server"), func(_ *anomaly.Comparison, list *record.Operation) { list.ToolCount = 4 }},
		"listed before": {"", settled(0), func(_ *anomaly.Comparison, list *record.Operation) {
			list.Definitions, list.ToolCount = definitions("b"), 1
		}},
		"no list": {"", past.New("server"), func(_ *anomaly.Comparison, list *record.Operation) { list.Method = semconv.Ping }},
	} {
		var all []record.Finding
		c := anomaly.Compare(anomaly.Limits{}, func(f record.Finding) { all = append(all, f) })
		c.Know(test.past)
		ops := session(rand.New(rand.NewPCG(2, 2)), 0)
		if test.change != nil {
			test.change(c, ops[0])
		}
		tool := "d"
		if name == "listed before" {
			tool = "a"
		}
		feed(c, append(ops, callOf(past.Key{Kind: past.Tool, Name: tool}, time.Minute, time.Millisecond, 1, 2)))
		if got := kinds(all); got != test.want {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
	var all []record.Finding
	c := anomaly.Compare(anomaly.Limits{}, func(f record.Finding) { all = append(all, f) })
	c.Know(past.New("server"))
	feed(c, session(rand.New(rand.NewPCG(2, 2)), 0))
	c.Noted(record.Notification{Direction: record.ToClient, Method: semconv.ToolsListChanged})
	feed(c, []*record.Operation{callOf(past.Key{Kind: past.Tool, Name: "d"}, time.Minute, time.Millisecond, 1, 2)})
	if len(all) > 0 {
		t.Errorf("after the list has changed: %+v", all)
	}
}

// TestCompareHoldsBack: what happens before the past is known is compared once it is. Of very much a part is kept. The test does not run
// beside others, whose memory it would measure.
func TestCompareHoldsBack(t *testing.T) {
	ops := slices.Delete(session(rand.New(rand.NewPCG(2, 2)), 50), 13, 14)
	var all []record.Finding
	c := anomaly.Compare(anomaly.Limits{Chance: 0.5}, func(f record.Finding) { all = append(all, f) })
	c.Noted(record.Session{Client: record.Peer{Name: "client"}, Server: record.Peer{Version: "1"}})
	feed(c, ops)
	if len(all) > 0 {
		t.Fatalf("found %+v before anything was known", all)
	}
	c.Know(settled(0))
	c.Know(settled(0))
	if got := kinds(all); got != "unseen_sequence" {
		t.Errorf("found %q", got)
	}
	c = anomaly.Compare(anomaly.Limits{}, func(record.Finding) {})
	base := heap()
	hostile2(c, 20_000)
	if used := int64(heap() - base); used > 4<<20 {
		t.Errorf("%d bytes are held back", used)
	}
	c.Know(nil)
	hostile2(c, 10_000)
	runtime.KeepAlive(c)
}

// hostile2 is hostile for a comparison: ever new tools.
func hostile2(w watcher, n int) {
	for i := range n {
		key := past.Key{Kind: past.Tool, Name: fmt.Sprint("tool_", i)}
		op := callOf(key, time.Duration(i)*time.Millisecond, time.Millisecond, int64(i), uint64(i)+1)
		start(w, op)
		if i%3 > 0 {
			end(w, op)
		}
	}
}

// TestCompareMemory lets a hostile peer fill what there is to fill.
func TestCompareMemory(t *testing.T) {
	c := anomaly.Compare(anomaly.Limits{}, func(record.Finding) {})
	c.Know(settled(0))
	base := heap()
	hostile2(c, 50_000)
	if used := int64(heap() - base); used > 1<<20 {
		t.Errorf("%d bytes are held", used)
	}
	runtime.KeepAlive(c)
}

// BenchmarkCompare is the beginning and the end of one call.
func BenchmarkCompare(b *testing.B) {
	c := anomaly.Compare(anomaly.Limits{}, func(record.Finding) {})
	c.Know(settled(0))
	ops := session(rand.New(rand.NewPCG(2, 2)), 50)[1:]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op := ops[i%len(ops)]
		op.Change, op.Start = record.Ended, epoch.Add(time.Duration(i)*time.Minute)
		op.End = op.Start.Add(op.Duration)
		c.Opened(op)
		c.Changed(op)
	}
}

// definitions returns those of tools with the given names.
func definitions(names ...string) (all []record.Definition) {
	for _, name := range names {
		all = append(all, record.Definition{Kind: record.ToolDefinition, Name: name})
	}
	return all
}
