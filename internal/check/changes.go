package check

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/compare"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Change is one difference between two files of definitions.
type Change struct {
	Kind   record.DefinitionKind
	Name   string
	Change record.DefinitionChangeKind // added, removed or changed
	Part   record.Part                 // of what has changed
	Path   string                      // in the part, as a JSON pointer; empty: the part itself

	// Before and After are the values as JSON, cut to what can be shown; empty for what is absent.
	Before, After string
}

// String says what has changed: `tool add: input schema: /properties/b/type was "number", is "integer"`. It is safe for a terminal.
func (c Change) String() string {
	name := strings.ReplaceAll(string(c.Kind), "_", " ")
	if c.Name != "" {
		name += " " + view.Safe(c.Name)
	}
	switch c.Change {
	case record.DefinitionAdded:
		return name + " is new"
	case record.DefinitionRemoved:
		return name + " is no longer offered"
	default:
	}
	what := name + ": " + string(c.Part)
	if c.Path != "" {
		what += ": " + view.Safe(c.Path)
	}
	switch {
	case c.Before == "":
		return what + " is new: " + c.After
	case c.After == "":
		return what + " is gone: " + c.Before
	}
	return what + " was " + c.Before + ", is " + c.After
}

// Compare returns in what the definitions of now differ from those before, by kind and name. Of kinds that are not known now, which
// are left, nothing is said.
func Compare(before, now *Definitions) (changes []Change, left []record.DefinitionKind) {
	if before.instructed && now.instructed && before.Instructions != now.Instructions {
		c := Change{Kind: record.InstructionsDefinition, Change: record.DefinitionChanged, Part: record.TextPart}
		c.Before, c.After = texts(before.Instructions, now.Instructions)
		changes = append(changes, c)
	}
	for _, kind := range before.known {
		if !slices.Contains(now.known, kind) {
			left = append(left, kind)
			continue
		}
		changes = append(changes, compareLists(before.of(kind), now.of(kind))...)
	}
	return changes, left
}

// compareLists compares two sorted lists of one kind. A name may be in a list twice.
func compareLists(before, now []Definition) (changes []Change) {
	type nth struct {
		name string
		n    int
	}
	index := func(all []Definition) (keys []nth, places map[nth]int) {
		places = map[nth]int{}
		for i, d := range all {
			key := nth{name: d.Name}
			if i > 0 && all[i-1].Name == d.Name {
				key.n = keys[i-1].n + 1
			}
			keys, places[key] = append(keys, key), i
		}
		return keys, places
	}
	keys, was := index(before)
	others, is := index(now)
	for k, d := range before {
		i, ok := is[keys[k]]
		if !ok {
			changes = append(changes, Change{Kind: d.Kind, Name: d.Name, Change: record.DefinitionRemoved})
			continue
		}
		for _, m := range compare.JSON(d.Text, now[i].Text) {
			changes = append(changes, changeOf(d, m))
		}
	}
	for k, d := range now {
		if _, ok := was[others[k]]; !ok {
			changes = append(changes, Change{Kind: d.Kind, Name: d.Name, Change: record.DefinitionAdded})
		}
	}
	return changes
}

// changeOf says in which part of a definition a member is.
func changeOf(d Definition, m compare.Member) Change {
	c := Change{Kind: d.Kind, Name: d.Name, Change: record.DefinitionChanged, Part: record.OtherPart, Path: m.Path}
	member, rest, inside := strings.Cut(strings.TrimPrefix(m.Path, "/"), "/")
	part, ok := parts[member]
	if member == "arguments" && d.Kind == record.PromptDefinition {
		part, ok = record.InputPart, true
	}
	if ok {
		if c.Part, c.Path = part, ""; inside {
			c.Path = "/" + rest
		}
	}
	c.Before, c.After = values(m.Before, m.After)
	return c
}

// parts are the parts that members of a definition are.
var parts = map[string]record.Part{
	"title": record.TitlePart, "description": record.DescriptionPart, "inputSchema": record.InputPart, "outputSchema": record.OutputPart,
	"annotations": record.AnnotationsPart, "icons": record.IconsPart, "_meta": record.MetaPart,
}

// mostShown is how much of a value is shown, in characters.
const mostShown = 80

// values returns two values as far as they can be shown: of texts, where they differ.
func values(before, now json.RawMessage) (was, is string) {
	var a, b string
	if json.Unmarshal(before, &a) == nil && json.Unmarshal(now, &b) == nil {
		return texts(a, b)
	}
	return cut(view.Safe(string(before)), mostShown), cut(view.Safe(string(now)), mostShown)
}

// texts returns two texts in quotes.
func texts(before, now string) (was, is string) {
	b, n := []rune(before), []rune(now)
	same := 0
	for same < len(b) && same < len(n) && b[same] == n[same] {
		same++
	}
	const around = 20
	from := 0
	if max(len(b), len(n)) > mostShown && same > around {
		from = same - around
	}
	return excerpt(b, from), excerpt(n, from)
}

// excerpt returns a text from a place, in quotes.
func excerpt(text []rune, from int) string {
	lead := ""
	if from > 0 {
		lead = "…"
	}
	quoted, _ := plain(cut(lead+string(text[min(from, len(text)):]), mostShown-len(`""`))) // a text can be encoded
	return view.Safe(string(quoted))
}

// cut shortens a text.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
