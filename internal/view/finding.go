package view

import (
	"fmt"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Finding says what stood out from a session's own past, or from the server's earlier sessions.
func Finding(f record.Finding) string {
	if f.Kind.OfPast() {
		return Safe(f.Target()) + ": " + ofPast(&f) + "."
	}
	tool := Safe(f.Tool)
	seen, usual := amount(f.Seen, f.Unit), amount(f.Usual, f.Unit)
	switch f.Kind {
	case record.Loop:
		return fmt.Sprintf("%s: the same call, %s repeats without progress; the longest run before had %s.", tool, seen, usual)
	case record.Burst:
		return fmt.Sprintf("%s: the first of a burst of calls, %s a second; usual are %s.", tool, seen, usual)
	case record.LatencyOutlier:
		return fmt.Sprintf("%s: took %s; its median in this session is %s.", tool, seen, usual)
	case record.SizeOutlier:
		return fmt.Sprintf("%s: a %s of %s; its median in this session is %s.", tool, Safe(string(f.Side)), seen, usual)
	}
	return fmt.Sprintf("%s: %s, seen %s, usual %s.", tool, Safe(string(f.Kind)), seen, usual)
}

// ofPast says what stood out from earlier sessions, and from how many.
func ofPast(f *record.Finding) string {
	seen, usual := amount(f.Seen, f.Unit), amount(f.Usual, f.Unit)
	if f.Usual == 0 {
		usual = "none"
	}
	in := ""
	if f.Sessions > 0 {
		in = fmt.Sprintf(" in %s since %s", Plural(f.Sessions, "session"), f.Since.Format("2 Jan 2006"))
	}
	switch f.Kind {
	case record.UnseenSequence:
		return fmt.Sprintf("called after %s, which it never followed%s", Safe(f.From), in)
	case record.Rate:
		return fmt.Sprintf("with it, %s calls in an hour; usual are at most %s%s", seen, usual, in)
	case record.Slow:
		return fmt.Sprintf("has become slow, %s; usual are %s%s", seen, usual, in)
	case record.Large:
		return fmt.Sprintf("%ss have become large, %s; usual are %s%s", Safe(string(f.Side)), seen, usual, in)
	case record.Failures:
		return fmt.Sprintf("%s of the last 10 calls failed; usual are %s%s", seen, usual, in)
	case record.FailingTogether:
		return fmt.Sprintf("fails together with others, %s of the last 10 calls; usual are %s%s", seen, usual, in)
	case record.Unlisted:
		if in == "" {
			return "called, and not listed in this session"
		}
		return "called, and never listed" + in
	}
	return Safe(string(f.Kind)) + in
}

// amount returns a number with its unit.
func amount(n float64, unit string) string {
	switch unit {
	case "s":
		return Duration(time.Duration(n * float64(time.Second)))
	case "By":
		return Size(int64(n))
	case "{call}/h":
		return Number(int(n))
	}
	return fmt.Sprintf("%.3g", n)
}
