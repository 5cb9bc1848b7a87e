package store

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// NotFound is the error of Find.
type NotFound struct { //nolint:errname // as io.EOF: it is no failure
	Asked   string
	Matches int  // sessions whose names begin with it
	Listed  int  // of a number that is not in it: how many the last listing had
	Removed bool // of a number of the last listing: its session is gone
	Stored  int  // how many sessions there are
}

// Error implements error.
func (e *NotFound) Error() string {
	switch {
	case e.Stored == 0:
		return "no sessions are stored"
	case e.Matches > 1:
		return fmt.Sprintf("%q begins the names of %d sessions", e.Asked, e.Matches)
	case e.Removed:
		return fmt.Sprintf("session %s of the last listing was removed", e.Asked)
	case e.Listed > 0:
		return fmt.Sprintf("there is no session %s; the last listing ended at %d", e.Asked, e.Listed)
	}
	return fmt.Sprintf("there is no session %q", e.Asked)
}

// Find returns a session by what a person calls it: "last" or nothing is the newest, a number of up to five digits is that of
// the last listing, everything else the beginning of its name or id. The error is a *NotFound, or that of reading the store.
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
	if n, ok := Number(asked); ok {
		listed := s.listed()
		if n < 1 || n > len(listed) {
			none.Listed = len(listed)
			return Session{}, none
		}
		if asked = listed[n-1]; !slices.Contains(names, asked) {
			none.Removed = true
			return Session{}, none
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

// Number returns the number in a listing that a text stands for, and whether it does. Up to five digits stand for nothing
// else: as the beginning of a name or an id they would mean a session that the user has not looked at.
func Number(asked string) (n int, ok bool) {
	n, err := strconv.Atoi(asked)
	return n, err == nil && len(asked) < 6
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

// listing is the file with the names of the last listing. A larger one is damage.
const (
	listing    = "listing"
	maxListing = 16 << 20
)

// List remembers a listing, so that Find knows its numbers, which count from 1.
func (s *Store) List(sessions []Session) error {
	var names strings.Builder
	for _, one := range sessions {
		names.WriteString(one.Name + "\n")
	}
	dir, err := os.OpenRoot(s.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return replace(dir, listing, []byte(names.String()), false)
}

// LastListing returns the names of the last listing, as List has remembered it; none if there was none.
func (s *Store) LastListing() []string {
	dir, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	text, err := readFile(dir, listing, maxListing)
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

// listed returns the names of the last listing; without one, those of all sessions, the newest first.
func (s *Store) listed() []string {
	if names := s.LastListing(); names != nil {
		return names
	}
	all, _ := s.Sessions() // none, if it cannot be read
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.Name
	}
	return names
}
