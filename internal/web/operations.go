package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// How many rows a page has.
const (
	usualRows = 5000
	mostInOne = 20_000
)

func (s *runSource) operations(r *http.Request) (any, error) {
	most, err := limit(r, usualRows, mostInOne)
	if err != nil {
		return nil, err
	}
	var after *row
	if text := r.URL.Query().Get("after"); text != "" {
		if after, err = parseCursor(text); err != nil {
			return nil, err
		}
	}
	var out *api.Operations
	err = s.readRun(r.Context(), r.PathValue("id"), func(log *runLog, now time.Time) error {
		out = log.page(after, most, now)
		return nil
	})
	return out, err
}

// page returns the rows behind one, in the order of their starts.
func (l *runLog) page(after *row, most int, now time.Time) *api.Operations {
	var open []*row
	left := 0
	for _, s := range l.order {
		open = append(open, s.open(now)...)
		left += s.leftOut()
	}
	slices.SortFunc(open, (*row).compare)
	ended := l.sorted
	if after != nil {
		ended, open = behind(ended, after), behind(open, after)
	}
	c := newColumns(l.id, l.order[0].Launched, now, min(most, len(ended)+len(open)))
	var last *row
	for range most {
		switch {
		case len(ended) == 0 && len(open) == 0:
			last = nil
		case len(open) == 0 || len(ended) > 0 && ended[0].compare(open[0]) < 0:
			last, ended = ended[0], ended[1:]
		default:
			last, open = open[0], open[1:]
		}
		if last == nil {
			break
		}
		c.add(last)
	}
	out := c.done()
	if out.LeftOut = left; last != nil && len(ended)+len(open) > 0 {
		out.Next = last.cursor()
	}
	return out
}

// behind returns the rows behind one.
func behind(all []*row, after *row) []*row {
	at, found := slices.BinarySearchFunc(all, after, (*row).compare)
	if found {
		at++
	}
	return all[at:]
}
