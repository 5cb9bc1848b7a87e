package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Remark is a sentence about something in a session that needs a look, and what to do about it.
type Remark struct {
	Time  time.Time
	Text  string // safe for a terminal
	Color Color
}

// Remarks returns what there is to say about a session: operations that did not go well, findings, violations, streams
// that were not read, and its end. The latest comes first. What happened several times is one remark.
func (r *Records) Remarks() []Remark {
	all := r.troubles()
	names := map[uint64]string{}
	for i := range r.Operations {
		names[r.Operations[i].Number] = Call(&r.Operations[i])
	}
	violations := map[record.ViolationKind]int{}
	var found []record.Finding
	var changes []record.DefinitionChange
	for _, n := range r.Notes {
		switch n := n.(type) {
		case record.Violation:
			if violations[n.Kind]++; violations[n.Kind] == 1 && !r.told(&n) {
				all = append(all, Remark{n.Time, violation(n, names[n.Operation]), Yellow})
			}
		case record.Finding:
			found = append(found, n)
		case record.DefinitionChange:
			changes = append(changes, n)
		case record.Blockage:
			all = append(all, Remark{n.Time, Blockage(n), Red})
		}
	}
	all = append(all, findings(found)...)
	all = append(all, definitionChanges(changes)...)
	if end, color := r.farewell(); end != "" {
		all = append(all, Remark{r.End(), end, color})
	}
	slices.SortStableFunc(all, func(a, b Remark) int { return b.Time.Compare(a.Time) })
	return all
}

// told reports whether the remark about an operation says what a violation is.
func (r *Records) told(v *record.Violation) bool {
	return v.Kind == record.LateResponse && slices.ContainsFunc(r.Operations, func(op record.Operation) bool { return answersLate(v, &op) })
}

// findings returns remarks about what stood out: one for each tool, resource or prompt and each kind, about the latest. A run of
// repeated calls is found again whenever it has become twice as long: it counts once.
func findings(all []record.Finding) []Remark {
	type subject struct {
		kind   record.FindingKind
		target string
		side   record.Side
		from   string
	}
	last, times := map[subject]record.Finding{}, map[subject]int{}
	var order []subject
	for _, f := range all {
		about := subject{f.Kind, f.Target(), f.Side, f.From}
		before, known := last[about]
		if !known {
			order = append(order, about)
		}
		if !known || f.Kind != record.Loop || f.Seen <= before.Seen {
			times[about]++
		}
		last[about] = f
	}
	remarks := make([]Remark, 0, len(order))
	for _, about := range order {
		f := last[about]
		remarks = append(remarks, Remark{f.Time, Finding(f) + inAll(times[about]), Yellow})
	}
	return remarks
}

// inAll says how often something happened, behind a sentence about the latest.
func inAll(times int) string {
	if times < 2 {
		return ""
	}
	return fmt.Sprintf(" %s in all; this is the latest.", Plural(times, "time"))
}

// trouble is what went wrong with the operations of one name in the same way.
type trouble struct {
	last  *record.Operation
	times int
}

// troubles returns remarks about operations.
func (r *Records) troubles() []Remark {
	found := map[string]*trouble{}
	var order []*trouble
	for i := range r.Operations {
		op := &r.Operations[i]
		if !r.Trouble(op) {
			continue
		}
		key := Name(op) + "\x00" + r.Outcome(op).Long()
		if found[key] == nil {
			found[key] = &trouble{}
			order = append(order, found[key])
		}
		found[key].last = op
		found[key].times++
	}
	var all []Remark
	for _, t := range order {
		o := r.Outcome(t.last)
		if text := r.sentence(t.last, o); text != "" {
			all = append(all, Remark{r.until(t.last), Call(t.last) + about(o) + text + inAll(t.times), o.Color()})
		}
	}
	return all
}

// about returns what stands between an operation and the sentence about it.
func about(o Outcome) string {
	if o.Ending == Failed {
		return " "
	}
	return ": "
}

// sentence says what is wrong with an operation. It is empty for what its requester took back, which needs no look.
func (r *Records) sentence(op *record.Operation, o Outcome) string {
	requester, answerer := "client", "server"
	if op.Direction == record.ToClient {
		requester, answerer = answerer, requester
	}
	took := Duration(r.Took(op) + op.InputWait) // a person's time is part of how long the requester waited
	switch o.Ending {
	case Hung:
		if op.Undelivered && op.Stall == "" {
			return fmt.Sprintf("hung, not answered for %s. The %s has not read the request.", took, answerer)
		}
		return fmt.Sprintf("hung, not answered for %s.", took) + also(op)
	case TimedOut:
		if o.Late > 0 {
			return fmt.Sprintf("the %s gave up after %s; the answer came %s later and was thrown away.", requester, took, Duration(o.Late)) + also(op)
		}
		return fmt.Sprintf("the %s gave up after %s.", requester, took) + also(op)
	case BadRequest:
		what := strings.ReplaceAll(string(op.Class), "_", " ")
		return fmt.Sprintf("the %s refused the request, %s. Not counted as the %s's failure.",
			answerer, strings.TrimPrefix(Safe(what+" ("+op.Code+")"), " "), answerer)
	case Failed:
		return strings.TrimSpace(o.Long()) + "."
	case Unanswered:
		return o.String() + "; it was open for " + took + "." + also(op)
	case Cancelled:
		if op.Hung {
			return fmt.Sprintf("hung; the %s cancelled it after %s.", requester, took) + also(op)
		}
	case OK, Answered:
		return fmt.Sprintf("hung for a while; answered after %s.", took) + also(op)
	case Open, Over:
	}
	return ""
}

// Hanging says that an operation has not been answered yet, and why.
func Hanging(op *record.Operation) string {
	return fmt.Sprintf("%s has not been answered for %s.%s", Call(op), Duration(op.Duration), also(op))
}

// also returns the verdict about an operation, if it says more than that the requester stopped waiting.
func also(op *record.Operation) string {
	if !proven(op) {
		return ""
	}
	return " " + StallOf(op).String()
}

// sentences joins sentences that begin in lower case and have no full stop.
func sentences(all ...string) string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, strings.ToUpper(s[:1])+s[1:]+".")
		}
	}
	return strings.Join(out, " ")
}

// shownTogether is how many definitions that have changed in the same way are named.
const shownTogether = 3

// definitionChanges returns remarks about changes. When a server was updated, many of its tools may have changed in the same
// way: those are one remark.
func definitionChanges(all []record.DefinitionChange) []Remark {
	groups := map[string][]record.DefinitionChange{}
	var order []string
	for _, c := range all {
		key := fmt.Sprint(c.Change, c.Pinned, c.PartsText())
		if c.Change == record.DefinitionRenamed {
			key += c.Name
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], c)
	}
	var remarks []Remark
	for _, key := range order {
		remarks = append(remarks, definitionRemark(groups[key]))
	}
	return remarks
}

// definitionRemark returns the remark about changes of one kind, in the same parts.
func definitionRemark(same []record.DefinitionChange) Remark {
	first := same[0]
	text := DefinitionChange(first)
	if name := DefinitionName(first.Kind, first.Name); len(same) > 1 {
		names := []string{name}
		for _, c := range same[1:min(len(same), shownTogether)] {
			names = append(names, DefinitionName(c.Kind, c.Name))
		}
		joined := strings.Join(names, ", ")
		if more := len(same) - len(names); more > 0 {
			joined += fmt.Sprintf(" and %s more", Number(more))
		}
		text = joined + plural.Replace(strings.TrimPrefix(text, name))
	}
	if first.Harmless() {
		return Remark{first.Time, text + ".", Dim}
	}
	return Remark{first.Time, text + ". Look at it before you go on: spanpipe definitions.", Yellow}
}

// violation says what was wrong on the wire, what it does to the other side, and how to fix it.
func violation(v record.Violation, name string) string {
	kind, from, cause := semconv.ViolationOf(string(v.Kind)), "from "+origin(&v, name), cause(&v)
	switch {
	case v.Sent != "" && v.Awaited != "":
		cause += fmt.Sprintf(" (sent %s, awaited %s)", Safe(v.Sent), Safe(v.Awaited))
	case v.Requested != "" || v.Given != "":
		cause += fmt.Sprintf(" (asked %s, given %s)", Safe(cmp.Or(v.Requested, "none")), Safe(cmp.Or(v.Given, v.Supported, "none")))
	}
	effect := kind.Effect
	if strings.HasPrefix(effect, "as above") {
		effect = ""
	}
	if kind.Level == "INFO" && effect != "" {
		return sentences(from+": "+cause+": "+effect, kind.Hint(string(v.Direction)))
	}
	return sentences(from+": "+cause, effect, kind.Hint(string(v.Direction)))
}

// Violation says what was wrong on the wire, or how late an answer came, as a log reports it: with all that is known of the message,
// and without what to do, which is a hint.
func Violation(v record.Violation) string {
	message, kind := "unexpected message", cause(&v)
	if v.Kind == record.LateResponse {
		message = "late answer"
		if v.Late > 0 {
			kind += ", " + Duration(v.Late) + " before"
		}
	}
	var details []string
	for _, d := range [][2]string{
		{"sent", v.Sent}, {"awaited", v.Awaited}, {"asked", v.Requested}, {"given", v.Given}, {"supported", v.Supported},
	} {
		if d[1] != "" {
			details = append(details, d[0]+" "+Safe(d[1]))
		}
	}
	if v.Operation > 0 {
		details = append(details, fmt.Sprintf("operation %d", v.Operation))
	}
	text := fmt.Sprintf("%s from %s: %s (%s)", message, origin(&v, ""), kind, strings.Join(append(details, Size(v.Size)), ", "))
	if v.Kind != record.LateResponse {
		text += "; reported once for each kind"
	}
	return text
}

// origin returns which side broke the protocol, and with what: its name, or else its method.
func origin(v *record.Violation, name string) string {
	side := "the server"
	if v.Direction == record.ToServer {
		side = "the client"
	}
	if about := cmp.Or(name, Safe(v.Method)); about != "" {
		side += ", " + about
	}
	return side
}

// cause returns what was wrong on the wire.
func cause(v *record.Violation) string {
	return Safe(cmp.Or(v.Reason, semconv.ViolationOf(string(v.Kind)).Cause, strings.ReplaceAll(string(v.Kind), "_", " ")))
}

// Blockage says that a stream was not read.
func Blockage(b record.Blockage) string {
	if b.Direction == record.ToClient {
		return fmt.Sprintf("The client has not read what the server wrote for %s: it hangs, or is suspended.", Duration(b.Duration))
	}
	return fmt.Sprintf("The server has not read its stdin for %s: it hangs, or waits for something else.", Duration(b.Duration))
}

// farewell says how a session ended.
func (r *Records) farewell() (string, Color) {
	e := r.Exit
	switch {
	case r.State == Killed:
		return "spanpipe was killed, so that nothing says how the server ended.", Yellow
	case e == nil:
		return "", Dim
	case e.Cause == record.NotStarted:
		return sentences(strings.TrimSuffix("the server could not be started: "+Safe(e.Reason), ": ")), Red
	}
	word, color := Exit(*e)
	who := map[record.Cause]string{
		record.ServerEnded: "the server ended by itself", record.ClientLeft: "the client closed the session",
		record.Signaled: "the client ended the server by a signal", record.HostDied: "the client's process ended",
	}[e.Cause]
	text := fmt.Sprintf("%s after %s, %s", cmp.Or(who, "the session ended"), Duration(r.End().Sub(r.Begin())), word)
	if e.Open > 0 {
		text += fmt.Sprintf("; %s had not been answered", Plural(e.Open, "request"))
	}
	if color == Green {
		color = Dim
	}
	return sentences(text), color
}

// DrawRemarks writes remarks, at most as many as given, or all if that is 0. It returns how many it left out.
func DrawRemarks(w io.Writer, all []Remark, most int, s *Screen) (left int, err error) {
	if most > 0 && len(all) > most {
		left, all = len(all)-most, all[:most]
	}
	for _, one := range all {
		indent := strings.Repeat(" ", len(clock)+2)
		at := s.paint(one.Color, one.Time.In(s.zone()).Format(clock))
		if _, err := fmt.Fprintf(w, "%s  %s\n", at, Fold(s.Text(one.Text), indent, s.Columns)); err != nil {
			return left, err
		}
	}
	return left, nil
}
