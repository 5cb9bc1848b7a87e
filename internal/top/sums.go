package top

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// sums are the figures of a session or a run.
type sums struct {
	view.Counts
	p95      float64 // s; the largest of a run's
	received int64
}

// sums returns a session's figures: those that were stored, or those that have been counted here.
func (s *session) sums(w *world) sums {
	all := &s.Totals
	t := sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: all.Hung}, all.P95, all.Received}
	if all := &s.totals; s.streamed || s.summed {
		t = sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: s.hung}, all.P95().Seconds(), s.moved}
	}
	for _, c := range w.open {
		if c.session == s && c.outcome().Ending == view.Hung {
			t.Hung++
		}
	}
	return t
}

func (r *run) sums(w *world) (t sums) {
	for _, s := range r.sessions {
		one := s.sums(w)
		t.Add(one.Counts)
		t.p95, t.received = max(t.p95, one.p95), t.received+one.received
	}
	return t
}

// p95 returns what 95 of 100 of a run's calls took at most; 0 if not all of them are known.
func (r *run) p95(w *world) time.Duration {
	var all record.Totals
	for _, s := range r.sessions {
		if s.totals.Answered() == 0 && s.sums(w).p95 > 0 {
			return 0
		}
		all.Merge(&s.totals)
	}
	return all.P95()
}

// end returns how a session stands.
func (s *session) end() (string, view.Color) {
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

// end returns how a run stands: live, or as its last session.
func (r *run) end() (string, view.Color) {
	if r.live() {
		return "live", view.Cyan
	}
	last := r.sessions[0]
	for _, s := range r.sessions {
		if s.Ended.After(last.Ended) {
			last = s
		}
	}
	return last.end()
}

// problem returns why there is nothing to draw of a session.
func (s *session) problem() string {
	if s.Problem != "" {
		return view.Steady(s.Problem)
	}
	if s.Exit != nil && s.Exit.Cause == record.NotStarted {
		return cmp.Or(view.Steady(s.Exit.Reason), "did not start")
	}
	return ""
}

// isBad reports whether a session is one to look at.
func (s *session) isBad(w *world) bool {
	t := s.sums(w)
	_, color := s.end()
	return t.Failed > 0 || t.Hung > 0 || color == view.Red || s.Problem != ""
}

// subject returns what a filter looks at.
func (s *session) subject(w *world) *subject {
	t := s.sums(w)
	out := &subject{
		servers: []string{s.ServerName(), s.Service}, clients: []string{s.Client.Name},
		took: time.Duration(t.p95 * float64(time.Second)), size: t.received,
	}
	for word, is := range map[string]bool{
		"live": s.State == store.Live, "killed": s.State == store.Killed, "failed": t.Failed > 0, "hung": t.Hung > 0,
		"cancelled": s.Totals.Cancelled+s.totals.Cancelled > 0, "ok": !s.isBad(w), "open": w.opens(s),
		"closed":     s.Exit != nil && s.Exit.EndedBy == record.ByClient,
		"crashed":    s.Exit != nil && s.Exit.EndedBy == record.ByServer,
		"unanswered": s.Totals.Abandoned+s.totals.Abandoned > 0,
	} {
		if is {
			out.words = append(out.words, word)
		}
	}
	for _, c := range w.tally.sessions[s.Name] {
		out.tools, out.methods = append(out.tools, c.name), append(out.methods, c.method)
	}
	return out
}

// opens reports whether a session has a call that has not ended.
func (w *world) opens(s *session) bool {
	return slices.ContainsFunc(w.open, func(c *call) bool { return c.session == s })
}
