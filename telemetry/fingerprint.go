package telemetry

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash"
	"unicode/utf16"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// fingerprinter makes fingerprints of definitions: hashes under a key, so that a server cannot construct two texts with the same,
// and what is stored does not show what a text was. It belongs to the redact stage, which sees content.
type fingerprinter struct {
	mac   hash.Hash
	texts *definitionTexts // nil unless texts are kept
}

func newFingerprinter(key []byte) *fingerprinter {
	return &fingerprinter{mac: hmac.New(sha256.New, key)}
}

// parts is which part of a definition a member is. Those that are not listed are record.OtherPart, together.
var parts = map[string]record.Part{
	"name": record.NamePart, "title": record.TitlePart, "description": record.DescriptionPart,
	"inputSchema": record.InputPart, "arguments": record.InputPart, "outputSchema": record.OutputPart,
	"annotations": record.AnnotationsPart, "icons": record.IconsPart, "_meta": record.MetaPart,
}

// templateParts are the same of a resource template, whose name identifies nothing.
var templateParts = map[string]record.Part{
	"uriTemplate": record.NamePart, "title": record.TitlePart, "description": record.DescriptionPart,
	"annotations": record.AnnotationsPart, "icons": record.IconsPart, "_meta": record.MetaPart,
}

// definitions gives the definitions of a message their fingerprints, and the exact lengths of their descriptions.
func (f *fingerprinter) definitions(x *session.Extra, lists []session.RawDefinitions) {
	for _, list := range lists {
		if !f.list(x, list) {
			x.Unread = append(x.Unread, list.Kind)
		}
	}
	for i := range x.Definitions { // a list that had no room in the queue
		if d := &x.Definitions[i]; d.Fingerprint == (record.Fingerprint{}) {
			x.Unread = append(x.Unread, d.Kind)
			break
		}
	}
}

// list gives the definitions of one list their fingerprints, and reports whether each of its elements has one.
func (f *fingerprinter) list(x *session.Extra, list session.RawDefinitions) bool {
	if list.Truncated && list.Kind == record.InstructionsDefinition {
		return false
	}
	if list.Kind == record.InstructionsDefinition {
		for i := range x.Definitions {
			if d := &x.Definitions[i]; d.Kind == list.Kind {
				d.Fingerprint = record.Fingerprint{Text: f.hash(record.TextPart, list.Raw)}
				d.Description = characters(list.Raw, d.Description)
				f.texts.add(list.Kind, d.Fingerprint, list.Raw)
			}
		}
		return true
	}
	elements := map[int]*session.Definition{}
	for i := range x.Definitions {
		if d := &x.Definitions[i]; d.Kind == list.Kind {
			elements[d.Index] = d
		}
	}
	names := parts
	if list.Kind == record.TemplateDefinition {
		names = templateParts
	}
	whole := true
	in := json.NewDecoder(bytes.NewReader(list.Raw))
	_, _ = in.Token() // the bracket
	for i := 0; in.More(); i++ {
		var members map[string]json.RawMessage
		if in.Decode(&members) != nil {
			return false // not an object, or cut
		}
		d := elements[i]
		if d == nil {
			whole = false
			continue
		}
		d.Fingerprint = f.element(members, names)
		d.Description = characters(members["description"], d.Description)
		f.texts.addElement(list.Kind, d.Fingerprint, members)
	}
	return whole && !list.Truncated
}

// element returns the fingerprint of an element of a list.
func (f *fingerprinter) element(members map[string]json.RawMessage, names map[string]record.Part) record.Fingerprint {
	var found record.Fingerprint
	other := map[string]json.RawMessage{}
	for key, value := range members {
		if part, ok := names[key]; ok {
			*found.Of(part) = f.hash(part, value)
		} else {
			other[key] = value
		}
	}
	if len(other) > 0 {
		text, _ := json.Marshal(other) // of values that were read as JSON
		found.Other = f.hash(record.OtherPart, text)
	}
	return found
}

// hash returns 96 bits of the keyed hash of a part: of its value and not of how it is written. The order of an object's
// members, white space and escapes make no difference; of equal keys the last one counts, as in most parsers; numbers are
// compared as they are written.
func (f *fingerprinter) hash(part record.Part, value []byte) string {
	var v any
	in := json.NewDecoder(bytes.NewReader(value))
	in.UseNumber()
	if in.Decode(&v) == nil {
		if text, err := json.Marshal(v); err == nil { // with sorted keys
			value = text
		}
	}
	f.mac.Reset()
	_, _ = f.mac.Write([]byte(part)) // never fails, as below
	_, _ = f.mac.Write([]byte{0})
	_, _ = f.mac.Write(value)
	return base64.RawURLEncoding.EncodeToString(f.mac.Sum(nil)[:12])
}

// characters returns the length of a JSON string in UTF-16 code units, and otherwise of what is none.
func characters(text json.RawMessage, otherwise int64) (n int64) {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return otherwise
	}
	for _, r := range s {
		n += int64(utf16.RuneLen(r))
	}
	return n
}

// randomKey returns the key of a session whose fingerprints are compared with none but its own.
func randomKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails, by its documentation
	return key
}
