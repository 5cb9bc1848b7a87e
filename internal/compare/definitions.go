package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Definition is something that a server offers, or its instructions, if that differs.
type Definition struct {
	Change  record.DefinitionChangeKind `json:"change"`
	Kind    record.DefinitionKind       `json:"kind"`
	Name    string                      `json:"name,omitempty"`
	OldName string                      `json:"old_name,omitempty"` // of what was renamed
	Before  *Offered                    `json:"before,omitempty"`
	After   *Offered                    `json:"after,omitempty"`

	Members []Member      `json:"members,omitempty"` // where the texts are known
	Parts   []record.Part `json:"parts,omitempty"`   // where only that is known
}

// Offered is what a definition takes.
type Offered struct {
	Size        int64 `json:"size"`
	Tokens      int64 `json:"tokens,omitempty"`
	Description int64 `json:"description_length,omitempty"`
}

// Member is a value in a definition that differs. One that is absent was not there.
type Member struct {
	Path   string          `json:"path"` // JSON pointer
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// offer is what identifies a definition. Of several with one name, n tells them apart; so it does with those whose names are not known.
type offer struct {
	kind record.DefinitionKind
	name string
	n    int
}

// compareDefinitions compares what the servers offer.
func compareDefinitions(a, b *conversation.Conversation, noticed []record.DefinitionChange) []Definition {
	before, keys := offers(a, nil)
	after, keys := offers(b, keys)
	all := []Definition{}
	for _, key := range keys {
		x, y := before[key], after[key]
		d := Definition{Kind: key.kind, Name: key.name, Before: offeredOf(x), After: offeredOf(y)}
		switch {
		case x != nil && y != nil:
			d.Change = record.DefinitionChanged
			if !d.compare(x, y, noticed) {
				continue
			}
		case !lists(a, key.kind) || !lists(b, key.kind):
			continue // one of the sessions has not asked
		case x == nil:
			d.Change = record.DefinitionAdded
		default:
			d.Change = record.DefinitionRemoved
		}
		all = append(all, d)
	}
	return renamed(all, before, after)
}

// offers returns the definitions of a session, and the keys with those that are new.
func offers(c *conversation.Conversation, keys []offer) (map[offer]*conversation.Definition, []offer) {
	all := map[offer]*conversation.Definition{}
	known := map[offer]bool{}
	for _, key := range keys {
		known[key] = true
	}
	for i := range c.Definitions {
		d := &c.Definitions[i]
		key := offer{d.Kind, d.Name, 0}
		if d.Kind == record.ResourceDefinition && d.Text == nil {
			continue // neither its name nor its text is stored
		}
		for all[key] != nil {
			key.n++
		}
		if all[key] = d; !known[key] {
			keys = append(keys, key)
		}
	}
	return all, keys
}

// lists reports whether the definitions of a kind are known: the client has asked for them.
func lists(c *conversation.Conversation, kind record.DefinitionKind) bool {
	if kind == record.ResourceDefinition && c.Recording == nil {
		return false
	}
	return c.Listed(kind)
}

func offeredOf(d *conversation.Definition) *Offered {
	if d == nil {
		return nil
	}
	return &Offered{d.Size, d.Tokens, d.Description}
}

// compare reports whether two definitions with one name differ, and notes how.
func (d *Definition) compare(x, y *conversation.Definition, noticed []record.DefinitionChange) bool {
	if x.Text != nil && y.Text != nil {
		d.Members = compareJSON(x.Text, y.Text)
		return len(d.Members) > 0
	}
	for i := range noticed {
		if n := &noticed[i]; n.Kind == d.Kind && n.Name == d.Name && n.Change == record.DefinitionChanged {
			d.Parts = union(d.Parts, n.Parts)
		}
	}
	return len(d.Parts) > 0 || *d.Before != *d.After
}

// union returns the parts of two lists, in the order in which people are shown them.
func union(a, b []record.Part) (all []record.Part) {
	for _, part := range record.Parts() {
		if slices.Contains(a, part) || slices.Contains(b, part) {
			all = append(all, part)
		}
	}
	return all
}

// renamed makes one of what is gone and what is new if they are equal but for their names.
func renamed(all []Definition, before, after map[offer]*conversation.Definition) []Definition {
	for i := range all {
		d := &all[i]
		if d.Change != record.DefinitionAdded {
			continue
		}
		to := after[offer{d.Kind, d.Name, 0}]
		for j := range all {
			old := &all[j]
			if old.Change != record.DefinitionRemoved || old.Kind != d.Kind || to == nil || to.Text == nil {
				continue
			}
			from := before[offer{old.Kind, old.Name, 0}]
			if from == nil || from.Text == nil || !onlyNameDiffers(from.Text, to.Text) {
				continue
			}
			d.Change, d.OldName, d.Before = record.DefinitionRenamed, old.Name, old.Before
			old.Change = ""
			break
		}
	}
	return slices.DeleteFunc(all, func(d Definition) bool { return d.Change == "" })
}

func onlyNameDiffers(a, b json.RawMessage) bool {
	differing := compareJSON(a, b)
	return len(differing) == 1 && (differing[0].Path == "/name" || differing[0].Path == "/uriTemplate" || differing[0].Path == "/uri")
}

// compareJSON returns the values that differ between two JSON texts, in the order of their paths. A text that is absent differs as a
// whole from one that is there.
func compareJSON(a, b json.RawMessage) (all []Member) {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	x, ok := decode(a)
	y, too := decode(b)
	if !ok || !too {
		if bytes.Equal(a, b) {
			return nil
		}
		return []Member{{"", valid(a), valid(b)}}
	}
	return differing(nil, "", x, y)
}

// valid returns a text if it is JSON, and nothing otherwise.
func valid(text json.RawMessage) json.RawMessage {
	if json.Valid(text) {
		return text
	}
	return nil
}

// differing appends what differs between two values. The elements of arrays are compared one by one if there are as many.
func differing(all []Member, path string, a, b any) []Member {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(x)
		maps.Copy(keys, y)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			before, was := x[key]
			after, is := y[key]
			at := path + "/" + pointer.Replace(key)
			switch {
			case was && is:
				all = differing(all, at, before, after)
			case was:
				all = append(all, Member{at, compact(before), nil})
			default:
				all = append(all, Member{at, nil, compact(after)})
			}
		}
		return all
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			all = differing(all, path+"/"+strconv.Itoa(i), x[i], y[i])
		}
		return all
	}
	if before, after := compact(a), compact(b); !bytes.Equal(before, after) {
		all = append(all, Member{path, before, after})
	}
	return all
}

// compact returns a value as JSON.
func compact(v any) json.RawMessage {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it was decoded from JSON
	return bytes.TrimSpace(out.Bytes())
}
