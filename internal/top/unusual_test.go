package top_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestUnusual: what stood out from earlier sessions in the last hour is an alert, and what stood out from the session itself is
// none.
func TestUnusual(t *testing.T) {
	for _, test := range []struct {
		kind record.FindingKind
		ago  time.Duration
		want bool
	}{{record.UnseenSequence, time.Minute, true}, {record.UnseenSequence, 2 * time.Hour, false}, {record.Loop, time.Minute, false}} {
		m := model(live("a", "mail", "r", now.Add(-3*time.Hour)))
		m.Take(watch.Noted{Session: "a", Note: record.Finding{
			Kind: test.kind, Tool: "send", From: "read", Seen: 1, Sessions: 312, Since: now, Time: now.Add(-test.ago),
		}})
		size := top.Size{Width: 140, Height: 40}
		m.Resize(size)
		got := screen(t, m, size)
		if strings.Contains(got, "mail send: called after read, which it never followed in 312 sessions") != test.want {
			t.Errorf("%s %v ago: alert %v wanted\n%s", test.kind, test.ago, test.want, got)
		}
	}
}
