package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Raw is a decoded message with its content, before redaction. It exists between the decoder and the redact stage and
// must not be stored, shown or sent.
type Raw struct {
	Message
	URI     string      // params.uri or params.ref.uri as sent; empty if it was too long to be kept whole
	Content *RawContent // nil if the message has none of the content asked for
	Measure *RawContent // likewise of what metric rules look at: Arguments, Result and Failure
}

// RawContent is content as it came over the wire. A Piece is empty if the message does not have it.
type RawContent struct {
	Arguments Piece // params.arguments of tools/call and prompts/get, JSON
	Messages  Piece // params.messages of sampling/createMessage, JSON
	Data      Piece // params.data of notifications/message, JSON
	Result    Piece // result of any method, JSON: which method it was is known only to the tracker
	Error     Piece // text of an error, or of a result with isError
	Failure   Piece // error, JSON; only in Raw.Measure

	Definitions []RawDefinitions // of which fingerprints are made
}

// RawDefinitions is a list of definitions, or a server's instructions, JSON.
type RawDefinitions struct {
	Kind record.DefinitionKind
	Piece
}

// Piece is the beginning of a value.
type Piece struct {
	Raw       []byte
	Truncated bool // there was more
}

// Size returns the number of bytes that the content takes.
func (c *RawContent) Size() int {
	if c == nil {
		return 0
	}
	size := len(c.Arguments.Raw) + len(c.Messages.Raw) + len(c.Data.Raw) + len(c.Result.Raw) + len(c.Error.Raw) + len(c.Failure.Raw)
	for _, d := range c.Definitions {
		size += len(d.Raw)
	}
	return size
}

// Contents selects the content to copy out of messages. The zero value selects none.
type Contents struct {
	Max       int  // bytes of each piece
	Errors    bool // error messages, and the text of results with isError
	Arguments bool // of tools/call
	Results   bool // of tools/call and tasks/result
	Prompts   bool // arguments and result of prompts/get, messages and result of sampling/createMessage
	Messages  bool // data of notifications/message

	// What metric rules look at, whether or not it is captured: see Decoder.Wanted.
	MeasureMax      int  // bytes of each piece
	MeasureRequest  bool // arguments
	MeasureResponse bool // results and errors
}

// WantsResult reports whether the result of a request with the method is selected.
func (c Contents) WantsResult(method string) bool {
	switch method {
	case semconv.ToolsCall, semconv.TasksResult:
		return c.Results
	case semconv.PromptsGet, semconv.SamplingCreateMessage:
		return c.Prompts
	}
	return false
}

// wantsArguments reports whether params.arguments of the method are selected.
func (c Contents) wantsArguments(method string) bool {
	return c.Arguments && method == semconv.ToolsCall || c.Prompts && method == semconv.PromptsGet
}

// content returns the message's content, for writing.
func (m *Raw) content() *RawContent {
	if m.Content == nil {
		m.Content = new(RawContent)
	}
	return m.Content
}

// measured are the values that metric rules look at. They are the scanner's and valid only until the message is decoded: that
// a rule is for it may be known only at its end.
type measured struct{ arguments, result, failure *framing.Value }

// copy copies the values beside their message.
func (m *measured) copy(to *Raw) {
	to.Measure = new(RawContent)
	for _, one := range []struct {
		from *framing.Value
		to   *Piece
	}{{m.arguments, &to.Measure.Arguments}, {m.result, &to.Measure.Result}, {m.failure, &to.Measure.Failure}} {
		if one.from != nil {
			*one.to = copyPiece(one.from)
		}
	}
}

// copyPiece copies a value, which is valid only while its message is decoded.
func copyPiece(v *framing.Value) Piece {
	return Piece{Raw: append([]byte(nil), v.Text...), Truncated: v.Truncated}
}
