package otlp

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
)

// problems reports what goes wrong with the exports to the user: each kind once, not once a second.
type problems struct {
	logger  *slog.Logger
	broken  func(recovered any)
	hidden  credentials
	failed  atomic.Bool // a failed delivery has been reported
	warning atomic.Bool // a warning of the collector has been reported
}

func newProblems(cfg Config) *problems {
	return &problems{logger: cfg.Logger, broken: cfg.Broken, hidden: headerCredentials(cfg.Lookup)}
}

var errPanicked = errors.New("the exporter panicked")

// guard runs an export and turns a panic into an error: in the SDK's goroutine it would end the process, and the
// session with it.
func (p *problems) guard(export func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.broken(r)
			err = errPanicked
		}
	}()
	return export()
}

// report receives the error of every export. One that the end of the session has cut off is reported by Finish, and a
// panic has been reported already.
func (p *problems) report(err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errPanicked) {
		return
	}
	if rejected, partial := partialSuccess(err); partial && rejected == 0 {
		if !p.warning.Swap(true) {
			p.logger.Warn("the collector accepted the telemetry with a warning", "warning", p.hidden.hide(err.Error()))
		}
		return
	}
	if !p.failed.Swap(true) {
		p.logger.Warn("telemetry cannot be delivered; the server is not affected", "error", p.hidden.hide(err.Error()),
			"hint", "is the collector running, and does OTEL_EXPORTER_OTLP_ENDPOINT point to it?")
	}
}

// summarize reports what was lost, at the end of the session. After a failed delivery that is no news.
func (p *problems) summarize(messages, contents, spans, logRecords int64) {
	if messages+contents+spans+logRecords == 0 {
		return
	}
	level := slog.LevelWarn
	if p.failed.Load() {
		level = slog.LevelInfo
	}
	p.logger.Log(context.Background(), level, "some telemetry of this session was lost; the server was not affected",
		"messages", messages, "contents", contents, "spans", spans, "log_records", logRecords)
}

// credentials are the secrets in the headers that are sent to the collector. It may quote them in an error.
type credentials []string

// minCredential is the length, in bytes, from which a word of a header counts as a secret. Shorter words are such as
// "Bearer".
const minCredential = 8

func headerCredentials(lookup lookupFunc) credentials {
	var all credentials
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for header := range strings.SplitSeq(lookup.get("OTEL_EXPORTER_OTLP_"+name+"HEADERS"), ",") {
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

// hide removes the credentials from a text.
func (c credentials) hide(text string) string {
	for _, word := range c {
		text = strings.ReplaceAll(text, word, "[redacted:header]")
	}
	return text
}
