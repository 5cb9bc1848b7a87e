package top

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Talk is the view without a screen: it says what changes in sentences that are complete when read aloud, and answers
// to words. Its methods must not be called at the same time.
type Talk struct {
	m        *Model
	quiet    bool // says only what fails or hangs
	greeted  bool
	filter   watch.Filter
	rest     []string // what "next" says
	awaits   string   // the session whose detail was asked for
	number   uint64   // and the call; 0 for all
	awaiting string   // "tools", while the stored sessions are read
}

// NewTalk returns a view that knows no session yet. A quiet one says only what fails or hangs.
func NewTalk(c Config, quiet bool) *Talk {
	t := &Talk{m: New(c), quiet: quiet}
	t.filter, _ = watch.ParseFilter(c.Filter)
	return t
}

// Model returns what the view knows, which asks for what it lacks.
func (t *Talk) Model() *Model { return t.m }

// Take takes an event and returns what there is to say.
func (t *Talk) Take(e watch.Event) []string {
	var said []string
	switch e := e.(type) {
	case watch.Changed:
		said = t.changed(store.Session(e))
	case watch.Operation:
		t.m.Take(e)
		return t.operation(e)
	case watch.Trouble:
		said = []string{string(e) + "."}
	}
	t.m.Take(e)
	switch e := e.(type) {
	case watch.Detail:
		said = append(said, t.detail(e)...)
	case *watch.Tally:
		if t.awaiting != "" {
			t.awaiting = ""
			said = append(said, t.tools()...)
		}
	}
	return said
}

// Greeting says how things stand. It comes once, after the listing.
func (t *Talk) Greeting() []string {
	if t.greeted || !t.m.listed {
		return nil
	}
	t.greeted = true
	w := t.m.world
	if len(w.Sessions) == 0 {
		return []string{
			"No sessions are stored in " + view.Steady(t.m.config.Dir) + ". One appears as soon as a client starts a server " +
				"through spanpipe with SPANPIPE_TELEMETRY=local. To put it in front of your servers: spanpipe install.",
		}
	}
	live, clients := 0, map[*watch.Run]bool{}
	for _, s := range w.Sessions {
		if s.State == store.Live {
			live++
			clients[s.InRun] = true
		}
	}
	said := []string{fmt.Sprintf("%s live, of %s. %s open, %d of them hung.", isAre(live, "session"),
		plural(len(clients), "client"), isAre(len(w.Open), "operation"), w.HungNow())}
	for _, a := range w.Alerts() {
		said = append(said, a.Word+": "+a.Long)
	}
	return said
}

func isAre(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return view.Number(n) + " " + noun + "s are"
}

// changed says that a session has come or gone.
func (t *Talk) changed(s store.Session) []string {
	old, known := t.m.world.Sessions[s.Name]
	if t.quiet || !t.greeted || !t.filter.Matches(about(&watch.Session{Session: s})) {
		return nil
	}
	name := cmp.Or(view.Steady(s.ServerName()), "unnamed")
	client := cmp.Or(view.Steady(s.Client.Name), "an unknown client")
	switch {
	case !known && s.State == store.Live:
		return []string{t.at(s.Launched) + " started: " + name + "."}
	case known && old.State == store.Live && s.State != store.Live:
		word, _ := (&watch.Session{Session: s}).Ending()
		return []string{fmt.Sprintf("%s ended: %s, in %s, %s.", t.at(cmpTime(s.Ended, t.m.clock)), name, client, word)}
	}
	return nil
}

// about is what a filter looks at of a session that is not known yet.
func about(s *watch.Session) *watch.Subject {
	return &watch.Subject{Servers: []string{s.ServerName(), s.Service}, Clients: []string{s.Client.Name}}
}

func cmpTime(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}

func (t *Talk) at(when time.Time) string { return when.In(t.m.clock.Location()).Format("15:04:05") }

// operation says that a call has ended, or hangs.
func (t *Talk) operation(e watch.Operation) []string {
	s := t.m.world.Sessions[e.Session]
	if s == nil || e.Before || !t.greeted {
		return nil
	}
	c := &watch.Call{Session: s, Op: e.Record}
	o := view.OutcomeOf(&e.Record)
	if o.Ending == view.Open || t.quiet && !isBad(o) || !t.filter.Matches(c.Subject(o, t.m.clock)) {
		return nil
	}
	if o.Ending == view.Hung {
		line := fmt.Sprintf("%s hung for %s: %s, %s, in %s. %s", t.at(t.m.clock), aloud(c.Took(t.m.clock)), s.Title(),
			c.Name(), cmp.Or(view.Steady(s.Client.Name), "an unknown client"), view.StallOf(&e.Record).Short())
		return []string{strings.TrimSpace(line)}
	}
	asked := ""
	if e.Record.Direction == record.ToClient {
		asked = "asked by "
	}
	return []string{fmt.Sprintf("%s %s: %s%s, %s, %s.", t.at(e.Record.End), o.Long(), asked, s.Title(), c.Name(),
		aloud(e.Record.Duration))}
}

// aloud formats a duration to be read aloud: 310 milliseconds, 4 minutes 1 second.
func aloud(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than a millisecond"
	case d.Round(time.Millisecond) < time.Second:
		return plural(int(d.Round(time.Millisecond).Milliseconds()), "millisecond")
	case d < 10*time.Second:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", d.Seconds()), "0"), ".") + " seconds"
	case d.Round(time.Second) < time.Minute:
		return plural(int(d.Round(time.Second)/time.Second), "second")
	case d < time.Hour:
		d = d.Round(time.Second)
		minutes, seconds := plural(int(d/time.Minute), "minute"), plural(int(d%time.Minute/time.Second), "second")
		return strings.TrimSuffix(minutes+" "+seconds, " 0 seconds")
	}
	d = d.Round(time.Minute)
	return plural(int(d/time.Hour), "hour") + " " + plural(int(d%time.Hour/time.Minute), "minute")
}

// talkHelp lists the commands.
var talkHelp = []string{
	"sessions, tools, live: list a view. next: more of it.",
	"show 1: a session. show 1 42: an operation. look: what needs a look.",
	"filter WORDS, such as filter server:github failed; filter alone drops it.",
	"quiet: say only what fails or hangs. all: say everything. quit.",
}

// Command answers to a line that a person has typed.
func (t *Talk) Command(line string) (said []string, quit bool) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, false
	}
	switch strings.ToLower(words[0]) {
	case "quit", "q", "exit":
		return nil, true
	case "help", "?":
		return talkHelp, false
	case "sessions":
		return t.list(t.sessions()), false
	case "tools":
		return t.askTools(), false
	case "live":
		return t.list(t.live()), false
	case "look":
		return t.list(t.look()), false
	case "next":
		return t.list(orNothing(t.rest, "That was all.")), false
	case "show":
		return t.show(words[1:]), false
	case "filter", "only":
		return t.setFilter(strings.Join(words[1:], " ")), false
	case "quiet":
		t.quiet = true
		return []string{"Only what fails or hangs is said. To hear everything, type all."}, false
	case "all":
		t.quiet = false
		return []string{"Everything is said."}, false
	}
	return []string{fmt.Sprintf("There is no command %s. Type help for the commands.", view.Steady(words[0]))}, false
}

// list says the first few sentences, and keeps the rest for "next".
func (t *Talk) list(all []string) []string {
	const most = 5
	n := min(len(all), most)
	if t.rest = all[n:]; len(t.rest) > 0 {
		return append(slices.Clone(all[:n]), fmt.Sprintf("%d more: type next.", len(t.rest)))
	}
	return all[:n]
}

func (t *Talk) setFilter(text string) []string {
	f, err := watch.ParseFilter(text)
	if err != nil {
		return []string{view.Steady(err.Error())}
	}
	if t.filter = f; f.Text == "" {
		return []string{"No filter."}
	}
	return []string{"Only what matches " + view.Steady(f.Text) + "."}
}

func (t *Talk) sessions() []string {
	w := t.m.world
	var all []string
	for _, r := range w.Runs {
		for _, s := range r.Sessions {
			if !t.filter.Matches(s.Subject(w)) {
				continue
			}
			f := s.Sums(w)
			word, _ := s.Ending()
			said := fmt.Sprintf("Session %d: %s in %s, %s, %s long: %s.", s.Number, s.Title(),
				cmp.Or(view.Steady(s.Client.Name), "an unknown client"), word, aloud(s.Until(w.Now).Sub(s.Began())),
				f.Counts)
			if f.P95 > 0 {
				said += fmt.Sprintf(" 95 in 100 calls took at most %s.", aloud(time.Duration(f.P95*float64(time.Second))))
			}
			all = append(all, said)
		}
	}
	return orNothing(all, "No session matches.")
}

func orNothing(all []string, nothing string) []string {
	if len(all) == 0 {
		return []string{nothing}
	}
	return all
}

func (t *Talk) askTools() []string {
	if t.m.world.Tallied {
		return t.tools()
	}
	t.awaiting = "tools"
	t.m.world.Want(watch.WantTally, "")
	return nil
}

func (t *Talk) tools() []string {
	p := newToolsPane()
	p.update(t.m.world, &t.filter, true)
	var all []string
	for _, r := range p.shown {
		all = append(all, fmt.Sprintf("%s: %s, %d failed. 50 in 100 took at most %s, 95 at most %s.", r.label,
			plural(r.Calls, "call"), r.Failed, aloud(time.Duration(r.p50)), aloud(time.Duration(r.p95))))
	}
	return t.list(orNothing(all, "No tool was called."))
}

func (t *Talk) live() []string {
	w := t.m.world
	var all []string
	for _, c := range w.Open {
		if o := c.Outcome(); t.filter.Matches(c.Subject(o, w.Now)) {
			all = append(all, fmt.Sprintf("%s for %s: %s, %s.", o, aloud(c.Took(w.Now)), c.Session.Title(), c.Name()))
		}
	}
	return orNothing(all, "No operation is open.")
}

func (t *Talk) look() []string {
	var all []string
	for _, a := range t.m.world.Alerts() {
		all = append(all, a.Word+": "+a.Long)
	}
	return orNothing(all, "Nothing needs a look.")
}

// show asks for the records of a session.
func (t *Talk) show(words []string) []string {
	if len(words) == 0 {
		return []string{"show what? A number of a session, from: sessions."}
	}
	n, err := strconv.Atoi(words[0])
	names := t.m.Numbers()
	i := n - 1
	if err != nil || i < 0 || i >= len(names) || t.m.world.Sessions[names[i]] == nil {
		return []string{"There is no session " + view.Steady(words[0]) + "."}
	}
	t.number = 0
	if len(words) > 1 {
		if t.number, err = strconv.ParseUint(words[1], 10, 64); err != nil {
			return []string{"An operation is a number: show 1 42."}
		}
	}
	t.awaits = names[i]
	s := t.m.world.Sessions[names[i]]
	s.Operations = map[uint64]*watch.Call{}
	t.m.Done(watch.Want{Kind: watch.WantDetail, Session: s.Name})
	t.m.world.Want(watch.WantDetail, s.Name)
	return nil
}

// detail says what was read of a session.
func (t *Talk) detail(d watch.Detail) []string {
	s := t.m.world.Sessions[d.Session]
	if s == nil || d.Session != t.awaits {
		return nil
	}
	t.awaits = ""
	if d.Err != nil {
		return []string{"It cannot be read: " + view.Steady(d.Err.Error()) + "."}
	}
	w := t.m.world
	defer func() { s.Operations, s.Whole = nil, false }()
	if t.number > 0 {
		c := s.Operations[t.number]
		if c == nil {
			return []string{fmt.Sprintf("It has no operation %d.", t.number)}
		}
		return tell(w, c)
	}
	p := newTimeline(w, []*watch.Session{s})
	p.update(w, &t.filter, true)
	defer p.close(w)
	var all []string
	for _, r := range p.shown {
		if r.Note > 0 {
			continue
		}
		all = append(all, fmt.Sprintf("%d: %s, %s, %s.", r.Op.Number, r.Name(), r.outcome, aloud(r.Took(w.Now))))
	}
	return t.list(orNothing(all, "It has no operations that match."))
}

// tell says all of a call.
func tell(w *watch.World, c *watch.Call) []string {
	p := newCallPane(c, nil)
	o := c.Outcome()
	said := []string{
		fmt.Sprintf("Operation %d of %s: %s, %s.", c.Op.Number, c.Session.Title(), c.Name(), o.Long()),
		p.Sentence(w.Now, o),
	}
	for _, l := range p.facts(w, o, 1000) {
		said = append(said, strings.Join(strings.Fields(l.String()), " ")+".")
	}
	return append(said, p.Remarks()...)
}
