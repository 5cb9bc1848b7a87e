package cli

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file has the shapes of "spanpipe show --json", which docs/json.md describes. A field is only ever added; a change of
// what one means is another version.

// jsonShow is one session.
type jsonShow struct {
	Version int `json:"version"`
	jsonShown
}

// jsonRun is all sessions of a run.
type jsonRun struct {
	Version  int         `json:"version"`
	Run      string      `json:"run,omitempty"`
	Sessions []jsonShown `json:"sessions"`
}

// jsonWhole is one operation whole.
type jsonWhole struct {
	Version    int               `json:"version"`
	Session    string            `json:"session"`
	Server     string            `json:"server"`
	Operation  jsonOperation     `json:"operation"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Content    *record.Content   `json:"content,omitempty"`
}

type jsonShown struct {
	Session    jsonSession     `json:"session"`
	Operations []jsonOperation `json:"operations"`
	Notes      []jsonNote      `json:"notes"`
	Damaged    int             `json:"damaged_lines"`
}

type jsonOperation struct {
	Number       uint64           `json:"number"`
	Parent       uint64           `json:"parent,omitempty"`
	Direction    record.Direction `json:"direction"`
	Method       string           `json:"method"`
	Name         string           `json:"name,omitempty"`
	Resource     string           `json:"resource,omitempty"`
	ID           string           `json:"id,omitempty"`
	Start        time.Time        `json:"start"`
	End          time.Time        `json:"end,omitzero"`
	Duration     float64          `json:"duration"`
	Wait         float64          `json:"wait,omitempty"`
	Transfer     float64          `json:"transfer,omitempty"`
	InputWait    float64          `json:"input_wait,omitempty"`
	RequestSize  int64            `json:"request_size"`
	ResponseSize int64            `json:"response_size"`

	// Estimates of tokens, and bytes of encoded data, which are no tokens.
	RequestTokens    int64               `json:"request_tokens,omitempty"`
	ResponseTokens   int64               `json:"response_tokens,omitempty"`
	ResponseMedia    int64               `json:"response_media,omitempty"`
	DefinitionTokens int64               `json:"definition_tokens,omitempty"`
	Definitions      []record.Definition `json:"definitions,omitempty"`

	Outcome     view.Ending  `json:"outcome"`
	Late        float64      `json:"late,omitempty"`
	ErrorType   string       `json:"error_type,omitempty"`
	Code        string       `json:"code,omitempty"`
	ErrorClass  record.Class `json:"error_class,omitempty"`
	Hung        bool         `json:"hung,omitempty"`
	Stall       record.Stall `json:"stall,omitempty"`
	Undelivered bool         `json:"undelivered,omitempty"`
	RoundTrips  int          `json:"round_trips,omitempty"`
	TaskStatus  string       `json:"task_status,omitempty"`
	Progress    int          `json:"progress,omitempty"`
	Events      []jsonMoment `json:"events,omitempty"`
	Tools       []string     `json:"tools,omitempty"`
	TraceID     string       `json:"trace_id,omitempty"`
	SpanID      string       `json:"span_id,omitempty"`
}

type jsonMoment struct {
	Name string    `json:"name"`
	Time time.Time `json:"time"`
}

// jsonNote is something else that happened. Its kind says which of the other fields it has.
type jsonNote struct {
	Kind      string           `json:"kind"` // notification, violation, finding, definition_change, blockage, line
	Time      time.Time        `json:"time"`
	Direction record.Direction `json:"direction,omitempty"`
	Operation uint64           `json:"operation,omitempty"`
	Method    string           `json:"method,omitempty"`
	Size      int64            `json:"size,omitempty"`
	What      string           `json:"what,omitempty"` // the kind of violation or finding, the source of a line
	Reason    string           `json:"reason,omitempty"`
	Sent      string           `json:"sent,omitempty"`
	Awaited   string           `json:"awaited,omitempty"`
	Late      float64          `json:"late,omitempty"`
	Tool      string           `json:"tool,omitempty"`
	Side      record.Side      `json:"side,omitempty"`
	Seen      *float64         `json:"seen,omitempty"`
	Usual     *float64         `json:"usual,omitempty"`
	Unit      string           `json:"unit,omitempty"`
	Resource  string           `json:"resource,omitempty"` // of a finding that compares with earlier sessions, as all below
	Prompt    string           `json:"prompt,omitempty"`
	From      string           `json:"from,omitempty"`
	Since     string           `json:"since,omitempty"` // a date
	Sessions  int              `json:"sessions,omitempty"`
	Duration  float64          `json:"duration,omitempty"`
	Level     string           `json:"level,omitempty"`
	Text      string           `json:"text,omitempty"`

	Definition *record.DefinitionChange `json:"definition,omitempty"` // of a change
}

// json prints the session. Of the flags that choose operations --since and --failed apply.
func (s *shown) json() error {
	return s.writeJSON(jsonShow{jsonVersion, s.sessionJSON(s.viewed())})
}

// sessionJSON returns the session with those of its operations that are chosen.
func (s *shown) sessionJSON(r *view.Records) jsonShown {
	number, _ := store.Number(s.asked)
	out := jsonShown{
		Session: sessionJSON(number, &s.session, s.now()), Damaged: s.records.Damaged,
		Operations: []jsonOperation{}, Notes: []jsonNote{},
	}
	for i := range r.Operations {
		if op := &r.Operations[i]; r.Chosen(op, s.choice) {
			out.Operations = append(out.Operations, s.operationJSON(r, op))
		}
	}
	for _, n := range r.Notes {
		if note := newNoteJSON(n); note.Kind != "" && !note.Time.Before(s.choice.Since) {
			out.Notes = append(out.Notes, note)
		}
	}
	return out
}

func (s *shown) operationJSON(r *view.Records, op *record.Operation) jsonOperation {
	out := newOperationJSON(r, op)
	if ids, ok := s.records.Spans[op.Number]; ok {
		out.TraceID, out.SpanID = ids.TraceID.String(), ids.SpanID.String()
	}
	return out
}

func newOperationJSON(r *view.Records, op *record.Operation) jsonOperation {
	o := r.Outcome(op)
	out := jsonOperation{
		Number: op.Number, Parent: op.Parent, Direction: op.Direction, Method: op.Method, Name: op.Target,
		Resource: op.Resource, ID: op.RequestID, Start: utc(op.Start), End: utc(op.End), Duration: record.Seconds(r.Took(op)),
		Wait: record.Seconds(op.Wait), Transfer: record.Seconds(op.Transfer), InputWait: record.Seconds(op.InputWait),
		RequestSize: op.RequestSize, ResponseSize: op.ResponseSize, Outcome: o.Ending, Late: record.Seconds(o.Late),
		ErrorType: op.ErrorType, Code: op.Code, ErrorClass: op.Class, Hung: op.Hung, Stall: op.Stall, Undelivered: op.Undelivered,
		TaskStatus: op.TaskStatus, Progress: op.Progress, Tools: op.ToolNames(),
		RequestTokens: op.RequestTokens, ResponseTokens: op.ResponseTokens, ResponseMedia: op.ResponseMedia,
		DefinitionTokens: op.DefinitionTokens, Definitions: withoutFingerprints(op.Definitions),
	}
	if op.RoundTrips > 1 {
		out.RoundTrips = op.RoundTrips
	}
	for _, e := range op.Events {
		out.Events = append(out.Events, jsonMoment{e.Name, utc(e.Time)})
	}
	return out
}

// dateOf returns a date, or nothing for no time.
func dateOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func newNoteJSON(n record.Note) jsonNote {
	switch n := n.(type) {
	case record.Notification:
		return jsonNote{Kind: "notification", Time: utc(n.Time), Direction: n.Direction, Operation: n.Operation,
			Method: n.Method, Size: n.Size}
	case record.Violation:
		return jsonNote{Kind: "violation", Time: utc(n.Time), Direction: n.Direction, Operation: n.Operation,
			Method: n.Method, Size: n.Size, What: string(n.Kind), Reason: n.Reason, Sent: n.Sent, Awaited: n.Awaited,
			Late: record.Seconds(n.Late)}
	case record.Finding:
		return jsonNote{Kind: "finding", Time: utc(n.Time), Operation: n.Operation, What: string(n.Kind), Tool: n.Tool,
			Side: n.Side, Seen: &n.Seen, Usual: &n.Usual, Unit: n.Unit,
			Resource: n.Resource, Prompt: n.Prompt, From: n.From, Since: dateOf(n.Since), Sessions: n.Sessions}
	case record.DefinitionChange:
		return jsonNote{Kind: "definition_change", Time: utc(n.Time), What: string(n.Change), Definition: &n}
	case record.Blockage:
		return jsonNote{Kind: "blockage", Time: utc(n.Time), Direction: n.Direction, Duration: record.Seconds(n.Duration)}
	case record.LogLine:
		return jsonNote{Kind: "line", Time: utc(n.Time), What: string(n.Source), Level: n.Level, Text: n.Text}
	}
	return jsonNote{}
}

// wholeJSON prints one operation with its attributes and captured content.
func (s *shown) wholeJSON(w *view.Whole) error {
	out := jsonWhole{
		Version: jsonVersion, Session: s.session.Name, Server: s.session.ServerName(),
		Operation: s.operationJSON(w.Records, w.Operation),
	}
	if len(w.Attributes) > 0 {
		out.Attributes = map[string]string{}
	}
	for _, a := range w.Attributes {
		out.Attributes[a.Key] = a.Value
	}
	if w.Captured() {
		out.Content = &w.Operation.Content
	}
	return s.writeJSON(out)
}

// withoutFingerprints returns definitions as they are stored: those of a live session have fingerprints under the session's key.
func withoutFingerprints(all []record.Definition) []record.Definition {
	all = slices.Clone(all)
	for i := range all {
		all[i].Fingerprint = record.Fingerprint{}
	}
	return all
}
