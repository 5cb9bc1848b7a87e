package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// isNoise reports whether a violation is a line that is no message, which is judged as noise.
func isNoise(kind record.ViolationKind) bool {
	switch kind {
	case record.Noise, record.InvalidJSON, record.NotJSONRPC, record.ForeignFraming:
		return true
	}
	return false
}

// mostLines is how many lines of noise are shown.
const mostLines = 3

// harmless reports whether a violation does no harm: it counts only if the rules name its kind.
func harmless(kind string) bool { return semconv.ViolationOf(kind).Level == "INFO" }

// violations judges what the server has written that is no message, or a wrong one.
func (j *judge) violations() {
	noise, lines := groups{}, 0
	first := ""
	wrong := map[string]*wrongs{}
	for _, n := range j.session.Records.Notes {
		v, ok := n.(record.Violation)
		if !ok || v.Direction != record.ToClient {
			continue
		}
		kind := semconv.ViolationOf(string(v.Kind))
		text := view.Safe(cmp.Or(v.Reason, kind.Cause))
		if v.Method != "" {
			text = view.Safe(v.Method) + ": " + text
		}
		if isNoise(v.Kind) {
			lines++
			noise.add(string(v.Kind)+": "+text, v.Operation)
			first = cmp.Or(first, kind.Hint(string(v.Direction)))
			continue
		}
		line := j.line(Violations, string(v.Kind))
		if line == "" && harmless(string(v.Kind)) {
			continue
		}
		if wrong[line] == nil {
			wrong[line] = &wrongs{}
		}
		wrong[line].count++
		wrong[line].groups.add(string(v.Kind)+": "+text, v.Operation)
		wrong[line].next = cmp.Or(wrong[line].next, kind.Hint(string(v.Direction)))
	}
	for _, line := range j.session.Stray[:min(len(j.session.Stray), mostLines)] {
		noise.add("on stdout: "+cut(view.Safe(line), mostShown), 0)
	}
	j.wires(Noise, "", lines, noise, first)
	for _, line := range j.lines(Violations) {
		w := cmp.Or(wrong[line], &wrongs{})
		j.wires(Violations, line, w.count, w.groups, w.next)
	}
}

// wrongs are violations that one line of the rules is about.
type wrongs struct {
	groups
	count int
	next  string
}

// wires adds the result about violations. Of a stored session, whether there were more than the first of each kind is not known.
func (j *judge) wires(rule Name, name string, count int, g groups, next string) {
	b := j.rules.of(rule, name)
	if j.stored() && !j.measures && count > 0 && float64(count) <= b.Max {
		j.unjudged(rule, name, b, "a stored session has the first violation of each kind, and does not say how many there were; a recording does")
		return
	}
	details := g.lines()
	if j.stored() && count > 0 {
		details = append(details, "a stored session has the first violation of each kind: there may have been more")
	}
	j.budget(rule, measured{name: name, value: float64(count), details: details, operations: g.operations(), next: next})
}

// startup judges how long the server took to be ready.
func (j *judge) startup() {
	r, b := j.session.Records, j.rules.of(Startup, "")
	if r.Session.Started.IsZero() {
		j.unjudged(Startup, "", b, "when the server was started is not known")
		return
	}
	for _, op := range requests(j.session) {
		if !op.Answered || op.Failed() || op.Code != "" {
			continue
		}
		if op.Method != semconv.Initialize && op.Method != semconv.Discover {
			break // a server without a handshake is ready when it has answered anything
		}
		j.ready(op)
		return
	}
	j.unjudged(Startup, "", b, "no handshake was answered")
}

func (j *judge) ready(op *record.Operation) {
	took := op.End.Sub(j.session.Records.Session.Started)
	j.budget(Startup, measured{
		value: record.Seconds(max(took, 0)), operations: []uint64{op.Number},
		details: []string{fmt.Sprintf("the client asked %s after the start, and %s%s was answered %s later",
			view.Duration(max(op.Start.Sub(j.session.Records.Session.Started), 0)), view.Name(op), at([]uint64{op.Number}), view.Duration(op.Duration))},
		next: "answer the handshake first, and load afterwards what takes long",
	})
}

// exit judges how the server ended.
func (j *judge) exit() {
	e, b := j.session.Records.Exit, j.rules.word
	switch {
	case b.Off:
		return
	case e == nil:
		why := "how it ended is not known"
		if j.session.Records.State == view.Live {
			why = "it has not ended"
		}
		j.unjudged(Exit, "", b, why)
		return
	}
	ended, _ := view.Exit(*e)
	who := map[record.Cause]string{
		record.ServerEnded: "the server ended by itself", record.NotStarted: "the server could not be started",
		record.ClientLeft: "the client closed the session", record.Signaled: "the client ended the server by a signal",
		record.HostDied: "the client's process ended",
	}[e.Cause]
	ok, allowed := !e.Failed(), "an end by the client"
	if b.Text == "zero" {
		ok, allowed = ok && e.Code == 0 && e.Signal == "", "an end by the client, and exit 0"
	}
	if who != "" {
		ended += ", " + who
	}
	j.word(Exit, "", ok, Result{
		Measured: ended, Allowed: allowed, Line: b.Line, Next: "a server runs until its stdin ends, and then exits with status 0",
	})
}

// sortedNames returns the keys of a map.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
