package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Store is a directory of sessions. It need not exist. Its methods are safe for concurrent use.
type Store struct {
	Dir string
	// Keep is what Retain leaves. Captured content that is older is not read, even if it has not been removed yet.
	Keep Keep
}

// Open returns the store in a directory.
func Open(dir string) *Store { return &Store{Dir: dir} }

func (s *Store) sessions() string { return filepath.Join(s.Dir, sessionsName) }

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

// Readable returns the error of listing the sessions, without reading any.
func (s *Store) Readable() error {
	_, err := s.names()
	return err
}

// names returns the names of the sessions' directories. They begin with the time of the session's start, to the second. A
// directory with another name is none of a session's: its name may hold anything, such as control characters.
func (s *Store) names() ([]string, error) {
	root, err := os.OpenRoot(s.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	dir, err := openDir(root, sessionsName)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	entries, err := fs.ReadDir(dir.FS(), ".")
	if errors.Is(err, os.ErrNotExist) { // it has just been removed
		return nil, nil
	} else if err != nil {
		return nil, within(dir, err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() && sessionName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// session returns a session of which only the name is known.
func (s *Store) session(name string) *Session {
	return &Session{Name: name, Dir: filepath.Join(s.sessions(), name), State: Unknown, keep: s.Keep}
}

// list reads what a listing shows of a session.
func (s *Session) list() {
	s.readMeta()
	s.look()
	if s.State == Killed && s.Server.Name == "" { // before its session.json named the server
		s.recoverMeta()
		s.look()
	}
	s.measure()
}

// Measure looks again at which files there are, and how large: those of a session that has ended may have been removed.
func (s *Session) Measure() {
	s.Size, s.Detail, s.Content = 0, false, false
	s.measure()
}

// measure looks at the session's files, without reading them.
func (s *Session) measure() {
	s.Size = 0
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
			s.Content = !s.keep.expired(info.ModTime(), time.Now())
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
	s.Meta, s.Problem, s.final = Meta{}, "", false
	dir, err := s.Files()
	if err == nil {
		var text []byte
		if text, err = dir.Read(metaName, maxMeta); err == nil {
			err = s.unmarshal(text)
		}
		_ = dir.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errMissing
	}
	switch {
	case err != nil:
		s.Meta, s.Problem = Meta{}, err.Error()
		s.recoverMeta()
	case !s.Later():
		s.final = s.Exit != nil
	default:
		s.Problem = fmt.Sprintf("written by a later version of spanpipe, %s, and can be read only in part", s.Version)
	}
	if s.Launched.IsZero() {
		s.Launched, _ = time.Parse(nameTime, s.Name[:min(len(nameTime), len(s.Name))])
	}
}

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
	if s.final {
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
	s.Totals.take(&t)
	for _, op := range s.OpenOperations() {
		if !ended[op.Number] {
			s.Totals.Open++
			if op.Hung {
				s.Totals.Hung++
			}
		}
	}
}

// Findings returns what stood out, in the order in which it did, while there is detail. It decodes only the lines about it.
func (s *Session) Findings() (all []record.Finding) {
	for _, n := range s.notes(semconv.UnusualCall.Message) {
		if f, ok := n.(record.Finding); ok {
			all = append(all, f)
		}
	}
	return all
}

// Warnings returns what stood out and the changes of definitions, as Findings does. A finding's operation is not known.
func (s *Session) Warnings() []record.Note {
	return s.notes(semconv.UnusualCall.Message, semconv.DefinitionDiffers.Message)
}

// LateAnswers returns the answers that came after their requests had timed out, as Findings does. Their operation is the request.
func (s *Session) LateAnswers() (all []record.Violation) {
	for _, n := range s.notes(semconv.LateAnswer.Message) {
		if v, ok := n.(record.Violation); ok {
			all = append(all, v)
		}
	}
	return all
}

// notes returns what the log records with the given messages say.
func (s *Session) notes(messages ...string) (all []record.Note) {
	_ = s.lines("logs.jsonl", func(line []byte) error { // what cannot be read is left out
		if !slices.ContainsFunc(messages, func(m string) bool { return bytes.Contains(line, []byte(m)) }) {
			return nil
		}
		_, records, _ := otlpfile.ReadLogs(line)
		for i := range records {
			if n := note(&records[i], 0); n != nil && slices.Contains(messages, records[i].Body) {
				all = append(all, n)
			}
		}
		return nil
	})
	return all
}

// OpenOperations returns the operations that were open for a second, whether or not they have ended. It decodes only the
// lines that are about such: a log of a long session has many others.
func (s *Session) OpenOperations() []record.Operation {
	l := &loader{Records: Records{Spans: map[uint64]SpanIDs{}}}
	open, hangs := []byte(semconv.OperationOpen.Message), []byte(semconv.OperationHangs.Message)
	_ = s.lines("logs.jsonl", func(line []byte) error { // what cannot be read is left out
		if bytes.Contains(line, open) || bytes.Contains(line, hangs) {
			return l.logLine(line)
		}
		return nil
	})
	a := assembler{numbers: map[trace.SpanID]uint64{}, open: map[trace.SpanID]*record.Operation{}}
	l.opened(&a)
	all := make([]record.Operation, 0, len(a.open))
	for _, op := range a.open {
		all = append(all, *op)
	}
	return all
}
