package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Decoder turns scanned messages of one direction into messages that can be kept. It is for one goroutine.
type Decoder struct {
	Dir   Direction
	Epoch time.Time // the start of the session
	// Clean checks a name that a peer has chosen and returns what may be shown of it: the name itself, or a word that
	// stands for one that may not. It is called once for each name as long as the decoder remembers it.
	Clean func(name []byte) string

	names map[string]string
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
		out.ID = newID(in.ID, true)
		if len(out.ID.Text) > 0 && out.ID.Type == framing.StringID {
			out.ID.Text = d.name([]byte(out.ID.Text))
		}
		d.asked(in, out)
	case framing.Notification:
		d.asked(in, out)
	case framing.Response, framing.ErrorResponse:
		out.ID = newID(in.ID, false)
		d.answered(in, out)
	}
}

// extra makes the message's rare part when something goes into it.
func (m *Message) extra() *Extra {
	if m.Extra == nil {
		m.Extra = new(Extra)
	}
	return m.Extra
}

func (d *Decoder) asked(in *framing.Message, out *Message) {
	out.Method = d.name(in.Method)
	d.version(in, out)
	for i := range in.Values {
		v := &in.Values[i]
		switch v.Field {
		case fName:
			out.Target = d.name(v.Text)
		case fRefName:
			if out.Target == "" {
				out.Target = d.name(v.Text)
			}
		case fURI:
			if !v.Truncated {
				out.extra().URI = string(v.Text)
			}
		case fLevel:
			out.extra().Level = d.name(v.Text)
		case fLogger:
			out.extra().Logger = d.name(v.Text)
		case fTaskID:
			out.extra().TaskID = d.name(v.Text)
		case fStatus:
			out.extra().TaskStatus = d.name(v.Text)
		case fTask:
			out.extra().WantsTask = v.Type == framing.Object
		case fRequestID:
			out.extra().Cancels = token(v)
		case fReason:
			out.extra().GaveUp = in.Kind == framing.Notification && timedOut(v.Text)
			clear(v.Text)
		case fProgressToken, fMetaProgressToken:
			out.extra().ProgressToken = token(v)
		case fProtocol, fMetaProtocol:
			out.extra().Protocol = d.name(v.Text)
		case fClientName, fMetaClientName:
			out.extra().PeerName = d.name(v.Text)
		case fClientVersion, fMetaClientVersion:
			out.extra().PeerVersion = d.name(v.Text)
		case fArguments:
			out.Arguments = v.Hash
		case fInputResponses:
			out.extra().Answers = true
		case fRequestState:
			out.extra().State = v.Hash
		case fMetaTraceparent:
			out.extra().Traceparent = string(v.Text)
		case fMetaTracestate:
			if !v.Truncated {
				out.extra().Tracestate = d.name(v.Text)
			}
		case fMetaRelated:
			out.extra().Related = d.name(v.Text)
		}
	}
}

func (d *Decoder) answered(in *framing.Message, out *Message) {
	d.version(in, out)
	var text []byte // of the error, or of what may turn out to be one
	for i := range in.Values {
		v := &in.Values[i]
		switch v.Field {
		case fIsError, fInlineIsError:
			out.IsError = v.Type == framing.True
		case fResultType:
			if rt := d.name(v.Text); rt != "complete" {
				out.extra().ResultType = rt
			}
		case fResultProtocol:
			out.extra().Protocol = d.name(v.Text)
		case fServerName, fMetaServerName:
			out.extra().PeerName = d.name(v.Text)
		case fServerVersion, fMetaServerVersion:
			out.extra().PeerVersion = d.name(v.Text)
		case fResultTaskObjectID, fResultTaskID:
			out.extra().TaskID = d.name(v.Text)
		case fResultTaskObjectStatus, fResultStatus:
			out.extra().TaskStatus = d.name(v.Text)
		case fResultState:
			out.extra().State = v.Hash
		case fTools:
			out.extra().Listed, out.Extra.DefinitionSize = v.Count, v.Size
		case fToolNames:
			if !v.Truncated {
				out.extra().Tools = append(out.Extra.Tools, d.name(v.Text))
			}
		case fTemplates:
			if !v.Truncated {
				out.extra().Templates = append(out.Extra.Templates, d.name(v.Text))
			}
		case fErrorCode:
			out.Code = d.name(v.Text)
		case fContentText, fErrorMessage:
			if text == nil {
				text = v.Text
			}
		}
	}
	if in.Kind == framing.ErrorResponse || out.IsError {
		out.Class = classify(out.Code, text)
	}
	wipe(in)
}

// wipe overwrites the texts that have served their purpose, so that nothing of them outlives the call.
func wipe(in *framing.Message) {
	for i := range in.Values {
		if f := in.Values[i].Field; f == fContentText || f == fErrorMessage {
			clear(in.Values[i].Text)
		}
	}
}

func (d *Decoder) version(in *framing.Message, out *Message) {
	if v := string(in.Version); v != "2.0" {
		if v == "" {
			v = "none"
		}
		out.extra().JSONRPC = d.name([]byte(v))
	}
}

// token reads a value that names a request or a progress token: it is comparable with the request's id.
func token(v *framing.Value) ID { return newID(v.ID(), false) }

// name returns what may be shown of a name, from memory where it is known.
func (d *Decoder) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if known, ok := d.names[string(b)]; ok {
		return known
	}
	shown := string(b)
	if d.Clean != nil && !semconv.KnownMethod(shown) {
		shown = d.Clean(b)
	}
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < maxNames {
		d.names[string(b)] = shown
	}
	return shown
}
