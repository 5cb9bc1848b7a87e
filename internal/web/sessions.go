package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

const (
	usualListed = 50
	mostListed  = 500
)

// sessions lists runs with those of their sessions that the filter lets through.
func (s *source) sessions(r *http.Request) (any, error) {
	since, err := s.since(r)
	if err != nil {
		return nil, err
	}
	var search contentSearch
	filter, err := filterOf(r, search.field())
	if err != nil {
		return nil, err
	}
	most, err := limit(r, usualListed, mostListed)
	if err != nil {
		return nil, err
	}
	after, err := parsePlace(r.URL.Query().Get("after"))
	if err != nil {
		return nil, err
	}
	unread, err := s.searched(r.Context(), &search, since)
	if err != nil {
		return nil, err
	}
	s.keeper.number()
	var out *api.Sessions
	s.keeper.during(r.Context(), func(*watch.World) {
		l := &sessionList{known: &s.keeper.known, since: store.Filter{Since: since}, filter: &filter}
		out = l.page(after, most)
	})
	out.Unsearched = unread
	out.Command = "spanpipe sessions"
	if since := s.sinceFlag(r); since != "" {
		out.Command += " --since " + since
	}
	return out, nil
}

// sessionList is the sessions that a request chooses.
type sessionList struct {
	*known
	since  store.Filter
	filter *watch.Filter
	runs   []*watch.Run
	shown  map[*watch.Run][]*watch.Session
}

// page returns so many runs behind a place.
func (l *sessionList) page(after *place, most int) *api.Sessions {
	w := l.world
	out := &api.Sessions{
		Reply: api.NewReply(w.Now), Attention: attention(w), Runs: []api.Run{},
	}
	if !l.filter.Empty() { // any word may be a tool's name
		w.Want(watch.WantTally, "")
		out.Reading = !w.Tallied
	}
	all := l.inTime()
	out.InTime, out.Facets = len(all), facets(w, all)
	if l.choose(all) == 0 && !l.filter.Empty() {
		out.Excluding = l.excluding(all)
	}
	for _, r := range l.runs {
		if after != nil && placeOf(r).compare(after) <= 0 {
			continue
		}
		if len(out.Runs) == most {
			out.Next = placeOf(l.runs[slices.Index(l.runs, r)-1]).String()
			break
		}
		for _, one := range l.shown[r] {
			if one.Strip == nil && one.Trouble() == "" {
				w.Want(watch.WantHistory, one.Name)
				out.Reading = true
			}
		}
		out.Runs = append(out.Runs, l.runOf(r, l.shown[r]))
	}
	return out
}

// inTime returns the sessions of the time that is asked for.
func (l *sessionList) inTime() (all []*watch.Session) {
	for _, r := range l.world.Runs {
		for _, s := range r.Sessions {
			if l.since.Session(&s.Session) {
				all = append(all, s)
			}
		}
	}
	return all
}

// choose chooses the runs that are shown, with their sessions, and returns how many sessions that are.
func (l *sessionList) choose(all []*watch.Session) (matched int) {
	l.runs, l.shown = nil, map[*watch.Run][]*watch.Session{}
	for _, s := range all {
		if !l.filter.Empty() && !l.filter.Matches(s.Subject(l.world)) {
			continue
		}
		if matched++; l.shown[s.InRun] == nil {
			l.runs = append(l.runs, s.InRun)
		}
		l.shown[s.InRun] = append(l.shown[s.InRun], s)
	}
	slices.SortStableFunc(l.runs, func(a, b *watch.Run) int { return placeOf(a).compare(placeOf(b)) })
	return matched
}

// excluding returns the term without which the most would match.
func (l *sessionList) excluding(all []*watch.Session) (best *api.Excluding) {
	filter := l.filter
	defer func() { l.filter = filter }()
	for i, t := range filter.Terms {
		without := filter.Without(i)
		l.filter = &without
		if n := l.choose(all); n > 0 && (best == nil || n > best.Matches) {
			best = &api.Excluding{Term: view.Steady(t.Text), Without: without.Text, Matches: n}
		}
	}
	l.runs = nil
	return best
}

// place is where a run stands in the list. It stays when others come.
type place struct {
	live   bool
	newest time.Time
	key    string
}

func placeOf(r *watch.Run) *place { return &place{r.Live(), r.Newest(), r.Key} }

// compare returns a negative number if p stands above q.
func (p *place) compare(q *place) int {
	if p.live != q.live {
		if p.live {
			return -1
		}
		return 1
	}
	return cmp.Or(q.newest.Compare(p.newest), strings.Compare(p.key, q.key))
}

// String returns it as a later request names it.
func (p *place) String() string {
	state := "ended"
	if p.live {
		state = "live"
	}
	return fmt.Sprintf("%s.%d.%s", state, p.newest.UnixNano(), p.key)
}

// parsePlace reads what String returns, and nil of nothing.
func parsePlace(text string) (*place, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // it is optional
	}
	state, rest, _ := strings.Cut(text, ".")
	at, key, ok := strings.Cut(rest, ".")
	var nanos int64
	if _, err := fmt.Sscanf(at, "%d", &nanos); err != nil || !ok || state != "live" && state != "ended" {
		return nil, wrong("after="+view.Safe(text)+" does not name a run", "leave it out to begin with the first page")
	}
	return &place{state == "live", time.Unix(0, nanos), key}, nil
}
