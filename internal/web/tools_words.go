package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// This file has the sentences of the view of tools.

// largeResult is how many tokens Claude Code passes on of a result: more make it a large one.
const largeResult = 25_000

// summary says what the rows are about.
func (f *figures) summary() string {
	calls, of := 0, map[string]int{}
	for i := range f.rows {
		calls += f.rows[i].Calls
		of[f.rows[i].Kind]++
	}
	text := view.Plural(calls, "call")
	var parts []string
	for _, k := range []string{kindTool, kindPrompt, kindResource, kindServer, kindClient} {
		if n := of[k]; n > 0 {
			parts = append(parts, view.Plural(n, k))
		}
	}
	if last := len(parts) - 1; last > 0 {
		parts = []string{strings.Join(parts[:last], ", ") + " and " + parts[last]}
	}
	if len(parts) > 0 {
		text += " of " + parts[0]
	}
	text += ", " + f.during()
	if !f.filter.Empty() {
		terms := make([]string, len(f.filter.Terms))
		for i, t := range f.filter.Terms {
			terms[i] = view.Steady(t.Text)
		}
		text += ", " + strings.Join(terms, " ")
	}
	text += "."
	if calls > 0 {
		text += " Failed leaves out cancelled calls and bad requests; Result is in tokens, p95."
	}
	for i := range f.filter.Terms {
		switch t := &f.filter.Terms[i]; {
		case t.Field() == "status" && slices.Contains(ofSessions, t.Value()):
			text += " " + view.Steady(t.Text) + " is not known of calls here."
		case t.Field() == notOfCalls.Name:
			text += " " + view.Steady(t.Text) + " has no effect here."
		}
	}
	if n := int(f.leftOut.Load()); n > 0 {
		text += " " + view.Plural(n, "more call") + " left out: a shorter time has them."
	}
	return text
}

// ofSessions are the words of status that digests do not have of a call.
var ofSessions = []string{"live", "closed", "crashed", "killed", "never-started", "changed"}

// during returns the length of the window.
func (f *figures) during() string {
	switch d := f.until.Truncate(time.Minute).Sub(f.since); {
	case f.since.Year() <= 1:
		return "all that is stored"
	case d >= 47*time.Hour:
		return view.Plural(int((d+12*time.Hour)/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return view.Plural(int((d+30*time.Minute)/time.Hour), "hour")
	default:
		return view.Plural(int(d/time.Minute), "minute")
	}
}

// excluding returns the term without which the most calls would be there; nil if there is none.
func (f *figures) excluding() *api.Excluding {
	best := -1
	for i := range f.without {
		if n := f.without[i].Load(); n > 0 && (best < 0 || n > f.without[best].Load()) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return &api.Excluding{
		Term: view.Steady(f.filter.Terms[best].Text), Without: f.filter.Without(best).Text, Matches: int(f.without[best].Load()),
	}
}

// command adds to a command of "spanpipe report" what it has of the window and the filter.
func (f *figures) command(text, since string) string {
	if since != "" {
		text += " --since " + shellWord(since)
	}
	for i := range f.filter.Terms {
		t := &f.filter.Terms[i]
		field, value := t.Field(), t.Value()
		switch {
		case t.Not:
		case (field == kindServer || field == kindClient) && value != "" && !strings.Contains(text, "--"+field+" "):
			if !strings.Contains(value, "*") {
				value = "*" + value + "*"
			}
			text += " --" + field + " " + shellWord(patternOf(value))
		case field == "status" && value == "failed":
			text += " --failed"
		}
	}
	return text
}

// remark says what stands out of a row; nil if nothing does.
func (f *figures) remark(r *figuresRow) *api.Remark {
	now := f.until
	failing, since := f.failing(r)
	switch {
	case r.hungNow > 0 && r.hungNow == r.Hung:
		return &api.Remark{Text: view.Number(r.Hung) + " hung now", Tone: api.Bad}
	case r.hungNow > 0:
		return &api.Remark{Text: fmt.Sprintf("%s hung, %s of them now", view.Number(r.Hung), view.Number(r.hungNow)), Tone: api.Bad}
	case failing != "":
		return &api.Remark{Text: failing + " since " + clock(since, now), Tone: api.Bad}
	case r.timedOut > 0:
		return &api.Remark{Text: view.Number(r.timedOut) + " timed out" + r.answeredLate(), Tone: api.Bad}
	case r.Hung > 0:
		return &api.Remark{Text: view.Number(r.Hung) + " hung", Tone: api.Bad}
	case r.change != nil:
		return &api.Remark{Text: "Δ definition changed", Tone: api.Late}
	case r.slower != nil:
		return &api.Remark{Text: "slower: p95 was " + secondsText(r.slower.P95Before), Tone: api.Late}
	case r.large > 0:
		return &api.Remark{Text: view.Plural(r.large, "result") + " over 25k", Tone: api.Late}
	}
	if waits := waitsOf(r.calls); len(waits) > 0 && 2*len(waits) >= r.Calls {
		return &api.Remark{Text: "waits for you: p50 " + view.Duration(median(waits)), Tone: api.Person}
	}
	switch {
	case r.badRequests > 0:
		return &api.Remark{Text: view.Plural(r.badRequests, "bad request"), Tone: api.Late}
	case r.cancelled > 0:
		return &api.Remark{Text: view.Number(r.cancelled) + " cancelled", Tone: api.Gone}
	}
	return nil
}

// answeredLate says how many of the calls that timed out were answered later.
func (r *figuresRow) answeredLate() string {
	n := 0
	for _, c := range r.calls {
		if c.is(lateCall) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s late", view.Number(n))
}

// When a row counts as failing, as alerts have it: of its last calls, so many failed.
const (
	lastCalls   = 5
	failingFrom = 3
)

// failing returns what goes wrong with the last calls of a row and since when, if more than half of the calls since then failed.
// It is not known where the filter chooses calls by how they went.
func (f *figures) failing(r *figuresRow) (word string, since time.Time) {
	if chosen := f.filter.About("status", "limit"); !chosen.Empty() {
		return "", time.Time{}
	}
	last := r.calls[max(0, len(r.calls)-lastCalls):]
	failed := 0
	for _, c := range last {
		if c.is(failedCall) {
			failed++
		}
	}
	if failed < failingFrom {
		return "", time.Time{}
	}
	words := map[int32]int{}
	failed = 0
	for n, c := range slices.Backward(r.calls) {
		if c.is(failedCall) {
			failed++
			words[c.word]++
			since = f.time(c.start)
		}
		if all := len(r.calls) - n; all >= lastCalls && 2*failed <= all {
			break
		}
	}
	return f.mostly(words), since
}

// mostly returns the most frequent word.
func (f *figures) mostly(words map[int32]int) (word string) {
	most := 0
	for w, n := range words {
		if text := f.words.all[w]; n > most || n == most && text < word {
			word, most = text, n
		}
	}
	return word
}

func (f *figures) time(ns int64) time.Time { return time.Unix(0, ns).In(f.until.Location()) }

// waitsOf returns for how long a person was waited for, in the calls in which one was.
func waitsOf(calls []*call) (all []time.Duration) {
	for _, c := range calls {
		if c.is(askedCall) {
			all = append(all, time.Duration(c.end-c.start-c.took))
		}
	}
	return all
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// clock returns a time of day, with the date unless it is today's.
func clock(t, now time.Time) string {
	if day := report.Day(t, now); day != "today" {
		return day + " " + t.Format("15:04")
	}
	return t.Format("15:04")
}

func secondsText(s float64) string { return view.Duration(time.Duration(s * float64(time.Second))) }
