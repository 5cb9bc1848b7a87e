package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// editor redacts the lines of a conversation. Messages stay messages: what connects them, such as ids and progress tokens, stays
// as it is, or, if it looks like a secret itself, is replaced by a text that is the same wherever it occurs.
type editor struct {
	redactor *redact.Redactor
	keys     [2]redact.KeyLines // by side
	aliases  map[string]string  // of links, by what they stand for
}

// maxAliases bounds the memory for links that look like secrets, of which hardly any conversation has one.
const maxAliases = 10_000

// noLimit is more than what any line becomes.
const noLimit = 1 << 30

func newEditor(r *redact.Redactor) *editor {
	return &editor{redactor: r, aliases: map[string]string{}}
}

// Redact returns a function that redacts whole lines as a recorder with this redactor does. It is for one goroutine, and for the lines
// of one session in their order.
func Redact(r *redact.Redactor) func(from Side, line []byte) []byte {
	e := newEditor(r)
	return func(from Side, line []byte) []byte {
		return e.line(slices.Index(sides[:], from), line, !bytes.HasSuffix(line, []byte{'\n'}))
	}
}

// line returns what may be kept of a line of a side. Of a partial one the end is missing.
func (e *editor) line(side int, data []byte, partial bool) []byte {
	text, ending := data, ""
	if bytes.HasSuffix(text, []byte("\r\n")) {
		ending = "\r\n"
	} else if !partial {
		ending = "\n"
	}
	text = text[:len(text)-len(ending)]
	if !partial && isMessage(bytes.TrimSpace(text)) {
		return append(e.message(text), ending...)
	}
	keep, key, shown := e.keys[side].Filter(text)
	switch {
	case !shown:
		return []byte(redact.KindPrivateKey.Marker() + ending)
	case key:
		return []byte(e.redactor.Text(keep, false, noLimit) + redact.KindPrivateKey.Marker() + ending)
	}
	return []byte(e.redactor.JSON(text, partial, noLimit) + ending)
}

// message returns what may be kept of a message. The redactor sees it without its links, which are put back where they were.
func (e *editor) message(text []byte) []byte {
	before := links(text)
	var masked []byte
	at := 0
	for _, l := range before {
		masked = append(append(masked, text[at:l.from]...), "null"...)
		at = l.to
	}
	redacted := []byte(e.redactor.JSON(append(masked, text[at:]...), false, noLimit))
	after := links(redacted)
	if len(after) != len(before) { // it has been replaced as a whole
		return redacted
	}
	var out []byte
	at = 0
	for i, l := range after {
		out = append(append(out, redacted[at:l.from]...), e.link(text[before[i].from:before[i].to])...)
		at = l.to
	}
	return append(out, redacted[at:]...)
}

// link returns what stands for a link, which is JSON.
func (e *editor) link(value []byte) []byte {
	text := string(value)
	_ = json.Unmarshal(value, &text) // a number or null is its own text
	if e.redactor.Text([]byte(text), false, noLimit) == text {
		return value
	}
	alias, known := e.aliases[string(value)]
	switch {
	case known:
	case len(e.aliases) < maxAliases:
		alias = fmt.Sprintf(`"[redacted:id-%d]"`, len(e.aliases)+1)
		e.aliases[string(value)] = alias
	default:
		alias = `"[redacted:id]"`
	}
	return []byte(alias)
}

// linkPaths are the members of messages that connect one with another, or that a peer has to send back as they are.
var linkPaths = map[string]bool{
	".id":                   true,
	".params.requestId":     true,
	".params.progressToken": true, ".params._meta.progressToken": true,
	".params.cursor": true, ".result.nextCursor": true,
	".params.taskId": true, ".result.taskId": true, ".result.task.taskId": true,
	".params._meta.io.modelcontextprotocol/related-task.taskId": true,
	".result._meta.io.modelcontextprotocol/related-task.taskId": true,
	".params._meta.io.modelcontextprotocol/subscriptionId":      true,
	".params.requestState": true, ".result.requestState": true,
}

// deepest is how many members below a message the deepest of them are.
const deepest = 4

// span is a range of bytes.
type span struct{ from, to int }

// links returns where the links of a message, or of a batch of them, stand in a text of JSON, in their order. Values that are objects
// or arrays are none.
func links(text []byte) []span {
	w := walk{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	w.decoder.UseNumber()
	w.value("", 0)
	return w.found
}

// walk reads JSON and knows where it is.
type walk struct {
	text    []byte
	decoder *json.Decoder
	found   []span
}

// value reads a value, and finds the links in it. It reports whether there was one.
func (w *walk) value(path string, depth int) bool {
	from := int(w.decoder.InputOffset())
	from += len(w.text[from:]) - len(bytes.TrimLeft(w.text[from:], " \t\r\n,:"))
	token, err := w.decoder.Token()
	if err != nil {
		return false
	}
	delim, nested := token.(json.Delim)
	if !nested {
		if linkPaths[path] {
			w.found = append(w.found, span{from, int(w.decoder.InputOffset())})
		}
		return true
	}
	for w.decoder.More() {
		below, next := nowhere, depth+1
		if delim == '{' {
			name, err := w.decoder.Token()
			if err != nil {
				return false
			}
			if depth < deepest && path != nowhere {
				below = path + "." + name.(string) // a decoder makes sure of that
			}
		} else if depth == 0 { // a batch
			below, next = path, depth
		}
		if !w.value(below, next) {
			return false
		}
	}
	_, err = w.decoder.Token()
	return err == nil
}

// nowhere is a path without links.
const nowhere = "-"
