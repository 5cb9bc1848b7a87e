package definitions_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// server plays sessions of one server, whose state outlives them.
type server struct {
	t     *testing.T
	state definitions.State
	now   time.Time
}

func newServer(t *testing.T) *server {
	return &server{t: t, now: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
}

// session is one of them.
type session struct {
	*server
	sink     *definitions.Sink
	listings uint64
	reported []string
}

func (s *server) open() *session {
	one := &session{server: s}
	one.sink = definitions.New(s.state.Clone(), func(c record.DefinitionChange) {
		text := fmt.Sprintf("%s %s %s", c.Change, c.Kind, c.Name)
		if c.OldName != "" {
			text += " was " + c.OldName
		}
		if len(c.Parts) > 0 {
			text += ": " + c.PartsText()
		}
		if c.Pinned {
			text += " (accepted)"
		}
		one.reported = append(one.reported, text)
	}, func(o definitions.Observation) { s.state.Observe(o) })
	return one
}

// list is a list of tools, each as "name:description:input schema"; "…" at its end means that another page follows that nothing
// asks for, "|" separates pages.
func (s *session) list(tools string) *session {
	s.listings++
	tools, more := strings.CutSuffix(tools, "…")
	pages := strings.Split(tools, "|")
	for i, page := range pages {
		s.now = s.now.Add(time.Minute)
		op := record.Operation{
			Change: record.Ended, Method: semconv.ToolsList, End: s.now,
			List: record.ListPage{Listing: s.listings, Page: i, Last: i == len(pages)-1 && !more, Whole: true},
		}
		for _, tool := range strings.Fields(page) {
			parts := append(strings.Split(tool, ":"), "", "")
			op.Definitions = append(op.Definitions, record.Definition{
				Kind: record.ToolDefinition, Name: parts[0],
				Fingerprint: record.Fingerprint{Name: "#" + parts[0], Description: parts[1], Input: parts[2]},
			})
		}
		s.sink.Changed(&op)
	}
	return s
}

// want ends the session and checks what it has reported.
func (s *session) want(reported ...string) {
	s.t.Helper()
	s.sink.Noted(record.Exit{Time: s.now})
	if !slices.Equal(s.reported, reported) {
		s.t.Errorf("reported is %q, want %q", s.reported, reported)
	}
}

// TestChanges: what is seen first is trusted; then each change is reported once, with the parts that differ.
func TestChanges(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x:i b:y:i").want()
	s.open().list("a:x:i b:y:i").want()
	s.open().list("a:z:i b:y:i").want("changed tool a: description")
	s.open().list("a:z:i b:y:i").list("a:z:j b:y:i").want("changed tool a: input schema")
	s.open().list("a:z:j b:y:i c:n:i").want("added tool c")
	s.open().list("b:y:i c:n:i").want("removed tool a")
	s.open().list("b:y:i d:n:i").want("renamed tool d was c")
	s.open().list("b:y:i d:n:i").want()
}

// TestNoFlapping: what a definition was before is known, and so is one that comes and goes.
func TestNoFlapping(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x b:y").want()
	s.open().list("a:z").want("changed tool a: description", "removed tool b")
	for range 3 {
		s.open().list("a:x b:y").want()
		s.open().list("a:z").want()
	}
	s.open().list("a:evil b:y").want("changed tool a: description")
}

// TestPages: a list that was not read to its end lacks nothing; what its pages have is compared all the same.
func TestPages(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x|b:y|c:z").want()
	s.open().list("a:x…").want()
	s.open().list("a:changed|b:y…").want("changed tool a: description")
	s.open().list("a:changed|b:y").want("removed tool c")
	s.open().list("a:changed|b:y|d:new…").want("added tool d")
	s.open().list("a:changed|b:y|d:newer…").want("changed tool d: description")
}

// TestAccept: of what was accepted every difference is reported in each session, until it is accepted, too.
func TestAccept(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x b:y").want()
	if n := s.state.Accept(); n != 2 {
		t.Errorf("%d are pinned, want 2", n)
	}
	for range 2 {
		s.open().list("a:z b:y").list("a:z b:y").want("changed tool a: description (accepted)")
	}
	s.open().list("a:x b:y").want()
	s.open().list("a:z b:y").want("changed tool a: description (accepted)")
	s.state.Accept()
	s.open().list("a:z b:y").want()
	s.open().list("a:x b:y").want()
}

// TestAddedAfterAccept: what came after the rest was accepted is reported in each session, until it is accepted, too; what was
// accepted and is gone is reported once.
func TestAddedAfterAccept(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x b:y").want()
	s.state.Accept()
	for range 2 {
		s.open().list("a:x b:y evil:z").list("a:x b:y evil:z").want("added tool evil (accepted)")
	}
	s.open().list("a:x b:y evil:w").want("added tool evil (accepted)")
	s.open().list("b:y evil:w").want("added tool evil (accepted)", "removed tool a (accepted)")
	s.open().list("b:y evil:w").want("added tool evil (accepted)")
	for i := range s.state.Known {
		k := &s.state.Known[i]
		if got := s.state.Differs(k); got != (k.Name == "evil") {
			t.Errorf("%s differs: %t", k.Name, got)
		}
	}
	s.state.Accept()
	s.open().list("b:y evil:w").want()
}

// TestBounds: neither the definitions nor their past nor the changes grow without a bound, whatever a server lists.
func TestBounds(t *testing.T) {
	s := newServer(t)
	for round := range 8 {
		var tools []string
		for i := range definitions.MaxKnown + 100 {
			tools = append(tools, fmt.Sprintf("t%d:%d:%d", i, round, i))
		}
		s.open().list(strings.Join(tools, " "))
		tools = nil
		for i := range 100 {
			tools = append(tools, fmt.Sprintf("r%d-%d:%d", round, i, i))
		}
		s.open().list(strings.Join(tools, " "))
	}
	if n := len(s.state.Known); n > definitions.MaxKnown {
		t.Errorf("%d definitions are known", n)
	}
	if n := len(s.state.Changes); n > 100 {
		t.Errorf("%d changes are known", n)
	}
	for _, k := range s.state.Known {
		if len(k.Past) > 4 || len(k.Accepted) > 4 {
			t.Fatalf("%d fingerprints are remembered", len(k.Past)+len(k.Accepted))
		}
	}
}

// TestUnread: a definition without a fingerprint, as one that was too large, is neither compared nor missed.
func TestUnread(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x b:y").want()
	one := s.open()
	one.sink.Changed(&record.Operation{
		Change: record.Ended, Method: semconv.ToolsList, List: record.ListPage{Listing: 1, Last: true},
		Definitions: []record.Definition{{Kind: record.ToolDefinition, Name: "a"}},
	})
	one.want()
}

// TestClone: a copy shares nothing with the state.
func TestClone(t *testing.T) {
	s := newServer(t)
	s.open().list("a:x")
	before, kept := s.state.Clone(), s.state.Clone()
	s.open().list("a:z b:y").list("a:w")
	s.state.Accept()
	if !reflect.DeepEqual(before, kept) {
		t.Error("the copy has changed")
	}
}
