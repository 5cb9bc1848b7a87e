package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
	"github.com/spanpipe/spanpipe/wrap"
)

const wrapExample = "for example: spanpipe -- npx -y @modelcontextprotocol/server-everything"

func (a *app) wrapCommand() *cli.Command {
	return &cli.Command{
		Name:               "wrap",
		Usage:              "wrap a server; the same as giving no command",
		UsageText:          "spanpipe wrap [flags] [--] command [args...]",
		Flags:              flags(),
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp(),
		OnUsageError:       usageProblem,
		Action:             func(c *cli.Context) error { return a.wrap(c, a.serverCommand(c)) },
	}
}

// serverCommand returns the server's command: what follows "--", or all arguments if the server's name came first, in
// which case the "--" is the server's own.
func (a *app) serverCommand(c *cli.Context) []string {
	command := c.Args().Slice()
	switch {
	case len(command) == 0:
		return a.command
	case a.dashes:
		return append(append(command, "--"), a.command...)
	}
	return command
}

// wrapRoot runs when no command was given.
func (a *app) wrapRoot(c *cli.Context) error {
	if word := c.Args().First(); word != "" {
		return &usageError{"unknown command " + strings.TrimSpace(word),
			"to wrap a server, put -- before its command: spanpipe -- " + word + " ..."}
	}
	if !a.dashes && c.NumFlags() == 0 {
		return &usageError{"no server to wrap", wrapExample + "; or see: spanpipe help"}
	}
	return a.wrap(c, a.command)
}

// wrap runs one server to its end.
func (a *app) wrap(c *cli.Context, command []string) error {
	if len(command) == 0 || command[0] == "" {
		return &usageError{"no server to wrap", wrapExample}
	}
	o, policy, err := a.decide(c, consent.Decide)
	if err != nil {
		return err
	}
	cfg := wrap.Config{
		Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
	}
	if !policy.On() {
		return a.replace(cfg)
	}
	cfg.Logger = a.print.logger(o)
	status, err := watch(cfg, a.telemetry(o, policy, command), o)
	if err != nil {
		return err
	}
	a.print.close()
	a.status = status.Die()
	return nil
}

// replace runs a server without telemetry, in place of this process where the system can do that.
func (a *app) replace(cfg wrap.Config) error {
	a.print.close() // no line of ours may still be on its way
	status, err := wrap.Exec(cfg.Command, cfg.Env)
	if err != nil {
		a.print = newPrinter(a.Stderr)
		return err
	}
	a.status = status.Die()
	return nil
}

// telemetry returns the configuration of a session's telemetry. It sets this process's OpenTelemetry variables, so the
// server's environment must have been copied before.
func (a *app) telemetry(o *options, policy consent.Policy, command []string) telemetry.Config {
	otlp.SetOwnVariables(a.Environ)
	config := telemetry.Config{
		Policy: policy, Command: command, Version: a.Build.version(), Lookup: ownEnvironment(a.Environ),
		TraceScope: o.traceScope, HangAfter: o.hangAfter, LogLevel: o.otlpLogLevel, AdminAddr: o.adminAddr,
		Logger: a.print.logger(o), Clean: clean,
	}
	if policy.Has(consent.Console) {
		paint := painter(a.Stderr, environment(a.Environ))
		config.Sinks = []session.Sink{&console{out: a.print.out, paint: paint}}
	}
	return config
}

// watch runs a server with telemetry.
func watch(cfg wrap.Config, config telemetry.Config, o *options) (wrap.Status, error) {
	t := telemetry.New(config)
	if o.propagate {
		if own := t.Environment(); len(own) > 0 { // without spans there is no parent
			cfg.Env = append(slices.DeleteFunc(slices.Clone(cfg.Env), isTraceContext), own...)
		}
	}
	cfg.Input, cfg.Output = t.Tap(session.ToServer), t.Tap(session.ToClient)
	if tap := t.Stderr(); tap != nil {
		cfg.Errors = tap
	}
	cfg.TapFailed = t.Fail
	server, err := wrap.Start(cfg)
	if err != nil {
		return wrap.Status{}, err
	}
	s := t.Run(server.Pid(), server.Started())
	go func() { // ends with the client's input, which Wait closes at the latest
		<-server.InputEnded()
		s.Flush()
	}()
	go func() { // ends with the server's process
		<-server.Exited()
		s.Exited()
	}()
	status := server.Wait()
	// The last twentieth of the flush timeout is for closing connections and exiting after the flush has been cut off.
	ctx, cancel := context.WithTimeout(context.Background(), o.flushTimeout-o.flushTimeout/20)
	defer cancel()
	go func() { // ends with the flush
		select {
		case <-server.Interrupted():
			cancel()
		case <-ctx.Done():
		}
	}()
	s.Close(ctx, exitRecord(status))
	return status, nil
}

// isTraceContext reports whether an entry of an environment is replaced by the session's own context.
func isTraceContext(entry string) bool {
	return strings.HasPrefix(entry, "TRACEPARENT=") || strings.HasPrefix(entry, "TRACESTATE=")
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

// decide resolves the settings and asks the consent package what may be collected. What that does not understand is a
// warning for a variable and an error for a flag.
func (a *app) decide(
	c *cli.Context, ask func(consent.Request) (consent.Policy, []consent.Warning),
) (*options, consent.Policy, error) {
	lookup := environment(a.Environ)
	o, err := resolve(c, lookup, a.print.warn)
	if err != nil {
		return nil, consent.Policy{}, err
	}
	get := func(name string) string { v, _ := lookup(name); return v }
	if o.given["SPANPIPE_TELEMETRY"] == "" {
		o.telemetry = "" // not the same as off: the reasons name the difference
	}
	policy, warnings := ask(consent.Request{
		Telemetry: o.telemetry, DoNotTrack: get("DO_NOT_TRACK"),
		SDKDisabled: cmp.Or(get("SPANPIPE_OTEL_SDK_DISABLED"), get("OTEL_SDK_DISABLED")),
		Capture:     o.capture, CaptureMax: o.captureMax, Redact: o.redact,
		Home: cmp.Or(get("HOME"), get("USERPROFILE")), User: cmp.Or(get("USER"), get("USERNAME")),
	})
	for _, w := range warnings {
		if from := o.given[w.Variable]; strings.HasPrefix(from, "--") {
			return nil, consent.Policy{}, &usageError{from + ": " + w.Text, "see: spanpipe help"}
		}
		a.print.warn(w.Variable+": "+w.Text, "")
	}
	return o, policy, nil
}

// serverEnvironment returns an environment without the variables that are for spanpipe alone.
func serverEnvironment(environ []string) []string {
	own := func(entry string) bool { return strings.HasPrefix(entry, "SPANPIPE_") }
	return slices.DeleteFunc(slices.Clone(environ), own)
}

// ownEnvironment looks variables up as they apply to spanpipe: SPANPIPE_OTEL_X takes precedence over OTEL_X.
func ownEnvironment(environ []string) func(string) (string, bool) {
	return environment(slices.Concat(environ, otlp.OwnVariables(environ)))
}

// environment looks variables up in a list. The last entry of a name counts.
func environment(environ []string) func(string) (string, bool) {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}

// clean returns what telemetry may show of a name that a peer has chosen.
func clean(name []byte) string {
	shown, ok := redact.Name(name)
	if !ok {
		return redactedName
	}
	return shown
}

// redactedName replaces a name that looks like a secret or personal data, or is not text.
const redactedName = "[redacted:name]"
