package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// Telemetry is what is known of where telemetry goes.
type Telemetry struct {
	Sinks   []string // of this shell; none: telemetry is off here
	Reasons []string // why
	Content []string // what content is captured here
	Policy  string   // the file of the fleet's policy; "" without one
	Broken  string   // why that cannot be used
	Store   Store

	Endpoint    string   // the variable that names a collector here; "" without one
	Veto        string   // why nothing may be sent, or ""
	Reached     []Signal // what was sent there
	DoNotTrack  bool
	Unhealthy   []string // live sessions that are not healthy, and why
	LiveChecked int      // live sessions with a page to ask
}

// Store is the directory of stored sessions.
type Store struct {
	Dir      string // as people read it; "" if there is none
	Missing  bool   // nothing has been stored yet
	Problem  string // why it cannot be read or written
	Size     int64
	Most     int64 // SPANPIPE_KEEP; 0: no limit
	Over     int64 // what "spanpipe prune" would remove to be below Most
	Free     int64 // on its disk; -1: not known
	Sessions int
}

// Signal is how an empty request of a signal was answered.
type Signal struct {
	Name, Endpoint, Protocol string
	Of                       []string // clients' entries with these settings; empty: this shell
	Skipped                  bool     // the user does not want it sent
	Unsupported              bool     // the backend has no such signal
	Refused                  bool     // the request itself was not accepted: some do not want one without any data
	Cause, Hint              string   // why it was not accepted; "" if it was
	Skew                     time.Duration
	Dated                    bool // the collector has told its time
}

const (
	littleDisk = 500 << 20
	muchSkew   = 5 * time.Second // spans of one trace come from several machines
)

// Check returns the group of telemetry.
func (t *Telemetry) Check() Group {
	g := Group{Name: "Telemetry"}
	reason := strings.Join(t.Reasons, "; ")
	switch {
	case len(t.Sinks) > 0:
		g.ok("decision", "in this shell: "+strings.Join(t.Sinks, ", ")+" ("+reason+")")
	default:
		g.ok("decision", "off in this shell ("+reason+"); servers of clients use what their entries set")
	}
	if t.DoNotTrack {
		g.ok("donottrack", "DO_NOT_TRACK is set: nothing is sent or served, even if it is asked for")
	}
	switch {
	case t.Broken != "":
		g.fail("policy", "the policy "+t.Policy+" cannot be used: "+t.Broken, "its administrators have to mend it; until then only console and local are left")
	case t.Policy != "":
		g.ok("policy", "the policy "+t.Policy+" applies; what it decides: spanpipe consent")
	}
	t.store(&g)
	if len(t.Content) > 0 {
		g.ok("content", "content is captured, redacted: "+strings.Join(t.Content, ", "))
	} else {
		g.ok("content", "no content is captured")
	}
	t.collector(&g)
	t.health(&g)
	return g
}

func (t *Telemetry) store(g *Group) {
	s := &t.Store
	switch {
	case s.Dir == "":
		g.fail("store", "there is no home directory, so nothing can be stored", "SPANPIPE_DIR names a directory for stored sessions")
		return
	case s.Problem != "":
		g.fail("store", s.Dir+": "+s.Problem, "it must belong to you and be writable; SPANPIPE_DIR names another directory")
		return
	case s.Missing:
		g.ok("store", s.Dir+" does not exist yet: nothing was stored")
	default:
		of := "without a limit"
		if s.Most > 0 {
			of = "of " + view.Size(s.Most)
		}
		g.ok("store", fmt.Sprintf("%s can be written: %s, %s %s", s.Dir, view.Plural(s.Sessions, "session"), view.Size(s.Size), of))
		if s.Over > 0 {
			g.warn("size", "the store has more details of sessions than SPANPIPE_KEEP allows", "to remove the oldest, "+view.Size(s.Over)+": spanpipe prune")
		}
	}
	if s.Free >= 0 && s.Free < littleDisk {
		g.warn("disk", "only "+view.Size(s.Free)+" are free on the disk of "+s.Dir, "spanpipe stops storing when it is full; make room, or: spanpipe prune")
	}
}

func (t *Telemetry) collector(g *Group) {
	asked := false
	for _, s := range t.Sinks {
		asked = asked || s == "otlp"
	}
	if t.Endpoint != "" && !asked && t.Veto == "" {
		g.warn("otlp", t.Endpoint+" is set here, and SPANPIPE_TELEMETRY has no otlp: nothing is sent as sessions run",
			"if it should be: SPANPIPE_TELEMETRY=local,otlp; what is stored can be sent later: spanpipe push")
	}
	if t.Veto != "" && (asked || t.Endpoint != "") {
		g.warn("otlp", "nothing may be sent, and no collector was asked: "+t.Veto)
	}
	for _, same := range bySameAnswer(t.Reached) {
		s := same[0] // of traces, if they are among them: a path that the collector has for none of them is no lack of one signal
		c := Check{ID: "collector", Status: OK}
		for i := range same {
			c.Signals = append(c.Signals, same[i].Name)
		}
		of := ""
		if len(s.Of) > 0 {
			of = " (" + some(s.Of, "; ") + ")" // each has a client and an entry
		}
		cause, remedy := s.Cause, []string{s.Hint}
		switch {
		case s.Skipped:
			cause, remedy = "not to be sent: "+s.Cause, nil
		case s.Cause == "":
			cause, remedy = s.Endpoint+" ("+s.Protocol+") accepts an empty request", nil
		case s.Refused:
			c.Status = Warn
			remedy = append(remedy, "it may refuse only requests without data, as this one; to send what is stored: spanpipe push")
		case !s.Unsupported && (asked || len(s.Of) > 0):
			c.Status = Fail
		default:
			c.Status = Warn
		}
		c.Text = all(c.Signals) + of + ": " + s.withPaths(cause, c.Signals)
		for _, r := range remedy {
			c.Remedy = append(c.Remedy, s.withPaths(r, c.Signals))
		}
		g.add(c)
	}
	t.clock(g)
}

// withPaths writes the path of several signals in a text about one, as curl would take it.
func (s *Signal) withPaths(text string, signals []string) string {
	if len(signals) < 2 {
		return text
	}
	return strings.ReplaceAll(text, "/v1/"+s.Name, "/v1/{"+strings.Join(signals, ",")+"}")
}

// bySameAnswer groups signals that were answered in the same way, but for their paths.
func bySameAnswer(reached []Signal) (groups [][]Signal) {
	for _, s := range reached {
		i := slices.IndexFunc(groups, func(g []Signal) bool {
			o := g[0]
			same := func(one, other string) bool {
				return strings.ReplaceAll(one, "/v1/"+o.Name, "/v1/") == strings.ReplaceAll(other, "/v1/"+s.Name, "/v1/")
			}
			return same(o.Cause, s.Cause) && same(o.Hint, s.Hint) && same(o.Endpoint, s.Endpoint) && o.Protocol == s.Protocol && slices.Equal(o.Of, s.Of)
		})
		if i < 0 {
			groups = append(groups, []Signal{s})
			continue
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// all joins words for people.
func all(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// clock compares this machine's clock with the collectors'.
func (t *Telemetry) clock(g *Group) {
	var skew *Signal
	for i := range t.Reached {
		if s := &t.Reached[i]; s.Dated && (skew == nil || s.Skew.Abs() > skew.Skew.Abs()) {
			skew = s
		}
	}
	switch {
	case skew == nil:
	case skew.Skew.Abs() > muchSkew:
		g.warn("clock", fmt.Sprintf("this machine's clock and that of %s differ by %s", skew.Endpoint, view.Duration(skew.Skew.Abs())),
			"spans of several machines do not line up then; synchronize the clocks (NTP)")
	default:
		g.ok("clock", "the clock agrees with the collector's, as far as its whole seconds show")
	}
}

func (t *Telemetry) health(g *Group) {
	for _, u := range t.Unhealthy {
		g.warn("health", u, "more about it: spanpipe health")
	}
	if t.LiveChecked > 0 && len(t.Unhealthy) == 0 {
		g.ok("health", view.Plural(t.LiveChecked, "live session")+" with a metrics page, healthy")
	}
}
