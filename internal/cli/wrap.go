package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/session"
	"github.com/spanpipe/spanpipe/wrap"
)

const wrapExample = "for example: spanpipe -- npx -y @modelcontextprotocol/server-everything"

func (a *app) wrapCommand() *cli.Command {
	return &cli.Command{
		Name:               "wrap",
		Usage:              "wrap a server; the same as no command at all",
		UsageText:          "spanpipe wrap [flags] [--] command [args...]",
		Flags:              flags(),
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp(),
		OnUsageError:       misused,
		Action:             func(c *cli.Context) error { return a.wrap(c, a.serverCommand(c)) },
	}
}

// serverCommand is the server's command: what stands behind "--", or all arguments where the server's name came first and
// the "--" is the server's own.
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

// wrapRoot is what runs without a command.
func (a *app) wrapRoot(c *cli.Context) error {
	if word := c.Args().First(); word != "" {
		return &usageError{"unknown command " + strings.TrimSpace(word), "to wrap a server, put -- before its command: spanpipe -- " + word + " ..."}
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
	o, policy, err := a.settled(c, consent.Decide)
	if err != nil {
		return err
	}
	cfg := wrap.Config{
		Command: command, Env: serverEnvironment(a.Environ), KeepOrphans: o.keepOrphans,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr,
	}
	if !policy.On() {
		a.say.close() // nothing of ours may be left, not even a line on its way
		status, err := wrap.Exec(cfg)
		if err != nil {
			a.say = newSpeaker(a.Stderr)
			return err
		}
		a.status = status.Die()
		return nil
	}
	cfg.Logger = a.say.logger(o)
	config := a.telemetry(o, policy, command)
	status, err := watched(cfg, config, o)
	if err != nil {
		return err
	}
	a.say.close()
	a.status = status.Die()
	return nil
}

// settled finds out what the user wants and what may be collected.
func (a *app) settled(c *cli.Context, ask func(consent.Request) (consent.Policy, []consent.Warning)) (*options, consent.Policy, error) {
	lookup := environment(a.Environ)
	o, err := resolve(c, lookup, a.say.warn)
	if err != nil {
		return nil, consent.Policy{}, err
	}
	policy, err := a.decide(o, lookup, ask)
	return o, policy, err
}

// telemetry is the configuration of a session's telemetry. From here on OpenTelemetry's variables are ours.
func (a *app) telemetry(o *options, policy consent.Policy, command []string) telemetry.Config {
	telemetry.OwnEnvironment(a.Environ)
	config := telemetry.Config{
		Policy: policy, Command: command, Version: a.Build.version(), Lookup: environment(ownEnvironment(a.Environ)),
		TraceScope: o.traceScope, HangAfter: o.hangAfter, LogLevel: o.otlpLogLevel, AdminAddr: o.adminAddr,
		Logger: a.say.logger(o), Clean: clean,
	}
	if policy.Has(consent.Console) {
		config.Operation = a.say.console(a.Stderr, environment(a.Environ))
	}
	return config
}

// watched runs a server with telemetry.
func watched(cfg wrap.Config, config telemetry.Config, o *options) (wrap.Status, error) {
	t := telemetry.New(config)
	if o.propagate {
		if own := t.Environment(); len(own) > 0 { // without spans there is nothing to be a parent
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
	t.Run(server.Pid(), server.Started())
	go func() { // ends with the client's input, which Wait closes at the latest
		<-server.InputEnded()
		t.Flush()
	}()
	go func() { // ends with the server's process
		<-server.Exited()
		t.Exited()
	}()
	status := server.Wait()
	// The last twentieth of the bound is for what there is to do when the time is up: to close connections, and to end.
	ctx, cancel := context.WithTimeout(context.Background(), o.flushTimeout-o.flushTimeout/20)
	defer cancel()
	go func() { // ends with the flush
		select {
		case <-server.Interrupted():
			cancel()
		case <-ctx.Done():
		}
	}()
	t.Close(ctx, exit(status))
	return status, nil
}

// isTraceContext says whether an entry of an environment is what the session's own context replaces.
func isTraceContext(entry string) bool {
	return strings.HasPrefix(entry, "TRACEPARENT=") || strings.HasPrefix(entry, "TRACESTATE=")
}

// exit is how the server ended, in telemetry's words.
func exit(s wrap.Status) telemetry.Exit {
	e := telemetry.Exit{
		Session: session.ServerLeft, Code: s.Code, Signal: s.SignalName(),
		UserTime: s.UserTime, SystemTime: s.SystemTime,
	}
	if s.ClientLeft {
		e.Session = session.ClientLeft
	}
	return e
}

// decide asks the consent package, and says what it did not understand: a warning for a variable, an error for a flag.
func (a *app) decide(o *options, lookup func(string) (string, bool), ask func(consent.Request) (consent.Policy, []consent.Warning)) (consent.Policy, error) {
	get := func(name string) string { v, _ := lookup(name); return v }
	if _, said := o.given["SPANPIPE_TELEMETRY"]; !said {
		o.telemetry = "" // silence is not the same as off: the reasons tell them apart
	}
	policy, warnings := ask(consent.Request{
		Telemetry: o.telemetry, DoNotTrack: get("DO_NOT_TRACK"),
		SDKDisabled: either(get("SPANPIPE_OTEL_SDK_DISABLED"), get("OTEL_SDK_DISABLED")),
		Capture:     o.capture, CaptureMax: o.captureMax, Redact: o.redact,
		Home: either(get("HOME"), get("USERPROFILE")), User: either(get("USER"), get("USERNAME")),
	})
	for _, w := range warnings {
		if from := o.given[w.Variable]; strings.HasPrefix(from, "--") {
			return consent.Policy{}, &usageError{from + ": " + w.Text, "see: spanpipe help"}
		}
		a.say.warn(w.Variable+": "+w.Text, "")
	}
	return policy, nil
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// prefix is that of every variable of ours.
const prefix = "SPANPIPE_"

// serverEnvironment is our environment less what is ours alone.
func serverEnvironment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool { return strings.HasPrefix(entry, prefix) })
}

// ownEnvironment is the environment as OpenTelemetry's variables are to be read by us: SPANPIPE_OTEL_X is OTEL_X, and wins.
func ownEnvironment(environ []string) []string {
	own := slices.Clone(environ)
	for _, entry := range environ {
		if strings.HasPrefix(entry, prefix+"OTEL_") {
			own = append(own, strings.TrimPrefix(entry, prefix))
		}
	}
	return own
}

// environment looks variables up in a list. The last entry of a name counts, as in Go's own os.Environ users.
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

// clean is what telemetry may show of a name that a peer has chosen.
func clean(name []byte) string {
	shown, ok := redact.Name(name)
	if !ok {
		return refusedName
	}
	return shown
}

// refusedName stands for a name that looks like a secret or a person's data, or is no text.
const refusedName = "[redacted:name]"
