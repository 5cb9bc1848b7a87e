package cli

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
)

// setting is one thing a user can set, by flag or by variable. The table below is the one place where they are told: flags,
// help and the tables of TELEMETRY.md are made from it.
type setting struct {
	flag     string
	variable string
	value    string // what stands for the value in help; empty for a switch
	initial  string // the default, as it would be written
	usage    string
	words    []string // the values there are, where they are few: for completion
	set      func(o *options, value string) error
}

// options is what the settings come to.
type options struct {
	telemetry    string
	propagate    bool
	keepOrphans  bool
	flushTimeout time.Duration
	traceScope   telemetry.TraceScope
	hangAfter    time.Duration
	adminAddr    string
	logLevel     slog.Level
	logFormat    string
	otlpLogLevel slog.Level

	capture, captureMax, redact string

	given map[string]string // where a variable's value was given: the flag's name or its own; absent for a default
}

const maxFlushTimeout = time.Minute

var settings = []setting{
	{
		flag: "telemetry", variable: "SPANPIPE_TELEMETRY", value: "LIST", initial: "off",
		usage: "where telemetry goes: off, or a comma list of console (lines on stderr), otlp (an OpenTelemetry collector), prometheus (a page of metrics)",
		words: []string{"off", "console", "otlp", "prometheus", "console,otlp"},
		set:   func(o *options, v string) error { o.telemetry = v; return nil },
	},
	{
		flag: "capture", variable: "SPANPIPE_CAPTURE", value: "LIST", initial: "none",
		usage: "content that is collected, redacted: none, or a comma list of errors, arguments, results, prompts, uris, messages, stderr, " +
			"and at its end keys:a,b.c for the only members of arguments and results",
		words: []string{"none", "errors", "arguments", "results", "prompts", "uris", "messages", "stderr"},
		set:   func(o *options, v string) error { o.capture = v; return nil },
	},
	{
		flag: "capture-max", variable: "SPANPIPE_CAPTURE_MAX", value: "BYTES", initial: strconv.Itoa(consent.DefaultCaptureMax),
		usage: "how much is kept of each piece of content (64 to 65536)",
		set:   func(o *options, v string) error { o.captureMax = v; return nil },
	},
	{
		flag: "redact", variable: "SPANPIPE_REDACT", value: "RULES", initial: "",
		usage: "rules for what is to be removed from content besides the built-in ones, one a line: name=expression (syntax of Go's regexp)",
		set:   func(o *options, v string) error { o.redact = v; return nil },
	},
	{
		flag: "trace-scope", variable: "SPANPIPE_TRACE_SCOPE", value: "SCOPE", initial: "session",
		usage: "what shares a trace: all operations of a session, or each operation on its own (session, operation)",
		words: []string{string(telemetry.TraceSession), string(telemetry.TraceOperation)},
		set: func(o *options, v string) (err error) {
			o.traceScope, err = oneOf(v, telemetry.TraceSession, telemetry.TraceOperation)
			return err
		},
	},
	{
		flag: "propagate", variable: "SPANPIPE_PROPAGATE", value: "HOW", initial: "off",
		usage: "whether the server's environment gets the session's trace context as TRACEPARENT (off, env)",
		words: []string{"off", "env"},
		set: func(o *options, v string) error {
			word, err := oneOf(v, "off", "env")
			o.propagate = word == "env"
			return err
		},
	},
	{
		flag: "flush-timeout", variable: "SPANPIPE_FLUSH_TIMEOUT", value: "DURATION", initial: "1s",
		usage: "how long the exit may wait, after the server's, for telemetry to be sent (0s to 1m)",
		set: func(o *options, v string) (err error) {
			o.flushTimeout, err = duration(v, maxFlushTimeout)
			return err
		},
	},
	{
		flag: "keep-orphans", variable: "SPANPIPE_KEEP_ORPHANS", initial: "false",
		usage: "leave processes alone that outlive the server in its session; by default they are ended after a second (Linux)",
		set: func(o *options, v string) (err error) {
			o.keepOrphans, err = boolean(v)
			return err
		},
	},
	{
		flag: "hang-after", variable: "SPANPIPE_HANG_AFTER", value: "DURATION", initial: "30s",
		usage: "after how long an unanswered call is reported, while it hangs (1s to 24h)",
		set: func(o *options, v string) (err error) {
			if o.hangAfter, err = duration(v, 24*time.Hour); err == nil && o.hangAfter < time.Second {
				err = fmt.Errorf("cannot be %s; use a duration from 1s to 24h", visible(v))
			}
			return err
		},
	},
	{
		flag: "admin-addr", variable: "SPANPIPE_ADMIN_ADDR", value: "ADDRESS", initial: "",
		usage: "where /metrics, /healthz and /readyz are served, if telemetry is on: host:port, or unix:PATH",
		set:   func(o *options, v string) error { o.adminAddr = v; return nil },
	},
	{
		flag: "log-level", variable: "SPANPIPE_LOG_LEVEL", value: "LEVEL", initial: "warn",
		usage: "what spanpipe says of itself on stderr (debug, info, warn, error)",
		words: []string{"debug", "info", "warn", "error"},
		set:   func(o *options, v string) error { return level(&o.logLevel, v) },
	},
	{
		flag: "otlp-log-level", variable: "SPANPIPE_OTLP_LOG_LEVEL", value: "LEVEL", initial: "info",
		usage: "which log records go to the collector (debug, info, warn, error)",
		words: []string{"debug", "info", "warn", "error"},
		set:   func(o *options, v string) error { return level(&o.otlpLogLevel, v) },
	},
	{
		flag: "log-format", variable: "SPANPIPE_LOG_FORMAT", value: "FORMAT", initial: "text",
		usage: "how it says it (text, json)",
		words: []string{"text", "json"},
		set: func(o *options, v string) (err error) {
			o.logFormat, err = oneOf(v, "text", "json")
			return err
		},
	},
}

// flags makes the library's flags. They have no variables there: the library would end the program over a wrong one.
func flags() []cli.Flag {
	out := make([]cli.Flag, 0, len(settings))
	for _, s := range settings {
		if s.value == "" {
			out = append(out, &cli.BoolFlag{Name: s.flag})
		} else {
			out = append(out, &cli.StringFlag{Name: s.flag})
		}
	}
	return out
}

// resolve finds every setting's value: flag before variable before default. A wrong flag is an error. A wrong variable
// is not: it may be somebody's configuration of a thousand machines, whose servers must start. It is told, and the default
// holds.
func resolve(c *cli.Context, lookup func(string) (string, bool), warn func(message, hint string)) (*options, error) {
	o := &options{given: map[string]string{}}
	for _, s := range settings {
		if err := s.set(o, s.initial); err != nil {
			return nil, fmt.Errorf("default of %s: %w", s.flag, err)
		}
		if v, ok := flagValue(c, s.flag); ok {
			if err := s.set(o, v); err != nil {
				return nil, &usageError{fmt.Sprintf("--%s %s", s.flag, err), "see: spanpipe help"}
			}
			o.given[s.variable] = "--" + s.flag
			continue
		}
		if v, _ := lookup(s.variable); strings.TrimSpace(v) != "" {
			if err := s.set(o, strings.TrimSpace(v)); err != nil {
				warn(fmt.Sprintf("%s %s; it stays %s", s.variable, err, s.initial), "")
				_ = s.set(o, s.initial) // has just succeeded
			}
			o.given[s.variable] = s.variable
		}
	}
	return o, nil
}

// flagValue finds a flag where it was given, before or behind the word wrap.
func flagValue(c *cli.Context, name string) (string, bool) {
	for _, level := range c.Lineage() {
		if level.Command != nil && slices.Contains(level.LocalFlagNames(), name) {
			return fmt.Sprint(level.Value(name)), true
		}
	}
	return "", false
}

func oneOf[T ~string](v string, words ...T) (T, error) {
	word := T(strings.ToLower(v))
	if slices.Contains(words, word) {
		return word, nil
	}
	list := make([]string, len(words))
	for i := range words {
		list[i] = string(words[i])
	}
	return "", fmt.Errorf("cannot be %s; use one of %s", visible(v), strings.Join(list, ", "))
}

func level(l *slog.Level, v string) error {
	word, err := oneOf(v, "debug", "info", "warn", "error")
	if err != nil {
		return err
	}
	return l.UnmarshalText([]byte(word))
}

func boolean(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "yes", "on":
		return true, nil
	case "no", "off":
		return false, nil
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("cannot be %s; use true or false", visible(v))
	}
	return b, nil
}

func duration(v string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > most {
		return 0, fmt.Errorf("cannot be %s; use a duration from 0s to %s, such as 500ms", visible(v), short(most))
	}
	return d, nil
}

// Setting is what the documents say of a setting.
type Setting struct{ Flag, Variable, Default, Usage string }

// Settings returns the table of settings, for the documents that are made from it.
func Settings() []Setting {
	out := make([]Setting, len(settings))
	for i, s := range settings {
		out[i] = Setting{s.flag, s.variable, s.initial, s.usage}
	}
	return out
}
