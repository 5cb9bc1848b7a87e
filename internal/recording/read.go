package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// maxLine bounds a line of a recording.
const maxLine = 256 << 20

// ErrNot is the error of a file that is no recording.
var ErrNot = errors.New("it is not a recording of spanpipe's")

// ErrLater is wrapped in the error of a recording of a later version of the format.
var ErrLater = errors.New("is not known to this version of spanpipe")

// SyntaxError is the error of a recording with a line that cannot be read.
type SyntaxError struct {
	Line int // from 1
	Err  error
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *SyntaxError) Unwrap() error { return e.Err }

// event is an event as it is written.
type event struct {
	At      *float64        `json:"at"`
	From    Side            `json:"from"`
	Message json.RawMessage `json:"message"`
	Text    *string         `json:"text"`
	Base64  []byte          `json:"base64"`
	End     End             `json:"end"`
	Lost    int64           `json:"lost"`
	Exit    *Exit           `json:"exit"`
}

// Read reads a recording to its end. A last line without a line feed, which a writer that was killed leaves, is ignored. The
// error is ErrNot, a *SyntaxError, or the reader's.
func Read(in io.Reader) (*Recording, error) {
	lines := bufio.NewReaderSize(in, 64<<10)
	first, err := readLine(lines)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var h header
	if json.Unmarshal(first, &h) != nil || h.Kind != kind {
		return nil, ErrNot
	}
	if h.Version < 1 || h.Version > Version {
		return nil, &SyntaxError{1, fmt.Errorf("version %d of the format %w", h.Version, ErrLater)}
	}
	r := &Recording{Header: Header{h.Started, h.By, h.Redacted}}
	for number := 2; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return r, nil
		} else if err != nil {
			return nil, &SyntaxError{number, err}
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e, err := parse(line)
		if err != nil {
			return nil, &SyntaxError{number, err}
		}
		r.Events = append(r.Events, e)
	}
}

// readLine reads a line with its line feed. Without one the error is io.EOF.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		} else if len(line) > maxLine {
			return nil, fmt.Errorf("it is longer than %d MiB", maxLine>>20)
		}
	}
}

// parse parses an event. Members that it does not know are those of later versions of spanpipe.
func parse(line []byte) (Event, error) {
	var w event
	if err := json.Unmarshal(line, &w); err != nil {
		return Event{}, err
	}
	const most = math.MaxInt64 / float64(time.Second) / 2
	if w.At == nil || *w.At < 0 || *w.At > most {
		return Event{}, errors.New(`"at" must be a number of seconds from 0`)
	}
	e := Event{
		At:   time.Duration(math.Round(*w.At*1e6)) * time.Microsecond,
		From: w.From, End: w.End, Lost: w.Lost, Exit: w.Exit, Data: w.Base64,
	}
	kinds := 0
	for _, is := range []bool{w.Message != nil, w.Text != nil, w.Base64 != nil, w.End != "", w.Lost != 0, w.Exit != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return e, errors.New(`want one of "message", "text", "base64", "end", "lost" and "exit"`)
	}
	if e.Exit == nil && e.From != Client && e.From != Server {
		return e, fmt.Errorf(`"from" is %q: want %q or %q`, e.From, Client, Server)
	}
	switch {
	case w.Message != nil:
		e.Data = append(bytes.Clone(w.Message), '\n')
	case w.Text != nil:
		e.Data = []byte(*w.Text)
	case w.End != "" && w.End != Whole && w.End != Cut:
		return e, fmt.Errorf(`"end" is %q: want %q or %q`, w.End, Whole, Cut)
	case w.Lost < 0:
		return e, errors.New(`"lost" must be a number of bytes`)
	}
	if n := bytes.IndexByte(e.Data, '\n'); n >= 0 && n != len(e.Data)-1 {
		return e, errors.New("an event holds more than one line of the conversation")
	}
	return e, nil
}
