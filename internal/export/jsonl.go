package export

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// recordsVersion is the version of the lines' form.
const recordsVersion = 1

// header is the first line.
type header struct {
	Record   string      `json:"record"` // header
	Version  int         `json:"version"`
	Session  string      `json:"session"` // its name in the store
	State    store.State `json:"state"`
	Service  string      `json:"service"`
	Run      string      `json:"run,omitempty"`
	Spanpipe string      `json:"spanpipe"` // the version that recorded it
	Damaged  int         `json:"damaged_lines"`
	Content  bool        `json:"content"` // captured content is part of the records
}

// Records writes a session's records, one a line as JSON, in the order of time. Each has a member "record", which names its
// type; the others are those of package record. The first line is a header.
func Records(w io.Writer, s *store.Session, r *store.Records, content bool) error {
	out := &lineWriter{w: w}
	out.write(header{
		Record: "header", Version: recordsVersion, Session: s.Name, State: s.State, Service: s.Service, Run: s.Run,
		Spanpipe: s.Version, Damaged: r.Damaged, Content: content,
	})
	session := r.Session
	session.Time = cmp.Or(session.Time, session.Started, session.Launched)
	out.record("session", session)
	type timed struct {
		at    time.Time
		write func()
	}
	// What was read at once has one time. The order is stable, so a notification comes before the requests that follow it.
	var first, all []timed
	for i := range r.Operations {
		op := r.Operations[i]
		if !content {
			op.Content = record.Content{}
		}
		one := spanned{Operation: op}
		if ids := r.Spans[op.Number]; ids.TraceID.IsValid() {
			one.TraceID, one.SpanID = ids.TraceID.String(), ids.SpanID.String()
		}
		all = append(all, timed{op.Start, func() { out.record("operation", one) }})
	}
	for _, n := range r.Notes {
		if name, shown := noteName(n, content); shown {
			one := timed{store.TimeOf(n), func() { out.record(name, withoutContent(n, content)) }}
			if notification, ok := n.(record.Notification); ok && notification.Operation == 0 {
				first = append(first, one)
			} else {
				all = append(all, one)
			}
		}
	}
	all = append(first, all...)
	slices.SortStableFunc(all, func(a, b timed) int { return a.at.Compare(b.at) })
	for _, one := range all {
		one.write()
	}
	if r.Exit != nil {
		out.record("exit", *r.Exit)
	}
	return out.err
}

// spanned is an operation with the ids of its span.
type spanned struct {
	record.Operation
	TraceID string `json:"trace_id,omitempty"`
	SpanID  string `json:"span_id,omitempty"`
}

// noteName returns the name of a note's type, and whether it is written: lines that the server logged are content.
func noteName(n record.Note, content bool) (name string, shown bool) {
	switch n.(type) {
	case record.Notification:
		return "notification", true
	case record.Violation:
		return "violation", true
	case record.Finding:
		return "finding", true
	case record.DefinitionChange:
		return "definition_change", true
	case record.Blockage:
		return "blockage", true
	case record.LogLine:
		return "log_line", content
	case record.Message:
		return "message", true
	}
	return "", false // the session and its exit have lines of their own
}

func withoutContent(n record.Note, content bool) record.Note {
	if notification, ok := n.(record.Notification); ok && !content {
		notification.URI = ""
		return notification
	}
	return n
}

// lineWriter writes lines of JSON until an error.
type lineWriter struct {
	w   io.Writer
	err error
}

func (l *lineWriter) write(v any) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if l.err == nil {
		l.err = e.Encode(v)
	}
	if l.err == nil {
		_, l.err = l.w.Write(line.Bytes())
	}
}

// record writes a record with the name of its type as its first member, and times in UTC.
func (l *lineWriter) record(name string, v any) {
	copied := reflect.New(reflect.TypeOf(v)).Elem()
	copied.Set(reflect.ValueOf(v))
	inUTC(copied)
	text, err := json.Marshal(copied.Interface())
	if l.err = cmp.Or(l.err, err); l.err != nil {
		return
	}
	l.write(json.RawMessage(`{"record":"` + name + `",` + string(text[1:])))
}

// inUTC converts the times in a record that may be changed.
func inUTC(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			inUTC(v.Field(i))
		}
	case v.Kind() == reflect.Slice && v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct:
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len()) // the record's own is shared
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			inUTC(fresh.Index(i))
		}
		v.Set(fresh)
	}
}
