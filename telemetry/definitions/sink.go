package definitions

import (
	"slices"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Sink follows the definitions of one session. It is a sink of the session's records, for one goroutine.
type Sink struct {
	state    State
	report   func(record.DefinitionChange)
	news     func(Observation)
	every    bool // also of lists without news
	lists    map[record.DefinitionKind]*list
	reported map[reportedKey]record.DefinitionChangeKind
}

// list is the pages of a list so far.
type list struct {
	listing     uint64
	next        int // page
	whole       bool
	definitions []record.Definition
}

// reportedKey is what a change was reported of, and how it was then.
type reportedKey struct {
	kind record.DefinitionKind
	name string
	last int64 // since when
}

// maxReported bounds the changes of one session.
const maxReported = 500

// New returns a sink that begins with what is known of the server. It calls report with each change, from within Changed, and
// news with each list that has told something new. News may be nil.
func New(known State, report func(record.DefinitionChange), news func(Observation)) *Sink {
	return &Sink{
		state: known, report: report, news: news, lists: map[record.DefinitionKind]*list{},
		reported: map[reportedKey]record.DefinitionChangeKind{},
	}
}

// Every makes the sink call news with each list: for what is kept of definitions beside what is compared.
func (s *Sink) Every() { s.every = true }

// Opened does nothing: what is defined is in answers.
func (s *Sink) Opened(*record.Operation) {}

// Noted takes the end of the session: a list whose pages were not all asked for is compared as far as it goes.
func (s *Sink) Noted(n record.Note) {
	exit, ok := n.(record.Exit)
	if !ok {
		return
	}
	for _, kind := range []record.DefinitionKind{record.ToolDefinition, record.PromptDefinition, record.TemplateDefinition} {
		if l := s.lists[kind]; l != nil {
			s.observe(Observation{Time: exit.Time, Kind: kind, Definitions: l.definitions})
		}
	}
	clear(s.lists)
}

// kinds is which kind of definitions is compared in the answer to a method.
var kinds = map[string]record.DefinitionKind{
	semconv.ToolsList: record.ToolDefinition, semconv.PromptsList: record.PromptDefinition,
	semconv.ResourceTemplatesList: record.TemplateDefinition,
	semconv.Initialize:            record.InstructionsDefinition, semconv.Discover: record.InstructionsDefinition,
}

// Changed takes a page of a list.
func (s *Sink) Changed(op *record.Operation) {
	kind, compared := kinds[op.Method]
	if op.Change != record.Ended || !compared || op.List.Listing == 0 && len(op.Definitions) == 0 {
		return
	}
	l := s.lists[kind]
	if op.List.Page == 0 || l == nil || l.listing != op.List.Listing {
		l = &list{listing: op.List.Listing, whole: op.List.Listing != 0 && op.List.Page == 0}
		s.lists[kind] = l
	}
	l.whole = l.whole && op.List.Whole && op.List.Page == l.next
	l.next = op.List.Page + 1
	l.definitions = append(l.definitions, op.Definitions...)
	if len(l.definitions) > MaxKnown {
		l.definitions, l.whole = l.definitions[:MaxKnown], false
	}
	if op.List.Last {
		delete(s.lists, kind)
		s.observe(Observation{Time: op.End, Kind: kind, Definitions: slices.Clip(l.definitions), Whole: l.whole})
	}
}

// observe compares a list, and reports each change once in a session.
func (s *Sink) observe(o Observation) {
	changes, news := s.state.Observe(o)
	for _, c := range changes {
		key := reportedKey{c.Kind, c.Name, c.Since.UnixNano()}
		if s.reported[key] == c.Change || len(s.reported) >= maxReported {
			continue
		}
		s.reported[key] = c.Change
		s.report(c)
	}
	if (news || s.every) && s.news != nil {
		s.news(o)
	}
}
