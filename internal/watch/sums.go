package watch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Sums are the figures of a session or a run.
type Sums struct {
	view.Counts
	P95      float64 // s; the largest of a run's
	Received int64
	Context  int64 // tokens of definitions and instructions; 0 if that is not known
}

// contextTokens are what the lists of a session's server put into a model's context: by method, since each list counts its own.
type contextTokens map[string]int64

// add takes the answer to a list or a handshake. One that comes later replaces what was there.
func (c *contextTokens) add(op *record.Operation) {
	if op.DefinitionTokens == 0 {
		return
	}
	if *c == nil {
		*c = contextTokens{}
	}
	(*c)[op.Method] = op.DefinitionTokens
}

func (c contextTokens) sum() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

// Sums returns a session's figures: those that were stored, or those that have been counted here.
func (s *Session) Sums(w *World) Sums {
	all := &s.Totals
	t := Sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: all.Hung}, all.P95, all.Received, s.context.sum()}
	if all := &s.totals; s.streamed || s.summed {
		t = Sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: s.hung}, all.P95().Seconds(), s.moved, s.context.sum()}
	}
	for _, c := range w.Open {
		if c.Session == s && c.Outcome().Ending == view.Hung {
			t.Hung++
		}
	}
	return t
}

// Sums returns what the sessions of a run add up to.
func (r *Run) Sums(w *World) (t Sums) {
	for _, s := range r.Sessions {
		one := s.Sums(w)
		t.Add(one.Counts)
		t.P95, t.Received, t.Context = max(t.P95, one.P95), t.Received+one.Received, t.Context+one.Context
	}
	return t
}

// P95 returns what 95 of 100 of a run's calls took at most; 0 if not all of them are known.
func (r *Run) P95(w *World) time.Duration {
	var all record.Totals
	for _, s := range r.Sessions {
		if s.totals.Answered() == 0 && s.Sums(w).P95 > 0 {
			return 0
		}
		all.Merge(&s.totals)
	}
	return all.P95()
}

// Ending returns how a session stands.
func (s *Session) Ending() (string, view.Color) {
	switch s.State {
	case store.Live:
		return "live", view.Cyan
	case store.Killed:
		return "killed", view.Red
	case store.Unknown:
		return "unknown", view.Dim
	case store.Ended:
	}
	e := record.Exit{EndedBy: s.Exit.EndedBy, Cause: s.Exit.Cause, Code: s.Exit.Code, Signal: s.Exit.Signal}
	switch word, _ := view.Exit(e); {
	case e.Cause == record.NotStarted:
		return "never", view.Red
	case e.EndedBy == record.ByServer:
		return strings.TrimPrefix(word, "killed by "), view.Red
	}
	return "closed", view.Dim
}

// Ending returns how a run stands: live, or as its last session.
func (r *Run) Ending() (string, view.Color) {
	if r.Live() {
		return "live", view.Cyan
	}
	return r.Last().Ending()
}

// Last returns a live session of a run or, if there is none, the one that ended last.
func (r *Run) Last() *Session {
	last := r.Sessions[0]
	for _, s := range r.Sessions {
		switch {
		case s.State == store.Live:
			return s
		case s.Ended.After(last.Ended):
			last = s
		}
	}
	return last
}

// Changed reports whether one of the server's definitions is known not to be what it was.
func (s *Session) Changed() bool {
	return slices.ContainsFunc(s.Noted, func(n record.Note) bool {
		c, ok := n.(record.DefinitionChange)
		return ok && !c.Harmless()
	})
}

// Trouble returns why there is nothing to draw of a session.
func (s *Session) Trouble() string {
	if s.Problem != "" {
		return view.Steady(s.Problem)
	}
	if s.Exit != nil && s.Exit.Cause == record.NotStarted {
		return cmp.Or(view.Steady(s.Exit.Reason), "did not start")
	}
	return ""
}

// IsBad reports whether a session is one to look at.
func (s *Session) IsBad(w *World) bool {
	t := s.Sums(w)
	_, color := s.Ending()
	return t.Failed > 0 || t.Hung > 0 || color == view.Red || s.Problem != ""
}

// Subject returns what a filter looks at.
func (s *Session) Subject(w *World) *Subject {
	t := s.Sums(w)
	out := &Subject{
		Session: s.Name, Servers: []string{s.ServerName(), s.Service}, Clients: []string{s.Client.Name}, Words: s.Words(w),
		Took: time.Duration(t.P95 * float64(time.Second)), Size: t.Received,
	}
	for _, c := range w.Tally.sessions[s.Name] {
		out.Tools, out.Methods = append(out.Tools, c.Name), append(out.Methods, c.Method)
	}
	return out
}

// Words returns the words of a filter that a session is.
func (s *Session) Words(w *World) (words []string) {
	t := s.Sums(w)
	for _, word := range []struct {
		text string
		is   bool
	}{
		{"live", s.State == store.Live}, {"killed", s.State == store.Killed}, {"failed", t.Failed > 0}, {"hung", t.Hung > 0},
		{"cancelled", s.Totals.Cancelled+s.totals.Cancelled > 0}, {"ok", !s.IsBad(w)}, {"open", w.opens(s)},
		{"closed", s.Exit != nil && s.Exit.EndedBy == record.ByClient},
		{"crashed", s.Exit != nil && s.Exit.EndedBy == record.ByServer},
		{"never-started", s.Exit != nil && s.Exit.Cause == record.NotStarted},
		{"unanswered", s.Totals.Abandoned+s.totals.Abandoned > 0}, {"changed", s.Changed()},
	} {
		if word.is {
			words = append(words, word.text)
		}
	}
	return words
}

// opens reports whether a session has a call that has not ended.
func (w *World) opens(s *Session) bool {
	return slices.ContainsFunc(w.Open, func(c *Call) bool { return c.Session == s })
}
