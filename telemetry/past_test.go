package telemetry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// findings is a sink that keeps them, and counts the calls that have ended.
type findings struct {
	mu    sync.Mutex
	kinds []string
	ended int
}

func (f *findings) Opened(*record.Operation) {}

func (f *findings) Changed(op *record.Operation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op.Change == record.Ended && op.IsCall() {
		f.ended++
	}
}

func (f *findings) Noted(n record.Note) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, ok := n.(record.Finding); ok {
		f.kinds = append(f.kinds, string(n.Kind))
	}
}

func (f *findings) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

func (f *findings) found() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(f.kinds))), " ")
}

// unusualSession calls two tools in an order that settledPast does not have.
const unusualSession = `
1ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"store"}}
2ms < {"jsonrpc":"2.0","id":1,"result":{"content":[]}}
3ms > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fetch"}}
4ms < {"jsonrpc":"2.0","id":2,"result":{"content":[]}}
`

// TestPastComesLate holds back what a session with earlier ones is compared with: until the calls have ended, or for ever.
func TestPastComesLate(t *testing.T) {
	for _, test := range []struct {
		name string
		when string // at once, late, never
		want string
	}{
		{"at once", "", "unseen_sequence"},
		{"after the calls", "late", "unseen_sequence"},
		{"never", "never", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, gate, asked := &findings{}, make(chan struct{}), ""
			s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
				c.Sinks = append(c.Sinks, f)
				c.Anomalies.Limits = anomaly.Limits{Chance: 0.5}
				c.Command = []string{"mail-server"}
				c.Past = func(service string) *past.Past {
					asked = service
					if test.when != "" {
						<-gate
					}
					return settledPast()
				}
			})
			s.say(unusualSession)
			mcptest.Eventually(t, "the calls", func() bool { return f.calls() == 2 })
			if test.when == "late" {
				close(gate)
				mcptest.Eventually(t, "the finding", func() bool { return f.found() != "" })
			}
			s.end(left)
			if got := f.found(); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
			if test.when == "never" {
				close(gate) // the goroutine ends
			} else if asked != "mail-server" {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

// TestPastAwaited: the end of a session waits for what is remembered of its server, but not for long.
func TestPastAwaited(t *testing.T) {
	for takes, want := range map[time.Duration]string{200 * time.Millisecond: "unseen_sequence", time.Minute: ""} {
		synctest.Test(t, func(t *testing.T) {
			f, begin := &findings{}, make(chan struct{})
			s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
				c.Sinks = append(c.Sinks, f)
				c.Anomalies.Limits = anomaly.Limits{Chance: 0.5}
				c.Past = func(string) *past.Past {
					<-begin
					time.Sleep(takes)
					return settledPast()
				}
			})
			s.say(unusualSession)
			mcptest.Eventually(t, "the calls", func() bool { return f.calls() == 2 })
			closing := time.Now()
			close(begin)
			s.end(left)
			if got := f.found(); got != want {
				t.Errorf("it takes %v: found %q, want %q", takes, got, want)
			}
			if waited := time.Since(closing); waited > 2*time.Second { // of the bubble's clock
				t.Errorf("it takes %v: the end waited for %v", takes, waited)
			}
			time.Sleep(takes) // the goroutine ends
		})
	}
}

// TestAnomaliesOff: nothing is read of earlier sessions if nothing is compared with them.
func TestAnomaliesOff(t *testing.T) {
	same := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `%dms > {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"store","arguments":{"a":1}}}`+"\n", 10*i+10, i+10)
			fmt.Fprintf(&b, `%dms < {"jsonrpc":"2.0","id":%d,"result":{"content":[]}}`+"\n", 10*i+15, i+10)
		}
		return b.String()
	}
	for want, a := range map[string]telemetry.Anomalies{"loop": {Session: true}, "": {Off: true}} {
		f := &findings{}
		s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
			c.Sinks, c.Anomalies = append(c.Sinks, f), a
			c.Past = func(string) *past.Past { t.Error("the past is read"); return settledPast() }
		})
		s.say(unusualSession + same(20))
		s.end(left)
		if got := f.found(); got != want {
			t.Errorf("%+v: found %q, want %q", a, got, want)
		}
	}
}
