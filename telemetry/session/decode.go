package session

import (
	"bytes"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Reader is the list of members that are read out of messages. It is immutable and may be shared.
type Reader struct {
	Table  *framing.Table // for the scanner
	fields []field        // by framing.Value.Field
}

// field is a member that is read out of messages, and what to do with its value. No other member is ever looked at.
type field struct {
	path framing.Path
	take func(d *Decoder, v *framing.Value, m *Raw)
}

// Decoder turns the scanned messages of one direction into messages that can be kept. It is for one goroutine.
type Decoder struct {
	Reader *Reader // must be the one whose Table the scanner has
	Dir    record.Direction
	Epoch  time.Time // the start of the session
	// Clean checks a name that a peer chose and returns what may be shown of it: the name itself, or a word in its
	// place. It is called once for each name that the decoder remembers, and each time for ids, which seldom occur
	// twice. An empty argument stands for a name that was too long to be kept whole: half a name could be half a
	// secret, which no check would recognize. Nil accepts every name.
	Clean func(name []byte) string

	// Wanted reports whether metric rules look at a message: then its arguments, result or error are copied beside it, as far as
	// Contents has them. Nil wants none.
	Wanted func(m *Raw) bool

	names    map[string]string // what may be shown of a name
	errors   errorTexts        // of the message that is being decoded
	counts   counts            // likewise
	seen     seenTwice         // likewise
	measured measured          // likewise
}

// maxNames bounds the names that a decoder remembers, since peers choose them. Others are cleaned each time they occur.
const maxNames = 4096

// Decode copies into out what is kept of a message.
func (d *Decoder) Decode(in *framing.Message, out *Raw) {
	*out = Raw{Message: Message{
		Kind: in.Kind, Dir: d.Dir, Batch: in.Batch, Cut: in.Cut, Size: in.Size, End: in.End, Reason: in.Reason,
		First: in.First.Sub(d.Epoch), Last: in.Last.Sub(d.Epoch),
	}}
	switch in.Kind {
	case framing.Request:
		out.ID = ID{newRef(in.ID), d.idText(in.ID)}
		out.Method = d.name(in.Method, in.MethodTruncated || hasSpace(in.Method))
	case framing.Notification:
		out.Method = d.name(in.Method, in.MethodTruncated || hasSpace(in.Method))
	case framing.Response, framing.ErrorResponse:
		out.ID.Ref = newRef(in.ID) // the operation has the text of its request's id
		if in.ID.Type == framing.StringID || bytes.ContainsAny(in.ID.Text, ".eE") {
			out.ID.Text = d.idText(in.ID) // in case there is none, or a number that is written differently
		}
	case framing.NotRPC:
		out.ID = ID{newRef(in.ID), d.idText(in.ID)}
		return
	default:
		return // what is not a message has nothing to read
	}
	if in.BOM {
		out.Facts |= hasBOM
	}
	switch version := string(in.Version); {
	case version == "2.0", version == "" && in.Cut: // it may stand at the end
	case version == "":
		out.ensureExtra().JSONRPC = noVersion
	default:
		out.ensureExtra().JSONRPC = d.formed(in.Version, in.VersionTruncated, isRPCVersion)
	}
	for i := range in.Values {
		v := &in.Values[i]
		d.Reader.fields[v.Field].take(d, v, out)
	}
	d.errors.measure(out)
	d.errors = errorTexts{} // the scanner's memory, and content
	d.counts.note(out, in.Dropped)
	d.seen.correct(out)
	d.counts, d.seen = counts{}, seenTwice{}
	if d.measured != (measured{}) && d.Wanted != nil && d.Wanted(out) {
		d.measured.copy(out)
	}
	d.measured = measured{}
}

// noVersion stands for the version of a message without a jsonrpc member.
const noVersion = "none"

// minCard is the number of digits from which on a number may be that of a payment card: they have 12 to 19 (ISO/IEC
// 7812).
const minCard = 12

// idText returns what may be shown of a request's id. A short number is harmless; a string can be anything.
func (d *Decoder) idText(id framing.ID) string {
	switch {
	case id.Type != framing.NumberID && id.Type != framing.StringID:
		return ""
	case id.Type == framing.NumberID && len(id.Text) < minCard:
		return string(id.Text)
	}
	return d.clean(id.Text, id.Truncated || hasSpace(id.Text))
}

// hasSpace reports whether a text has a space, as sentences have, and the names of methods and ids have not. Of a name
// with one nothing is shown.
func hasSpace(b []byte) bool { return bytes.IndexByte(b, ' ') >= 0 }

// name returns what may be shown of a name, and remembers it: cleaning runs every detector of the redaction engine, and
// the few names of a session occur again and again.
func (d *Decoder) name(b []byte, truncated bool) string {
	if truncated {
		return d.clean(b, true)
	}
	if known, ok := d.names[string(b)]; ok {
		return known
	}
	name := string(b)
	shown := name
	if !semconv.KnownMethod(name) {
		shown = d.clean(b, false)
	}
	d.remember(name, shown)
	return shown
}

func (d *Decoder) remember(name, shown string) {
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < maxNames {
		d.names[name] = shown
	}
}

// formed returns a text that has a form, and Other for any other. What has one needs no cleaning. It is remembered like
// a name, so that the few versions and codes of a session are not copied again for each message.
func (d *Decoder) formed(b []byte, truncated bool, has func(string) bool) string {
	if known := d.names[string(b)]; !truncated && known == string(b) && has(known) {
		return known
	}
	text := string(b)
	if truncated || !has(text) {
		return semconv.Other
	}
	d.remember(text, text)
	return text
}

// clean returns what may be shown of a name.
func (d *Decoder) clean(b []byte, truncated bool) string {
	switch {
	case d.Clean == nil || len(b) == 0:
		return string(b)
	case truncated:
		return d.Clean(nil)
	}
	return d.Clean(b)
}
