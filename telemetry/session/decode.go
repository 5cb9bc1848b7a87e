package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Decoder turns scanned messages of one direction into messages that can be kept. It is for one goroutine.
type Decoder struct {
	Reader *Reader // the one whose table the scanner has
	Dir    Direction
	Epoch  time.Time // the start of the session
	// Clean checks a name that a peer has chosen and returns what may be shown of it: the name itself, or a word that
	// stands for one that may not. It is called once for each name as long as the decoder remembers it, and each time for
	// the ids of requests that are strings, which seldom come twice. Nil lets every name pass.
	Clean func(name []byte) string

	names map[string]string

	// Of the message that is being decoded.
	text   []byte   // of its error, or of what may turn out to be one
	status []byte   // a task's status message
	secret [][]byte // all that must be wiped

	errorContent *framing.Value // the text of its error, as far as content is to be copied
}

// maxNames bounds the names that a decoder remembers. More are cleaned each time they come.
const maxNames = 4096

// Decode copies into out what is to be known of a message, and wipes the texts of errors in it once they are classified.
func (d *Decoder) Decode(in *framing.Message, out *Message) {
	*out = Message{
		Kind: in.Kind, Dir: d.Dir, Batch: in.Batch, Size: in.Size, Reason: in.Reason,
		First: in.First.Sub(d.Epoch), Last: in.Last.Sub(d.Epoch),
	}
	switch in.Kind {
	case framing.Request:
		out.ID = ID{newRef(in.ID), d.idText(in.ID)}
		out.Method = d.name(in.Method)
	case framing.Notification:
		out.Method = d.name(in.Method)
	case framing.Response, framing.ErrorResponse:
		out.ID.Ref = newRef(in.ID)
	default:
		return
	}
	d.version(in, out)
	for i := range in.Values {
		v := &in.Values[i]
		d.Reader.fields[v.Field].take(d, v, out)
	}
	d.classify(out)
}

// classify finds the classes of the message's errors, and wipes the texts that told them, so that nothing of these outlives
// the call.
func (d *Decoder) classify(m *Message) {
	switch {
	case m.Kind == framing.ErrorResponse:
		m.Class = classify(m.Code, d.text, Internal)
	case m.IsError:
		m.Class = classify("", d.text, ToolError)
	}
	if x := m.Extra; x != nil {
		d.classifyOutcome(x)
	}
	if d.errorContent != nil && (m.Kind == framing.ErrorResponse || m.IsError) {
		m.content().Error = piece(d.errorContent)
	}
	for _, text := range d.secret {
		clear(text)
	}
	clear(d.secret)
	d.text, d.status, d.secret, d.errorContent = nil, nil, d.secret[:0], nil
}

func (d *Decoder) classifyOutcome(x *Extra) {
	switch o := x.Outcome; {
	case o != nil && o.Code != "":
		o.Class = classify(o.Code, d.text, Internal)
	case o != nil && o.IsError:
		o.Class = classify("", d.text, ToolError)
	case x.TaskStatus == taskFailed:
		x.outcome().Class = classify("", d.status, ToolError)
	}
}

func (d *Decoder) version(in *framing.Message, out *Message) {
	switch string(in.Version) {
	case "2.0":
	case "":
		out.extra().JSONRPC = "none"
	default:
		out.extra().JSONRPC = d.name(in.Version)
	}
}

// idText is what may be shown of a request's id. Numbers say nothing, strings can be anything.
func (d *Decoder) idText(id framing.ID) string {
	switch id.Type {
	case framing.NumberID:
		return numberText(id.Text)
	case framing.StringID:
		return d.clean(id.Text)
	}
	return ""
}

// name returns what may be shown of a name, from memory where it is known.
func (d *Decoder) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if known, ok := d.names[string(b)]; ok {
		return known
	}
	name := string(b)
	shown := name
	if !semconv.KnownMethod(name) {
		shown = d.clean(b)
	}
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < maxNames {
		d.names[name] = shown
	}
	return shown
}

// clean returns what may be shown of a name, and does not remember it.
func (d *Decoder) clean(b []byte) string {
	if d.Clean == nil || len(b) == 0 {
		return string(b)
	}
	return d.Clean(b)
}
