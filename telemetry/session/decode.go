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
	// the ids of requests, which seldom come twice. It gets an empty name for one that was too long to be kept whole: half a
	// name could be half a secret, which nobody would recognise. Nil lets every name pass.
	Clean func(name []byte) string

	names map[string]string

	// Of the message that is being decoded.
	text   []byte // of its error, or of what may turn out to be one
	status []byte // a task's status message

	errorContent *framing.Value // the text of its error, as far as content is to be copied
}

// maxNames bounds the names that a decoder remembers. More are cleaned each time they come.
const maxNames = 4096

// Decode copies into out what is to be known of a message. Of the texts of errors it keeps no more than their class.
func (d *Decoder) Decode(in *framing.Message, out *Message) {
	*out = Message{
		Kind: in.Kind, Dir: d.Dir, Batch: in.Batch, Size: in.Size, Reason: in.Reason,
		First: in.First.Sub(d.Epoch), Last: in.Last.Sub(d.Epoch),
	}
	switch in.Kind {
	case framing.Request:
		out.ID = ID{newRef(in.ID), d.idText(in.ID)}
		out.Method = d.method(in.Method)
	case framing.Notification:
		out.Method = d.method(in.Method)
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

// classify finds the classes of the message's errors, and forgets the texts that told them, which are the scanner's.
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
	d.text, d.status, d.errorContent = nil, nil, nil
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
	switch v := string(in.Version); {
	case v == "2.0":
	case v == "":
		out.extra().JSONRPC = "none"
	case len(v) >= framing.MaxVersionText:
		out.extra().JSONRPC = d.tooLong(in.Version)
	default:
		out.extra().JSONRPC = d.name(in.Version)
	}
}

// method is what may be shown of a method's name. The scanner keeps its beginning, and does not say if there was more.
func (d *Decoder) method(b []byte) string {
	if len(b) >= framing.MaxMethodText {
		return d.tooLong(b)
	}
	return d.name(b)
}

// minCard is from how many digits on a number may be one that people have: of a payment card.
const minCard = 12

// idText is what may be shown of a request's id. Short numbers say nothing, strings can be anything.
func (d *Decoder) idText(id framing.ID) string {
	switch {
	case id.Type != framing.NumberID && id.Type != framing.StringID:
		return ""
	case id.Truncated:
		return d.tooLong(id.Text)
	case id.Type == framing.NumberID && len(id.Text) < minCard:
		return numberText(id.Text)
	}
	return d.clean(id.Text)
}

// value returns what may be shown of a picked name.
func (d *Decoder) value(v *framing.Value) string {
	if v.Truncated {
		return d.tooLong(v.Text)
	}
	return d.name(v.Text)
}

// tooLong is what is shown of a name of which only the beginning was kept.
func (d *Decoder) tooLong(beginning []byte) string {
	if d.Clean == nil {
		return string(beginning)
	}
	return d.Clean(nil)
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
