package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// Server is what was found of a server that was started for it: once for a session that the client ends, once for an unknown
// protocol version and SIGTERM, and for each other version.
type Server struct {
	Command []string
	Unable  string // why it could not be started; then nothing else is known
	Hint    string // what to do about that
	First   *Run
	Second  *Run   // nil if the first was no session
	Others  []*Run // for each other version of MCP that has a handshake
	Signals bool   // this system has SIGTERM
	Orphans bool   // this system shows which processes are left
}

// Run is one start of a server. What it wrote has been cut and redacted.
type Run struct {
	Asked    string // the protocol version
	Name     string // what the server calls itself, with its version; "" if it has not answered
	Protocol string // which the server has answered; "" if it has not
	Answered time.Duration
	Problem  string // why there is no session, or why it ended early
	NoAnswer bool   // the problem: a request was not answered in time
	Ignored  bool   // and the server had not even read it
	Ended    string // the problem: how it ended before the client did; else ""
	Said     string // the beginning of what it wrote to stderr
	Lists    []List
	Strays   int    // lines on stdout that are no messages
	Stray    string // the beginning of the first of them

	Took   time.Duration // from the end of its input, or from SIGTERM, to its end
	Forced string        // the signal that ended it, if it did not end by itself
	Left   []Left        // processes that were left
}

// List is one of a server's lists.
type List struct {
	Noun    string // of an entry
	Length  int
	Pages   int
	Bytes   int64
	Tokens  int64
	Took    time.Duration
	Long    []string // entries whose descriptions Claude Code cuts
	Refused string   // the error with which it was answered, or ""
}

// Left is a process that is left.
type Left struct {
	Name string
	Own  bool // in a session of its own, as daemons are
}

// Claude Code cuts descriptions behind this many characters (2.1.84).
const longDescription = 2048

// Long reports whether Claude Code cuts a description of so many characters.
func Long(characters int64) bool { return characters > longDescription }

// slowStart is how long Codex waits for a server's first answer (startup_timeout_sec).
const slowStart = 10 * time.Second

// Check returns the group of a server.
func (s *Server) Check() Group {
	g := Group{Name: "The server"}
	if s.Unable != "" {
		g.fail("start", "cannot be started: "+s.Unable, s.Hint)
		return g
	}
	if s.First.Name != "" {
		g.Name = s.First.Name
	}
	s.answers(&g)
	if s.First.Problem == "" {
		s.lists(&g)
	}
	s.stdout(&g)
	if s.First.Ended == "" {
		s.ends(&g)
	}
	if s.Second != nil {
		s.versions(&g)
	}
	if s.Second != nil && s.Signals {
		s.term(&g)
	}
	s.orphans(&g)
	return g
}

// seeAll is where what is cut here can be seen.
func (s *Server) seeAll() string { return "to see all that it writes: spanpipe try -- COMMAND" }

func (s *Server) answers(g *Group) {
	r := s.First
	said := ""
	if r.Said != "" {
		said = fmt.Sprintf("; on stderr: %q", r.Said)
	}
	switch {
	case r.Problem == "" && r.Answered > slowStart:
		g.warn("answer", fmt.Sprintf("answers initialize only %s after its start, protocol %s", view.Duration(r.Answered), r.Protocol),
			"Codex gives up after 10s: set startup_timeout_sec there, or install the server instead of fetching it at each start")
	case r.Problem == "":
		g.ok("answer", fmt.Sprintf("answers initialize %s after its start, protocol %s", view.Duration(r.Answered), r.Protocol))
	case r.Ended != "":
		g.fail("answer", r.Problem+": "+r.Ended+said, s.seeAll())
	case r.Ignored:
		g.fail("answer", r.Problem+", which it has not read: it ignores stdin"+said,
			"is it an MCP server for stdin and stdout? Some need an argument for that, such as stdio, or --transport stdio",
			"one that is slow to start may need longer: --timeout 2m")
	case r.NoAnswer:
		g.fail("answer", r.Problem+", which it has read"+said,
			"is it an MCP server for stdin and stdout? One that is slow to start may need longer: --timeout 2m", s.seeAll())
	default:
		g.fail("answer", r.Problem+said, s.seeAll())
	}
}

func (s *Server) lists(g *Group) {
	var parts, cut []string
	bytes, tokens, took, refused := int64(0), int64(0), time.Duration(0), false
	for _, l := range s.First.Lists {
		took += l.Took
		if l.Refused != "" {
			refused = true
			g.fail("lists", "offers "+l.Noun+"s and does not list them: "+l.Refused,
				"answer with an empty list, or do not declare the capability")
			continue
		}
		if l.Length == 0 && l.Noun != "tool" {
			continue
		}
		part := view.Plural(l.Length, l.Noun)
		if l.Pages > 1 {
			part += " on " + view.Plural(l.Pages, "page")
		}
		parts = append(parts, part)
		bytes, tokens, cut = bytes+l.Bytes, tokens+l.Tokens, append(cut, l.Long...)
	}
	switch {
	case len(parts) == 0 && refused:
		return
	case len(parts) == 0:
		parts = []string{"offers no tools, resources or prompts"}
	}
	text := strings.Join(parts, ", ")
	if bytes > 0 {
		text += fmt.Sprintf("; %s, %s, listed in %s", view.Size(bytes), view.SomeTokens(tokens), view.Duration(took))
	}
	g.ok("lists", text)
	if len(cut) > 0 {
		g.warn("descriptions", fmt.Sprintf("%s over 2,048 characters, which Claude Code cuts there: %s",
			view.Plural(len(cut), "description"), Some(cut)), "put what matters first, or shorten them")
	}
}

func (s *Server) stdout(g *Group) {
	strays, first := s.First.Strays, s.First.Stray
	if s.Second != nil && strays == 0 {
		strays, first = s.Second.Strays, s.Second.Stray
	}
	if strays == 0 {
		if s.First.Problem == "" {
			g.ok("stdout", "nothing but messages on stdout")
		}
		return
	}
	lines, begins := view.Plural(strays, "line")+" that are not messages; the first begins", fmt.Sprintf(" %q", first)
	if strays == 1 {
		lines = "a line that is not a message; it begins"
	}
	if first == "" { // nothing of it may be shown
		lines, _, _ = strings.Cut(lines, ";")
		begins = ""
	}
	g.fail("stdout", "writes to stdout "+lines+begins,
		"strict clients end the session there; write logs to stderr: "+RuntimeOf(s.Command).Log)
}

func (s *Server) ends(g *Group) {
	r := s.First
	if r.Forced != "" {
		g.fail("end", fmt.Sprintf("does not end when stdin ends; ended %s later, by %s", view.Duration(r.Took), r.Forced),
			"clients wait for that at each restart; to fix: "+RuntimeOf(s.Command).End)
		return
	}
	g.ok("end", fmt.Sprintf("ends %s after its input", view.Duration(r.Took)))
}

// versions judges the answer to a protocol version that does not exist.
func (s *Server) versions(g *Group) {
	r := s.Second
	const demand = "MCP: answer with a version that the server supports (basic/lifecycle, version negotiation)"
	spoken, other := []string{s.First.Protocol}, []string(nil)
	for _, o := range s.Others {
		switch {
		case o.Protocol == o.Asked:
			spoken = append(spoken, o.Asked)
		case o.Problem == "":
			other = append(other, o.Asked+" with "+o.Protocol)
		default:
			g.warn("speaks", "opens no session for a client of "+o.Asked+": "+o.Problem, demand)
		}
	}
	if len(s.Others) > 0 {
		text := "speaks " + strings.Join(spoken, ", ")
		if len(other) > 0 {
			text += "; answers " + strings.Join(other, ", ")
		}
		g.ok("speaks", text)
	}
	switch {
	case r.Protocol == r.Asked:
		g.fail("versions", "claims to speak the protocol version "+r.Asked+", which does not exist", demand)
	case r.Problem == "":
		g.ok("versions", "answers an unknown protocol version with "+r.Protocol)
	default:
		g.warn("versions", "opens no session for a client with a newer protocol version: "+r.Problem, demand)
	}
}

func (s *Server) term(g *Group) {
	switch r := s.Second; {
	case r.Ended != "":
	case r.Forced != "":
		g.fail("term", fmt.Sprintf("does not end at SIGTERM; ended %s later, by %s", view.Duration(r.Took), r.Forced),
			"clients and container runtimes kill it then; to fix: "+RuntimeOf(s.Command).Term)
	default:
		g.ok("term", fmt.Sprintf("ends %s after SIGTERM", view.Duration(r.Took)))
	}
}

func (s *Server) orphans(g *Group) {
	if !s.Orphans {
		return
	}
	if left := s.First.Left; len(left) > 0 {
		text, add := names(left), g.fail
		if !slices.ContainsFunc(left, func(l Left) bool { return !l.Own }) {
			text, add = text+", in a session of its own", g.warn
		}
		add("orphans", "leaves "+processes(len(left))+" behind: "+text,
			"end what the server has started before it ends itself")
		return
	}
	if s.Second != nil && len(s.Second.Left) > 0 {
		remedy := "end what the server has started when SIGTERM comes"
		if slices.Contains([]string{"npx", "npm", "uv", "uvx", "bunx", "pnpm"}, programName(s.Command[0])) {
			remedy = programName(s.Command[0]) + " does not pass on the signal: start the installed server by itself"
		}
		g.warn("orphans", "at SIGTERM it leaves "+processes(len(s.Second.Left))+" behind: "+names(s.Second.Left), remedy)
		return
	}
	g.ok("orphans", "leaves no process behind")
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return view.Number(n) + " processes"
}

func names(left []Left) string {
	var all []string
	for _, l := range left {
		all = append(all, l.Name)
	}
	return Some(all)
}

// Some returns the first of some names, and how many more there are.
func Some(names []string) string { return some(names, ", ") }

func some(names []string, separator string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, separator)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], separator), len(names)-most)
}
