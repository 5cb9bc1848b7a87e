package otlp

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// problems reports what goes wrong with the exports to the user: each kind once, not once a second. It is safe for
// concurrent use.
type problems struct {
	logger  *slog.Logger
	broken  func(recovered any)
	hidden  *secrets    // hides what a collector may quote of our variables
	warning atomic.Bool // a warning of the collector has been reported

	supplier Supplier

	mu     sync.Mutex
	failed map[string]bool        // the endpoints whose failure has been reported; "" for those of the SDK
	files  map[string]*headerFile // by path
}

// newProblems returns problems that hide what newSecrets does.
func newProblems(cfg Config) *problems {
	return &problems{
		logger: cfg.Logger, broken: cfg.Broken, supplier: cfg.Supplier, hidden: newSecrets(cfg.Lookup),
		failed: map[string]bool{}, files: map[string]*headerFile{},
	}
}

// newSecrets returns secrets that hide every word of the headers that the environment sets for the exporters, and of the
// endpoints' user, path and query. Header values are percent-encoded there; a collector quotes them decoded.
func newSecrets(lookup lookupFunc) *secrets {
	s := &secrets{}
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for header := range strings.SplitSeq(lookup.get(variablePrefix+name+"HEADERS"), ",") {
			_, value, _ := strings.Cut(header, "=")
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			s.hideHeader(value)
		}
		for _, word := range urlSecrets(lookup.get(variablePrefix + name + "ENDPOINT")) {
			s.hide(word, "[redacted:url]")
		}
	}
	return s
}

// use opens nothing yet: it prepares what the routes of all signals share, their secrets and files of headers.
func (p *problems) use(r *route) {
	r.hidden = p.hidden
	if r.headerPath == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files[r.headerPath] == nil {
		p.files[r.headerPath] = &headerFile{
			path: r.headerPath, variable: r.headerVariable, hidden: p.hidden, reading: make(chan struct{}, 1),
			checkMode: p.modeCheck(r.headerVariable),
		}
	}
	r.file = p.files[r.headerPath]
}

// modeCheck returns a function that warns, once, of a file that others can read. One that a policy names is for all users.
// Windows has no such modes.
func (p *problems) modeCheck(variable string) func(fs.FileMode) {
	if p.supplier.File != "" || runtime.GOOS == "windows" {
		return func(fs.FileMode) {}
	}
	var once sync.Once
	return func(mode fs.FileMode) {
		if mode&0o004 != 0 {
			once.Do(func() {
				p.logger.Warn("the file of "+variable+" can be read by every user of this machine", "hint", "chmod 600, or 640 with a group")
			})
		}
	}
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
		"error", p.hidden.Replace(p.supplier.Named(f.cause)), "hint", p.supplier.Named(f.hint))
}
