package otlp

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
)

// problems reports what goes wrong with the exports to the user: each kind once, not once a second. It is safe for
// concurrent use.
type problems struct {
	logger  *slog.Logger
	broken  func(recovered any)
	hidden  *strings.Replacer // hides the credentials in the headers that are sent: a collector may quote them
	failed  atomic.Bool       // a failed delivery has been reported
	warning atomic.Bool       // a warning of the collector has been reported
}

// minCredential is the length, in bytes, from which a word of a header counts as a secret. Shorter words are such as
// "Bearer".
const minCredential = 8

// newProblems returns problems that hide every word of the headers that the environment sets for the exporters. Header
// values are percent-encoded there; a collector quotes them decoded.
func newProblems(cfg Config) *problems {
	var replace []string
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		headers := lookupFunc(cfg.Lookup).get("OTEL_EXPORTER_OTLP_" + name + "HEADERS")
		for header := range strings.SplitSeq(headers, ",") {
			_, value, _ := strings.Cut(header, "=")
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			for word := range strings.FieldsSeq(value) {
				if len(word) >= minCredential {
					replace = append(replace, word, "[redacted:header]")
				}
			}
		}
	}
	return &problems{logger: cfg.Logger, broken: cfg.Broken, hidden: strings.NewReplacer(replace...)}
}

// report receives the error of every export. One that the end of the session has cut off is reported by Finish.
func (p *problems) report(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if rejected, partial := partialSuccess(err); partial && rejected == 0 {
		if !p.warning.Swap(true) {
			p.logger.Warn("the collector accepted the telemetry with a warning",
				"warning", p.hidden.Replace(err.Error()))
		}
		return
	}
	if !p.failed.Swap(true) {
		p.logger.Warn("telemetry cannot be delivered; the server is not affected",
			"error", p.hidden.Replace(err.Error()),
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
