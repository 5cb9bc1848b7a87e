package replay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Normalisations are the names of what is not compared as it is, as the rules file switches it off.
func Normalisations() []string {
	return []string{"times", "uuids", "paths", "ports", "durations", "opaque"}
}

// normaliser compares texts of the two sessions. What differs from run to run is replaced by a word for what it is. Where it has
// an identity it also gets a number: what is the same on one side must be the same on the other.
type normaliser struct {
	rules      *Rules
	was, is    side
	numbers    map[string]int // of what has an identity, by kind and text on each side
	partners   map[string]string
	lastNumber map[string]int
	partnered  bool // signatures have the partners of identities
}

// side is what is known of one of the two sessions.
type side struct {
	isFresh    bool
	begin, end time.Time
	words      []string // made up by the server and sent back by the client, the longest first
}

func newNormaliser(rules *Rules, p *Played, ended time.Time) *normaliser {
	n := &normaliser{
		rules: rules, numbers: map[string]int{}, partners: map[string]string{}, lastNumber: map[string]int{},
		was: side{begin: p.plan.rec.Started, end: p.plan.rec.Started},
		is:  side{isFresh: true, begin: p.started, end: ended},
	}
	if events := p.plan.rec.Events; len(events) > 0 {
		n.was.end = n.was.begin.Add(events[len(events)-1].At)
	}
	if rules.normalises("opaque") {
		n.was.words = p.carried.order
		for _, key := range p.carried.order {
			if value := p.carried.values[key]; looksMade(value) { // any other may stand in a text by itself
				n.is.words = append(n.is.words, value)
			}
		}
		slices.SortStableFunc(n.is.words, func(a, b string) int { return len(b) - len(a) })
	}
	return n
}

// identity is a part of a text that has been replaced, and whose value must have one partner on the other side.
type identity struct{ kind, text string }

// key is what an identity of a side is known by.
func (s *side) key(one identity) string {
	return map[bool]string{false: "-", true: "+"}[s.isFresh] + one.kind + one.text
}

// scope is what a rule may be limited to.
type scope struct{ method, tool string }

var (
	uuid = regexp.MustCompile(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`)
	port = regexp.MustCompile(`\b(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):(\d{4,5})\b`)
	// A path below a directory for temporary files: its first element is random.
	temporary = regexp.MustCompile(`(?:(?:/private)?/(?:tmp|var/tmp|var/folders/[^/\s]+/[^/\s]+/T)/|` +
		`\b[A-Za-z]:[\\/]+Users[\\/]+[^\\/\s]+[\\/]+AppData[\\/]+Local[\\/]+Temp[\\/]+)[^/\\\s"'<>|:;,)\]}]+`)
	home = regexp.MustCompile(`(?:/home/[\w.-]+|/Users/[\w.-]+|\b[A-Za-z]:[\\/]+Users[\\/]+[\w.-]+|/root)\b`)
	// How long something took, where that is said with a fraction of a second.
	duration = regexp.MustCompile(`(?i)\b(took|in|after|elapsed|duration|time)(:? ?|=|: )` +
		`\d+(?:\.\d+)? ?(?:ms|milliseconds|µs|μs|us|ns)\b|\b(took|in|after|elapsed|duration|time)(:? ?|=|: )\d+\.\d+ ?(?:s|sec|seconds)\b`)
)

// text replaces what differs from run to run in a text, and returns the parts that have an identity in the order of their
// kinds.
func (n *normaliser) text(text string, on *side, where scope) (out string, found []identity) {
	for _, r := range n.rules.Replace {
		if r.matches(where) {
			text = r.regex.ReplaceAllString(text, strings.ReplaceAll(r.with, "$", "$$"))
		}
	}
	note := func(kind string) func(string) string {
		return func(part string) string {
			found = append(found, identity{kind, part})
			return "⟨" + kind + "⟩"
		}
	}
	text = replaceWords(text, on.words, note("made up"))
	if n.rules.normalises("uuids") && strings.Count(text, "-") >= 4 {
		text = uuid.ReplaceAllStringFunc(text, note("uuid"))
	}
	if n.rules.normalises("paths") && strings.ContainsAny(text, `/\`) {
		text = temporary.ReplaceAllStringFunc(text, note("temporary"))
		text = atEdge(home, text, note("home"))
	}
	if n.rules.normalises("ports") && strings.Contains(text, ":") {
		text = port.ReplaceAllStringFunc(text, func(part string) string {
			host := part[:strings.LastIndexByte(part, ':')]
			return host + ":" + note("port")(part)
		})
	}
	if !strings.ContainsAny(text, "0123456789") {
		return text, found
	}
	if n.rules.normalises("times") {
		text = on.times(text)
	}
	if n.rules.normalises("durations") {
		text = duration.ReplaceAllString(text, "${1}${3}${2}${4}⟨duration⟩")
	}
	return text, found
}

// atEdge replaces what an expression matches, where no name goes on before it: /data/home/ann is no home directory.
func atEdge(re *regexp.Regexp, text string, by func(string) string) string {
	var out strings.Builder
	done := 0
	for _, at := range re.FindAllStringIndex(text, -1) {
		if at[0] > 0 && (isNameCharacter(rune(text[at[0]-1])) || text[at[0]-1] == '.') {
			continue
		}
		out.WriteString(text[done:at[0]])
		out.WriteString(by(text[at[0]:at[1]]))
		done = at[1]
	}
	return out.String() + text[done:]
}

// alike reports whether two values are the same but for what differs from run to run. It takes note of no identity.
func (n *normaliser) alike(r, f *value) bool {
	return n.signature(r, &n.was, scope{}) == n.signature(f, &n.is, scope{})
}

// bindAlike notes that the parts of two texts which differ stand for each other, as far as they are of the same kinds and nothing
// else is known: so they do not look different beside what is.
func (n *normaliser) bindAlike(was, is []identity) {
	for i := range min(len(was), len(is)) {
		if was[i].kind == is[i].kind {
			n.bind(was[i:i+1], is[i:i+1])
		}
	}
}

// bind notes that parts of the two sides stand for each other, and reports whether that agrees with what was noted before.
func (n *normaliser) bind(was, is []identity) bool {
	for i := range was {
		a, b := n.was.key(was[i]), n.is.key(is[i])
		partner, known := n.partners[a]
		other, knownToo := n.partners[b]
		switch {
		case known && partner != b, knownToo && other != a:
			return false
		case !known:
			n.partners[a], n.partners[b] = b, a
		}
	}
	return true
}

// shown returns a text as it is shown beside one in which an identity is another: with numbers.
func (n *normaliser) shown(text string, on *side, where scope) string {
	out, found := n.text(text, on, where)
	for _, one := range found {
		key := on.key(one)
		number := n.numbers[key]
		if number == 0 {
			if number = n.numbers[n.partners[key]]; number == 0 {
				n.lastNumber[one.kind]++
				number = n.lastNumber[one.kind]
			}
			n.numbers[key] = number
		}
		out = strings.Replace(out, "⟨"+one.kind+"⟩", fmt.Sprintf("⟨%s %d⟩", one.kind, number), 1)
	}
	return out
}
