package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file says what is known of one definition: GET /api/v1/context/definitions/{key}.

// definitionKey names a definition in requests.
type definitionKey struct {
	kind   record.DefinitionKind
	server serverKey
	name   string
}

// String returns the key as requests have it.
func (k definitionKey) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{string(k.kind), k.server.service, k.server.name, k.name}, "\x00")))
}

func parseDefinitionKey(text string) (k definitionKey, ok bool) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(plain), "\x00")
	if err != nil || len(parts) != 4 {
		return k, false
	}
	return definitionKey{record.DefinitionKind(parts[0]), serverKey{name: parts[2], service: parts[1]}, parts[3]}, true
}

// about is one definition with all that is known of it.
type about struct {
	*clientContext
	key     definitionKey
	defined *store.Defined     // of its server; nil if nothing is known
	known   *definitions.Known // nil likewise
	listed  *record.Definition // as the client's newest run has it; nil if that does not
	server  *listedServer      // nil likewise
	before  record.Fingerprint
	changed bool // it is not what it was before
}

func (s *contextSource) definition(r *http.Request) (any, error) {
	key, ok := parseDefinitionKey(r.PathValue("key"))
	if !ok {
		return nil, wrong("the key of the definition is invalid", "take it from the context's list")
	}
	c, err := s.read(r)
	if err != nil {
		return nil, err
	}
	a := &about{clientContext: c, key: key}
	a.find()
	if a.known == nil && a.listed == nil {
		return nil, missing("the definition of "+view.Steady(view.DefinitionName(key.kind, key.name))+" is not known any more", "go back to the list")
	}
	out := &api.Definition{
		Reply: api.NewReply(c.now), Server: serverTitle(key.server.name),
		Name:  view.Steady(view.DefinitionName(key.kind, key.name)),
		Facts: a.facts(), Parts: a.parts(), Notes: a.notes(),
	}
	out.Commands, out.Accept = a.commands()
	if a.server != nil {
		out.Server = a.server.name
		out.History = historiesOf(a.server.listings, []record.Definition{*a.listed})[0]
	}
	a.say(out)
	return out, a.text(s.config.Store, out)
}

// find finds what is known of the definition.
func (a *about) find() {
	for _, one := range a.servers {
		if one.server != a.key.server {
			continue
		}
		if a.key.kind == record.InstructionsDefinition && one.instructions.Size > 0 {
			a.server, a.listed = one, &one.instructions
		}
		for i := range one.listed {
			if d := &one.listed[i]; d.Kind == a.key.kind && d.Name == a.key.name {
				a.server, a.listed = one, d
			}
		}
	}
	if a.server != nil {
		a.defined = a.server.known
	} else if i := slices.IndexFunc(a.clientContext.defined, func(d store.Defined) bool {
		return d.Problem == nil && d.Service == a.key.server.service && find(&d, a.key.kind, a.key.name) != nil
	}); i >= 0 {
		a.defined = &a.clientContext.defined[i]
	}
	if a.defined == nil {
		return
	}
	if a.known = find(a.defined, a.key.kind, a.key.name); a.known != nil {
		a.before, a.changed = a.known.Before()
	}
}

// say says in sentences what has changed.
func (a *about) say(out *api.Definition) {
	const look = "The name is the same. An update does this; so does a server that turns hostile after approval. Look before you accept."
	k := a.known
	if k == nil {
		out.Headline = "What it was before is not known."
		return
	}
	out.Badge, _ = a.remark(a.defined, k)
	parts := k.Last.Differs(&a.before)
	what, is, has := partsOf(parts), "is", "has"
	if len(parts) > 1 {
		is, has = "are", "have"
	}
	switch {
	case !k.Gone.IsZero():
		out.Headline = "The server no longer offers it."
		out.Detail = "It has been gone since " + a.moment(k.Gone) + "."
	case k.Unaccepted():
		out.Headline, out.Detail = what+" "+is+" not what you accepted.", look
	case a.defined.Differs(k):
		out.Headline = "It is new since you accepted the others."
		out.Detail = "An update adds tools; so does a server that turns hostile after approval. Look before you accept."
	case k.Pinned():
		out.Headline, out.Badge = "It is what you accepted.", &api.Remark{Text: "accepted", Tone: api.Quiet}
	case a.changed:
		out.Headline, out.Detail = what+" "+has+" changed.", look
	default:
		out.Headline = "It has not changed since it was seen first."
	}
}

// partsOf names parts at the beginning of a sentence: "The description and the input schema".
func partsOf(parts []record.Part) string {
	if len(parts) == 0 {
		return "Nothing"
	}
	words := make([]string, len(parts))
	for i, part := range parts {
		words[i] = "the " + string(part)
		if part == record.OtherPart {
			words[i] = "something else"
		}
	}
	text := words[len(words)-1]
	if n := len(words); n > 1 {
		text = strings.Join(words[:n-1], ", ") + " and " + text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// facts returns when and with what the definition came.
func (a *about) facts() []api.Fact {
	facts := []api.Fact{}
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, api.Fact{Label: label, Text: text})
		}
	}
	if k := a.known; k != nil {
		seen, release, since := a.seen()
		add("first seen", seen)
		if k.Since.After(k.First) {
			add("known since", a.moment(k.First))
		}
		add("version", release)
		if k.Since.After(a.now.AddDate(0, 0, -historyDays)) {
			add("since then", view.Plural(since, "session"))
		}
		add("with it", a.with())
	}
	if d := a.listed; d != nil {
		add("costs", view.Tokens(d.Tokens)+" tokens, "+view.Size(d.Size))
		if d.Kind == record.ToolDefinition {
			calls := "never called in the time shown"
			if n := a.server.calls[d.Name]; n > 0 {
				calls = view.Plural(n, "call") + " in the time shown"
			}
			add("called", calls)
		}
	}
	return facts
}

// seen says when and by whom the definition was first seen as it is now, with which version of the server, and how many sessions
// there have been since. Sessions go back a month at least.
func (a *about) seen() (seen, release string, since int) {
	k := a.known
	seen = a.moment(k.Since)
	var first, last *store.Session // with it, and the one before
	for i := range a.all {         // the newest first
		s := &a.all[i]
		if serverOf(s) != a.key.server {
			continue
		}
		if end := s.LastSeen(); !end.IsZero() && end.Before(k.Since) {
			if last == nil {
				last = s
			}
			continue
		}
		if s.Launched.After(k.Since) {
			since++
		} else if first == nil {
			first = s
		}
	}
	if first == nil {
		return seen, "", since
	}
	since++
	if first.Client.Name != "" {
		seen += ", " + view.Steady(first.Client.Name)
	}
	if release = view.Steady(first.Server.Version); last != nil && last.Server.Version != first.Server.Version && last.Server.Version != "" {
		release = view.Steady(last.Server.Version) + " → " + release
	}
	return seen, release, since
}

// with returns what else was new or has changed at the same time.
func (a *about) with() string {
	var words []string
	for _, change := range []record.DefinitionChangeKind{record.DefinitionAdded, record.DefinitionRemoved, record.DefinitionChanged, record.DefinitionRenamed} {
		var names []string
		for i := range a.defined.Changes {
			c := &a.defined.Changes[i]
			if c.Change != change || c.Kind == a.key.kind && c.Name == a.key.name || !c.Time.Equal(a.known.Since) {
				continue
			}
			if name := view.Steady(view.DefinitionName(c.Kind, c.Name)); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			words = append(words, fmt.Sprintf("%s %s: %s", view.Number(len(names)), change, someOf(names)))
		}
	}
	return strings.Join(words, "; ")
}

// parts compares the parts of the definition with those before.
func (a *about) parts() []api.DefinitionPart {
	parts := []api.DefinitionPart{}
	if a.known == nil {
		return parts
	}
	for _, part := range record.Parts() {
		now, before := *a.known.Last.Of(part), *a.before.Of(part)
		one := api.DefinitionPart{Part: string(part), State: "same", Changed: a.changed && now != before}
		switch {
		case now == "" && before == "":
			if a.key.kind != record.ToolDefinition || !slices.Contains(usualParts, part) {
				continue
			}
			one.State = "none"
		case !a.changed:
		case before == "":
			one.State = "new"
		case now == "":
			one.State = "gone"
		case one.Changed:
			one.State = "changed"
		}
		parts = append(parts, one)
	}
	return parts
}

// usualParts are the parts of a tool that are shown if it has none.
var usualParts = []record.Part{record.DescriptionPart, record.InputPart, record.OutputPart, record.AnnotationsPart}

// notes says what else is to be known.
func (a *about) notes() (notes []string) {
	if d := a.listed; d != nil && a.cuts && d.Description > a.cutsAt {
		what := "The description has"
		if d.Kind == record.InstructionsDefinition {
			what = "The instructions have"
		}
		notes = append(notes, fmt.Sprintf("%s cuts at %s characters. %s %s: what is beyond the limit never reaches the model.",
			a.client, view.Number(int(a.cutsAt)), what, view.Number(int(d.Description))))
	}
	return notes
}

// text adds what the definition says, or how to have that.
func (a *about) text(from *store.Store, out *api.Definition) error {
	var texts map[definitions.Form]definitions.Text
	if a.defined != nil {
		var err error
		if texts, _, err = from.LookAtDefinitionTexts(a.defined.ID, a.now); err != nil {
			return err
		}
	}
	if a.known == nil {
		out.TextNote, out.Setting = "Not kept.", captureDefinitions
		return nil
	}
	now, kept := texts[definitions.Form{Kind: a.key.kind, Fingerprint: a.known.Last}]
	before, was := texts[definitions.Form{Kind: a.key.kind, Fingerprint: a.before}]
	switch {
	case kept && was && a.changed:
		lines := view.DefinitionDiff(before.Text, now.Text)
		out.Text, out.Diff = strings.Join(lines, "\n"), len(lines) > 0
		if !out.Diff {
			out.Text = strings.Join(view.DefinitionText(now.Text), "\n")
			out.TextNote = "The texts are equal once they are redacted or cut."
			return nil
		}
		out.TextNote = "What differs, redacted. Before: " + a.moment(before.Captured) + ". After: " + a.moment(now.Captured) + "."
	case kept:
		out.Text = strings.Join(view.DefinitionText(now.Text), "\n")
		out.TextNote = "Redacted, as it was on " + a.moment(now.Captured) + "."
		if a.changed {
			out.TextNote += " The text before is not kept."
		}
	default:
		out.TextNote, out.Setting = "Not kept, only a keyed fingerprint of each part.", captureDefinitions
		return nil
	}
	if now.Cut || before.Cut {
		out.TextNote += " Cut at 64 KiB."
	}
	return nil
}

// captureDefinitions is how to have texts.
const captureDefinitions = "SPANPIPE_CAPTURE=definitions"

// commands are what to do about the definition in a terminal, and what the last of them accepts, in a sentence; empty if nothing.
func (a *about) commands() (commands []string, accept string) {
	name := a.key.server.service
	if a.defined != nil && (!plainWord(name) || a.ambiguous()) {
		name = a.defined.ID
	}
	if !plainWord(name) {
		return []string{"spanpipe definitions"}, ""
	}
	all := "spanpipe definitions " + name
	switch {
	case a.known == nil || !a.known.Gone.IsZero() || !a.changed && !a.defined.Differs(a.known):
		return []string{all}, ""
	case a.known.Pinned() && !a.known.Unaccepted():
		return []string{all + " --diff"}, ""
	}
	return []string{all + " --diff", all + " --accept"}, "--accept takes all that the server offers now."
}

// ambiguous reports whether several servers have the same service's name.
func (a *about) ambiguous() bool {
	n := 0
	for i := range a.clientContext.defined {
		if a.clientContext.defined[i].Service == a.key.server.service {
			n++
		}
	}
	return n > 1
}
