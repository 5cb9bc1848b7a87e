package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/wrap"
)

// launch is a server that is about to run, with its telemetry.
type launch struct {
	server       wrap.Config
	telemetry    telemetry.Config
	propagate    bool          // the server receives the session's trace context
	flushTimeout time.Duration // for sending the last telemetry

	recording          *recorder     // nil without
	started            func()        // is called once the server has started
	patience           time.Duration // how long the server may outlive its input, at each step of ending it; 0: forever
	forced             atomic.Bool   // after run: it had to be ended
	sentSpans, notSent int64         // after run: how many spans the collector has accepted, and how many it has not
}

// decide resolves the settings and asks package consent what may be collected; ask is its Decide or its Preview. What
// that cannot parse is a warning if it came from a variable, and an error if it came from a flag.
func (a *app) decide(ask func(consent.Request) (consent.Policy, []consent.Warning)) (consent.Policy, error) {
	a.resolve()
	get := func(name string) string { v, _ := getenv(a.Environ, name); return v }
	r := consent.Request{
		DoNotTrack:  get("DO_NOT_TRACK"), // consoledonottrack.com
		SDKDisabled: []string{get("SPANPIPE_OTEL_SDK_DISABLED"), get("OTEL_SDK_DISABLED")},
		Variable:    get("SPANPIPE_TELEMETRY"),
		Capture:     a.options.capture, CaptureMax: a.options.captureMax, Redact: a.options.redact,
		// The second of each is Windows'.
		Home: cmp.Or(get("HOME"), get("USERPROFILE")), User: cmp.Or(get("USER"), get("USERNAME")),
	}
	if a.setting("SPANPIPE_TELEMETRY").source != "" { // else absent, which is not the same reason as off
		r.Telemetry = a.options.telemetry
	}
	policy, warnings := ask(r)
	if policy.On() { // else nothing is left to forbid, and the server need not wait for a file
		a.obey()
		a.warnOfFleet()
		r.Fleet = a.fleet.consent()
		policy, warnings = ask(r)
	}
	for _, w := range warnings {
		if s := a.setting(w.Variable); s.IsSet() {
			return policy, &usageError{s.source + ": " + w.Text, "see: spanpipe help"}
		}
		a.warn(w.Variable + ": " + w.Text)
	}
	return policy, nil
}

// prepare resolves the settings for a server's session.
func (a *app) prepare(
	command []string, ask func(consent.Request) (consent.Policy, []consent.Warning),
) (*launch, error) {
	a.nameService(command)
	policy, err := a.decide(ask)
	if err != nil {
		return nil, err
	}
	a.warnOfUnknown()
	a.setEnvironment()
	a.terminal = a.Stdin != nil && term.IsTerminal(int(a.Stdin.Fd()))
	o := &a.options
	asLog := policy.Has(consent.Console) && o.logFormat == "json"
	if asLog { // its lines are the log records of the session, so that stderr has nothing but JSON
		o.logLevel = min(o.logLevel, slog.LevelInfo)
	}
	a.printer.console = policy.Has(consent.Console) && !asLog // before what is begun in the background writes a line
	logger := a.printer.logger(o, a.named)
	l := &launch{
		server: wrap.Config{
			Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans, Logger: logger,
			Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
		},
		telemetry: telemetry.Config{
			Policy: policy, Command: command, Version: a.Build.complete().Version, Lookup: a.lookup(),
			TraceScope: o.traceScope, HangAfter: o.hangAfter, LogLevel: o.otlpLogLevel, AdminAddr: o.adminAddr,
			Dir: a.stateDir(), Anomalies: o.anomalies,
			Logger: logger, Clean: clean, LostLines: a.printer.lost.Load,
			MetricsClient: o.metricsClient, Supplier: a.fleet.supplier(),
		},
		propagate: o.propagate == "env", flushTimeout: o.flushTimeout, started: a.explainTerminal,
	}
	metricRules := a.metricRules(policy)
	if policy.Has(consent.Local) {
		l.telemetry.OpenStore = a.openStore
		l.telemetry.Past = func(service string) *past.Past { return a.past(service, logger) }
	}
	a.identify(l, logger)
	l.telemetry.Rules = metricRules()
	if o.logFormat == "json" {
		l.telemetry.Sinks = append(l.telemetry.Sinks, a.named)
	}
	if a.printer.console {
		l.telemetry.Sinks = append(l.telemetry.Sinks, &console{
			out: a.printer, paint: painter(a.Stderr, a.Environ), service: a.named.service,
			width: func() int { return width(a.Stderr, math.MaxInt) },
		})
	}
	return l, nil
}

// identify lets a session's telemetry say which client and which account it belongs to, by hashes. It begins to read what they
// are made with.
func (a *app) identify(l *launch, logger *slog.Logger) {
	user := a.options.hashesUser() && l.telemetry.Policy.On()
	if !user && !a.hashesClients(l.telemetry.Policy) {
		return
	}
	key := a.hashKey(logger)
	if a.hashesClients(l.telemetry.Policy) {
		l.telemetry.Client = func() telemetry.Client { return a.client(key()) }
	}
	if l.telemetry.Policy.Has(consent.Local) {
		command := l.telemetry.Command
		l.telemetry.OpenDefinitions = func(service string) (telemetry.Definitions, error) {
			return a.openDefinitions(key(), command, service, logger)
		}
	}
	if user {
		l.telemetry.User = begin(func() string { return a.user(key(), logger) })
	}
}

// nameService names the service as the resource of its telemetry does.
func (a *app) nameService(command []string) {
	a.named.service = sync.OnceValue(func() string {
		lookup := ownEnvironment(a.Environ)
		if own, _ := lookup("OTEL_SERVICE_NAME"); own != "" {
			return own
		}
		home, _ := lookup("HOME")
		return clean([]byte(telemetry.ServiceName(command, home)))
	})
}

// run runs the server to its end: with telemetry, with a recording, or with both.
func (l *launch) run() (wrap.Status, error) {
	if l.recording != nil && !l.telemetry.Policy.On() {
		return l.runRecorded()
	}
	var server *wrap.Server
	l.telemetry.Taken = func() (sent, taken int64) { // called from Run on
		if server == nil {
			return 0, 0 // it could not be started
		}
		return server.Taken()
	}
	t := telemetry.New(l.telemetry)
	if l.propagate {
		if own := t.Environment(); len(own) > 0 { // without spans there is no parent
			l.server.Env = append(slices.DeleteFunc(l.server.Env, isTraceContext), own...)
		}
	}
	l.server.StdinTap, l.server.StdoutTap = t.Tap(record.ToServer), t.Tap(record.ToClient)
	if tap := t.Stderr(); tap != nil {
		l.server.StderrTap = tap
	}
	l.server.TapFailed = t.Fail
	l.recording.join(&l.server)
	var err error
	if server, err = wrap.Start(l.server); err != nil {
		l.recording.discard()
		ctx, cancel := l.flushContext()
		defer cancel()
		t.NotStarted(ctx, notStarted(err))
		return wrap.Status{}, err
	}
	l.started()
	running := t.Run(server.Pid(), server.Started())
	go func() { // ends with the client's input, which Wait closes at the latest
		<-server.InputEnded()
		running.Flush()
	}()
	if l.patience > 0 {
		go l.end(server) // ends with the server's process
	}
	go func() { // ends with the server's process
		<-server.Exited()
		running.Exited()
	}()
	status := server.Wait()
	recorded := l.recording.close(server, status, l.flushTimeout)
	ctx, cancel := l.flushContext()
	defer cancel()
	go untilInterrupted(ctx, cancel, server)
	running.Close(ctx, exitRecord(status))
	l.sentSpans, l.notSent = running.SentSpans()
	recorded()
	return status, nil
}

// untilInterrupted ends a context when the host does not want to wait any longer. It returns with the context.
func untilInterrupted(ctx context.Context, cancel context.CancelFunc, server *wrap.Server) {
	select {
	case <-server.Interrupted():
		cancel()
	case <-ctx.Done():
	}
}

// end ends a server that outlives its input, as clients do: they wait, send SIGTERM, wait, and kill it (MCP 2025-11-25,
// basic/lifecycle, shutdown).
func (l *launch) end(server *wrap.Server) {
	<-server.InputEnded()
	for _, kill := range []bool{false, true} {
		select {
		case <-server.Exited():
			return
		case <-time.After(l.patience):
			l.forced.Store(true)
			server.Terminate(kill)
		}
	}
}

// play runs the server with a client in this process, which returns when it has closed its end. The relay takes files and
// not readers, because a session's streams are descriptors: so the two are connected by pipes of the system, as with a real
// client.
func (l *launch) play(client func(in io.Reader, out io.WriteCloser)) (wrap.Status, error) {
	toServer, fromClient, err := os.Pipe()
	if err != nil {
		return wrap.Status{}, err
	}
	fromServer, toClient, err := os.Pipe()
	if err != nil {
		_, _ = toServer.Close(), fromClient.Close()
		return wrap.Status{}, err
	}
	defer fromServer.Close() // read to its end
	l.server.Stdin, l.server.Stdout = toServer, toClient
	played := make(chan struct{})
	go func() { // ends with the session: the relay closes both pipes; waited for below
		defer close(played)
		client(fromServer, fromClient)
	}()
	status, err := l.run()
	<-played
	return status, err
}

// flushContext bounds the last flush. The last twentieth of its timeout is for closing connections and exiting after the
// flush has been cut off.
func (l *launch) flushContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), l.flushTimeout-l.flushTimeout/20)
}

// exitRecord converts how the server ended.
func exitRecord(s wrap.Status) record.Exit {
	cause := map[wrap.End]record.Cause{
		wrap.ServerEnded: record.ServerEnded, wrap.ClientLeft: record.ClientLeft,
		wrap.Signaled: record.Signaled, wrap.HostDied: record.HostDied,
	}[s.End]
	return record.Exit{
		EndedBy: cause.EndedBy(), Cause: cause, Code: s.Code, Signal: s.SignalName(),
		UserTime: s.UserTime, SystemTime: s.SystemTime,
	}
}

// notStarted converts why the server could not be started. The error's text names the command, which may name a person.
func notStarted(err error) (e record.Exit) {
	if start, ok := errors.AsType[*wrap.StartError](err); ok {
		e.Code = start.Code
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		e.Reason = number.Error()
	} else if errors.Is(err, fs.ErrNotExist) {
		e.Reason = fs.ErrNotExist.Error()
	}
	return e
}

// clean returns what telemetry may show of a name that a peer has chosen.
func clean(name []byte) string {
	if shown, ok := redact.Name(name); ok {
		return shown
	}
	return "[redacted:name]" // it looks like a secret or personal data, or is not text
}

// isTraceContext reports whether an entry of an environment is replaced by the session's own context. Both variables
// go, because a tracestate belongs to its traceparent (W3C Trace Context, section 3.3).
func isTraceContext(entry string) bool {
	_, parent := otlp.CutVariable(entry, "TRACEPARENT=")
	_, state := otlp.CutVariable(entry, "TRACESTATE=")
	return parent || state
}
