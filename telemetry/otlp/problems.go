package otlp

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// problems reports what goes wrong with the exports to the user: each kind once, not once a second. It is safe for
// concurrent use.
type problems struct {
	logger  *slog.Logger
	broken  func(recovered any)
	hidden  *strings.Replacer // hides what a collector may quote of our variables
	warning atomic.Bool       // a warning of the collector has been reported

	mu     sync.Mutex
	failed map[string]bool // the endpoints whose failure has been reported; "" for those of the SDK
}

// minCredential is the length, in bytes, from which a word of a header counts as a secret. Shorter words are such as
// "Bearer".
const minCredential = 8

// newProblems returns problems that hide every word of the headers that the environment sets for the exporters, and of
// the endpoints' user, path and query. Header values are percent-encoded there; a collector quotes them decoded.
func newProblems(lookup lookupFunc, logger *slog.Logger, broken func(recovered any)) *problems {
	var replace []string
	hide := func(word, marker string) {
		if len(word) >= minCredential {
			replace = append(replace, word, marker)
		}
	}
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for header := range strings.SplitSeq(lookup.get(variablePrefix+name+"HEADERS"), ",") {
			_, value, _ := strings.Cut(header, "=")
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			for word := range strings.FieldsSeq(value) {
				hide(word, "[redacted:header]")
			}
		}
		for _, word := range urlSecrets(lookup.get(variablePrefix + name + "ENDPOINT")) {
			hide(word, "[redacted:url]")
		}
	}
	return &problems{
		logger: logger, broken: broken, hidden: strings.NewReplacer(replace...), failed: map[string]bool{},
	}
}

// urlSecrets returns the parts of an endpoint that may be secrets, as they are written and decoded.
func urlSecrets(endpoint string) []string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "unix" {
		return nil
	}
	isDelimiter := func(c rune) bool { return strings.ContainsRune("/?&=:@#", c) }
	return append(strings.FieldsFunc(u.EscapedPath()+"?"+u.RawQuery+"?"+u.User.String(), isDelimiter),
		strings.FieldsFunc(u.Path+"?"+u.Query().Encode(), isDelimiter)...)
}

// report receives the error of every export. One that the end of the session has cut off is reported by unfinished.
func (p *problems) report(d *delivery, err error) {
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
	last, _ := d.attempts.failure()
	p.undelivered(d.route.at(), d.route.explain(last, err))
}

// reportSDK receives the errors that the SDK reports itself. One that the end of the session has cut off is reported by
// unfinished, which knows more.
func (p *problems) reportSDK(err error) {
	if err != nil && !outOfTime(err) {
		p.undelivered("", failure{err.Error(), "is OTEL_EXPORTER_OTLP_ENDPOINT the address of a collector?"})
	}
}

// unfinished reports the exports that the end of the session has cut off.
func (p *problems) unfinished(deliveries ...*delivery) {
	for _, d := range deliveries {
		if last, pending := d.attempts.failure(); last.failed() || pending {
			p.undelivered(d.route.at(), d.route.explain(last, nil))
		}
	}
	if !p.anyFailed() {
		p.undelivered("", failure{"the flush timeout expired before everything was sent",
			"SPANPIPE_FLUSH_TIMEOUT sets how long to wait after the server has exited"})
	}
}

func (p *problems) anyFailed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.failed) > 0
}

// undelivered reports a failure, once for each endpoint.
func (p *problems) undelivered(endpoint string, f failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed[endpoint] {
		return
	}
	p.failed[endpoint] = true
	p.logger.Warn("telemetry cannot be delivered; the server is not affected",
		"error", p.hidden.Replace(f.cause), "hint", f.hint)
}
