package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

const (
	mostRemarks = 200
	mostNamed   = 3 // servers that a remark names; of more, it has the number
)

// remark is what is said of sessions of a run.
type remark struct {
	view.Remark
	servers []string // to be named before the text
}

// remarks returns what needs a look in a run: failures first, and the latest first among these and among the others. What is so
// with several servers is one remark.
func (l *runLog) remarks(now time.Time) []api.Remark {
	out := []api.Remark{}
	for _, m := range folded(l.allRemarks(now)) {
		out = append(out, api.Remark{Text: m.text(), Tone: toneOf(m.Color)})
	}
	if n := len(out) - mostRemarks; n > 0 {
		out = append(out[:mostRemarks], api.Remark{Text: view.Plural(n, "remark") + " left out.", Tone: api.Late})
	}
	return out
}

// allRemarks returns what needs a look in each session, in the order in which it is shown.
func (l *runLog) allRemarks(now time.Time) (all []*remark) {
	for _, one := range l.order {
		var servers []string
		if len(l.order) > 1 {
			servers = []string{one.title()}
		}
		for _, m := range one.records(now).Remarks() {
			if tone := toneOf(m.Color); tone != api.Quiet && tone != api.Ok {
				all = append(all, &remark{m, slices.Clone(servers)})
			}
		}
		for _, text := range one.problems() {
			all = append(all, &remark{view.Remark{Text: text, Color: view.Yellow}, []string{one.title()}})
		}
	}
	rank := func(m *remark) int {
		if toneOf(m.Color) == api.Bad {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b *remark) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), b.Time.Compare(a.Time)) })
	return all
}

// folded returns one remark for each text.
func folded(all []*remark) (out []*remark) {
	known := map[view.Remark]*remark{}
	for _, m := range all {
		key := view.Remark{Text: m.Text, Color: m.Color}
		same := known[key]
		if same == nil {
			known[key], out = m, append(out, m)
			continue
		}
		for _, server := range m.servers {
			if !slices.Contains(same.servers, server) {
				same.servers = append(same.servers, server)
			}
		}
	}
	return out
}

// text returns the remark with the servers that it is about.
func (m *remark) text() string {
	switch {
	case len(m.servers) == 0:
		return m.Text
	case len(m.servers) > mostNamed:
		return fmt.Sprintf("%d servers: %s", len(m.servers), m.Text)
	}
	return strings.Join(m.servers, ", ") + ": " + m.Text
}
