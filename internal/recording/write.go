package recording

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// header is the first line as it is written.
type header struct {
	Kind     string    `json:"spanpipe"` // kind
	Version  int       `json:"version"`
	Started  time.Time `json:"started"`
	By       string    `json:"by,omitempty"`
	Redacted bool      `json:"redacted,omitempty"`
}

// kind tells recordings from other files.
const kind = "recording"

// Writer writes a recording, each event as one whole line in one call of Write. It is for one goroutine.
type Writer struct {
	out  io.Writer
	line []byte
}

// NewWriter writes the header of a recording.
func NewWriter(out io.Writer, h Header) (*Writer, error) {
	text, err := json.Marshal(header{kind, Version, h.Started.UTC(), h.By, h.Redacted})
	if err != nil {
		return nil, err
	}
	_, err = out.Write(append(text, '\n'))
	return &Writer{out: out}, err
}

// Write writes an event. Its data must not hold a line feed but as its last byte.
func (w *Writer) Write(e *Event) error {
	w.line = append(w.line[:0], `{"at":`...)
	w.line = strconv.AppendFloat(w.line, e.At.Truncate(time.Microsecond).Seconds(), 'f', -1, 64)
	if e.From != "" {
		w.line = append(w.line, `,"from":"`...)
		w.line = append(append(w.line, e.From...), '"')
	}
	switch {
	case e.End != "":
		w.member("end", e.End)
	case e.Lost > 0:
		w.member("lost", e.Lost)
	case e.Exit != nil:
		w.member("exit", e.Exit)
	default:
		w.data(e.Data)
	}
	w.line = append(w.line, '}', '\n')
	_, err := w.out.Write(w.line)
	return err
}

// data appends the conversation's bytes: a message as it is, text as a string, anything else in base64.
func (w *Writer) data(data []byte) {
	text, whole := bytes.CutSuffix(data, []byte{'\n'})
	switch {
	case !utf8.Valid(data):
		w.member("base64", base64.StdEncoding.EncodeToString(data))
	case whole && isMessage(text) && !isDeep(text):
		w.line = append(append(w.line, `,"message":`...), text...)
	default:
		w.member("text", string(data))
	}
}

// isMessage reports whether a text is a JSON object or array without anything around it, which a decoder returns as it was.
func isMessage(text []byte) bool {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	last := text[len(text)-1]
	return (last == '}' || last == ']') && json.Valid(text)
}

// isDeep reports whether a message may be nested so deeply that encoding/json could not read it inside an event. Its bound is 10,000.
func isDeep(text []byte) bool {
	const most = 9_999
	if len(text) < 2*most || bytes.Count(text, []byte{'['})+bytes.Count(text, []byte{'{'}) < most {
		return false
	}
	return !json.Valid(slices.Concat([]byte{'['}, text, []byte{']'}))
}

// member appends a member whose value cannot fail to be encoded.
func (w *Writer) member(name string, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // people read it
	_ = encoder.Encode(value)    // strings, numbers and Exit always can be
	w.line = append(append(append(w.line, `,"`...), name...), `":`...)
	w.line = append(w.line, bytes.TrimSuffix(text.Bytes(), []byte{'\n'})...)
}
