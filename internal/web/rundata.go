package web

import (
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// mostSlots is how many slots a strip has: as many as can be told apart in a row.
const mostSlots = 160

// known is what is known of the sessions: for one goroutine at a time.
type known struct {
	world   *watch.World
	numbers map[string]int // of sessions in the last listing
}

// runOf returns a run with some of its sessions.
func (k *known) runOf(r *watch.Run, sessions []*watch.Session) api.Run {
	w := k.world
	out := api.Run{
		ID: r.Key, Live: r.Live(), Began: r.Began(), Until: r.Until(w.Now), End: endOf(w, r.Last()),
		Sums: sumsOf(r.Sums(w)), Sessions: make([]api.Session, len(sessions)),
	}
	out.Client, out.ClientVersion = r.ClientName(), view.Steady(r.Peer().Version)
	out.P95 = nil
	if p95 := r.P95(w); p95 > 0 {
		out.P95 = new(p95.Seconds())
	}
	for _, s := range r.Sessions {
		open, hung := openOf(w, s)
		out.Open, out.HungNow = out.Open+open, out.HungNow+hung
	}
	for i, s := range sessions {
		out.Sessions[i] = k.sessionOf(s)
	}
	return out
}

// sessionOf returns a session.
func (k *known) sessionOf(s *watch.Session) api.Session {
	w := k.world
	out := api.Session{
		Name: s.Name, Number: k.numbers[s.Name], Server: s.Title(), Release: view.Steady(s.Server.Version),
		Changed: s.Changed(), Live: s.State == store.Live, Began: s.Began(), Until: s.Until(w.Now), End: endOf(w, s),
		Trouble: s.Trouble(), Sums: sumsOf(s.Sums(w)),
	}
	out.Open, out.HungNow = openOf(w, s)
	if s.Strip != nil {
		out.Strip = stripOf(w, s, s.InRun.Until(w.Now).Sub(s.InRun.Began()))
	}
	return out
}

func sumsOf(t watch.Sums) api.Sums {
	out := api.Sums{Calls: t.Calls, Failed: t.Failed, Hung: t.Hung, Context: t.Context, Received: t.Received}
	if t.P95 > 0 {
		out.P95 = &t.P95
	}
	return out
}

// openOf counts the operations of a session that are open, and those of them that hang.
func openOf(w *watch.World, s *watch.Session) (open, hung int) {
	for _, c := range w.Open {
		if c.Session != s {
			continue
		}
		if open++; c.Outcome().Ending == view.Hung {
			hung++
		}
	}
	return open, hung
}

// stripOf returns the strip of a session that is drawn on an axis of some length.
func stripOf(w *watch.World, s *watch.Session, axis time.Duration) *api.Strip {
	width, slots := s.Strip.Slots(mostSlots, axis)
	out := newStrip(width, slots)
	for _, h := range s.Strip.Hangs {
		out.Hangs = append(out.Hangs, [2]float64{seconds(h.From.Sub(s.Began())), seconds(h.To.Sub(s.Began()))})
	}
	for _, c := range w.Open {
		if c.Session == s && c.Outcome().Ending == view.Hung {
			out.Hangs = append(out.Hangs, [2]float64{seconds(c.Op.Start.Sub(s.Began())), seconds(w.Now.Sub(s.Began()))})
		}
	}
	return out
}

func newStrip(width time.Duration, slots []watch.Slot) *api.Strip {
	out := &api.Strip{Width: width.Seconds(), Calls: make([]int, len(slots)), Failed: make([]int, len(slots))}
	for i, one := range slots {
		out.Calls[i], out.Failed[i] = int(one.Calls), int(one.Bad)
	}
	return out
}

// endOf returns how a session stands or how it ended. The time of day stands beside it.
func endOf(w *watch.World, s *watch.Session) api.End {
	_, color := s.Ending()
	end := api.End{Text: "client closed", Tone: toneOf(color), Mark: "tick"}
	switch s.State {
	case store.Live:
		return api.End{Text: "live", Tone: api.Ok, Mark: "open"}
	case store.Killed:
		return api.End{Text: "killed", Tone: end.Tone, Mark: "tall"}
	case store.Unknown:
		return api.End{Text: "unknown", Tone: end.Tone, Mark: "tall"}
	case store.Ended:
	}
	switch {
	case s.Exit.Cause == record.NotStarted:
		end.Text, end.Mark = "never started", "crash"
	case s.Exit.EndedBy == record.ByServer:
		word, _ := view.Exit(record.Exit{EndedBy: s.Exit.EndedBy, Code: s.Exit.Code, Signal: s.Exit.Signal})
		if signal, killed := strings.CutPrefix(word, "killed by "); killed {
			word = "killed (" + signal + ")"
		}
		end.Text, end.Mark = word+" after "+view.Duration(max(s.Until(w.Now).Sub(s.Began()), 0)), "crash"
	}
	return end
}

// attention returns what needs a look, the worst first.
func attention(w *watch.World) []api.Alert { return alertsOf(w.Alerts()) }

// mostAlerts is how many sentences a page has room for.
const mostAlerts = 50

func alertsOf(all []watch.Alert) []api.Alert {
	out := make([]api.Alert, min(len(all), mostAlerts))
	for i := range out {
		out[i] = alertOf(&all[i])
	}
	return out
}

func alertOf(a *watch.Alert) api.Alert {
	out := api.Alert{
		Word: a.Word, Tone: toneOf(a.Color), Subject: a.Subject, Text: a.Rest, At: a.At, Place: placeIn(a.Session, 0),
	}
	switch {
	case a.Call != nil:
		out.Hung, out.Operation = true, a.Call.Op.Number
	case a.Word == "Changed": // what another program says of itself has changed, which is no failure
		out.Tone = api.Late
	case a.Word == "Never": // in a terminal, the sentence goes on behind it
		out.Word = "No start"
	}
	return out
}

// placeIn returns where to look at a session, or at one of its operations.
func placeIn(s *watch.Session, operation uint64) api.Place {
	out := api.Place{Session: s.Name, Operation: operation}
	if s.InRun != nil { // it has not been removed
		out.Run = s.InRun.Key
	}
	return out
}

// keyOf is the same while the same needs a look. That a call has hung for some seconds more is no news until it is reported again.
func keyOf(all []watch.Alert) string {
	var key strings.Builder
	for i := range all {
		a := &all[i]
		key.WriteString(a.ID() + " ")
		if a.Call == nil {
			key.WriteString(a.Rest)
		} else {
			key.WriteString(string(a.Call.Op.Stall) + a.Call.Op.Duration.String())
		}
		key.WriteByte('\n')
	}
	return key.String()
}
