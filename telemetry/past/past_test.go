package past_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var epoch = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

// call is the nth call of a session.
func call(n int, method, name string) *record.Operation {
	op := &record.Operation{
		Change: record.Ended, Number: uint64(n), Direction: record.ToServer, Method: method, Target: name, RoundTrips: 1, Answered: true,
		Start: epoch.Add(time.Duration(n) * time.Second), Duration: 10 * time.Millisecond, RequestSize: 100, ResponseSize: 1000,
	}
	if method == semconv.ResourcesRead {
		op.Target, op.Resource = "", name
	}
	return op
}

func merged(p *past.Past, name string, day past.Day, ops ...*record.Operation) {
	s := past.NewSession()
	for _, op := range ops {
		s.Add(op)
	}
	p.Merge(s, past.About{Name: name, Client: "client", Version: "1", Day: day})
}

// TestMerge: calls are counted in the order of their requests, whichever ends first, and a session is merged once.
func TestMerge(t *testing.T) {
	t.Parallel()
	p := past.New("server")
	for range 2 {
		merged(p, "one", 20_000, call(2, semconv.PromptsGet, "plan"), call(1, semconv.ToolsCall, "a"),
			call(3, semconv.ResourcesRead, "note://{id}"), call(4, semconv.Ping, ""))
	}
	a, plan := past.Key{Kind: past.Tool, Name: "a"}, past.Key{Kind: past.Prompt, Name: "plan"}
	note := past.Key{Kind: past.Resource, Name: "note://{id}"}
	if p.Sessions != 1 || p.Calls != 3 || len(p.Targets) != 3 || p.Targets[a].Next[plan] == nil || p.Targets[plan].Next[note] == nil ||
		len(p.Targets[note].Next) > 0 {
		t.Errorf("%+v", p)
	}
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := past.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again.Encode(); err != nil || string(second) != string(text) {
		t.Errorf("%s has become %s, %v", text, second, err)
	}
}

// TestForgets: what is not seen again is gone after half a year, and an old fault is no longer usual.
func TestForgets(t *testing.T) {
	t.Parallel()
	p := past.New("server")
	failed := call(1, semconv.ToolsCall, "a")
	failed.ErrorType = semconv.ErrTool
	merged(p, "0", 20_000, failed, call(2, semconv.ToolsCall, "old"))
	for day := range past.Day(190) {
		merged(p, fmt.Sprintf("1-%03d", day), 20_001+day, call(1, semconv.ToolsCall, "a"))
	}
	old, a := p.Targets[past.Key{Kind: past.Tool, Name: "old"}], p.Targets[past.Key{Kind: past.Tool, Name: "a"}]
	if old != nil || a == nil || len(a.Next) > 0 || a.Failed != 0 || a.Calls > 150 {
		t.Errorf("%+v, %+v", old, a)
	}
}

// TestBounds lets a server and its clients choose ever new names. The size stays within the bound, and so does each table.
func TestBounds(t *testing.T) {
	t.Parallel()
	p, r := past.New("server"), rand.New(rand.NewPCG(1, 1))
	for i := range 60 {
		s := past.NewSession()
		list := call(1, semconv.ToolsList, "")
		for n := range 400 {
			name := fmt.Sprintf("a tool with a long name, as hostile servers have, of number %d", r.IntN(3000))
			list.Definitions = append(list.Definitions, record.Definition{Kind: record.ToolDefinition, Name: name})
			s.Add(call(n+2, semconv.ToolsCall, name))
		}
		s.Add(list)
		p.Merge(s, past.About{Name: fmt.Sprint(10_000 + i), Client: fmt.Sprint("client ", i), Day: past.Day(20_000 + i)})
		text, err := p.Encode()
		if err != nil || len(text) > past.MaxSize || len(p.Targets) > 200 || len(p.Clients) > 50 || len(p.Listed) > 1000 {
			t.Fatalf("%d bytes, %v, %d targets", len(text), err, len(p.Targets))
		}
	}
}

// TestSketch: quantiles are right within a tenth, over many orders of magnitude, and what is no value does no harm.
func TestSketch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	var s, half, rest past.Sketch
	var all []float64
	for i := range 20_000 {
		v := math.Exp(8 + 2*r.NormFloat64())
		s.Add(v)
		all = append(all, v)
		if i%2 == 0 {
			half.Add(v)
		} else {
			rest.Add(v)
		}
	}
	slices.Sort(all)
	half.Merge(&rest)
	for _, q := range []float64{0.01, 0.5, 0.95, 0.999} {
		want := all[int(math.Ceil(q*float64(len(all))))-1]
		if got := s.Quantile(q); math.Abs(got/want-1) > 0.1 || half.Quantile(q) != got {
			t.Errorf("quantile %v: got %v, %v, want %v", q, got, half.Quantile(q), want)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), -1, 0} {
		s.Add(v)
	}
	if s.N() != 20_004 {
		t.Errorf("%d values", s.N())
	}
}

// FuzzDecode: whatever a file holds, it is refused or can be used.
func FuzzDecode(f *testing.F) {
	p := past.New("server")
	merged(p, "one", 20_000, call(1, semconv.ToolsCall, "a"), call(2, semconv.ToolsCall, "b"))
	text, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1,"targets":{"tool a":{"next":{"tool b":[1,2,3,4,5]},"duration":{"all":[191,1,2]}}}}`))
	f.Add([]byte(`{"format":1,"targets":{"tool a":{"next":{"tool b":[1,2,3,4,5]},"duration":{"all":[0]}}}}`)) // empty
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := past.Decode(text)
		if err != nil {
			return
		}
		merged(p, "two", 20_001, call(1, semconv.ToolsCall, "a"), call(2, semconv.ToolsCall, "b"))
		if text, err := p.Encode(); err != nil || len(text) > past.MaxSize {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	})
}
