package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// until is the end of every window here.
var until = time.Date(2026, 11, 26, 13, 36, 21, 0, time.UTC)

// stored is a made-up session with its operations, in the order of their numbers.
type stored struct {
	report.Session
	operations []record.Operation
	open       []record.Operation
}

// session returns the session as a report takes it: operations in the order of their ends.
func (s *stored) session() report.Session {
	ended := slices.Clone(s.operations)
	slices.SortStableFunc(ended, func(a, b record.Operation) int { return a.End.Compare(b.End) })
	s.Digest = func(f func(op *record.Operation) bool) error {
		var op record.Operation // used again and again, as a reader of files does
		for _, op = range ended {
			if !f(&op) {
				return nil
			}
		}
		return nil
	}
	if s.open != nil {
		s.Open = func() []record.Operation { return s.open }
	}
	return s.Session
}

func sessions(all []stored) (out []report.Session) {
	for i := range all {
		out = append(out, all[i].session())
	}
	return out
}

// randomStore returns sessions of three weeks before until. Few names, so that every group has several calls.
func randomStore(r *rand.Rand) (all []stored) {
	for i := range 1 + r.IntN(12) {
		s := stored{Session: report.Session{
			Name: fmt.Sprint("session ", i), Server: []string{"files", "web", ""}[r.IntN(3)], Client: []string{"one", "two"}[r.IntN(2)],
			Launched: until.Add(-time.Duration(r.Int64N(int64(21 * 24 * time.Hour)))),
		}}
		at := s.Launched
		for n := range r.IntN(80) {
			at = at.Add(time.Duration(r.ExpFloat64() * float64(time.Hour)))
			s.operations = append(s.operations, randomOperation(r, uint64(n+1), at))
		}
		switch r.IntN(3) {
		case 0:
			s.Ended = at.Add(time.Minute)
		case 1:
			s.Live = true
		}
		all = append(all, s)
	}
	return all
}

func randomOperation(r *rand.Rand, number uint64, at time.Time) record.Operation {
	took := time.Duration(r.ExpFloat64() * float64(10*time.Second))
	op := record.Operation{
		Change: record.Ended, Number: number, Direction: record.ToServer, Start: at, End: at.Add(took), Duration: took,
		Answered: true, RequestSize: r.Int64N(500), ResponseSize: r.Int64N(5000), Hung: r.IntN(10) == 0,
	}
	switch r.IntN(8) {
	case 0:
		op.Method, op.Resource = semconv.ResourcesRead, "note"
	case 1:
		op.Method, op.Target = semconv.PromptsGet, "greet"
	case 2:
		op.Method, op.Target, op.Direction = semconv.ToolsCall, "a", record.ToClient // no call, whatever it claims
	case 3:
		op.Method, op.DefinitionSize = semconv.ToolsList, r.Int64N(9000)
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			if r.IntN(2) == 0 {
				op.Definitions = append(op.Definitions, record.Definition{Kind: record.ToolDefinition, Name: name})
			}
		}
	default:
		op.Method, op.Target = semconv.ToolsCall, []string{"a", "b", "c"}[r.IntN(3)]
	}
	switch r.IntN(12) {
	case 0:
		op.ErrorType, op.Class = semconv.ErrTool, record.RateLimited
	case 1:
		op.ErrorType, op.Class, op.Answered = semconv.ErrTimeout, record.Timeout, false
	case 2:
		op.ErrorType, op.Class, op.Answered = semconv.ErrCancelled, record.Cancelled, false
	case 3:
		op.Code, op.Class = "-32602", record.InvalidParams
	case 4:
		op.ErrorType, op.Class, op.Answered = semconv.ErrAbandoned, record.Abandoned, false
	case 5:
		op.ErrorType, op.Class, op.Answered = semconv.ErrServerExit, record.Unavailable, false
	}
	return op
}
