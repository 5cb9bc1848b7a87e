package store

import (
	"context"
	"os"
	"strings"
	"time"
)

const (
	// retainEvery is how often the retention runs, over all processes.
	retainEvery = time.Hour
	// retainDelay is how long a session waits before it runs the retention: its start is a busy moment for the machine. It
	// does not wait if the last time was retainLate ago: sessions may all be short.
	retainDelay, retainLate = 2 * time.Second, day
	// retainGap is how long ago the last time is unusual. The clock may have jumped, and everything seem to be old.
	retainGap = 2 * day
)

// stamp is what the lock file of the retention holds: when it has run, and whether it has left alone what seemed to be old.
type stamp struct {
	at      time.Time
	doubted bool
}

const doubtedMark = " doubted"

func readStamp(root *os.Root) (s stamp) {
	text, _ := readFile(root, pruneLockName, 100)
	at, doubted := strings.CutSuffix(strings.TrimSpace(string(text)), doubtedMark)
	s.at, _ = time.Parse(time.RFC3339, at) // none: it has never run
	s.doubted = doubted
	return s
}

func (s stamp) write(root *os.Root) {
	f, err := openOrMakeFile(root, pruneLockName)
	if err != nil {
		return // it runs once more
	}
	defer func() { _ = f.Close() }()
	text := s.at.UTC().Format(time.RFC3339)
	if s.doubted {
		text += doubtedMark
	}
	if !linked(f) && f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(text+"\n"), 0)
	}
}

// Due reports whether the retention has not run for a while. It costs reading a small file.
func (s *Store) Due(now time.Time) bool { return isDue(s.sinceRetained(now)) }

func isDue(since time.Duration) bool { return since >= retainEvery || since < 0 }

// sinceRetained returns how long ago the retention ran. It is negative if the clock was set back.
func (s *Store) sinceRetained(now time.Time) time.Duration {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return 0 // there is nothing to retain, or no way to
	}
	defer func() { _ = root.Close() }()
	return now.Sub(readStamp(root).at)
}

// Retain applies the store's retention if it is due. After an unusually long time it leaves alone once what is old, since it
// may be the clock that is wrong: if that is right, the next time will be soon.
func (s *Store) Retain(ctx context.Context, now time.Time) (*Report, error) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return &Report{}, nil // there is nothing to retain, or no way to
	}
	defer func() { _ = root.Close() }()
	keep, last, next := s.Keep, readStamp(root), stamp{at: now}
	if !isDue(now.Sub(last.at)) {
		return &Report{}, nil
	}
	if !last.at.IsZero() && now.Sub(last.at) > retainGap && !last.doubted {
		next.doubted = true
		keep.Age = 0
	}
	report, err := s.Prune(ctx, Plan{Keep: keep, KeepDigests: next.doubted, Now: now})
	if err == nil && ctx.Err() == nil {
		next.write(root)
	}
	return report, err
}

// retain runs the retention beside a session, once. A panic in it must not end the process.
func (d *disk) retain(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			d.reportPanic("old sessions were not removed because of a defect in spanpipe", r)
		}
	}()
	s := &Store{Dir: d.cfg.Dir, Keep: d.cfg.Keep}
	since := s.sinceRetained(time.Now())
	if !isDue(since) {
		return
	}
	if since < retainLate {
		select {
		case <-time.After(retainDelay):
		case <-ctx.Done():
			return
		}
	}
	report, err := s.Retain(ctx, time.Now())
	if err != nil {
		d.cfg.Logger.Debug("old sessions were not removed", "error", err.Error())
	} else if len(report.Removed) > 0 {
		d.cfg.Logger.Debug("old sessions were removed", "sessions", len(report.Removed), "bytes", report.Freed)
	}
}
