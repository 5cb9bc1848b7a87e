package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Bounds of what is shown unless all is wanted: it should fit a screen.
const (
	shownRows      = 12
	shownSentences = 3
	pipeColumns    = 80 // where there is no terminal, sentences are folded here
)

// Text writes the report as a table, with sentences above and below; with all, all of them.
func (r *Report) Text(w io.Writer, s *view.Screen, all bool) error {
	width := s.Columns
	if width == 0 {
		width = pipeColumns
	}
	var out strings.Builder
	for _, sentence := range r.heading(s.Zone) {
		out.WriteString(view.Fold(sentence, "", width) + "\n")
	}
	rows := r.Rows
	if !all && len(rows) > shownRows+1 && r.By != ByDay { // a line that says "1 more" is no shorter than the row
		rows = rows[:shownRows]
	}
	if len(rows) > 0 {
		out.WriteString("\n")
	}
	r.table(&out, rows, s)
	if more := len(r.Rows) - len(rows); more > 0 {
		fmt.Fprintf(&out, "%s more: --all\n", view.Number(more))
	}
	t := teller{Report: r, zone: s.Zone, whole: all}
	if s.Columns > 0 {
		t.names = max(leastName, s.Columns/2)
	}
	t.sentences(&out, width)
	if strings.Contains(out.String(), "≈") {
		out.WriteString("\n" + view.TokensNote + "\n")
	}
	_, err := io.WriteString(w, s.Text(out.String()))
	return err
}

// heading returns what the whole report comes to.
func (r *Report) heading(l *time.Location) []string {
	now, before := Window{Since: r.Since, Until: r.Until}.words(l)
	t := &r.Total
	text := fmt.Sprintf("%s: %s in %s", now, r.calls(), view.Plural(r.Sessions, "session"))
	if t.Calls > 0 {
		text += fmt.Sprintf(", %s failed", view.Share(t.Failed, t.Calls))
	}
	past := "Nothing is stored from t" + before[1:] + "."
	switch {
	case t.Before != nil:
		past = fmt.Sprintf("%s: %s, %s failed", before, view.Plural(t.Before.Calls, "call"),
			view.Share(t.Before.Failed, t.Before.Calls))
		if r.Stored.After(r.Before) {
			past += "; nothing is stored from before " + When(r.Stored.In(l), r.Until.In(l))
		}
		past += "."
	case !r.Stored.IsZero() && r.Stored.Before(r.Since):
		past = before + ": no calls."
	}
	return []string{text + ".", past + " Cancelled calls and bad requests are not counted as failed."}
}

// calls returns the number of calls, and of what they were of.
func (r *Report) calls() string {
	text := view.Plural(r.Total.Calls, "call")
	if r.Called > 0 && r.By != ByDay {
		text += " of " + view.Plural(r.Called, string(r.By))
	}
	return text
}

// words returns what a person calls the window, and the one before.
func (w Window) words(l *time.Location) (now, before string) {
	since, until := w.Since.In(l), w.Until.In(l)
	length := until.Sub(since)
	for days := int(length/(24*time.Hour)) - 1; days <= int(length/(24*time.Hour))+1; days++ {
		if days > 0 && until.AddDate(0, 0, -days).Equal(since) { // also where the clocks were changed meanwhile
			return "Last " + units(days, "day"), "The " + units(days, "day") + " before"
		}
	}
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int(length / unit.length); length%unit.length == 0 && length < 96*unit.length {
			return "Last " + units(n, unit.name), "The " + units(n, unit.name) + " before"
		}
	}
	return "Since " + When(since, until), "The time before"
}

// During returns when the window is, as a part of a sentence: "in the last 7 days", "since today at 14:20".
func (w Window) During(l *time.Location) string {
	now, _ := w.words(l)
	if rest, ok := strings.CutPrefix(now, "Last "); ok {
		return "in the last " + rest
	}
	return "s" + now[1:]
}

// units returns "hour", or "2 hours".
func units(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// When returns a time as a person near to now says it: "today at 14:20", "Tue 24 Nov at 09:31". Both have the time zone to
// say it in.
func When(t, now time.Time) string { return Day(t, now) + " at " + t.Format("15:04") }

// Day returns a date as a person near to now says it: "today", "yesterday", "Tue 24 Nov", "2 Jan 2006". Both times have the
// time zone to say it in.
func Day(t, now time.Time) string {
	switch day := dayOf(t); {
	case day == dayOf(now):
		return "today"
	case day.next() == dayOf(now):
		return "yesterday"
	case t.Year() == now.Year():
		return t.Format("Mon 2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// sentences writes what is worth a look, below the table.
func (t *teller) sentences(out *strings.Builder, width int) {
	t.remarks()
	labels, counts := 0, 3
	for _, one := range t.said {
		labels, counts = max(labels, len(one.label)), max(counts, len(one.count))
	}
	if len(t.said) > 0 {
		out.WriteString("\n")
	}
	indent := strings.Repeat(" ", labels+1+counts+2)
	for i, one := range t.said {
		label := one.label
		if i > 0 && label == t.said[i-1].label {
			label = ""
		}
		text := fmt.Sprintf("%-*s %s  %s", labels, label, view.PadLeft(one.count, counts), view.Fold(one.text, indent, width))
		out.WriteString(text + "\n")
	}
}

// remark is a sentence below the table.
type remark struct{ label, count, text string }

// teller makes the sentences below the table.
type teller struct {
	*Report
	zone  *time.Location
	whole bool // all of them
	names int  // columns of a name; 0 is no limit
	said  []remark
}

// name returns a name as a sentence has room for it.
func (t *teller) name(text string) string {
	if text = view.Safe(text); t.names > 0 {
		return view.Cut(text, t.names)
	}
	return text
}

// call returns what a name names.
func (t *teller) call(n *Name) string {
	return strings.TrimSpace(t.name(n.Server) + " " + t.name(n.Target()))
}

// tell appends a sentence.
func (t *teller) tell(label, count, text string) { t.said = append(t.said, remark{label, count, text}) }

// each appends sentences of one label: a few of them, or all.
func (t *teller) each(label string, n int, f func(i int) (count, text string)) {
	shown := n
	if !t.whole && n > shownSentences+1 {
		shown = shownSentences
	}
	for i := range shown {
		count, text := f(i)
		t.tell(label, count, text)
	}
	if n > shown {
		t.tell(label, "", view.Number(n-shown)+" more: --all")
	}
}

// remarks makes the sentences that belong to a kind of report.
func (t *teller) remarks() {
	if !t.By.targets() {
		return
	}
	t.each("Hung", len(t.Hung), func(i int) (string, string) {
		h := &t.Hung[i]
		text := t.call(&h.Name)
		if h.Now > 0 {
			text += fmt.Sprintf(", %s of them now", view.Number(h.Now))
		}
		if why := h.Why(); why != "" {
			text += ": " + why
		}
		return view.Number(h.Count), text
	})
	t.each("Slower", len(t.Slower), func(i int) (string, string) {
		s := &t.Slower[i]
		return "", fmt.Sprintf("%s: p95 %s, was %s", t.call(&s.Name), duration(s.P95), duration(s.P95Before))
	})
	t.unusual()
	t.errors("Errors", t.Errors)
	t.errors("Bad requests", t.BadRequests)
	if t.By == ByTool {
		t.sequences()
		t.listed()
		t.changes()
	}
}

// Why returns what the calls that hung were stuck in, the most frequent first: "server idle 2, client not reading".
func (h *Hung) Why() string {
	words := make([]string, 0, len(h.Stalls))
	for _, stall := range slices.SortedFunc(maps.Keys(h.Stalls), func(a, b record.Stall) int {
		return cmp.Or(cmp.Compare(h.Stalls[b], h.Stalls[a]), cmp.Compare(a, b))
	}) {
		word := view.StallWord(stall)
		if word == "" {
			continue
		}
		if n := h.Stalls[stall]; n > 1 {
			word += " " + view.Number(n)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func (t *teller) errors(label string, list []Error) {
	t.each(label, len(list), func(i int) (string, string) {
		e := &list[i]
		text := t.call(&e.Name)
		if e.Word != "" {
			text += ", " + t.name(e.Word)
		}
		return view.Number(e.Count), text + ", last " + When(e.Last.In(t.zone), t.Until.In(t.zone))
	})
}

// unusual tells what stood out.
func (t *teller) unusual() {
	t.each("Unusual", len(t.Unusual), func(i int) (string, string) {
		u := &t.Unusual[i]
		text := t.name(u.Server) + " " + t.name(u.target()) + ": " + strings.ReplaceAll(t.name(u.Kind), "_", " ")
		if u.From != "" {
			text += " after " + t.name(u.From)
		}
		return view.Number(u.Count), text + ", last " + When(u.Last.In(t.zone), t.Until.In(t.zone))
	})
}

func (t *teller) sequences() {
	t.each("Sequences", len(t.Sequences), func(i int) (string, string) {
		s := &t.Sequences[i]
		return view.Number(s.Count), t.name(s.Server) + " " + t.list(s.Tools, " → ")
	})
}

// list returns names in a row.
func (t *teller) list(names []string, between string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = t.name(name)
	}
	return strings.Join(shown, between)
}

// listed tells about the tools that servers list, and what tokens cost.
func (t *teller) listed() {
	tools := t.Total.Tools
	if tools != nil {
		t.tell("Listed", view.Number(tools.Listed), fmt.Sprintf("%s, %s of definitions", toolWord(tools.Listed), view.Size(tools.DefinitionSize)))
	}
	t.context()
	if tools == nil || tools.Never == 0 {
		return
	}
	text := toolWord(tools.Never) + " listed and never called"
	if most := t.NeverCalled[0]; len(t.NeverCalled) > 1 {
		text += fmt.Sprintf(", %s of them in %s", view.Number(len(most.Tools)), t.name(most.Server))
	}
	t.tell("Never", view.Number(tools.Never), text)
	if t.whole {
		for _, one := range t.NeverCalled {
			t.tell("Never", view.Number(len(one.Tools)), t.name(one.Server)+": "+t.list(one.Tools, ", "))
		}
	}
}

// context tells what the definitions cost a model's context.
func (t *teller) context() {
	if n := t.Total.contextTokens(); n != nil {
		t.tell("Context", "", view.Tokens(*n)+" tokens of definitions and instructions in every conversation")
	}
	t.each("Dear", len(t.Definitions), func(i int) (string, string) {
		d := &t.Definitions[i]
		calls := "never called"
		if d.Calls > 0 {
			calls = view.Plural(d.Calls, "call")
		}
		return "", fmt.Sprintf("%s %s: %s tokens, %s", t.name(d.Server), t.name(d.Tool), view.Tokens(d.Tokens), calls)
	})
	t.each("Cut", len(t.Cut), func(i int) (string, string) {
		c := &t.Cut[i]
		what := []string{}
		if len(c.Tools) > 0 {
			what = append(what, "the descriptions of "+t.list(c.Tools, ", "))
		}
		if c.Instructions {
			what = append(what, "the instructions")
		}
		return view.Number(len(c.Tools)), fmt.Sprintf("%s cuts at 2 kB, of %s: %s", t.name(c.Client), t.name(c.Server),
			strings.Join(what, " and "))
	})
	if c := t.Cost; c != nil {
		t.tell("Cost", "", fmt.Sprintf("≈%s for results, ≈%s for definitions, each counted once, at %s a million tokens",
			c.money(c.Results), c.money(c.Definitions), c.money(c.Price)))
	}
}

// changes tells of the definitions that have changed.
func (t *teller) changes() {
	t.each("Changed", len(t.Changed), func(i int) (string, string) {
		c := &t.Changed[i]
		what := string(c.Change)
		if c.Change == record.DefinitionChanged {
			what = (&record.DefinitionChange{Parts: c.Parts}).PartsText()
		}
		return view.Number(c.Count), t.name(c.Server) + " " + t.name(view.DefinitionName(c.Kind, c.Name)) + ", " +
			Day(c.Last.In(t.zone), t.Until.In(t.zone)) + ": " + view.Safe(what)
	})
}

func toolWord(n int) string {
	if n == 1 {
		return "tool"
	}
	return "tools"
}
