package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	stoodOutFor  = time.Hour
	mostStoodOut = 50
)

// stoodOut returns what stood out lately, the latest first.
func stoodOut(w *watch.World) []api.Alert {
	all := attention(w)
	for _, s := range w.Sessions {
		for _, n := range s.Noted {
			if f, ok := n.(record.Finding); ok && !f.Kind.OfPast() { // the others need a look
				all = append(all, api.Alert{
					ID: fmt.Sprintf("%s/%s/%d", s.Name, f.Kind, f.Time.UnixNano()), Word: "Unusual", Tone: api.Late,
					Subject: s.Title(), Text: view.Finding(f), At: f.Time, Place: placeIn(s, f.Operation),
				})
			}
		}
	}
	for _, c := range slices.Backward(w.Ended) {
		if w.Now.Sub(c.Op.End) > stoodOutFor {
			break
		}
		if text := remarkable(c); text != "" {
			all = append(all, api.Alert{
				ID: c.ID() + "/ended", Word: "Unusual", Tone: api.Late, Subject: c.Session.Title() + " " + c.Name(), Text: text,
				At: c.Op.End, Place: placeIn(c.Session, c.Op.Number),
			})
		}
	}
	all = slices.DeleteFunc(all, func(a api.Alert) bool { return w.Now.Sub(a.At) > stoodOutFor })
	slices.SortStableFunc(all, func(a, b api.Alert) int {
		if order := b.At.Compare(a.At); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all[:min(len(all), mostStoodOut)]
}

// remarkable returns what there is to say of a call that has ended.
func remarkable(c *watch.Call) string {
	switch o := c.Outcome(); {
	case o.Late > 0:
		return fmt.Sprintf("answered %s after the client had given up; the answer was thrown away.", view.Duration(o.Late))
	case o.Tokens > 0:
		return "returned " + view.SomeTokens(o.Tokens) + "."
	case c.Op.Hung && c.Op.Answered:
		return fmt.Sprintf("hung, and was answered after %s.", view.Duration(c.Op.Duration))
	}
	return ""
}
