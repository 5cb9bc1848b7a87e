package report

import (
	"slices"
	"strconv"

	"github.com/spanpipe/spanpipe/internal/view"
)

// column is a column of numbers. CSV has all of them, tables those with a title.
type column struct {
	name  string // as in JSON
	title string
	unit  string // of plain numbers
	of    []By   // reports in which it means something; nil is all
	in    []By   // reports whose tables always have it
	room  int    // others have it where there is room; the smallest first; 0 is never
	text  func(r *Row) string
	plain func(r *Row) string
	bad   func(r *Row) bool // shown in red
}

// columns returns the columns of a kind of report in their order.
func (by By) columns() []column {
	targets, peers, others := []By{ByTool, ByPrompt, ByResource}, []By{ByServer, ByClient}, []By{ByServer, ByClient, ByDay}
	all, notDays := Bys(), slices.Concat(targets, peers)
	trends := column{name: "trend", unit: "share", text: trend, plain: func(r *Row) string { return plainFloat(r.Trend) }}
	failed := column{
		name: "failure_rate", unit: "share",
		text:  func(r *Row) string { return view.Share(r.Failed, r.Calls) },
		plain: func(r *Row) string { return plainFloat(r.FailureRate) },
		bad:   func(r *Row) bool { return r.Failed > 0 },
	}
	hung := counted("hung", func(r *Row) int { return r.Hung })
	hung.bad = func(r *Row) bool { return r.HungNow > 0 }
	columns := []column{
		counted("sessions", func(r *Row) int { return r.Sessions }).titled("SESSIONS", others, 7),
		counted("calls", func(r *Row) int { return r.Calls }).titled("CALLS", all, 0),
		counted("calls_before", func(r *Row) int { return r.past().Calls }).only(notDays),
		trends.titled("TREND", targets, 0).only(notDays),
		counted("failed", func(r *Row) int { return r.Failed }),
		counted("failed_before", func(r *Row) int { return r.past().Failed }).only(notDays),
		failed.titled("FAILED", all, 0),
		counted("timed_out", func(r *Row) int { return r.TimedOut }).titled("TIMED OUT", nil, 3),
		counted("cancelled", func(r *Row) int { return r.Cancelled }).titled("CANCELLED", nil, 6),
		counted("bad_requests", func(r *Row) int { return r.BadRequests }),
		counted("unanswered", func(r *Row) int { return r.Unanswered }),
		hung.titled("HUNG", others, 1),
		counted("hung_now", func(r *Row) int { return r.HungNow }),
		timed("p50", func(r *Row) *float64 { return r.P50 }).titled("P50", all, 0),
		timed("p95", func(r *Row) *float64 { return r.P95 }).titled("P95", all, 0),
		timed("p95_before", func(r *Row) *float64 { return r.past().P95 }).only(notDays),
		timed("p99", func(r *Row) *float64 { return r.P99 }).titled("P99", all, 0),
		timed("max", func(r *Row) *float64 { return r.Max }).titled("MAX", nil, 2),
		sized("result_size", func(r *Row) *int64 { return r.ResultSize }),
		estimated("result_tokens", func(r *Row) *int64 { return r.ResultTokens }, func(r *Row) *int64 { return r.ResultSize }).
			titled("RESULT", append(targets, ByDay), 0),
		counted("request_tokens", func(r *Row) int { return int(r.RequestTokens) }),
		counted("response_tokens", func(r *Row) int { return int(r.ResponseTokens) }),
		listed("listed", func(t *Tools) int { return t.Listed }).only(peers),
		sized("definition_size", (*Row).definitions).only(peers),
		estimated("context_tokens", (*Row).contextTokens, (*Row).definitions).titled("CONTEXT", peers, 0).only(peers),
		listed("never_called", func(t *Tools) int { return t.Never }).titled("NEVER", peers, 0).only(peers),
		sized("sent", func(r *Row) *int64 { return &r.Sent }).titled("SENT", nil, 5),
		sized("received", func(r *Row) *int64 { return &r.Received }).titled("RECEIVED", nil, 4),
	}
	return slices.DeleteFunc(columns, func(c column) bool { return c.of != nil && !slices.Contains(c.of, by) })
}

// titled returns the column with a place in tables.
func (c column) titled(title string, in []By, room int) column {
	c.title, c.in, c.room = title, in, room
	return c
}

// only returns the column with the reports in which it means something.
func (c column) only(of []By) column {
	c.of = of
	return c
}

func counted(name string, f func(*Row) int) column {
	return column{
		name:  name,
		text:  func(r *Row) string { return view.Number(f(r)) },
		plain: func(r *Row) string { return strconv.Itoa(f(r)) },
	}
}

func timed(name string, f func(*Row) *float64) column {
	return column{
		name: name, unit: "s",
		text:  func(r *Row) string { return durationOf(f(r)) },
		plain: func(r *Row) string { return plainFloat(f(r)) },
	}
}

func sized(name string, f func(*Row) *int64) column {
	return column{
		name: name, unit: "B",
		text:  func(r *Row) string { return sizeOf(f(r)) },
		plain: func(r *Row) string { return plainInt(f(r)) },
	}
}

// estimated is a column of tokens. Where they are not known, as of sessions that an earlier version has stored, tables have the size.
func estimated(name string, tokens, size func(*Row) *int64) column {
	return column{
		name: name,
		text: func(r *Row) string {
			if n := tokens(r); n != nil {
				return view.Tokens(*n)
			}
			return sizeOf(size(r))
		},
		plain: func(r *Row) string { return plainInt(tokens(r)) },
	}
}

func listed(name string, f func(*Tools) int) column {
	of := func(r *Row, missing string, form func(int) string) string {
		if r.Tools == nil {
			return missing
		}
		return form(f(r.Tools))
	}
	return column{
		name:  name,
		text:  func(r *Row) string { return of(r, none, view.Number) },
		plain: func(r *Row) string { return of(r, "", strconv.Itoa) },
	}
}

// past returns what the row was before: nothing, if it is new.
func (r *Row) past() *Past {
	if r.Before == nil {
		return &Past{}
	}
	return r.Before
}

// definitions returns the size of the tools' definitions; nil if none are listed.
func (r *Row) definitions() *int64 {
	if r.Tools == nil {
		return nil
	}
	return &r.Tools.DefinitionSize
}

// contextTokens returns what is in a model's context from the start: the tools' definitions, and the instructions; nil if that is
// not known.
func (r *Row) contextTokens() *int64 {
	if r.Tools == nil || r.Tools.DefinitionTokens == 0 {
		return nil
	}
	return new(r.Tools.DefinitionTokens + r.Tools.InstructionTokens)
}

// plainFloat returns a number as JSON has it; nothing if there is none.
func plainFloat(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

func plainInt(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}
