package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// What goes wrong is told on stderr, which hosts keep in their logs. This file keeps out of it what the words of others may
// quote: OpenTelemetry's SDK the variables it cannot read, a collector the credentials it refuses, a panic whatever it was about.

// sdkHandler takes what OpenTelemetry's SDK logs. Its messages are static; the errors and texts beside them quote variables,
// such as a header that lacks its "=", and are left out.
type sdkHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h sdkHandler) Handle(ctx context.Context, r slog.Record) error {
	quiet := slog.NewRecord(r.Time, min(r.Level, slog.LevelWarn), "OpenTelemetry: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if saysNothing(a) {
			quiet.AddAttrs(a)
		}
		return true
	})
	if r.Level >= slog.LevelWarn {
		quiet.AddAttrs(slog.String("hint", "a variable of OpenTelemetry's that spanpipe was given may be wrong; its value is not shown here"))
	}
	return h.Handler.Handle(ctx, quiet)
}

// WithAttrs implements slog.Handler.
func (h sdkHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var kept []slog.Attr
	for _, a := range attrs {
		if saysNothing(a) {
			kept = append(kept, a)
		}
	}
	return sdkHandler{h.Handler.WithAttrs(kept)}
}

// WithGroup implements slog.Handler.
func (h sdkHandler) WithGroup(name string) slog.Handler { return sdkHandler{h.Handler.WithGroup(name)} }

// saysNothing lets numbers pass: how many spans, how long.
func saysNothing(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindUint64:
		return true
	default:
		return false
	}
}

var sdkVariable = regexp.MustCompile(`\bOTEL_[A-Z]+(?:_[A-Z]+)*\b`)

// misread returns what takes the errors of the time in which the exporters are made: variables that cannot be read, told by
// name, and each once, not once for each signal.
func misread(logger *slog.Logger) func(error) {
	var mu sync.Mutex
	told := map[string]bool{}
	return func(err error) {
		name := sdkVariable.FindString(err.Error())
		mu.Lock()
		defer mu.Unlock()
		if told[name] {
			return
		}
		told[name] = true
		tellMisread(logger, name)
	}
}

// tellMisread tells of a variable, by its name alone if that is known: its value may be anything.
func tellMisread(logger *slog.Logger, name string) {
	var attrs []any
	if name != "" {
		attrs = append(attrs, "variable", name)
	}
	logger.Warn("a variable of OpenTelemetry's cannot be understood and is left out", attrs...)
}

// credentials are the values of the headers that go to the collector: it may quote them in its refusal.
type credentials []string

// minCredential is the length from which a word of a header is taken for one: shorter ones are words such as Bearer.
const minCredential = 8

func headerCredentials(lookup func(string) (string, bool)) credentials {
	var all credentials
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		list, _ := lookup("OTEL_EXPORTER_OTLP_" + name + "HEADERS")
		for header := range strings.SplitSeq(list, ",") {
			_, value, _ := strings.Cut(header, "=")
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			for word := range strings.FieldsSeq(value) {
				if len(word) >= minCredential {
					all = append(all, word)
				}
			}
		}
	}
	return all
}

// hide takes the credentials out of a text.
func (c credentials) hide(text string) string {
	for _, word := range c {
		text = strings.ReplaceAll(text, word, "[redacted:header]")
	}
	return text
}

// maxPanic bounds the text of a panic, in bytes.
const maxPanic = 300

// panicText is what may be shown of a panic: the runtime's own words, which are about indices and types, and others'
// redacted, since they may be about a message.
func panicText(recovered any) string {
	if err, ok := recovered.(runtime.Error); ok {
		return err.Error()
	}
	r, err := redact.New(redact.Config{})
	if err != nil {
		return fmt.Sprintf("%T", recovered)
	}
	return r.Text([]byte(fmt.Sprint(recovered)), false, maxPanic)
}
