package cli

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
	"github.com/spanpipe/spanpipe/wrap"
)

// launch is a server that is about to run, with its telemetry.
type launch struct {
	server       wrap.Config
	telemetry    telemetry.Config
	propagate    bool          // the server receives the session's trace context
	flushTimeout time.Duration // for sending the last telemetry
}

// decide resolves the settings and asks package consent what may be collected; ask is its Decide or its Preview. What
// that cannot parse is a warning if it came from a variable, and an error if it came from a flag.
func (a *app) decide(ask func(consent.Request) (consent.Policy, []consent.Warning)) (consent.Policy, error) {
	a.resolve()
	get := func(name string) string { v, _ := getenv(a.Environ, name); return v }
	r := consent.Request{
		DoNotTrack: get("DO_NOT_TRACK"), // consoledonottrack.com
		// An empty value counts as unset, as OpenTelemetry's specification has it: here it does not lift a veto.
		SDKDisabled: cmp.Or(get("SPANPIPE_OTEL_SDK_DISABLED"), get("OTEL_SDK_DISABLED")),
		Capture:     a.options.capture, CaptureMax: a.options.captureMax, Redact: a.options.redact,
		// The second of each is Windows'.
		Home: cmp.Or(get("HOME"), get("USERPROFILE")), User: cmp.Or(get("USER"), get("USERNAME")),
	}
	if a.setting("SPANPIPE_TELEMETRY").source != "" { // else absent, which is not the same reason as off
		r.Telemetry = a.options.telemetry
	}
	policy, warnings := ask(r)
	for _, w := range warnings {
		if s := a.setting(w.Variable); s.IsSet() {
			return policy, &usageError{s.source + ": " + w.Text, "see: spanpipe help"}
		}
		a.printer.warn(w.Variable + ": " + w.Text)
	}
	return policy, nil
}

// prepare resolves the settings for a server's session.
func (a *app) prepare(
	command []string, ask func(consent.Request) (consent.Policy, []consent.Warning),
) (*launch, error) {
	policy, err := a.decide(ask)
	if err != nil {
		return nil, err
	}
	otlp.SetOwnVariables(a.Environ) // the server gets a copy of its own
	o, logger := &a.options, a.printer.logger(&a.options)
	l := &launch{
		server: wrap.Config{
			Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans, Logger: logger,
			Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
		},
		telemetry: telemetry.Config{
			Policy: policy, Command: command, Version: a.Build.complete().Version, Lookup: ownEnvironment(a.Environ),
			TraceScope: o.traceScope, HangAfter: o.hangAfter, LogLevel: o.otlpLogLevel, AdminAddr: o.adminAddr,
			Dir:    stateDir(o.dir, runtime.GOOS, ownEnvironment(a.Environ)),
			Logger: logger, Clean: clean,
		},
		propagate: o.propagate == "env", flushTimeout: o.flushTimeout,
	}
	if policy.Has(consent.Console) {
		l.telemetry.Sinks = []session.Sink{&console{out: a.printer, paint: painter(a.Stderr, a.Environ)}}
	}
	return l, nil
}

// run runs the server with telemetry, to its end.
func (l *launch) run() (wrap.Status, error) {
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
	server, err := wrap.Start(l.server)
	if err != nil {
		t.Discard()
		return wrap.Status{}, err
	}
	running := t.Run(server.Pid(), server.Started())
	go func() { // ends with the client's input, which Wait closes at the latest
		<-server.InputEnded()
		running.Flush()
	}()
	go func() { // ends with the server's process
		<-server.Exited()
		running.Exited()
	}()
	status := server.Wait()
	// The last twentieth of the flush timeout is for closing connections and exiting after the flush has been cut off.
	ctx, cancel := context.WithTimeout(context.Background(), l.flushTimeout-l.flushTimeout/20)
	defer cancel()
	go func() { // ends with the flush
		select {
		case <-server.Interrupted():
			cancel()
		case <-ctx.Done():
		}
	}()
	running.Close(ctx, exitRecord(status))
	return status, nil
}

// exitRecord converts how the server ended.
func exitRecord(s wrap.Status) record.Exit {
	e := record.Exit{
		EndedBy: record.ByServer, Code: s.Code, Signal: s.SignalName(),
		UserTime: s.UserTime, SystemTime: s.SystemTime,
	}
	if s.ClientLeft {
		e.EndedBy = record.ByClient
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
