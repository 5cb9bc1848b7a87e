package store

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

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
//
// The totals of a session that has not ended are not known without reading more, see Sum.
func (s *Store) Sessions() ([]Session, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	all := make([]Session, len(names))
	each(len(names), func(i int) {
		all[i] = *s.session(names[i])
		all[i].list()
	})
	slices.SortFunc(all, newestFirst)
	return all, nil
}

// newestFirst compares sessions: those of the same second by their exact time, which their names do not have.
func newestFirst(a, b Session) int {
	return cmp.Or(b.Launched.Compare(a.Launched), strings.Compare(b.Name, a.Name))
}

// each calls f for the numbers below n, on all processors.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() { // each ends when all is done
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}

// names returns the names of the sessions' directories. They begin with the time of the session's start, to the second.
func (s *Store) names() ([]string, error) {
	entries, err := os.ReadDir(s.sessions())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// session returns a session of which only the name is known.
func (s *Store) session(name string) *Session {
	return &Session{Name: name, Dir: filepath.Join(s.sessions(), name), State: Unknown}
}

// list reads what a listing shows of a session.
func (s *Session) list() {
	s.readMeta()
	s.look()
	if s.State == Killed && s.Server.Name == "" { // before its session.json named the server
		s.recoverMeta()
		s.look()
	}
	entries, _ := os.ReadDir(s.Dir)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		s.Size += info.Size()
		switch e.Name() {
		case "traces.jsonl":
			s.Detail = true
		case "content.jsonl":
			s.Content = true
		case "session.lock": // a writer does not write to it
			continue
		}
		if at := info.ModTime(); at.After(s.Written) {
			s.Written = at
		}
	}
}

// readMeta reads session.json. What that lacks comes from the other files.
func (s *Session) readMeta() {
	s.Meta, s.Problem = Meta{}, ""
	text, err := s.readFile("session.json")
	if err == nil {
		err = json.Unmarshal(text, &s.Meta)
	}
	switch {
	case err != nil:
		s.Meta, s.Problem = Meta{}, err.Error()
		s.recoverMeta()
	case s.Format > Format:
		s.Problem = fmt.Sprintf("written by spanpipe %s, a later version", s.Version)
	}
	if s.Launched.IsZero() {
		s.Launched, _ = time.Parse(nameTime, s.Name[:min(len(nameTime), len(s.Name))])
	}
}

// nameTime is the form of the time with which a session's name begins.
const nameTime = "20060102T150405Z"

// look finds out whether the session's process lives. One that has said how it ended does not write any more.
func (s *Session) look() {
	if s.State = Ended; s.Exit != nil {
		return
	}
	switch lockfile.Look(s.file("session.lock")) {
	case lockfile.Held:
		s.State = Live
	case lockfile.Free:
		s.State = Killed
	case lockfile.Unknown:
		s.State = Unknown
	}
}

// Sum computes the totals of a session that has not ended, from its digest and its log. Of one that has, they are known.
func (s *Session) Sum() {
	if s.State == Ended && s.Problem == "" {
		return
	}
	var t record.Totals
	s.Totals = Totals{}
	ended := map[uint64]bool{}
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		t.Add(op)
		s.Totals.add(op)
		ended[op.Number] = true
		return true
	})
	s.Totals.Calls, s.Totals.Failed, s.Totals.Cancelled, s.Totals.Abandoned = t.Calls, t.Failed, t.Cancelled, t.Abandoned
	s.Totals.P95 = t.P95().Seconds()
	for _, op := range s.openOperations() {
		if !ended[op.Number] {
			s.Totals.Open++
			if op.Hung {
				s.Totals.Hung++
			}
		}
	}
}

// add adds what record.Totals does not have.
func (t *Totals) add(op *record.Operation) {
	if op.Hung {
		t.Hung++
	}
	sent, received := op.RequestSize, op.ResponseSize
	if op.Direction == record.ToClient {
		sent, received = received, sent
	}
	t.Sent += sent
	t.Received += received
}

// openOperations returns the operations that were open for a second, ended or not.
func (s *Session) openOperations() []record.Operation {
	l := &loader{Records: Records{Spans: map[uint64]SpanIDs{}}}
	_ = s.lines("logs.jsonl", l.logLine) // what cannot be read is left out
	a := assembler{numbers: map[trace.SpanID]uint64{}, open: map[trace.SpanID]*record.Operation{}}
	l.opened(&a)
	all := make([]record.Operation, 0, len(a.open))
	for _, op := range a.open {
		all = append(all, *op)
	}
	return all
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
	names, err := s.names()
	none := &NotFound{Asked: asked, Stored: len(names)}
	switch {
	case err != nil:
		return Session{}, err
	case len(names) == 0:
		return Session{}, none
	case asked == "" || asked == "last":
		return s.newest(names), nil
	}
	if n, err := strconv.Atoi(asked); err == nil && n > 0 && len(asked) < 6 {
		listed := s.listed()
		if none.Listed = len(listed); n <= len(listed) {
			asked = listed[n-1]
		}
	}
	found := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, asked) })
	if len(found) == 0 {
		found = s.withID(names, asked)
	}
	if none.Matches = len(found); len(found) != 1 {
		return Session{}, none
	}
	one := s.session(found[0])
	one.list()
	one.Sum()
	return *one, nil
}

// newest returns the session that started last. Only those whose names have the same time need to be read.
func (s *Store) newest(names []string) Session {
	last := slices.Max(names)
	second := last[:min(len(last), len(nameTime))]
	var best Session
	for _, name := range names {
		if !strings.HasPrefix(name, second) {
			continue
		}
		one := s.session(name)
		if one.list(); best.Name == "" || newestFirst(*one, best) < 0 {
			best = *one
		}
	}
	best.Sum()
	return best
}

// withID returns the names of the sessions whose ids begin like this.
func (s *Store) withID(names []string, id string) []string {
	found := make([]bool, len(names))
	each(len(names), func(i int) {
		one := s.session(names[i])
		one.readMeta()
		found[i] = strings.HasPrefix(one.ID, id)
	})
	var matched []string
	for i, name := range names {
		if found[i] {
			matched = append(matched, name)
		}
	}
	return matched
}

// listing is the file with the names of the last listing.
const listing = "listing"

// List remembers a listing, so that Find knows its numbers, which count from 1.
func (s *Store) List(sessions []Session) error {
	var names strings.Builder
	for _, one := range sessions {
		names.WriteString(one.Name + "\n")
	}
	return s.replaceFile(listing, names.String())
}

// replaceFile writes a file of the store. It appears at once, and a symbolic link in its place is replaced, not followed.
func (s *Store) replaceFile(name, text string) error {
	dir, err := os.OpenRoot(s.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	var suffix [6]byte
	_, _ = rand.Read(suffix[:])
	temporary := fmt.Sprintf("%s.%x.tmp", name, suffix)
	f, err := dir.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o600), f.Close()); err != nil {
		return errors.Join(err, dir.Remove(temporary))
	}
	return dir.Rename(temporary, name)
}

// listed returns the names of the last listing; without one, those of all sessions, the newest first.
func (s *Store) listed() []string {
	if dir, err := os.OpenRoot(s.Dir); err == nil {
		defer func() { _ = dir.Close() }()
		if text, err := dir.ReadFile(listing); err == nil {
			return strings.Fields(string(text))
		}
	}
	all, _ := s.Sessions() // none, if it cannot be read
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.Name
	}
	return names
}
