package push

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// stream sends one signal of a session to its destination.
type stream struct {
	*pusher
	to     *destination
	dir    *store.Files
	state  *state
	result *Result
	counts *Counts
	noted  *progress
}

// run sends what was not sent before. A destination that takes no more is no error here: the counts are not complete.
func (s *stream) run() error {
	signal := s.to.sender.Route.Signal
	s.noted = s.state.Destinations[s.to.id]
	if s.noted == nil || s.Again {
		s.noted = &progress{Signal: signal, Protocol: s.to.sender.Route.Protocol, Endpoint: s.to.sender.Route.Endpoint}
	}
	s.counts.Before = s.noted.Sent
	parse, err := lineOf(signal), error(nil)
	if signal == "traces" {
		parse, err = s.withContent()
	}
	if err == nil {
		err = s.file(signal+".jsonl", parse, &s.noted.File)
	}
	if err == nil && signal == "logs" {
		err = s.neverEnded()
	}
	if err == nil && signal == "logs" && s.Content {
		err = s.capturedLines()
	}
	if err == nil {
		s.counts.Complete = true
	}
	if errors.Is(err, errStopped) {
		s.counts.Complete = s.to.result.Unsupported || s.to.result.Off
		return nil
	}
	return err
}

// file sends a file's items from a position on, which it moves.
func (s *stream) file(name string, parse func([]byte) (proto.Message, error), at *position) error {
	if s.to.off {
		return errStopped
	}
	r, err := newReader(s.dir, name, parse, *at, s.keep)
	if err != nil {
		return err
	}
	defer r.close()
	defer func() { s.result.Damaged += r.damaged }()
	for {
		items, err := s.batch(r)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			break
		}
		items[len(items)-1].after = r.at // behind what was left out, too
		if err := s.deliver(items, func(after position) { *at = after }); err != nil {
			return err
		}
	}
	if *at == r.at || s.DryRun {
		return nil
	}
	*at = r.at // what was left out at the end
	return s.save()
}

// batch reads the items of the next request. Metrics of different times are not put into one.
func (s *stream) batch(r *reader) ([]item, error) {
	var items []item
	for size := 0; len(items) < s.to.sender.MaxItems; {
		if len(items) > 0 && (size >= s.to.most || len(r.line) == 0 && s.to.sender.Route.Signal == "metrics") {
			break
		}
		one, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		size += one.size()
		items = append(items, one)
	}
	return items, nil
}

// lineOf returns what parses the lines of a signal's file.
func lineOf(signal string) func([]byte) (proto.Message, error) {
	return func(line []byte) (proto.Message, error) { return otlp.ParseLine(signal, line) }
}

// keep reports whether an item is sent: a log record of a high enough level that is not about an operation that may have
// ended since.
func (s *stream) keep(one *item) bool {
	r, ok := one.message.(*logspb.LogRecord)
	return !ok || int(r.GetSeverityNumber()) >= int(s.Level)+severityOffset && !isOpen(r)
}

// severityOffset is what separates slog's levels from OpenTelemetry's.
const severityOffset = int(logspb.SeverityNumber_SEVERITY_NUMBER_INFO)

func isOpen(r *logspb.LogRecord) bool {
	return r.GetBody().GetStringValue() == semconv.OperationOpen.Message
}

// deliver sends items until they are acknowledged. Of those that the collector does not take it sends the halves, so that
// one that cannot be taken does not keep the others back.
func (s *stream) deliver(items []item, acknowledged func(after position)) error {
	if s.DryRun {
		s.counts.Sent += weight(items)
		return nil
	}
	answer, err := s.attempt(items)
	if err != nil {
		return err
	}
	total := weight(items)
	rejected := min(answer.Rejected, total)
	switch half := len(items) / 2; answer.Verdict {
	case otlp.Delivered:
		s.to.accepted = true
		if answer.Rejected > 0 {
			s.warn(answer.Cause)
		} else if answer.Warning != "" {
			s.warn("the collector accepted the telemetry with a warning: " + answer.Warning)
		}
	case otlp.TooLarge, otlp.Refused:
		if half > 0 {
			if answer.Verdict == otlp.TooLarge {
				s.to.most = max(sizeOf(items)/2, 1)
			}
			if err := s.deliver(items[:half], acknowledged); err != nil {
				return err
			}
			return s.deliver(items[half:], acknowledged)
		}
		// A receiver that has taken nothing so far may be none of OTLP at all.
		if answer.Verdict == otlp.Refused && !s.to.accepted {
			return s.stop(answer)
		}
		rejected = total
		s.warn(answer.Cause)
	default:
		return s.stop(answer)
	}
	s.noted.Bare = s.noted.Bare || !s.Content
	kept := total - rejected
	s.counts.Sent += kept
	s.counts.Rejected += rejected
	s.noted.Sent += kept
	s.noted.Rejected += rejected
	acknowledged(items[len(items)-1].after)
	if err := s.save(); err != nil {
		return err
	}
	s.at.Sent += kept
	s.at.Waiting, s.at.Cause = 0, ""
	s.Progress(s.at)
	return nil
}

func sizeOf(items []item) int {
	n := 0
	for i := range items {
		n += items[i].size()
	}
	return n
}

// save notes what was acknowledged.
func (s *stream) save() error {
	s.noted.Updated = time.Now().UTC()
	s.state.Destinations[s.to.id] = s.noted
	if err := s.state.save(s.dir); err != nil {
		return fmt.Errorf("what was acknowledged cannot be noted, so the next push sends it again: %w", err)
	}
	return nil
}

// stop sends nothing more to the destination.
func (s *stream) stop(answer otlp.Answer) error {
	s.to.off = true
	s.to.result.Unsupported = answer.Verdict == otlp.Unsupported
	s.to.result.Problem, s.to.result.Hint = answer.Cause, answer.Hint
	return errStopped
}

// warn notes what a collector said, once.
func (s *stream) warn(text string) {
	if !slices.Contains(s.report.Warnings, text) {
		s.report.Warnings = append(s.report.Warnings, text)
	}
}

// Waits between attempts, and how long they go on without success. They are those of OpenTelemetry's exporters, but for
// the first.
const (
	firstWait = time.Second
	maxWait   = 30 * time.Second
	patience  = time.Minute
)

// attempt sends items until the collector has answered for good. It gives up when waiting makes no sense: a connection
// could not be made, and there has been none before, or the collector has taken nothing for long.
func (s *stream) attempt(items []item) (otlp.Answer, error) {
	request, err := otlp.NewRequest(s.to.sender.Route.Signal)
	if err != nil {
		return otlp.Answer{}, err
	}
	join(request, items)
	wait, waited := firstWait, time.Duration(0)
	for {
		answer, err := s.to.sender.Send(s.ctx, request)
		if err != nil || answer.Verdict != otlp.Later || answer.Setup && !s.to.accepted {
			return answer, err
		}
		next := max(wait, answer.Wait)
		if next > patience-waited { // a collector can ask for centuries
			return answer, nil
		}
		waited += next
		s.at.Waiting, s.at.Cause = next, answer.Cause
		s.Progress(s.at)
		if err := s.Sleep(s.ctx, next); err != nil {
			return answer, err
		}
		wait = min(2*wait, maxWait)
	}
}

// neverEnded sends the records "operation open" of operations that never ended, because the session was killed. Others
// are not sent: their spans say more. While the session is live, they may still end.
func (s *stream) neverEnded() error {
	state := s.result.Session.State
	if s.noted.Open || state != store.Killed && state != store.Ended {
		return nil
	}
	open, err := s.openRecords()
	if err != nil {
		return err
	}
	if len(open) > 0 {
		if err := s.deliver(open, func(position) {}); err != nil {
			return err
		}
	}
	if s.DryRun {
		return nil
	}
	s.noted.Open = true
	return s.save()
}

// openRecords returns the records "operation open" whose operations have no span.
func (s *stream) openRecords() ([]item, error) {
	isRecord := func(one *item) bool { r, ok := one.message.(*logspb.LogRecord); return ok && isOpen(r) }
	open, err := all(s.dir, "logs.jsonl", lineOf("logs"), isRecord)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	ended := map[string]bool{}
	note := func(one *item) bool { ended[one.spanID()] = true; return false }
	if _, err := all(s.dir, "traces.jsonl", lineOf("traces"), note); err != nil {
		return nil, err
	}
	var out []item
	for _, one := range open {
		if !ended[one.spanID()] {
			out = append(out, one)
		}
	}
	return out, nil
}
