package web

import (
	"cmp"
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

// stoodOut returns what stood out lately, the latest first. Of what one tool did again and again, only the last is there.
func stoodOut(w *watch.World) []api.Alert {
	all := attention(w)
	last := map[[2]string]int{} // by subject and kind: its place in all
	add := func(kind string, a api.Alert) {
		key := [2]string{a.Session + " " + a.Subject, kind}
		at, known := last[key]
		switch {
		case w.Now.Sub(a.At) > stoodOutFor:
		case !known:
			last[key] = len(all)
			all = append(all, a)
		case a.At.After(all[at].At):
			all[at] = a
		}
	}
	for _, s := range w.Sessions {
		for _, n := range s.Noted {
			if f, ok := n.(record.Finding); ok && !f.Kind.OfPast() { // the others need a look
				add(string(f.Kind), api.Alert{
					Word: "Unusual", Tone: api.Late, Subject: s.AboutFinding(f), Text: watch.RestOfFinding(f), At: f.Time,
					Place: placeIn(s, f.Operation),
				})
			}
		}
	}
	for _, c := range w.Ended {
		if kind, text := remarkable(c); text != "" {
			add(kind, api.Alert{
				Word: "Unusual", Tone: api.Late, Subject: c.Session.Title() + " " + c.Name(), Text: text, At: c.Op.End,
				Place: placeIn(c.Session, c.Op.Number),
			})
		}
	}
	slices.SortStableFunc(all, func(a, b api.Alert) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Session, b.Session), strings.Compare(a.Subject, b.Subject), strings.Compare(a.Text, b.Text))
	})
	return all[:min(len(all), mostStoodOut)]
}

// remarkable returns what there is to say of a call that has ended, and what kind of thing that is.
func remarkable(c *watch.Call) (kind, text string) {
	switch o := c.Outcome(); {
	case o.Late > 0:
		return "late", fmt.Sprintf("answered %s after the client had given up; the answer was thrown away.", view.Duration(o.Late))
	case o.Tokens > 0:
		return "large", "returned " + view.SomeTokens(o.Tokens) + "."
	case c.Op.Hung && c.Op.Answered:
		return "hung", fmt.Sprintf("hung, and was answered after %s.", view.Duration(c.Op.Duration))
	}
	return "", ""
}
