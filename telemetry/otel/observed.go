package otel

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// observed supplies the values of instruments that are read at each export of the metrics. The SDK calls it from its
// own goroutines.
type observed struct {
	*instruments
	sessions activeSessions
	process  atomic.Pointer[processTree] // nil before the server's process has started
	lost     func() map[string]int64
	broken   func(recovered any)
}

// register makes the SDK call observe at each export.
func (v *observed) register(meter metric.Meter) {
	all := slices.Collect(maps.Values(v.observable))
	_, _ = meter.RegisterCallback(v.observe, all...) // fails only for instruments of another meter
}

// sessionChanged updates the names of the session, which counts as running once its process has started.
func (v *observed) sessionChanged(s record.Session) {
	v.sessions.rename(s.Client, s.Server)
	if !s.Started.IsZero() && v.process.Load() == nil {
		v.process.Store(&processTree{root: int32(s.PID)})
	}
}

func (v *observed) exit(e record.Exit) {
	v.sessions.end()
	if p := v.process.Load(); p != nil {
		p.finish(e)
	}
}

// observe reports all values. It parses what other programs and the system supply; a panic there must not end the
// process, and with it the session.
func (v *observed) observe(ctx context.Context, o metric.Observer) error {
	defer func() {
		if r := recover(); r != nil && v.broken != nil {
			v.broken(r)
		}
	}()
	if v.lost != nil {
		for reason, n := range v.lost() {
			v.report(o, semconv.TelemetryDropped, float64(n), attribute.String(semconv.Reason, reason))
		}
	}
	process := v.process.Load()
	if process == nil {
		return nil
	}
	for names, n := range v.sessions.counts() {
		v.report(o, semconv.SessionActive, float64(n), peerAttributes(nil, names.client, names.server)...)
	}
	u := process.read(ctx)
	v.report(o, semconv.ProcessCPUTime, u.cpu.user, attribute.String(semconv.CPUMode, "user"))
	v.report(o, semconv.ProcessCPUTime, u.cpu.system, attribute.String(semconv.CPUMode, "system"))
	v.report(o, semconv.ProcessMemoryUsage, float64(u.memory))
	v.report(o, semconv.ProcessThreads, float64(u.threads))
	if u.descriptors > 0 { // not available on every system
		v.report(o, semconv.ProcessFileDescriptors, float64(u.descriptors))
	}
	return nil
}

// activeSessions is the number of running sessions, by the names of client and server. There is only one session, but
// its names change: they are unknown before the handshake. A backend that has stored the session under its old names
// would count it there forever, so those are exported as 0 from then on.
type activeSessions struct {
	mu       sync.Mutex
	known    peerNames   // the latest
	current  peerNames   // as of the last export
	exported []peerNames // in any export
	ended    bool
}

// maxNames bounds the names under which a session is exported: a peer may send another one with each message.
const maxNames = 9

// peerNames holds the names and versions of client and server.
type peerNames struct{ client, server record.Peer }

func (a *activeSessions) rename(client, server record.Peer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = peerNames{client, server}
}

func (a *activeSessions) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
}

// counts returns the values for an export, by names.
func (a *activeSessions) counts() map[peerNames]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.Contains(a.exported, a.known) {
		a.current = a.known
	} else if len(a.exported) < maxNames {
		a.current, a.exported = a.known, append(a.exported, a.known)
	}
	counts := map[peerNames]int{}
	for _, names := range a.exported {
		counts[names] = 0
	}
	if !a.ended {
		counts[a.current] = 1
	}
	return counts
}
