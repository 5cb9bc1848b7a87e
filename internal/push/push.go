package push

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// Config is what to send. Sessions and Senders are required.
type Config struct {
	Sessions []store.Session // in the order in which they are sent
	Senders  []*otlp.Sender  // of the signals that are sent
	Key      []byte          // hides the destinations in the sessions' files
	Level    slog.Level      // the lowest of the log records that are sent
	Content  bool            // captured content is sent, too
	Again    bool            // also what was sent before
	DryRun   bool            // nothing is sent: it is only counted

	// Progress is called after each request, and before waiting; nil for none.
	Progress func(Progress)
	// Sleep waits, or returns the error of the context; nil for the real one.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Progress is how far a push has come.
type Progress struct {
	Session, Of int // the session's place, from 1, and how many there are
	Sent        int64
	Waiting     time.Duration // until the next attempt; 0 if there is nothing to wait for
	Cause       string        // why it waits
}

// Destination is where a signal was sent.
type Destination struct {
	otlp.Route
	Unsupported bool   // the backend has no such signal, which is no failure
	Problem     string // why sending was given up; that of the route if nothing could be sent
	Hint        string
}

// Counts are of spans, log records, or points of metrics.
type Counts struct {
	Sent     int64 // by this push; with DryRun, what would be sent
	Before   int64 // by earlier ones
	Rejected int64 // the collector has not kept them
	Complete bool  // everything was sent
}

// Result is what became of a session.
type Result struct {
	Session *store.Session
	Signals map[string]*Counts
	Damaged int    // lines that could not be read
	Problem string // why it was not sent, or not all of it, if that is not the destination's
	// WithoutContent reports that it was sent before without the content that was asked for now.
	WithoutContent bool
}

// Report is what a push has done.
type Report struct {
	Destinations []Destination
	Sessions     []Result
	Warnings     []string // what collectors said of what they took
}

// Complete reports whether all is delivered.
func (r *Report) Complete() bool {
	for i := range r.Sessions {
		one := &r.Sessions[i]
		if one.Problem != "" || one.Damaged > 0 {
			return false
		}
		for _, c := range one.Signals {
			if !c.Complete || c.Rejected > 0 {
				return false
			}
		}
	}
	return true
}

// destination is where a signal goes, during a push.
type destination struct {
	sender   *otlp.Sender
	id       string
	accepted bool // something, in this push
	off      bool // nothing more is sent
	result   *Destination
	most     int // bytes of a request
}

// maxRequest is how large a request may be, in bytes. Receivers of gRPC take 4 MiB unless their configuration says otherwise.
const maxRequest = 1 << 20

type pusher struct {
	Config
	ctx    context.Context
	to     []*destination
	report *Report
	at     Progress
}

// Run sends the sessions. The error is that of the context; the report says what was done until then. A session is sent
// as it is now: one that is live can be sent again later, and goes on.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	report := &Report{Destinations: make([]Destination, len(cfg.Senders)), Sessions: make([]Result, len(cfg.Sessions))}
	p := &pusher{Config: cfg, ctx: ctx, report: report, at: Progress{Of: len(cfg.Sessions)}}
	for i, s := range cfg.Senders {
		to := &destination{sender: s, result: &report.Destinations[i], most: maxRequest}
		to.result.Route, to.result.Problem = s.Route, s.Route.Problem
		if s.Route.Problem == "" {
			to.id = s.Destination(cfg.Key)
		}
		to.off = to.id == ""
		p.to = append(p.to, to)
	}
	for i := range cfg.Sessions {
		result := &report.Sessions[i]
		result.Session, result.Signals = &cfg.Sessions[i], map[string]*Counts{}
		p.at.Session = i + 1
		if err := p.session(result); err != nil {
			if ctx.Err() != nil {
				return report, ctx.Err()
			}
			result.Problem = err.Error()
		}
	}
	return report, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errDetail = errors.New("its spans are not stored any more, only its summary")

// session sends a session.
func (p *pusher) session(result *Result) error {
	if result.Session.Problem != "" {
		return errors.New(result.Session.Problem)
	}
	if !result.Session.Detail && result.Session.State != store.Live {
		return errDetail
	}
	dir, err := result.Session.Files()
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if !p.DryRun {
		release, err := lock(dir)
		if err != nil {
			return err
		}
		defer release()
	}
	saved, err := loadState(dir)
	if err != nil {
		return err
	}
	for _, to := range p.to {
		s := stream{pusher: p, to: to, dir: dir, state: saved, result: result, counts: &Counts{}}
		result.Signals[to.sender.Route.Signal] = s.counts
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// stopped is the error of a destination that takes no more.
var errStopped = errors.New("the destination takes no more")
