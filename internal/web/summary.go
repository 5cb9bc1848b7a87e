package web

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

func summaryOf(log *runLog, now time.Time) api.Run {
	w := watch.NewWorld(now, 30*time.Second)
	out := api.Run{ID: log.id, Client: "client unknown", Began: log.order[0].Launched}
	for _, s := range log.order {
		one := watch.Session{Session: s.Session}
		until := one.Until(now)
		out.Until = watch.Later(until, out.Until)
		text, color := one.Ending()
		sums := one.Sums(w)
		as := api.Session{Name: s.Name, Number: 1, Server: one.Title(), Release: view.Steady(s.Server.Version), Live: one.State == "live",
			Began: s.Launched, Until: until, End: api.End{Text: text, Tone: toneOf(color), Mark: "tick"}, Trouble: one.Trouble(),
			Sums: api.Sums{Calls: sums.Calls, Failed: sums.Failed, Hung: sums.Hung, P95: &sums.P95, Received: sums.Received}}
		if as.Live {
			as.End.Mark = "open"
			out.Live = true
		}
		out.End = as.End
		if c := one.ClientTitle(); c != "" {
			out.Client = c
		}
		out.Calls, out.Failed, out.Hung, out.Received = out.Calls+as.Calls, out.Failed+as.Failed, out.Hung+as.Hung, out.Received+as.Received
		out.Sessions = append(out.Sessions, as)
	}
	return out
}
