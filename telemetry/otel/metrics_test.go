package otel_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// everything is a session that touches every instrument.
func everything(t *testing.T, changes ...func(*otel.Config)) *stage {
	s := newStage(t, func(c *otel.Config) {
		c.Lost = func() map[string]int64 { return map[string]int64{"span": 0, "message": 4} }
		for _, change := range changes {
			change(c)
		}
	})
	read := record.Operation{Method: semconv.ResourcesRead, Resource: "note://{id}", ResponseSize: 79, Protocol: "2025-11-25"}
	failed := record.Operation{
		Method: semconv.ToolsCall, Target: "fetch", ErrorType: "tool_error", Class: record.RateLimited,
		Protocol: "2025-11-25", RequestSize: 95, ResponseSize: 109, Content: record.Content{Error: "429 Too Many Requests"},
	}
	listed := record.Operation{Method: semconv.ToolsList, Definitions: tools("search", "fetch"), ToolCount: 2, DefinitionSize: 70, DefinitionTokens: 18, ResponseTokens: 18}
	s.call(record.Operation{Method: semconv.Initialize, Protocol: "2025-11-25"}, 10, 30)
	s.Noted(s.session(record.Session{
		Time: s.at(30), Ready: true, Protocol: "2025-11-25",
		Client: record.Peer{Name: "test-client", Version: "1.0"}, Server: record.Peer{Name: "test-server", Version: "2.0"},
	}))
	s.call(listed, 40, 50)
	s.Noted(record.Message{Time: s.at(50), Direction: record.ToClient, Kind: record.ResponseMessage, Method: semconv.ToolsList, Size: 114})
	s.Noted(record.Message{Time: s.at(50), Direction: record.ToClient, Kind: record.OtherMessage, Size: 34})
	s.Noted(record.Message{Time: s.at(50), Direction: record.ToServer, Kind: record.RequestMessage, Method: "vendor/x", Size: 9})
	for direction, method := range map[record.Direction]string{record.ToServer: semconv.Initialized, record.ToClient: "vendor/y"} {
		s.Noted(record.Message{Time: s.at(50), Direction: direction, Kind: record.NotificationMessage, Method: method, Size: 60})
	}
	search := s.call(record.Operation{RequestSize: 100, RequestTokens: 12, ResponseTokens: 300, Protocol: "2025-11-25"}, 100, 400)
	s.Noted(record.Finding{Time: s.at(400), Kind: record.Loop, Operation: search.Number, Tool: "search", Seen: 10, Usual: 1, Unit: "{call}"})
	for _, f := range []record.Finding{{Prompt: "greet"}, {Resource: "note://{id}", From: "search"}} {
		f.Time, f.Kind, f.Operation = s.at(400), record.UnseenSequence, search.Number
		f.Since, f.Sessions = s.at(-1000), 300
		s.Noted(f)
	}
	for _, c := range []record.DefinitionChange{
		{Change: record.DefinitionChanged, Parts: []record.Part{record.DescriptionPart}, Pinned: true},
		{Change: record.DefinitionRenamed, OldName: "find"},
	} {
		c.Time, c.Kind, c.Name, c.Since = s.at(50), record.ToolDefinition, "search", s.at(-1000)
		s.Noted(c)
	}
	s.call(record.Operation{Method: semconv.SamplingCreateMessage, Direction: record.ToClient, Protocol: "2025-11-25"}, 130, 330)
	s.call(failed, 500, 600)
	s.call(record.Operation{Method: semconv.ToolsCall, Target: "invented", Code: "-32602", Class: record.InvalidParams}, 700, 710)
	s.call(record.Operation{Method: "vendor/secret"}, 720, 721)
	s.call(read, 800, 850)
	read.Resource, read.Code, read.Class = "file", "-32002", record.NotFound
	s.call(read, 900, 950)
	stuck := s.opened(record.Operation{Method: semconv.PromptsGet}, 960)
	stuck.Change, stuck.Stall = record.Hanging, record.ServerBusy
	s.Changed(&stuck)
	stuck.Stall = record.ServerIdle // an operation is counted once, under the verdict it had when it was reported
	s.Changed(&stuck)
	stuck.ErrorType = semconv.ErrTimeout
	s.ended(stuck, 970)
	s.call(record.Operation{Method: semconv.PromptsGet, ErrorType: semconv.ErrCancelled, Stall: record.ClientGaveUp}, 980, 990)
	s.Noted(record.Violation{
		Time: s.at(995), Direction: record.ToClient, Kind: record.LateResponse, Method: semconv.PromptsGet, Late: time.Second, Size: 34,
	})
	s.Noted(record.Violation{Time: s.at(1010), Direction: record.ToClient, Kind: record.Noise, Size: 34})
	open := s.opened(record.Operation{Protocol: "2025-11-25"}, 2500)
	open.ErrorType, open.Class = "server_exit", record.Unavailable
	s.ended(open, 2510)
	// More CPU time than this process has: what the system counted at the end of a server wins over what was read too
	// early.
	s.Noted(record.Exit{
		Time: s.at(2510), EndedBy: record.ByServer, Signal: "SIGSEGV", Open: 1, Lifetime: 2500 * time.Millisecond,
		UserTime: 3 * time.Hour, SystemTime: 2 * time.Hour,
	})
	return s
}

// TestEveryInstrument plays a session that touches every instrument and finds each with the values that the session
// implies, and with the unit, description, form and attributes of its row.
func TestEveryInstrument(t *testing.T) {
	type attrs = map[string]any
	all := everything(t).collect()
	for _, c := range []struct {
		instrument semconv.Instrument
		match      attrs
		value      float64 // of histograms the sum
		count      uint64  // of histograms
	}{
		{semconv.ServerOperationDuration, attrs{semconv.MethodName: "initialize", semconv.ProtocolVersion: "2025-11-25", semconv.NetworkTransport: "pipe"}, 0.02, 1},
		{semconv.ServerOperationDuration, attrs{semconv.ToolName: "fetch", semconv.OperationName: "execute_tool", semconv.ErrorType: "tool_error"}, 0.1, 1},
		{semconv.ServerOperationDuration, attrs{semconv.ToolName: "_OTHER", semconv.StatusCode: "-32602"}, 0.01, 1},
		{semconv.ServerOperationDuration, attrs{semconv.ToolName: "search", semconv.ErrorType: "server_exit"}, 0.01, 1},
		{semconv.ServerOperationDuration, attrs{semconv.MethodName: "_OTHER"}, 0.001, 1},
		{semconv.ServerOperationDuration, nil, 0.571, 11},
		{semconv.ClientOperationDuration, attrs{semconv.MethodName: "sampling/createMessage"}, 0.2, 1},
		{semconv.ServerSessionDuration, attrs{semconv.ErrorType: "server_exit", semconv.ClientName: "test-client", semconv.ServerVersion: "2.0"}, 2.5, 1},
		{semconv.MessageSize, attrs{semconv.Direction: "to_client", semconv.Kind: "response", semconv.MethodName: nil}, 114, 1},
		{semconv.MessageSize, attrs{semconv.Kind: "other"}, 34, 1},
		{semconv.MessageSize, attrs{semconv.Direction: "to_server", semconv.Kind: "request"}, 9, 1},
		{semconv.Notifications, attrs{semconv.Direction: "to_server", semconv.MethodName: "notifications/initialized"}, 1, 0},
		{semconv.Notifications, attrs{semconv.Direction: "to_client", semconv.MethodName: "_OTHER"}, 1, 0},
		{semconv.Notifications, nil, 2, 0},
		{semconv.OperationRequestSize, attrs{semconv.MethodName: "tools/call", semconv.ToolName: nil}, 195, 4},
		{semconv.OperationResponseSize, attrs{semconv.ToolName: "fetch"}, 109, 1},
		{semconv.StartupDuration, attrs{semconv.Phase: "process"}, 0.01, 1},
		{semconv.StartupDuration, attrs{semconv.Phase: "handshake"}, 0.02, 1},
		{semconv.StartupDuration, attrs{semconv.Phase: "tools"}, 0.04, 1},
		{semconv.ResourceSize, attrs{semconv.Resource: "note://{id}"}, 79, 1},
		{semconv.ResourceReads, attrs{semconv.Resource: "file"}, 1, 0},
		{semconv.ResourceReads, nil, 2, 0},
		{semconv.SessionActive, attrs{semconv.ClientName: "test-client", semconv.ServerVersion: "2.0"}, 0, 0},
		{semconv.OperationActive, nil, 0, 0},
		{semconv.OperationErrors, attrs{semconv.ErrorClass: "rate_limited", semconv.ToolName: "fetch"}, 1, 0},
		{semconv.OperationErrors, attrs{semconv.ErrorClass: "invalid_params", semconv.ToolName: "_OTHER"}, 1, 0},
		{semconv.OperationErrors, attrs{semconv.ErrorClass: "not_found", semconv.MethodName: "resources/read"}, 1, 0},
		{semconv.OperationErrors, nil, 4, 0},
		{semconv.OperationHangCount, attrs{semconv.Stall: "server_busy", semconv.MethodName: "prompts/get"}, 1, 0},
		{semconv.OperationHangCount, attrs{semconv.Stall: "client_gave_up"}, 1, 0},
		{semconv.OperationHangCount, attrs{semconv.Stall: "answered_late"}, 1, 0},
		{semconv.OperationHangCount, nil, 3, 0},
		{semconv.ToolTransitions, attrs{semconv.FromTool: "search", semconv.ToTool: "fetch"}, 1, 0},
		{semconv.ToolTransitions, attrs{semconv.FromTool: "fetch", semconv.ToTool: "_OTHER"}, 1, 0},
		{semconv.ToolTransitions, nil, 3, 0},
		{semconv.Anomalies, attrs{semconv.Anomaly: "loop", semconv.ToolName: "search"}, 1, 0},
		{semconv.DefinitionsChanged, attrs{semconv.DefinitionChange: "changed", semconv.DefinitionUnlike: "true"}, 1, 0},
		{semconv.DefinitionsChanged, attrs{semconv.DefinitionChange: "renamed", semconv.DefinitionUnlike: nil}, 1, 0},
		{semconv.ToolsDefinitionSize, nil, 70, 0},
		{semconv.ToolsListed, nil, 2, 0},
		{semconv.DefinitionTokens, attrs{semconv.DefinitionKind: "tool"}, 18, 0},
		{semconv.OperationTokens, attrs{semconv.Direction: "to_server", semconv.MethodName: "tools/call"}, 12, 0},
		{semconv.OperationTokens, attrs{semconv.Direction: "to_client", semconv.ToolName: "search"}, 300, 0},
		{semconv.OperationTokens, attrs{semconv.MethodName: "tools/list"}, 18, 0},
		{semconv.OperationTokens, nil, 330, 0},
		{semconv.ServerExits, attrs{semconv.Exit: "signal", semconv.Signal: "SIGSEGV", semconv.InFlight: true, semconv.ExitCode: nil}, 1, 0},
		{semconv.ProtocolViolations, attrs{semconv.Violation: "noise", semconv.Direction: "to_client"}, 1, 0},
		{semconv.ProcessCPUTime, attrs{semconv.CPUMode: "user"}, 3 * 3600, 0},
		{semconv.ProcessCPUTime, attrs{semconv.CPUMode: "system"}, 2 * 3600, 0},
		{semconv.TelemetryDropped, attrs{semconv.LossReason: "message"}, 4, 0},
	} {
		found := points(all[c.instrument.Name], c.match)
		var sum point
		for _, p := range found {
			sum.value, sum.count = sum.value+p.value, sum.count+p.count
		}
		if len(found) == 0 || sum.count != c.count || math.Abs(sum.value-c.value) > 1e-9 {
			t.Errorf("%s %v: %d series, value %v, count %d; want %v, %d", c.instrument.Name, c.match, len(found), sum.value, sum.count, c.value, c.count)
		}
	}
	for _, i := range semconv.Instruments() {
		if !strings.HasPrefix(i.Name, "process.") && i.Name != semconv.MemoryLimit.Name { // which have tests of their own
			describe(t, all, i)
		}
		delete(all, i.Name)
	}
	if len(all) > 0 {
		t.Errorf("metrics that are not described: %v", all)
	}
}

// describe compares an instrument's row with what is exported.
func describe(t *testing.T, all map[string]metricdata.Metrics, i semconv.Instrument) {
	t.Helper()
	m, ok := all[i.Name]
	if !ok {
		t.Errorf("%s is not exported", i.Name)
		return
	}
	if m.Unit != i.Unit || m.Description != i.Description {
		t.Errorf("%s: unit %q, %q", i.Name, m.Unit, m.Description)
	}
	for _, p := range points(m, nil) {
		for key := range p.attributes {
			if !slices.Contains(i.Attributes, key) {
				t.Errorf("%s has the attribute %s, which its row does not list", i.Name, key)
			}
		}
	}
	form, buckets := semconv.Gauge, []float64(nil)
	switch data := m.Data.(type) {
	case metricdata.Histogram[float64]:
		form, buckets = semconv.Histogram, data.DataPoints[0].Bounds
	case metricdata.Sum[int64]:
		form = sumForm(data.IsMonotonic)
	case metricdata.Sum[float64]:
		form = sumForm(data.IsMonotonic)
	}
	if form != i.Form {
		t.Errorf("%s is a %s, want a %s", i.Name, form, i.Form)
	}
	if !slices.Equal(buckets, i.Buckets()) {
		t.Errorf("%s has the buckets %v", i.Name, buckets)
	}
}

func sumForm(monotonic bool) semconv.Form {
	if monotonic {
		return semconv.Counter
	}
	return semconv.UpDownCounter
}

// TestBoundedSeries has peers that make up a new word with each message. Metrics have the first few, and one series for
// the others; nothing is left out of the count, and spans have the words themselves.
func TestBoundedSeries(t *testing.T) {
	const calls = 500
	for _, c := range []struct {
		key  string
		op   func(word string) record.Operation
		most int
	}{
		{semconv.ToolName, func(w string) record.Operation { return record.Operation{Method: semconv.ToolsCall, Target: w} }, 200},
		{semconv.PromptName, func(w string) record.Operation { return record.Operation{Method: semconv.PromptsGet, Target: w} }, 200},
		{semconv.MethodName, func(w string) record.Operation { return record.Operation{Method: "vendor/" + w} }, 0},
		{semconv.ProtocolVersion, func(w string) record.Operation { return record.Operation{Method: semconv.Ping, Protocol: w} }, 5},
		{semconv.StatusCode, func(w string) record.Operation { return record.Operation{Method: semconv.Ping, Code: w} }, 30},
		{semconv.ErrorType, func(w string) record.Operation {
			return record.Operation{Method: semconv.Ping, Code: w, ErrorType: w, Class: record.Internal}
		}, 30},
		{semconv.Resource, func(w string) record.Operation {
			return record.Operation{Method: semconv.ResourcesRead, Resource: "x" + w}
		}, 20},
		{semconv.Resource, func(w string) record.Operation {
			return record.Operation{Method: semconv.ResourcesRead, Resource: "x://{" + w + "}"}
		}, 100},
	} {
		s := newStage(t, nil)
		for i := range calls {
			s.call(c.op(fmt.Sprint(i)), 2*i, 2*i+1)
		}
		instrument := semconv.ServerOperationDuration
		if c.key == semconv.Resource {
			instrument = semconv.ResourceSize
		}
		all := points(s.collect()[instrument.Name], nil)
		words, count, others := map[any]bool{}, uint64(0), uint64(0)
		for _, p := range all {
			words[p.attributes[c.key]] = true
			count += p.count
			if p.attributes[c.key] == semconv.Other {
				others += p.count
			}
		}
		if count != calls || int(others) != calls-c.most || len(words) != c.most+1 || len(all) != c.most+1 {
			t.Errorf("%s: %d calls, %d of them under %s, with %d words in %d series; want %d, %d, and one more than %d",
				c.key, count, others, semconv.Other, len(words), len(all), calls, calls-c.most, c.most)
		}
		words = map[any]bool{}
		for _, span := range s.spans.Ended() {
			words[values(span.Attributes())[c.key]] = true
		}
		if len(words) != calls {
			t.Errorf("%s: spans have %d words of %d", c.key, len(words), calls)
		}
	}
}

// TestListedTools: once the server has listed its tools, they alone have series, and an operation that was open at that
// time is taken from the series that it was counted under.
func TestListedTools(t *testing.T) {
	s := newStage(t, nil)
	search := s.opened(record.Operation{}, 1)
	hidden := s.opened(record.Operation{Method: semconv.ToolsCall, Target: "hidden"}, 1)
	s.call(record.Operation{Method: semconv.ToolsList, Definitions: tools("search"), ToolCount: 1, DefinitionSize: 40}, 2, 3)
	late := s.opened(record.Operation{Method: semconv.ToolsCall, Target: "late"}, 4)
	active := func(tool string) float64 {
		sum := 0.0
		for _, p := range points(s.collect()[semconv.OperationActive.Name], map[string]any{semconv.ToolName: tool}) {
			sum += p.value
		}
		return sum
	}
	if active("search") != 1 || active("hidden") != 1 || active("_OTHER") != 1 {
		t.Errorf("active: %v, %v, %v; want 1 of each", active("search"), active("hidden"), active("_OTHER"))
	}
	for _, op := range []record.Operation{search, hidden, late} {
		s.ended(op, 10)
	}
	if active("search") != 0 || active("hidden") != 0 || active("_OTHER") != 0 {
		t.Errorf("active: %v, %v, %v; want none", active("search"), active("hidden"), active("_OTHER"))
	}
}

// TestEmptyListOfTools: a list without tools is a list, and so has a size.
func TestEmptyListOfTools(t *testing.T) {
	s := newStage(t, nil)
	s.call(record.Operation{Method: semconv.ToolsList, DefinitionSize: 2}, 2, 3)
	all := s.collect()
	if got := points(all[semconv.ToolsListed.Name], nil); len(got) != 1 || got[0].value != 0 {
		t.Errorf("listed: %+v", got)
	}
	if got := points(all[semconv.ToolsDefinitionSize.Name], nil); len(got) != 1 || got[0].value != 2 {
		t.Errorf("size: %+v", got)
	}
}

// TestRenamedSession: a session that was exported under other names, before its handshake as a rule, is exported as 0
// under those from then on.
func TestRenamedSession(t *testing.T) {
	s := newStage(t, nil)
	under := func(name any) []point {
		return points(s.collect()[semconv.SessionActive.Name], map[string]any{semconv.ClientName: name})
	}
	if got := under(nil); len(got) != 1 || got[0].value != 1 {
		t.Fatalf("before the handshake: %+v", got)
	}
	s.Noted(s.session(record.Session{Time: s.at(10), Client: record.Peer{Name: "half"}}))
	if got := under("half"); len(got) != 0 {
		t.Fatalf("with half of the names: %+v", got)
	}
	rename := func(name string) {
		s.Noted(s.session(record.Session{Time: s.at(20), Client: record.Peer{Name: name}, Ready: true}))
	}
	rename("never-exported")
	rename("a")
	if got, before := under("a"), under(nil); got[0].value != 1 || len(before) != 1 || before[0].value != 0 {
		t.Fatalf("after it: %+v, %+v", got, before)
	}
	rename("b")
	under("b")
	rename("a")
	for name, want := range map[string]float64{"a": 1, "b": 0} {
		if got := under(name); len(got) != 1 || got[0].value != want {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
	if got := under("never-exported"); len(got) != 1 || got[0].value != 0 {
		t.Errorf("names of no export: %+v", got)
	}
	for i := range 20 {
		rename(fmt.Sprint("name-", i))
		s.collect()
	}
	running, all := 0.0, points(s.collect()[semconv.SessionActive.Name], nil)
	for _, p := range all {
		running += p.value
	}
	if running != 1 || len(all) > 10 {
		t.Errorf("%v sessions under %d names", running, len(all))
	}
	s.Noted(record.Exit{Time: s.at(30)})
	for _, p := range points(s.collect()[semconv.SessionActive.Name], nil) {
		if p.value != 0 {
			t.Errorf("after the end: %+v", p)
		}
	}
}

func TestExits(t *testing.T) {
	for _, c := range []struct {
		exit  record.Exit
		want  map[string]any
		fault any
	}{
		{record.Exit{EndedBy: record.ByClient}, map[string]any{semconv.Exit: "ok", semconv.ExitCode: "0", semconv.InFlight: false}, nil},
		{record.Exit{EndedBy: record.ByServer, Code: 3, Open: 2},
			map[string]any{semconv.Exit: "code", semconv.ExitCode: "3", semconv.InFlight: true}, "server_exit"},
		{record.Exit{EndedBy: record.ByServer, Cause: record.NotStarted, Code: 126},
			map[string]any{semconv.Exit: "not_started", semconv.ExitCode: "126", semconv.InFlight: false}, "not_started"},
		{record.Exit{EndedBy: record.ByServer, Signal: "SIGKILL"},
			map[string]any{semconv.Exit: "signal", semconv.Signal: "SIGKILL", semconv.InFlight: false}, "server_exit"},
	} {
		s := newStage(t, nil)
		c.exit.Lifetime = time.Minute
		s.Noted(c.exit)
		all := s.collect()
		exits, session := points(all[semconv.ServerExits.Name], nil), points(all[semconv.ServerSessionDuration.Name], nil)
		if len(exits) != 1 || len(session) != 1 {
			t.Fatalf("%+v, %+v", exits, session)
		}
		differ(t, "exit", exits[0].attributes, c.want)
		if session[0].value != 60 || session[0].attributes[semconv.ErrorType] != c.fault {
			t.Errorf("session: %+v, want an error type %v", session[0], c.fault)
		}
	}
}

// TestStartupIsTimedOnce: the first handshake and the first list that were answered count, whichever version they are
// of.
func TestStartupIsTimedOnce(t *testing.T) {
	s := newStage(t, nil)
	s.ended(s.opened(record.Operation{Method: semconv.Discover}, 10), 20)                                         // not answered
	s.call(record.Operation{Method: semconv.Discover, Code: "-32601"}, 12, 14)                                    // refused
	s.call(record.Operation{Method: semconv.Initialize, Code: "-32603", ErrorType: "-32603"}, 14, 16)             // likewise
	s.call(record.Operation{Method: semconv.ToolsList, ErrorType: semconv.Other, Class: record.Internal}, 16, 18) // likewise
	s.call(record.Operation{Method: semconv.Discover}, 20, 110)
	s.call(record.Operation{Method: semconv.Initialize}, 200, 300)
	s.call(record.Operation{Method: semconv.ToolsList}, 300, 410)
	s.call(record.Operation{Method: semconv.ToolsList}, 500, 600)
	s.Noted(s.session(record.Session{Time: s.at(700), Ready: true}))
	for phase, want := range map[string]float64{"process": 0.01, "handshake": 0.1, "tools": 0.4} {
		got := points(s.collect()[semconv.StartupDuration.Name], map[string]any{semconv.Phase: phase})
		if len(got) != 1 || got[0].count != 1 || math.Abs(got[0].value-want) > 1e-9 {
			t.Errorf("%s: %+v, want %v", phase, got, want)
		}
	}
}

// TestBrokenCallback: a panic where metrics are read does not leave the goroutine of the SDK's.
func TestBrokenCallback(t *testing.T) {
	var broken any
	s := newStage(t, func(c *otel.Config) {
		c.Lost = func() map[string]int64 { panic("a defect") }
		c.Broken = func(recovered any) { broken = recovered }
	})
	s.collect()
	if broken != "a defect" {
		t.Errorf("broken: %v", broken)
	}
}

// TestSeveralReaders: a reader that is scraped and one that pushes have the same figures.
func TestSeveralReaders(t *testing.T) {
	second := sdkmetric.NewManualReader()
	s := newStage(t, func(c *otel.Config) { c.Metrics = append(c.Metrics, second) })
	s.call(record.Operation{}, 1, 2)
	var all metricdata.ResourceMetrics
	if err := second.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	if got, want := len(all.ScopeMetrics[0].Metrics), len(s.collect()); got != want {
		t.Errorf("%d metrics, want %d", got, want)
	}
	if scope := all.ScopeMetrics[0].Scope; scope.Name != "github.com/spanpipe/spanpipe" || scope.Version != "1.2.3" {
		t.Errorf("scope %+v", scope)
	}
}

// TestServerName: spans and series name the server from its first name on, and a count keeps the series in which it
// began. A peer that changes its name makes no more series.
func TestServerName(t *testing.T) {
	s := newStage(t, nil)
	early := s.opened(record.Operation{Method: semconv.Initialize}, 10)
	s.Noted(record.Message{Direction: record.ToServer, Kind: record.RequestMessage, Method: semconv.Initialize})
	for _, name := range []string{"files", "other", "another"} {
		s.Noted(s.session(record.Session{Ready: true, Server: record.Peer{Name: name}}))
		s.Noted(record.Message{Direction: record.ToServer, Kind: record.RequestMessage, Method: semconv.Initialize})
	}
	s.ended(early, 20)
	s.call(record.Operation{}, 30, 40)
	s.Noted(record.Exit{Time: s.at(50)})
	all := s.collect()
	for _, i := range []semconv.Instrument{
		semconv.ServerOperationDuration, semconv.OperationRequestSize, semconv.OperationResponseSize, semconv.ServerExits,
	} {
		if found := points(all[i.Name], nil); len(found) != len(points(all[i.Name], map[string]any{semconv.ServerName: "files"})) {
			t.Errorf("%s: not all of %v name the server", i.Name, found)
		}
	}
	for _, name := range []any{nil, "files"} {
		found := points(all[semconv.OperationActive.Name], map[string]any{
			semconv.MethodName: semconv.Initialize, semconv.ServerName: name,
		})
		if want := 1; name == nil && (len(found) != want || found[0].value != 0) || name != nil && len(found) != 0 {
			t.Errorf("%v: active %v", name, found)
		}
	}
	if sizes := points(all[semconv.MessageSize.Name], nil); len(sizes) != 2 {
		t.Errorf("sizes %v, want one series without a name and one with the first", sizes)
	}
	if got := values(s.span("tools/call search").Attributes())[semconv.ServerName]; got != "another" {
		t.Errorf("the span names %v, want the latest name", got)
	}
}

// tools are the definitions of tools with the given names.
func tools(names ...string) []record.Definition {
	all := make([]record.Definition, len(names))
	for i, name := range names {
		all[i] = record.Definition{Kind: record.ToolDefinition, Name: name, Size: 35}
	}
	return all
}
