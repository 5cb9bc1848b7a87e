package store

import (
	"cmp"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// errMissing is the error of a session without a session.json.
var errMissing = errors.New("session.json is missing")

// readFile reads a small file of the session.
func (s *Session) readFile(name string) ([]byte, error) {
	file, err := s.openFile(name)
	if err != nil {
		return nil, err
	} else if file == nil {
		return nil, errMissing
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxMeta))
}

// recoverMeta takes what session.json lacks from the log records and spans: that file is missing if the process was killed
// before it was written, and is that of the start if it was killed later.
func (s *Session) recoverMeta() {
	if s.Format == 0 {
		s.Format = Format
	}
	_ = s.lines("logs.jsonl", func(line []byte) { // what cannot be read is left out
		origin, records, err := otlpfile.ReadLogs(line)
		if err != nil {
			return
		}
		s.recoverOrigin(&origin)
		for i := range records {
			s.recoverFrom(&records[i])
		}
	})
	done := false
	_ = s.lines("traces.jsonl", func(line []byte) {
		if done {
			return
		}
		origin, spans, err := otlpfile.ReadTraces(line)
		if err != nil {
			return
		}
		s.recoverOrigin(&origin)
		for i := range spans {
			if span := &spans[i]; span.Name == semconv.SessionSpan && !done {
				done = true
				if s.Launched.IsZero() {
					s.Launched = span.Start
				}
				s.recoverPeers(span.Attributes)
			}
		}
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
