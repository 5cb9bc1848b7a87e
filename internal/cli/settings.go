package cli

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/otel"
)

// options are the resolved settings.
type options struct {
	telemetry, capture, captureMax, redact string // for package consent

	propagate    string
	keepOrphans  bool
	flushTimeout time.Duration
	traceScope   otel.TraceScope
	hangAfter    time.Duration
	adminAddr    string
	metricRules  string
	dir          string
	keep         store.Keep
	logLevel     slog.Level
	otlpLogLevel slog.Level
	logFormat    string

	// Who, without knowing who.
	user          string
	hashKeyFile   string
	metricsClient bool

	anomalies  telemetry.Anomalies
	tokenPrice price
}

// settings returns the table of all that a user can set, by flag or by variable. Flags, help, completion and the tables
// of TELEMETRY.md are generated from it.
func (o *options) settings() []*setting { //nolint:funlen // one table, not a sequence of steps
	const levels = "debug info warn error"
	return []*setting{
		{
			Flag: "telemetry", Value: "LIST", Default: "off", parse: text(&o.telemetry),
			Words: "off console local otlp prometheus local,otlp",
			Usage: "where telemetry goes: off, or a comma-separated list of console (lines on stderr), " +
				"local (files on this machine, for spanpipe show and others), otlp (an OpenTelemetry collector) and " +
				"prometheus (a metrics page)",
		},
		{
			Flag: "capture", Value: "LIST", Default: "none", parse: text(&o.capture),
			Words: "none errors arguments results prompts uris messages stderr definitions",
			Usage: "content to collect, redacted: none, or a comma-separated list of errors, arguments, results, " +
				"prompts, uris, messages, stderr and definitions; keys:a,b.c at its end selects members of arguments and results",
		},
		{
			Flag: "capture-max", Value: "BYTES", Default: fmt.Sprint(consent.DefaultCaptureMax),
			parse: text(&o.captureMax),
			Usage: "limit of each piece of content (64 to 65536)",
		},
		{
			Flag: "redact", Value: "RULES", parse: text(&o.redact),
			Usage: "rules for redacting content in addition to the built-in ones, one per line: name=expression " +
				"(syntax of Go's regexp package)",
		},
		{
			Flag: "trace-scope", Value: "SCOPE", Default: "session", OneOf: "session operation",
			parse: text(&o.traceScope),
			Usage: "one trace for the whole session, or one for each operation (session, operation)",
		},
		{
			Flag: "propagate", Value: "HOW", Default: "off", OneOf: "off env", parse: text(&o.propagate),
			Usage: "how the server receives the session's trace context: not at all, or as TRACEPARENT in its " +
				"environment (off, env)",
		},
		{
			Flag: "flush-timeout", Value: "DURATION", Default: "1s", parse: duration(&o.flushTimeout, "0s", "1m"),
			Usage: "how long spanpipe may wait for telemetry to be sent after the server has exited (0s to 1m)",
		},
		{
			Flag: "keep-orphans", Default: "false", parse: boolean(&o.keepOrphans),
			Usage: "do not end processes that outlive the server in its session; by default they are ended after " +
				"a second (Linux)",
		},
		{
			Flag: "hang-after", Value: "DURATION", Default: "30s", parse: duration(&o.hangAfter, "1s", "24h"),
			Usage: "how long an operation may stay unanswered before it is reported as hanging (1s to 24h)",
		},
		{
			Flag: "admin-addr", Value: "ADDRESS", parse: text(&o.adminAddr),
			Usage: "where /metrics, /healthz and /readyz are served while telemetry is on: host:port or unix:PATH",
		},
		{
			Flag: "metric-rules", Value: "FILE", parse: text(&o.metricRules), File: true,
			Usage: "metrics of your own, by rules in a YAML file: numbers in arguments and results, with labels that the rules list; " +
				"spanpipe metrics check FILE tries them",
		},
		{
			Flag: "dir", Value: "DIRECTORY", Default: defaultDir, parse: text(&o.dir),
			Usage: "where spanpipe keeps files of its own: stored sessions, and targets/*.json, the list of metrics pages for " +
				"Prometheus (Windows: %LOCALAPPDATA%\\spanpipe)",
		},
		{
			Flag: "keep", Value: "LIMITS", Default: "30d,200MB", parse: limits(&o.keep),
			Words: "30d,200MB 7d 1GB forever",
			Usage: "how long details of stored sessions are kept, and at most how much of them: an age, a size or both, " +
				"or forever; session totals and one short line for each operation, without content, are kept for 180 days",
		},
		{
			Flag: "keep-content", Value: "AGE", Default: "24h", parse: age(&o.keep.Content), Words: "24h 1h 7d",
			Usage: "how long captured content in stored sessions is kept",
		},
		{
			Flag: "user", Value: "HOW", Default: "off", OneOf: "off hash", parse: text(&o.user),
			Usage: "how telemetry says whose session it is: not at all, or by a keyed hash of the account as " +
				"enduser.pseudo.id (off, hash)",
		},
		{
			Flag: "hash-key-file", Value: "FILE", parse: text(&o.hashKeyFile), File: true,
			Usage: "a fleet's key for all hashes of clients and accounts: a file of 32 to 4096 bytes that all its machines have; " +
				"by default each machine has its own, the file key in SPANPIPE_DIR",
		},
		{
			Flag: "metrics-client", Default: "false", parse: boolean(&o.metricsClient),
			Usage: "metrics of operations have the client's name as an attribute",
		},
		{
			Flag: "anomalies", Value: "LIMITS", Default: "past", parse: anomalies(&o.anomalies),
			Words: "past session off past,chance=0.02,sessions=50,rate=20",
			Usage: "what calls are compared with: off, session (this session alone) or past (also the server's earlier sessions, " +
				"with local); after past, thresholds: chance=0.005 (of a new sequence in a session, above which that is usual), sessions=20 " +
				"(earlier ones needed) and rate=10 (times the usual calls an hour)",
		},
		{
			Flag: "token-price", Value: "PRICE", Default: "none", parse: o.tokenPrice.parse,
			Usage: "what a million input tokens cost you, for spanpipe report: a number, and a currency if you like, such as " +
				"\"2.50 EUR\"; by default no money is shown",
		},
		{
			Flag: "log-level", Value: "LEVEL", Default: "warn", OneOf: levels, parse: level(&o.logLevel),
			Usage: "minimum level of spanpipe's own messages on stderr (debug, info, warn, error)",
		},
		{
			Flag: "otlp-log-level", Value: "LEVEL", Default: "info", OneOf: levels, parse: level(&o.otlpLogLevel),
			Usage: "minimum level of the log records sent to the collector (debug, info, warn, error)",
		},
		{
			Flag: "log-format", Value: "FORMAT", Default: "text", OneOf: "text json", parse: text(&o.logFormat),
			Usage: "format of spanpipe's own lines on stderr, those of the console included (text, json)",
		},
	}
}

// setting is one row of the table. It implements the library's flag. The library does not read the variable, because it
// would end the program if that is invalid.
type setting struct {
	Flag    string
	Value   string // placeholder for the value in help; empty for a switch
	Default string // as a user would write it
	Usage   string
	OneOf   string // the only values, if they are few
	Words   string // else values for completion
	File    bool   // the value is a file

	parse  func(value string) error // stores a valid value; the error names what was wanted
	source string                   // what has set the value: the flag, the variable, or nothing
}

// set stores a value in the options. If it is invalid, set changes nothing, and the error names what was wanted.
func (s *setting) set(value string) error {
	if s.OneOf != "" {
		value = strings.ToLower(value)
		if !slices.Contains(strings.Fields(s.OneOf), value) {
			return errors.New("want one of " + strings.ReplaceAll(s.OneOf, " ", ", "))
		}
	}
	return s.parse(value)
}

// Variable returns the name of the setting's environment variable.
func (s *setting) Variable() string {
	return "SPANPIPE_" + strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_"))
}

// Apply adds the flag to a command's. It may be given before and after the command's name.
func (s *setting) Apply(flags *flag.FlagSet) error {
	set := func(value string) error {
		s.source = "--" + s.Flag
		return s.set(value)
	}
	if s.Value == "" {
		flags.BoolFunc(s.Flag, s.Usage, set)
	} else {
		flags.Func(s.Flag, s.Usage, set)
	}
	return nil
}

// Names returns the flag's names.
func (s *setting) Names() []string { return []string{s.Flag} }

// IsSet reports whether the flag was given.
func (s *setting) IsSet() bool { return strings.HasPrefix(s.source, "--") }

// String returns the flag, its variable, its default, and what it is for, as help shows them.
func (s *setting) String() string {
	text := fmt.Sprintf("%-27s$%s", strings.TrimSpace("--"+s.Flag+" "+s.Value), s.Variable())
	if s.Value != "" && s.Default != "" {
		initial := "default " + s.Default
		text = fmt.Sprintf("%-*s%s", min(57, max(77-len(initial), len(text)+1)), text, initial)
	}
	return text + indented(s.Usage)
}

// indented returns a text as indented lines of at most 80 columns, each after a line break.
func indented(text string) string { return "\n      " + view.Fold(text, "      ", 80) }

// setting returns the setting of a variable, which must exist.
func (a *app) setting(variable string) *setting {
	return a.settings[slices.IndexFunc(a.settings, func(s *setting) bool { return s.Variable() == variable })]
}

// flags returns the flags of a command: its own, and all settings that have no flag of the same name among these.
func (a *app) flags(own ...cli.Flag) []cli.Flag {
	for _, s := range a.settings {
		if !slices.ContainsFunc(own, func(f cli.Flag) bool { return f.Names()[0] == s.Flag }) {
			own = append(own, s)
		}
	}
	return own
}

// listedFlag is a setting that the help of a command shows among its flags, with what it means there.
type listedFlag struct {
	*setting
	usage string
}

// IsVisible reports that help lists the flag.
func (l listedFlag) IsVisible() bool { return true }

// String returns the line of help.
func (l listedFlag) String() string { return "--" + l.Flag + " " + l.Value + "\t" + l.usage }

// resolve gives each setting that no flag has set the value of its variable, or else its default. An invalid flag has
// already been an error. An invalid variable is only a warning, and the default applies: it may stand in the
// configuration of a thousand machines, whose servers must start.
func (a *app) resolve() {
	var warnings []string // written when it is known in which format
	for _, s := range a.settings {
		if s.IsSet() {
			continue
		}
		if err := s.set(s.Default); err != nil {
			panic("default of " + s.Flag + ": " + err.Error()) // every session would show it
		}
		v, _ := getenv(a.Environ, s.Variable())
		if v = strings.TrimSpace(v); v == "" { // a client's form sends what was left blank as an empty value
			continue
		}
		s.source = s.Variable()
		if err := s.set(v); err != nil {
			warnings = append(warnings,
				fmt.Sprintf("invalid %s %s: %v; using the default, %s", s.source, consent.Quote(v), err, s.Default))
		}
	}
	for _, w := range warnings {
		a.warn(w)
	}
}

func text[T ~string](to *T) func(string) error {
	return func(v string) error { *to = T(v); return nil }
}

func level(to *slog.Level) func(string) error {
	return func(v string) error { return to.UnmarshalText([]byte(v)) }
}

func boolean(to *bool) func(string) error {
	return func(v string) error {
		// More than strconv.ParseBool knows: what people write into a client's configuration.
		switch strings.ToLower(v) {
		case "true", "t", "1", "yes", "on":
			*to = true
		case "false", "f", "0", "no", "off":
			*to = false
		default:
			return errors.New("want true or false")
		}
		return nil
	}
}

func limits(to *store.Keep) func(string) error {
	return func(v string) error {
		age, size, err := store.ParseKeep(v)
		if err == nil {
			to.Age, to.Size = age, size
		}
		return err
	}
}

func age(to *time.Duration) func(string) error {
	return func(v string) error {
		d, err := store.ParseAge(v)
		if err == nil {
			*to = d
		}
		return err
	}
}

func duration(to *time.Duration, least, most string) func(string) error {
	return func(v string) error {
		low, _ := time.ParseDuration(least) // constants of the table
		high, _ := time.ParseDuration(most)
		d, err := time.ParseDuration(v)
		if err != nil || d < low || d > high {
			return fmt.Errorf("want a duration from %s to %s, such as 1.5s", least, most)
		}
		*to = d
		return nil
	}
}
