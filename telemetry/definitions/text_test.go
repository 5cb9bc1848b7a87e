package definitions_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// forms returns the descriptions of the forms of tools, as name:description.
func (s *server) forms() string {
	var all []string
	for _, f := range s.state.Forms() {
		all = append(all, strings.TrimPrefix(f.Fingerprint.Name, "#")+":"+f.Fingerprint.Description)
	}
	return strings.Join(all, " ")
}

// TestForms: what a definition is and was last is worth a text; of what differs from what was accepted that comes before it. What
// has changed comes first.
func TestForms(t *testing.T) {
	s := newServer(t)
	for _, step := range []struct {
		list   string
		accept bool
		want   string
	}{
		{list: "a:1 b:1", want: "a:1 b:1"},
		{list: "a:1 b:2", want: "b:2 b:1 a:1"},
		{list: "a:1 b:3", want: "b:3 b:2 a:1"},
		{list: "a:1 b:3", accept: true, want: "b:3 b:2 a:1"},
		{list: "a:1 b:4", want: "b:4 b:3 a:1"},
		{list: "a:1 b:5", want: "b:5 b:3 a:1"},
		{list: "a:2 b:5", want: "a:2 a:1 b:5 b:3"},
	} {
		s.open().list(step.list).sink.Noted(record.Exit{Time: s.now})
		if step.accept {
			s.state.Accept()
		}
		if got := s.forms(); got != step.want {
			t.Errorf("after %s (accept: %v) the forms are %s, want %s", step.list, step.accept, got, step.want)
		}
	}
}

// TestEvery: a sink that is asked to hands on each list, also one without news.
func TestEvery(t *testing.T) {
	for _, every := range []bool{false, true} {
		s := newServer(t)
		handed := 0
		one := s.open()
		one.sink = definitions.New(definitions.State{}, func(record.DefinitionChange) {}, func(definitions.Observation) { handed++ })
		if every {
			one.sink.Every()
		}
		one.list("a:1").list("a:1").list("a:1")
		if want := map[bool]int{false: 1, true: 3}[every]; handed != want {
			t.Errorf("every %v: %d lists are handed on, want %d", every, handed, want)
		}
	}
}
