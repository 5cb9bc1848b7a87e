package replay

import (
	"bytes"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// kind is what a message is.
type kind uint8

// The kinds.
const (
	noise        kind = iota // a line that no message is in
	request                  // it is answered
	notification             // it is not
	answer                   // a result or an error
)

// message is a message of a conversation, or a line that is none.
type message struct {
	kind   kind
	line   int // of the conversation, from 0
	at     time.Duration
	raw    []byte // the line
	base   int    // where the text begins that body was read from
	body   *value // nil for noise
	method string
	id     string   // in the form of value.scalar
	shown  *message // as it is compared, if that is not as it is
}

// read returns the messages of a line: one, those of a batch (2025-03-26), or noise. An empty line has none.
func read(number int, line recording.Line) (all []*message) {
	text := bytes.TrimPrefix(line.Data, []byte("\ufeff"))
	base := len(line.Data) - len(text)
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	one := message{line: number, at: line.At, raw: line.Data, base: base}
	root := parse(text)
	bodies := []*value{root}
	if root != nil && root.kind == '[' {
		bodies = root.items
	}
	for _, body := range bodies {
		m := one
		if m.body = body; !m.classify() {
			return []*message{&one}
		}
		all = append(all, &m)
	}
	if len(all) == 0 { // an empty batch
		return []*message{&one}
	}
	return all
}

// classify sets what a message is, and reports whether it is one.
func (m *message) classify() bool {
	id := m.body.member("id")
	m.method, m.id = m.body.member("method").str(), id.scalar()
	switch {
	case m.body == nil || m.body.kind != '{':
		return false
	case m.method != "" && m.id != "":
		m.kind = request
	case m.method != "":
		m.kind = notification
	case m.body.member("result") != nil || m.body.member("error") != nil:
		m.kind = answer
	default:
		return false
	}
	return true
}

// content is what a message says, and what that is called: params, result or error.
func (m *message) content() (what string, v *value) {
	if m.kind != answer {
		return "params", m.body.member("params")
	}
	if v = m.body.member("error"); v != nil && v.kind != 'n' {
		return "error", v
	}
	return "result", m.body.member("result")
}

// envelope is what stands in a message beside what it says: neither that, nor its id and method.
func (m *message) envelope() *value {
	what, _ := m.content()
	out := &value{kind: '{'}
	for i, name := range m.body.names {
		if name != "id" && name != "method" && name != what {
			out.names, out.items = append(out.names, name), append(out.items, m.body.items[i])
		}
	}
	return out
}

// target is the name of what a request is about, such as a tool, or "".
func (m *message) target() string {
	params := m.body.member("params")
	for _, path := range [][]string{{"name"}, {"uri"}, {"ref", "name"}, {"ref", "uri"}} {
		if name := params.member(path...).str(); name != "" {
			return name
		}
	}
	return ""
}

// name is what a request is called in a report.
func (m *message) name() string { return strings.TrimSpace(m.method + " " + m.target()) }

// tool is the name of the tool that a request calls, or "".
func (m *message) tool() string {
	if m.method != "tools/call" {
		return ""
	}
	return m.target()
}

// progressToken is the token of a request that asks for progress, or of a notification that reports it.
func (m *message) progressToken() string {
	params := m.body.member("params")
	if m.method == "notifications/progress" {
		return params.member("progressToken").scalar()
	}
	return params.member("_meta", "progressToken").scalar()
}

// rawID is the id as it is written.
func (m *message) rawID() string { return m.body.member("id").json() }

// subscription is the id of the request for notifications that a notification belongs to (2026-07-28).
func (m *message) subscription() string {
	return m.body.member("params", "_meta", "io.modelcontextprotocol/subscriptionId").scalar()
}

// loosely makes an id comparable with that of a server that answers with a text where the request had a number.
func loosely(id string) string { return strings.Trim(id, `"`) }

// trimmed returns a line without its end.
func trimmed(line string) string { return strings.TrimRight(line, "\r\n") }
