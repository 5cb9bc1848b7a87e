package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Store is a directory of sessions. It need not exist. Its methods are safe for concurrent use.
type Store struct {
	Dir string
}

// Open returns the store in a directory.
func Open(dir string) *Store { return &Store{Dir: dir} }

func (s *Store) sessions() string { return filepath.Join(s.Dir, "sessions") }

// file returns the path of a file of the session.
func (s *Session) file(name string) string { return filepath.Join(s.Dir, name) }

// Sessions returns all sessions, the newest first. One that cannot be read has a Problem. The error is that of the
// directory; a store that does not exist is empty.
func (s *Store) Sessions() ([]Session, error) {
	entries, err := os.ReadDir(s.sessions())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []Session
	for _, e := range slices.Backward(entries) {
		if e.IsDir() {
			all = append(all, s.read(e.Name()))
		}
	}
	return all, nil
}

// read reads what a listing shows of a session.
func (s *Store) read(name string) Session {
	out := Session{Name: name, Dir: filepath.Join(s.sessions(), name)}
	text, err := os.ReadFile(out.file("session.json"))
	if err == nil {
		err = json.Unmarshal(text, &out.Meta)
	}
	switch {
	case err != nil:
		out.Problem = err.Error()
	case out.Format > Format:
		out.Problem = fmt.Sprintf("written by spanpipe %s, a later version", out.Version)
	}
	out.State = Unknown
	switch lockfile.Look(out.file("session.lock")) {
	case lockfile.Held:
		out.State = Live
	case lockfile.Free:
		out.State = Killed
		if out.Exit != nil {
			out.State = Ended
		}
	case lockfile.Unknown:
		if out.Exit != nil {
			out.State = Ended
		}
	}
	files, _ := os.ReadDir(out.Dir)
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			out.Size += info.Size()
		}
		switch f.Name() {
		case "traces.jsonl":
			out.Detail = true
		case "content.jsonl":
			out.Content = true
		}
	}
	if out.State != Ended { // the totals of its session.json are those of the start
		out.addTotals()
	}
	return out
}

// addTotals computes the totals from the digest.
func (s *Session) addTotals() {
	var t record.Totals
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		t.Add(op)
		s.Totals.add(op)
		return true
	})
	s.Totals.Calls, s.Totals.Failed, s.Totals.Cancelled, s.Totals.Abandoned = t.Calls, t.Failed, t.Cancelled, t.Abandoned
	s.Totals.P95 = t.P95().Seconds()
}

// Filter chooses sessions, and operations where they are read. Empty fields choose all.
type Filter struct {
	Since  time.Time // sessions that were still running then, and operations that started later
	Server string    // its name, or the service's; * stands for anything
	Client string    // its name; likewise
	Failed bool      // sessions with failures, and operations that failed
}

// NotFound is the error of Find.
type NotFound struct {
	Asked   string
	Matches int // sessions whose names begin with it
	Listed  int // of a number: how many the last listing had
	Stored  int // how many sessions there are
}

// Error implements error.
func (e *NotFound) Error() string {
	switch {
	case e.Stored == 0:
		return "no sessions are stored"
	case e.Matches > 1:
		return fmt.Sprintf("%q begins the names of %d sessions", e.Asked, e.Matches)
	case e.Listed > 0:
		return fmt.Sprintf("there is no session %s; the last listing ended at %d", e.Asked, e.Listed)
	}
	return fmt.Sprintf("there is no session %q", e.Asked)
}

// Find returns a session by what a person calls it: "last" or nothing is the newest, a number is that of the last listing,
// everything else the beginning of its name or id. The error is a *NotFound, or that of reading the store.
func (s *Store) Find(asked string) (Session, error) {
	all, err := s.Sessions()
	if err != nil {
		return Session{}, err
	}
	none := &NotFound{Asked: asked, Stored: len(all)}
	if len(all) == 0 {
		return Session{}, none
	}
	if asked == "" || asked == "last" {
		return all[0], nil
	}
	if n, err := strconv.Atoi(asked); err == nil && n > 0 && len(asked) < 5 {
		listed := s.listed()
		if none.Listed = len(listed); n <= len(listed) {
			asked = listed[n-1]
		}
	}
	var found []Session
	for _, one := range all {
		if strings.HasPrefix(one.Name, asked) || strings.HasPrefix(one.ID, asked) {
			found = append(found, one)
		}
	}
	if none.Matches = len(found); len(found) == 1 {
		return found[0], nil
	}
	return Session{}, none
}

// List remembers a listing, so that Find knows its numbers, which count from 1.
func (s *Store) List(sessions []Session) error {
	var names strings.Builder
	for _, one := range sessions {
		names.WriteString(one.Name + "\n")
	}
	return os.WriteFile(filepath.Join(s.Dir, "listing"), []byte(names.String()), 0o600)
}

// listed returns the names of the last listing; without one, those of all sessions.
func (s *Store) listed() []string {
	text, err := os.ReadFile(filepath.Join(s.Dir, "listing"))
	if err == nil {
		return strings.Fields(string(text))
	}
	all, _ := s.Sessions()
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.Name
	}
	return names
}
