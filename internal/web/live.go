package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	mostLiveEnded = 200
	// recentSpan is the time of the strips of live sessions, and recentSlots how many slots these have.
	recentSpan  = 5 * time.Minute
	recentSlots = 60
)

// live shows what happens now.
func (s *source) live(r *http.Request) (any, error) {
	filter, err := filterOf(r, notOfCalls)
	if err != nil {
		return nil, err
	}
	var out *api.Live
	s.keeper.during(r.Context(), func(w *watch.World) {
		out = s.keeper.liveOf(&filter, w.Ended)
	})
	s.keeper.measure(out)
	return out, nil
}

// liveOf returns what happens now, with those of some calls that have ended, the newest last, that the filter lets through.
func (k *known) liveOf(filter *watch.Filter, ended []*watch.Call) *api.Live {
	w := k.world
	out := &api.Live{
		Reply: api.NewReply(w.Now), Summary: summary(w), Open: []api.Open{}, Ended: []api.Ended{},
		Sessions: []api.LiveSession{}, StoodOut: stoodOut(w), HangAfter: w.HangAfter.Seconds(), Command: "spanpipe top",
	}
	for _, c := range w.Open {
		if filter.Matches(c.Subject(c.Outcome(), w.Now)) {
			out.Open = append(out.Open, openCall(w, c))
		}
	}
	for _, r := range w.Runs {
		for _, s := range r.Sessions {
			if s.State == store.Live && (filter.Empty() || filter.Matches(s.Subject(w))) {
				out.Sessions = append(out.Sessions, k.liveSession(r, s))
			}
		}
	}
	for _, c := range slices.Backward(ended) {
		if len(out.Ended) == mostLiveEnded {
			break
		}
		if o := c.Outcome(); filter.Matches(c.Subject(o, w.Now)) {
			out.Ended = append(out.Ended, endedCall(c))
		}
	}
	return out
}

// summary is a sentence about what happens now.
func summary(w *watch.World) string {
	sessions, clients, ended := 0, 0, 0
	for _, r := range w.Runs {
		if !r.Live() {
			continue
		}
		clients++
		for _, s := range r.Sessions {
			if s.State == store.Live {
				sessions++
			}
		}
	}
	for _, c := range slices.Backward(w.Ended) {
		if w.Now.Sub(c.Op.End) > time.Minute {
			break
		}
		ended++
	}
	if sessions == 0 {
		return "no session is live"
	}
	return fmt.Sprintf("%s of %s, %s open, %s ended in the last minute", view.Plural(sessions, "session"),
		view.Plural(clients, "client"), view.Plural(len(w.Open), "operation"), view.Number(ended))
}

// openCall returns an operation that is open.
func openCall(w *watch.World, c *watch.Call) api.Open {
	out := api.Open{
		Place: placeIn(c.Session, c.Op.Number), ID: c.ID(), Client: c.Session.InRun.ClientName(), Server: c.Session.Title(),
		Name: c.Name(), Start: c.Op.Start, Outcome: outcomeNow(c, openIn(w, c.Session)),
	}
	usual := usualOf(w, c)
	if asks, waits := waitsForPerson(c, openIn(w, c.Session)); waits {
		out.Waiting, out.Side = true, strings.TrimSuffix(waitsForYou+": "+view.Steady(asks), ": ")
		return out
	}
	if c.Outcome().Ending != view.Hung {
		if usual != nil {
			out.Side = "usual: p95 " + view.Duration(usual.p95)
		}
		return out
	}
	stall := view.StallSeen(&c.Op)
	out.Side = stall.Side()
	out.Headline, out.Detail = headline(c, stall)
	if usual != nil {
		out.Detail = strings.TrimSpace(fmt.Sprintf("%s Usual for it: p95 %s, at most %s.", out.Detail,
			view.Duration(usual.p95), view.Duration(usual.most)))
	}
	out.Stations = stationsOf(c, w.Now)
	return out
}

// headline returns what is so with a call that hangs, and what shows it.
func headline(c *watch.Call, stall view.Stall) (head, detail string) {
	asker, answerer := c.Peers()
	switch {
	case stall.What != "" && stall.Fault != "":
		return stall.What + ".", strings.TrimSuffix(stall.Fault+": "+stall.Proof, ": ") + "."
	case stall.What != "":
		return stall.What + ".", "The " + asker + " still waits, and has not cancelled."
	case c.Op.Undelivered:
		return "The " + answerer + " has not read the whole request.", ""
	}
	return "The " + answerer + " has not answered.", "The " + asker + " still waits, and has not cancelled."
}

// usual is how long calls of a tool take.
type usual struct{ p95, most time.Duration }

// enough is how many calls tell what is usual.
const enough = 10

// usualOf returns how long calls like this take, and nil while that is not known.
func usualOf(w *watch.World, c *watch.Call) *usual {
	if !c.Op.IsCall() {
		return nil
	}
	w.Want(watch.WantTally, "")
	took := w.Tally.Took(c.Session.ServerName(), c.Op.Method, c.Op.Target)
	if !w.Tallied || took.N < enough {
		return nil
	}
	p := took.Percentiles(95, 100)
	return &usual{time.Duration(p[0]), time.Duration(p[1])}
}

// liveSession returns a session that is live.
func (k *known) liveSession(r *watch.Run, s *watch.Session) api.LiveSession {
	w := k.world
	out := api.LiveSession{Session: k.sessionOf(s), Run: r.Key, Client: r.ClientName()}
	out.Strip = nil // it has the last minutes
	from := w.Now.Add(-recentSpan)
	recent := &watch.Strip{From: from, Width: recentSpan / recentSlots}
	for _, c := range slices.Backward(w.Ended) {
		if c.Op.End.Before(from) {
			break
		}
		if c.Session != s {
			continue
		}
		if c.Op.Start.After(from) {
			recent.Mark(&c.Op)
		}
		if c.Op.IsCall() && w.Now.Sub(c.Op.End) <= time.Minute {
			out.Rate++
		}
	}
	_, slots := recent.Slots(recentSlots, 0)
	out.Recent = *newStrip(recent.Width, slots)
	hangs := recent.Hangs
	for _, c := range w.Open {
		if c.Session == s && c.Outcome().Ending == view.Hung {
			hangs = append(hangs, view.Interval{From: watch.Later(c.Op.Start, from), To: w.Now})
		}
	}
	for _, h := range hangs {
		out.Recent.Hangs = append(out.Recent.Hangs, [2]float64{seconds(h.From.Sub(from)), seconds(h.To.Sub(from))})
	}
	return out
}

// endedCall returns an operation that has ended.
func endedCall(c *watch.Call) api.Ended {
	out := api.Ended{
		Place: placeIn(c.Session, c.Op.Number), ID: c.ID(), At: c.Op.End, Server: c.Session.Title(), Name: c.Name(),
		Asked: c.Op.Direction == record.ToClient, Took: seconds(c.Op.Duration), Outcome: outcomeOfCall(c),
	}
	if c.Op.Answered {
		out.Size = &c.Op.ResponseSize
	}
	return out
}
