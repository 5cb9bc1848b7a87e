package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/doctor"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/admin"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// telemetryFacts returns what telemetry is judged by, but for what has to be waited for.
func (a *app) telemetryFacts(s *store.Store, sessions []store.Session, unreadable error) (*doctor.Telemetry, error) {
	policy, err := a.decide(consent.Decide)
	if err != nil {
		return nil, err
	}
	// What it would be if otlp was asked for, as push asks for it.
	asked, err := a.decide(func(r consent.Request) (consent.Policy, []consent.Warning) {
		r.Telemetry += "," + string(consent.OTLP)
		return consent.Decide(r)
	})
	if err != nil {
		return nil, err
	}
	a.obey()
	t := &doctor.Telemetry{Reasons: a.reasons(policy), Policy: a.fleet.file}
	for _, sink := range policy.Sinks() {
		t.Sinks = append(t.Sinks, string(sink))
	}
	capture := policy.Capture()
	for _, level := range capture.Levels() {
		t.Content = append(t.Content, string(level))
	}
	if a.fleet.unusable != nil {
		t.Broken = a.fleet.unusable.Error()
	}
	if !asked.Has(consent.OTLP) {
		reasons := a.reasons(asked)
		if t.Veto = asked.Veto(consent.OTLP); t.Veto == "" && len(reasons) > 0 {
			t.Veto = reasons[len(reasons)-1]
		}
	}
	if value, _ := getenv(a.Environ, "DO_NOT_TRACK"); value != "" && value != "0" {
		t.DoNotTrack = true
	}
	for _, name := range set(a.Environ, otlp.DestinationVariables()) {
		if strings.Contains(name, "ENDPOINT") {
			t.Endpoint = name
			break
		}
	}
	t.Store = a.storeFacts(s, sessions, unreadable)
	a.askLive(t, policy)
	return t, nil
}

// storeFacts looks at the directory of stored sessions.
func (a *app) storeFacts(s *store.Store, sessions []store.Session, unreadable error) doctor.Store {
	f := doctor.Store{Dir: a.tilde(s.Dir), Most: a.options.keep.Size, Sessions: len(sessions), Free: store.Free(s.Dir)}
	for i := range sessions {
		f.Size += sessions[i].Size
	}
	_, err := os.Stat(s.Dir)
	switch {
	case os.IsNotExist(err):
		f.Missing, f.Free = true, -1
	case isFile(s.Dir):
		f.Problem = "it is not a directory"
	case err != nil || unreadable != nil:
		f.Problem = innerReason(cmp.Or(err, unreadable))
	default:
		probe, err := os.CreateTemp(s.Dir, ".doctor-*") // the one sure way, and gone at once
		if err != nil {
			f.Problem = "it cannot be written: " + innerReason(err)
			break
		}
		_, _ = probe.Close(), os.Remove(probe.Name())
		f.Over = a.overSize(s)
	}
	return f
}

// overSize returns how many bytes of detail are more than is kept. Digests are kept in any case.
func (a *app) overSize(s *store.Store) (bytes int64) {
	report, err := s.Prune(context.Background(), store.Plan{
		Keep: store.Keep{Size: a.options.keep.Size}, KeepDigests: true, DryRun: true, Now: a.now(),
	})
	if err != nil {
		return 0
	}
	for i := range report.Removed {
		if p := &report.Removed[i]; p.Part == store.DetailPart {
			bytes += p.Size
		}
	}
	return bytes
}

// askLive asks sessions that have a metrics page whether they are healthy.
func (a *app) askLive(t *doctor.Telemetry, policy consent.Policy) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, one := range askAll(ctx, a.adminAddresses(policy, ""), admin.HealthPath).Sessions {
		switch {
		case one.Healthy:
			t.LiveChecked++
		case one.Error != "":
			t.Unhealthy = append(t.Unhealthy, "the session at "+one.Address+" is not healthy: "+one.Error)
		default:
			t.Unhealthy = append(t.Unhealthy, "the session at "+one.Address+" is not healthy")
		}
	}
}

// destination is where some settings send telemetry.
type destination struct {
	lookup func(string) (string, bool)
	of     []string // entries; none: this shell
}

// reach sends an empty request of each signal to each destination: that of this shell, if it asks for otlp or names one, and those
// of entries that ask for it.
func (a *app) reach(t *doctor.Telemetry, files []*clients.File) {
	if t.Veto != "" {
		return
	}
	var all []destination
	asked := slices.Contains(t.Sinks, string(consent.OTLP))
	if t.Endpoint != "" || asked {
		all = append(all, destination{lookup: a.lookup()})
	}
	for _, f := range files {
		for _, s := range f.Servers {
			if s.State == clients.Wrapped && !s.Disabled && doctor.Sends(runtime.GOOS, s) {
				all = append(all, destination{a.lookupOf(f, s), []string{f.Client.Name + ", " + s.Name}})
			}
		}
	}
	if len(all) == 0 {
		return
	}
	a.setEnvironment() // gRPC reads the variables of proxies itself
	merged := map[string]*doctor.Signal{}
	var order []*otlp.Sender
	var signals []*doctor.Signal
	for _, d := range all {
		for _, s := range otlp.Senders(otlp.Config{
			Lookup: d.lookup, Logger: a.printer.logger(&a.options, a.named), Broken: func(any) {}, Supplier: a.fleet.supplier(),
		}, a.Build.complete().Version) {
			key := s.Route.Problem + " " + headersKey(d.lookup) + " " + s.Route.Signal
			if s.Route.Problem == "" {
				key += s.Destination([]byte("doctor"))
			}
			if known := merged[key]; known != nil {
				if len(known.Of) > 0 || !asked { // an entry that asks for it counts more than a shell that only names it
					known.Of = append(known.Of, d.of...)
				}
				s.Close()
				continue
			}
			merged[key] = &doctor.Signal{Name: s.Route.Signal, Endpoint: s.Route.Endpoint, Protocol: s.Route.Protocol, Of: d.of}
			order, signals = append(order, s), append(signals, merged[key])
		}
	}
	var wait sync.WaitGroup
	for i, s := range order {
		wait.Go(func() { ask(s, signals[i]) })
	}
	wait.Wait()
	for _, s := range signals {
		t.Reached = append(t.Reached, *s)
	}
}

// headersKey tells settings with different headers or certificates apart.
func headersKey(lookup func(string) (string, bool)) string {
	var all []string
	for _, name := range otlp.DestinationVariables() {
		value, _ := lookup(name)
		all = append(all, value)
	}
	return strings.Join(all, "\x00")
}

// hostsOf returns the hosts that an entry sends telemetry to.
func (a *app) hostsOf(f *clients.File, s *clients.Server) (hosts []string) {
	for _, r := range otlp.Routes(a.lookupOf(f, s)) {
		if u, err := url.Parse(r.Endpoint); err == nil && u.Hostname() != "" && !slices.Contains(hosts, u.Hostname()) {
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

// lookupOf looks variables up as they apply to an entry: what the client passes on of this shell, as far as that is known, and what
// the entry sets.
func (a *app) lookupOf(f *clients.File, s *clients.Server) func(string) (string, bool) {
	environ := slices.DeleteFunc(slices.Clone(a.Environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return f.Client.Env.Strips(name)
	})
	for _, v := range s.Env {
		environ = append(environ, v.Name+"="+v.Value)
	}
	own := *a.fleet
	own.route(environ)
	return (&app{Process: Process{Environ: environ}, fleet: &own}).lookup()
}

// askTimeout bounds a request, whatever the exporter's own timeout is.
const askTimeout = 10 * time.Second

// ask sends an empty request.
func ask(s *otlp.Sender, to *doctor.Signal) {
	defer s.Close()
	if s.Route.Problem != "" {
		to.Skipped, to.Cause = s.Route.Off, s.Route.Problem
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	began := time.Now()
	answer, err := s.Probe(ctx)
	switch {
	case err != nil:
		to.Cause, to.Hint = "no answer from "+s.Route.Endpoint+" within "+askTimeout.String(), "is it the right address? a firewall may drop what goes there"
	case answer.Verdict != otlp.Delivered:
		to.Cause, to.Hint = answer.Cause, answer.Hint
		to.Unsupported, to.Refused = answer.Verdict == otlp.Unsupported, answer.Verdict == otlp.Refused
	}
	if !answer.Date.IsZero() {
		to.Dated, to.Skew = true, skew(answer.Date, began, time.Now())
	}
}

// skew returns how far another clock, whose time is in whole seconds, is from the times between which it was read. It is 0 if it
// may agree.
func skew(other, before, after time.Time) time.Duration {
	switch latest := other.Add(time.Second); {
	case latest.Before(before):
		return latest.Sub(before)
	case other.After(after):
		return other.Sub(after)
	}
	return 0
}

// innerReason returns an error without the name of a file, which is known.
func innerReason(err error) string {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err.Error()
	}
	return err.Error()
}
