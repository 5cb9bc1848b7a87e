package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Contents says which content is to be copied out of messages. The zero value is none.
type Contents struct {
	Max       int  // bytes of each piece
	Errors    bool // error messages, and the text of results with isError
	Arguments bool // of tools/call
	Results   bool // of tools/call and tasks/result
	Prompts   bool // arguments and messages of prompts/get, messages of sampling
	Messages  bool // data of notifications/message
}

// Content is content as it came over the wire, on its way to whoever redacts it. It must not be stored, shown or sent.
type Content struct {
	Arguments, Messages, Data, Result, Error Piece
}

// Piece is the beginning of a member's bytes, or of a text.
type Piece struct {
	Raw       []byte
	Truncated bool
}

// Size is how many bytes of content it holds.
func (c *Content) Size() int {
	return len(c.Arguments.Raw) + len(c.Messages.Raw) + len(c.Data.Raw) + len(c.Result.Raw) + len(c.Error.Raw)
}

// Shown is content that has been redacted. Empty means that there was none, or that it was not asked for.
type Shown struct {
	Arguments, Messages, Data, Result, Error string
}

// AsksUser says whether the result is a question to the user (input_required), and so not what a call has led to.
func (x *Extra) AsksUser() bool { return x.ResultType == resultInputRequired }

// Tells says whether the answer to a method's request carries content of the kinds asked for.
func (c Contents) Tells(method string) bool {
	switch method {
	case semconv.ToolsCall, semconv.TasksResult:
		return c.Results
	case semconv.PromptsGet, semconv.SamplingCreateMessage:
		return c.Prompts
	}
	return false
}

// fields are what the contents need besides.
func (c Contents) fields() []field {
	var list []field
	whole := func(to func(*Content) *Piece, wanted func(method string) bool, keys ...string) {
		list = append(list, field{
			framing.Path{Keys: keys, Want: framing.Raw, Max: c.Max},
			func(_ *Decoder, v *framing.Value, m *Message) {
				if wanted(m.Method) {
					*to(m.content()) = piece(v)
				}
			},
		})
	}
	any := func(string) bool { return true }
	if c.Arguments || c.Prompts {
		whole(func(c *Content) *Piece { return &c.Arguments }, func(method string) bool {
			return c.Arguments && method == semconv.ToolsCall || c.Prompts && method == semconv.PromptsGet
		}, "params", "arguments")
	}
	if c.Prompts {
		whole(func(c *Content) *Piece { return &c.Messages }, func(method string) bool { return method == semconv.SamplingCreateMessage }, "params", "messages")
	}
	if c.Messages {
		whole(func(c *Content) *Piece { return &c.Data }, func(method string) bool { return method == semconv.LogMessage }, "params", "data")
	}
	if c.Results || c.Prompts {
		whole(func(c *Content) *Piece { return &c.Result }, any, "result")
	}
	if c.Errors {
		for _, keys := range [][]string{{"error", "message"}, {"result", "content", framing.Each, "text"}} {
			list = append(list, field{text(c.Max, keys...), takeErrorContent})
		}
	}
	return list
}

func piece(v *framing.Value) Piece {
	return Piece{Raw: append([]byte(nil), v.Text...), Truncated: v.Truncated}
}

// takeErrorContent remembers what may turn out to be the text of an error: that a result is one is told behind it.
func takeErrorContent(d *Decoder, v *framing.Value, _ *Message) {
	if d.errorContent == nil {
		d.errorContent = v
	}
}

// content makes the message's content when something goes into it.
func (m *Message) content() *Content {
	x := m.extra()
	if x.Content == nil {
		x.Content = new(Content)
	}
	return x.Content
}
