package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// sinceAll is the value of the parameter "since" that stands for everything that is stored.
const sinceAll = "all"

// since reads the parameter "since": an age (7d, 90m), a time of RFC 3339, or "all". Without it, it is that of the command line.
func (s *source) since(r *http.Request) (time.Time, error) {
	text := cmp.Or(r.URL.Query().Get("since"), s.config.Since)
	if text == "" || text == sinceAll {
		return time.Time{}, nil
	}
	if age, err := store.ParseAge(text); err == nil {
		return s.now().Add(-age), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, wrong("since="+view.Safe(text)+" is no time", "want an age, such as 7d or 90m, a time, such as 2026-11-25T16:00:00Z, or all")
	}
	return at.In(s.config.Zone), nil
}

// sinceFlag returns the value of --since with which a command shows the time that a request is about; empty for the command's own.
// No command knows "all": digests, which are what is kept the longest, are as old as that at most.
func (s *source) sinceFlag(r *http.Request) string {
	text := cmp.Or(r.URL.Query().Get("since"), s.config.Since)
	if text == sinceAll {
		return fmt.Sprintf("%dd", store.DigestAge/(24*time.Hour))
	}
	return text
}

// filterOf reads the parameter "filter", which may have terms that one list alone has.
func filterOf(r *http.Request, more ...watch.Field) (watch.Filter, error) {
	text := r.URL.Query().Get("filter")
	if len(text) > mostFilter {
		return watch.Filter{}, wrong(fmt.Sprintf("the filter is longer than %d bytes", mostFilter), "leave out some of its terms")
	}
	f, err := watch.ParseFilter(text, more...)
	if err == nil {
		return f, nil
	}
	term := text
	for word := range strings.FieldsSeq(text) { // the first that is invalid by itself
		if _, err := watch.ParseFilter(word, more...); err != nil {
			term = word
			break
		}
	}
	refused := refusal(http.StatusBadRequest, view.Safe(err.Error()), "")
	refused.Term = term
	return watch.Filter{}, refused
}

// mostFilter bounds a filter: each of its terms is looked for in each row.
const mostFilter = 1000

// limit reads the parameter "limit": how many rows are asked for.
func limit(r *http.Request, usual, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, wrong("limit="+view.Safe(text)+" is no number of rows", fmt.Sprintf("want 1 to %d", most))
	}
	return min(n, most), nil
}
