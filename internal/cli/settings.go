package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otel"
)

// setting is one thing that a user can set, by flag or by variable. Flags, help, completion and the tables of
// TELEMETRY.md are generated from the table below.
type setting struct {
	flag     string
	variable string
	value    string // placeholder for the value in help; empty for a switch
	initial  string // the default, as a user would write it
	usage    string
	words    []string                             // the values, if they are few, for completion
	set      func(o *options, value string) error // the error is what was wanted
}

// options are the resolved settings.
type options struct {
	telemetry    string
	propagate    bool
	keepOrphans  bool
	flushTimeout time.Duration
	traceScope   otel.TraceScope
	hangAfter    time.Duration
	adminAddr    string
	logLevel     slog.Level
	logFormat    string
	otlpLogLevel slog.Level

	capture, captureMax, redact string

	given map[string]string // by variable, what set it: a flag or the variable itself; nothing for a default
}

const maxFlushTimeout = time.Minute

var settings = []setting{
	{
		flag: "telemetry", variable: "SPANPIPE_TELEMETRY", value: "LIST", initial: "off",
		usage: "where telemetry goes: off, or a comma-separated list of console (lines on stderr), " +
			"otlp (an OpenTelemetry collector) and prometheus (a metrics page)",
		words: []string{"off", "console", "otlp", "prometheus", "console,otlp"},
		set:   func(o *options, v string) error { o.telemetry = v; return nil },
	},
	{
		flag: "capture", variable: "SPANPIPE_CAPTURE", value: "LIST", initial: "none",
		usage: "content to collect, redacted: none, or a comma-separated list of errors, arguments, results, " +
			"prompts, uris, messages and stderr; keys:a,b.c at its end selects members of arguments and results",
		words: []string{"none", "errors", "arguments", "results", "prompts", "uris", "messages", "stderr"},
		set:   func(o *options, v string) error { o.capture = v; return nil },
	},
	{
		flag: "capture-max", variable: "SPANPIPE_CAPTURE_MAX", value: "BYTES",
		initial: strconv.Itoa(consent.DefaultCaptureMax),
		usage:   "limit of each piece of content (64 to 65536)",
		set:     func(o *options, v string) error { o.captureMax = v; return nil },
	},
	{
		flag: "redact", variable: "SPANPIPE_REDACT", value: "RULES", initial: "",
		usage: "rules for redacting content in addition to the built-in ones, one per line: name=expression " +
			"(syntax of Go's regexp package)",
		set: func(o *options, v string) error { o.redact = v; return nil },
	},
	{
		flag: "trace-scope", variable: "SPANPIPE_TRACE_SCOPE", value: "SCOPE", initial: "session",
		usage: "which operations share a trace: all of a session, or none (session, operation)",
		words: []string{string(otel.TraceSession), string(otel.TraceOperation)},
		set: func(o *options, v string) (err error) {
			o.traceScope, err = oneOf(v, otel.TraceSession, otel.TraceOperation)
			return err
		},
	},
	{
		flag: "propagate", variable: "SPANPIPE_PROPAGATE", value: "HOW", initial: "off",
		usage: "how the server receives the session's trace context: not at all, or as TRACEPARENT in its " +
			"environment (off, env)",
		words: []string{"off", "env"},
		set: func(o *options, v string) error {
			word, err := oneOf(v, "off", "env")
			o.propagate = word == "env"
			return err
		},
	},
	{
		flag: "flush-timeout", variable: "SPANPIPE_FLUSH_TIMEOUT", value: "DURATION", initial: "1s",
		usage: "how long spanpipe may wait, after the server's exit, until telemetry has been sent (0s to 1m)",
		set: func(o *options, v string) (err error) {
			o.flushTimeout, err = duration(v, 0, maxFlushTimeout)
			return err
		},
	},
	{
		flag: "keep-orphans", variable: "SPANPIPE_KEEP_ORPHANS", initial: "false",
		usage: "do not end processes of the server's session that outlive it; otherwise they are ended after " +
			"a second (Linux)",
		set: func(o *options, v string) (err error) {
			o.keepOrphans, err = boolean(v)
			return err
		},
	},
	{
		flag: "hang-after", variable: "SPANPIPE_HANG_AFTER", value: "DURATION", initial: "30s",
		usage: "how long a call may be unanswered before it is reported as hanging (1s to 24h)",
		set: func(o *options, v string) (err error) {
			o.hangAfter, err = duration(v, time.Second, 24*time.Hour)
			return err
		},
	},
	{
		flag: "admin-addr", variable: "SPANPIPE_ADMIN_ADDR", value: "ADDRESS", initial: "",
		usage: "where /metrics, /healthz and /readyz are served while telemetry is on: host:port or unix:PATH",
		set:   func(o *options, v string) error { o.adminAddr = v; return nil },
	},
	{
		flag: "log-level", variable: "SPANPIPE_LOG_LEVEL", value: "LEVEL", initial: "warn",
		usage: "minimum level of spanpipe's own messages on stderr (debug, info, warn, error)",
		words: []string{"debug", "info", "warn", "error"},
		set:   func(o *options, v string) error { return level(&o.logLevel, v) },
	},
	{
		flag: "otlp-log-level", variable: "SPANPIPE_OTLP_LOG_LEVEL", value: "LEVEL", initial: "info",
		usage: "minimum level of the log records sent to the collector (debug, info, warn, error)",
		words: []string{"debug", "info", "warn", "error"},
		set:   func(o *options, v string) error { return level(&o.otlpLogLevel, v) },
	},
	{
		flag: "log-format", variable: "SPANPIPE_LOG_FORMAT", value: "FORMAT", initial: "text",
		usage: "format of spanpipe's own messages on stderr (text, json)",
		words: []string{"text", "json"},
		set: func(o *options, v string) (err error) {
			o.logFormat, err = oneOf(v, "text", "json")
			return err
		},
	},
}

// flags returns the library's flags. They have no variables there: the library ends the program if one is invalid.
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

// resolve finds the value of every setting: flag before variable before default. An invalid flag is an error. An
// invalid variable is a warning, and the default applies: it may be the configuration of a thousand machines, whose
// servers must start.
func resolve(
	c *cli.Context, lookup func(string) (string, bool), warn func(message, hint string),
) (*options, error) {
	o := &options{given: map[string]string{}}
	for _, s := range settings {
		if err := s.set(o, s.initial); err != nil {
			return nil, fmt.Errorf("default of %s: %w", s.flag, err)
		}
		if v, ok := flagValue(c, s.flag); ok {
			if err := s.set(o, v); err != nil {
				return nil, &usageError{fmt.Sprintf("invalid --%s %q: %v", s.flag, v, err), "see: spanpipe help"}
			}
			o.given[s.variable] = "--" + s.flag
			continue
		}
		if v, _ := lookup(s.variable); strings.TrimSpace(v) != "" {
			v = strings.TrimSpace(v)
			if err := s.set(o, v); err != nil {
				warn(fmt.Sprintf("invalid %s %q: %v; using the default, %s", s.variable, v, err, s.initial), "")
				_ = s.set(o, s.initial) // it has succeeded above
			}
			o.given[s.variable] = s.variable
		}
	}
	return o, nil
}

// flagValue returns the value of a flag, given before or after the command "wrap".
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
	return "", fmt.Errorf("want one of %s", strings.Join(list, ", "))
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
		return false, errors.New("want true or false")
	}
	return b, nil
}

func duration(v string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("want a duration from %s to %s, such as 1.5s", view.Short(least), view.Short(most))
	}
	return d, nil
}

// Setting describes a setting for the documents that are generated from the table.
type Setting struct{ Flag, Variable, Default, Usage string }

// Settings returns the table of settings.
func Settings() []Setting {
	out := make([]Setting, len(settings))
	for i, s := range settings {
		out[i] = Setting{s.flag, s.variable, s.initial, s.usage}
	}
	return out
}
