package store

import (
	"context"
	"io"
	"os"
	"strings"
	"time"
)

const (
	// retainEvery is how often the retention runs, over all processes.
	retainEvery = time.Hour
	// retainDelay is how long a session waits before it runs the retention: its start is a busy moment for the machine.
	retainDelay = 2 * time.Second
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
	f, err := openFile(root, pruneLockName, os.O_RDONLY)
	if err != nil {
		return s
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 100))
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
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(text+"\n"), 0)
	}
}

// Due reports whether the retention has not run for a while. It costs reading a small file.
func (s *Store) Due(now time.Time) bool {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return false
	}
	defer func() { _ = root.Close() }()
	since := now.Sub(readStamp(root).at)
	return since >= retainEvery || since < 0
}

// Retain applies the retention if it is due. After an unusually long time it leaves alone once what is old, since it may be
// the clock that is wrong: if that is right, the next time will be soon.
func (s *Store) Retain(ctx context.Context, keep Keep, now time.Time) (*Report, error) {
	if !s.Due(now) {
		return &Report{}, nil
	}
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	last, next := readStamp(root), stamp{at: now}
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

// retain runs the retention beside a session, once. The process may end meanwhile.
func (d *disk) retain() {
	s := Open(d.cfg.Dir)
	if !s.Due(time.Now()) {
		return
	}
	time.Sleep(retainDelay)
	report, err := s.Retain(context.Background(), d.cfg.Keep, time.Now())
	if err != nil {
		d.cfg.Logger.Debug("old sessions were not removed", "error", err.Error())
	} else if len(report.Removed) > 0 {
		d.cfg.Logger.Debug("old sessions were removed", "sessions", len(report.Removed), "bytes", report.Freed)
	}
}
