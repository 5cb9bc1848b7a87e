package telemetry

import (
	"bytes"
	"encoding/json"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The bounds of texts of definitions, in bytes.
const (
	maxDefinitionText = 64 << 10
	maxWaitingTexts   = 1 << 20 // all that were read and not taken
)

// definitionTexts are the redacted texts of definitions, on their way from the redact stage to where they are kept. They go
// around records: no record, and so no exporter and no log, can have one. It belongs to the consumer's goroutine.
type definitionTexts struct {
	engine *redact.Redactor
	texts  map[definitions.Form]definitions.Text
	size   int
}

func newDefinitionTexts(engine *redact.Redactor) *definitionTexts {
	return &definitionTexts{engine: engine, texts: map[definitions.Form]definitions.Text{}}
}

// addElement adds an element of a list.
func (t *definitionTexts) addElement(kind record.DefinitionKind, of record.Fingerprint, members map[string]json.RawMessage) {
	if t == nil {
		return
	}
	if text, err := json.Marshal(members); err == nil { // they were read as JSON
		t.add(kind, of, text)
	}
}

// add adds a definition, which is JSON. It does nothing if texts are not kept.
func (t *definitionTexts) add(kind record.DefinitionKind, of record.Fingerprint, raw []byte) {
	if t == nil {
		return
	}
	text := t.engine.JSON(canonical(raw), false, maxDefinitionText)
	if t.size+len(text) > maxWaitingTexts { // of lists that were not read to their ends
		clear(t.texts)
		t.size = 0
	}
	form := definitions.Form{Kind: kind, Fingerprint: of}
	t.size += len(text) - len(t.texts[form].Text)
	t.texts[form] = definitions.Text{Form: form, Text: text, Cut: !json.Valid([]byte(text))}
}

// canonical returns JSON with sorted keys and without white space, its texts as they are read.
func canonical(raw []byte) []byte {
	var v any
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	if in.Decode(&v) != nil {
		return raw
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return raw
	}
	return bytes.TrimSpace(out.Bytes())
}

// take returns the texts of what was observed, and holds them no longer.
func (t *definitionTexts) take(o *definitions.Observation) (taken []definitions.Text) {
	for i := range o.Definitions {
		form := definitions.Form{Kind: o.Kind, Fingerprint: o.Definitions[i].Fingerprint}
		if text, ok := t.texts[form]; ok {
			text.Captured = o.Time
			taken = append(taken, text)
			t.size -= len(text.Text)
			delete(t.texts, form)
		}
	}
	return taken
}
