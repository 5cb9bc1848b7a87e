package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestFindingOfPast: each says what was seen, what is usual, since when and in how many sessions; and shows no control
// character of a peer's.
func TestFindingOfPast(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)
	for want, f := range map[string]record.Finding{
		"send: called after read\\u001b, which it never followed in 312 sessions since 3 Oct 2026.": {Kind: record.UnseenSequence, Tool: "send", From: "read\x1b", Seen: 1, Sessions: 312},
		"send: with it, 3,200 calls in an hour; usual are at most 110 in 1 session since 3 Oct 2026.": {
			Kind: record.Rate, Tool: "send", Seen: 3200, Usual: 110, Unit: "{call}/h", Sessions: 1},
		"send: has become slow, 4.20s; usual are 310ms in 57 sessions since 3 Oct 2026.": {
			Kind: record.Slow, Tool: "send", Seen: 4.2, Usual: 0.31, Unit: "s", Sessions: 57},
		"note://{id}: responses have become large, 1.0 MB; usual are 160 B in 57 sessions since 3 Oct 2026.": {
			Kind: record.Large, Resource: "note://{id}", Side: record.ResponseSide, Seen: 1e6, Usual: 160, Unit: "By", Sessions: 57},
		"plan: 5 of the last 10 calls failed; usual are none in 57 sessions since 3 Oct 2026.": {
			Kind: record.Failures, Prompt: "plan", Seen: 5, Unit: "{call}", Sessions: 57},
		"send: fails together with others, 5 of the last 10 calls; usual are 1 in 57 sessions since 3 Oct 2026.": {
			Kind: record.FailingTogether, Tool: "send", Seen: 5, Usual: 1, Unit: "{call}", Sessions: 57},
		"send: called, and never listed in 57 sessions since 3 Oct 2026.": {Kind: record.Unlisted, Tool: "send", Seen: 1, Sessions: 57},
		"send: called, and not listed in this session.":                   {Kind: record.Unlisted, Tool: "send", Seen: 1},
	} {
		f.Since = since
		if got := view.Finding(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestFindingsOfOneTool: what stands out again and again is one remark, and a run of repeats that goes on is not another one.
func TestFindingsOfOneTool(t *testing.T) {
	t.Parallel()
	r := &view.Records{State: view.Live}
	at := time.Unix(1_800_000_000, 0)
	add := func(f record.Finding) {
		at = at.Add(time.Second)
		f.Time = at
		r.Notes = append(r.Notes, f)
	}
	for _, seen := range []float64{25, 50, 10, 20, 40} { // two runs
		add(record.Finding{Kind: record.Loop, Tool: "poll", Seen: seen, Usual: 1, Unit: "{call}"})
	}
	for _, tool := range []string{"read", "poll", "read", "read"} {
		add(record.Finding{Kind: record.LatencyOutlier, Tool: tool, Seen: at.Sub(time.Unix(1_800_000_000, 0)).Seconds(), Usual: 0.01, Unit: "s"})
	}
	want := []string{
		"read: took 8.00s; its median in this session is 10ms. 3 times in all; this is the latest.",
		"poll: took 6.00s; its median in this session is 10ms.",
		"poll: the same call, 40 repeats without progress; the longest run before had 1. 2 times in all; this is the latest.",
	}
	var got []string
	for _, one := range r.Remarks() {
		got = append(got, one.Text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
