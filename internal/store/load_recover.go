package store

import (
	"cmp"
	"errors"
	"strconv"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// errMissing is the error of a session without a session.json.
var errMissing = errors.New("session.json is missing")

// recoverMeta takes what session.json lacks from the log records and spans: that file is missing if the process was killed
// before it was written, and is that of the start if it was killed later.
func (s *Session) recoverMeta() {
	if s.Format == 0 {
		s.Format = Format
	}
	_ = s.lines("logs.jsonl", func(line []byte) error { // what cannot be read is left out
		origin, records, _ := otlpfile.ReadLogs(line)
		s.recoverOrigin(&origin)
		for i := range records {
			s.recoverFrom(&records[i])
		}
		return nil
	})
	_ = s.lines("traces.jsonl", func(line []byte) error {
		origin, spans, _ := otlpfile.ReadTraces(line)
		s.recoverOrigin(&origin)
		for i := range spans {
			if span := &spans[i]; span.Name == semconv.SessionSpan {
				if s.Launched.IsZero() {
					s.Launched = span.Start
				}
				s.recoverPeers(span.Attributes)
				return errEnough
			}
		}
		return nil
	})
}

func (s *Session) recoverOrigin(o *otlpfile.Origin) {
	all := attributes(o.Resource)
	s.Service = cmp.Or(s.Service, all.text("service.name"))
	s.ID = cmp.Or(s.ID, all.text("service.instance.id"))
	s.Version = cmp.Or(s.Version, o.ScopeVersion)
}

func (s *Session) recoverPeers(all attributes) {
	s.ID = cmp.Or(s.ID, all.text(semconv.SessionID))
	s.Protocol = cmp.Or(s.Protocol, all.text(semconv.ProtocolVersion))
	s.Client.Name = cmp.Or(s.Client.Name, all.text(semconv.ClientName))
	s.Client.Version = cmp.Or(s.Client.Version, all.text(semconv.ClientVersion))
	s.Server.Name = cmp.Or(s.Server.Name, all.text(semconv.ServerName))
	s.Server.Version = cmp.Or(s.Server.Version, all.text(semconv.ServerVersion))
}

// recoverFrom takes what the records of the session's start and end have.
func (s *Session) recoverFrom(r *otlpfile.LogRecord) {
	all := attributes(r.Attributes)
	switch r.Body {
	case semconv.SessionStarted.Message:
		if s.Started.IsZero() {
			s.Started = r.Time
		}
		s.recoverPeers(all)
	case semconv.SessionEnded.Message:
		s.recoverPeers(all)
		if s.Exit != nil {
			return
		}
		code, _ := strconv.Atoi(all.text(semconv.ExitCode)) // 0 where a signal ended it
		cause := record.Cause(all.text(semconv.ExitCause))
		s.Ended = r.Time
		s.Exit = &Exit{
			EndedBy: cause.EndedBy(), Cause: cause, Code: code, Signal: all.text(semconv.Signal),
			Reason: all.text(semconv.ViolationReason),
		}
		if s.Started.IsZero() {
			s.Started = r.Time.Add(-time.Duration(all.get(semconv.Duration).AsFloat64() * float64(time.Second)))
		}
	}
}
