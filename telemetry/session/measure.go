package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file is the measure stage: the only code of the package that looks at content before it is redacted. It sees
// values that are bounded in length, while their message is decoded, and lets out numbers, words from a fixed list and
// keyed hashes. Sizes, counts and the hashes of arguments and states are made by package framing, with a key that is
// random in each process.

// errorTexts are the texts in a message that may tell the class of an error. They are the scanner's and valid only
// until the message is decoded: that a result is an error may be known only at its end.
type errorTexts struct {
	text    []byte         // the error's message, or the first text of a result
	status  []byte         // a task's status message
	content *framing.Value // the same as text, if it is to be captured
}

// measure finds the classes of the message's errors, and captures an error's text if that was asked for.
func (e *errorTexts) measure(m *Raw) {
	isError := m.Kind == framing.ErrorResponse || m.IsError
	switch {
	case m.Kind == framing.ErrorResponse:
		m.Class = classify(m.Code, e.text, record.Internal)
	case m.IsError:
		m.Class = classify("", e.text, record.ToolError)
	}
	if m.Extra != nil {
		e.measureTask(m.Extra)
	}
	if isError && e.content != nil {
		m.content().Error = copyPiece(e.content)
	}
}

// measureTask finds the class of the failure of a task.
func (e *errorTexts) measureTask(x *Extra) {
	switch {
	case x.Outcome.Code != "":
		x.Outcome.Class = classify(x.Outcome.Code, e.text, record.Internal)
	case x.Outcome.IsError:
		x.Outcome.Class = classify("", e.text, record.ToolError)
	case x.TaskStatus == taskFailed:
		x.Outcome.Class = classify("", e.status, record.ToolError)
	}
}
