package view_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                     "0µs",
		812 * time.Microsecond:                "812µs",
		999*time.Microsecond + 600:            "1.0ms",
		3249 * time.Microsecond:               "3.2ms",
		9960 * time.Microsecond:               "10ms",
		47*time.Millisecond + 600_000:         "48ms",
		999*time.Millisecond + 700_000:        "1.00s",
		1253 * time.Millisecond:               "1.25s",
		59*time.Second + 999*time.Millisecond: "60.0s",
		3*time.Minute + 4*time.Second:         "3m04s",
		time.Hour + 59*time.Second:            "1h01m",
		26*time.Hour + 500*time.Millisecond:   "26h00m",
	} {
		if got := view.Duration(d); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

// TestSomeTokens: an estimate has its unit, and one token is one.
func TestSomeTokens(t *testing.T) {
	for n, want := range map[int64]string{1: "≈1 token (±10 %)", 240: "≈240 tokens (±10 %)", 2840: "≈2.8k tokens (±10 %)"} {
		if got := view.SomeTokens(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestExit(t *testing.T) {
	for _, test := range []struct {
		exit  record.Exit
		word  string
		color view.Color
	}{
		{record.Exit{EndedBy: record.ByClient}, "exit 0", view.Green},
		{record.Exit{EndedBy: record.ByClient, Code: 3}, "exit 3", view.Yellow},
		{record.Exit{EndedBy: record.ByClient, Signal: "SIGTERM"}, "killed by SIGTERM", view.Yellow},
		{record.Exit{EndedBy: record.ByServer}, "exit 0", view.Red},
		{record.Exit{EndedBy: record.ByServer, Signal: "SIGSEGV"}, "killed by SIGSEGV", view.Red},
	} {
		if word, color := view.Exit(test.exit); word != test.word || color != test.color {
			t.Errorf("%+v is shown as %q, color %s", test.exit, word, color)
		}
	}
}

func TestTotals(t *testing.T) {
	var totals record.Totals
	for _, step := range []struct {
		method string
		record.Operation
		want string
	}{
		{"initialize", record.Operation{Answered: true, Duration: time.Hour}, "no calls"},
		{"tools/list", record.Operation{Answered: true, ErrorType: "-32603"}, "no calls, 1 operation failed"},
		{"tools/call", record.Operation{Answered: true, Duration: 800 * time.Millisecond}, "1 call, 0 failed, 1 other operation failed, p95 800ms"},
		{"ping", record.Operation{ErrorType: "timeout"}, "1 call, 0 failed, 2 other operations failed, p95 800ms"},
		{"tools/call", record.Operation{Answered: true, ErrorType: "tool_error"}, "2 calls, 1 failed, 2 other operations failed, p95 800ms"},
		{"prompts/get", record.Operation{ErrorType: "cancelled"}, "3 calls, 1 failed, 2 other operations failed, 1 cancelled, p95 800ms"},
		{"resources/read", record.Operation{ErrorType: "abandoned"},
			"4 calls, 1 failed, 2 other operations failed, 1 cancelled, 1 unanswered, p95 800ms"},
	} {
		op := step.Operation
		op.Direction, op.Method = record.ToServer, step.method
		totals.Add(&op)
		if got := view.Totals(&totals); got != step.want {
			t.Errorf("after %s: got %q, want %q", step.method, got, step.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1449: "1.4 kB", 9949: "9.9 kB", 9950: "10 kB", 99_960: "100 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		64 << 20: "67 MB", 999_960_000: "1.0 GB", 5_000_000_000_000: "5000 GB",
	} {
		if got := view.Size(n); got != want {
			t.Errorf("%d is shown as %q, want %q", n, got, want)
		}
	}
}

// TestSafe has texts that a terminal would act upon, or that would mislead a reader.
func TestSafe(t *testing.T) {
	for _, test := range []struct{ name, said, want string }{
		{"plain", "server-x → ok", "server-x → ok"},
		{"escapes", "\x1b[31mred\x07", `\u001b[31mred\u0007`},
		{"lines", "one\nspanpipe: two\r\n\tthree", "one spanpipe: two   three"},
		{"the other control characters", "\u009b31m\u202ereversed\u2028", `\u009b31m\u202ereversed `},
		{"variants of emoji, whose widths differ between terminals", "\u2764\ufe0f \U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469",
			"\u2764 \U0001f44d \U0001f468\\u200d\U0001f469"},
		{"other scripts", "été שלום 日本語 e\u0301", "été שלום 日本語 e\u0301"},
		{"marks upon marks", "\u0301a\u0301\u0301\u0301\u0301\u0301", "\\u0301a\u0301\u0301\u0301\\u0301\\u0301"},
		{"no UTF-8", "\xff\xfe ok", "? ok"},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := view.Safe(test.said); got != test.want {
				t.Errorf("%q is shown as %q, want %q", test.said, got, test.want)
			}
		})
	}
	if whole := strings.Repeat("€", 500); view.Safe(whole) != whole {
		t.Errorf("a text of just the length that is shown becomes %s", view.Safe(whole))
	}
	if long := view.Safe(strings.Repeat("€", 10_000)); utf8.RuneCountInString(long) != 500 || !strings.HasSuffix(long, "…") {
		t.Errorf("a long text is shown with %d characters", utf8.RuneCountInString(long))
	}
}

func TestName(t *testing.T) {
	for want, op := range map[string]record.Operation{
		"ping":              {Method: "ping"},
		"tools/call search": {Method: "tools/call", Target: "search"},
		`a\u001b[31m b c`:   {Method: "a\x1b[31m", Target: "b\nc"},
	} {
		if got := view.Name(&op); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestShare: a whole takes no more columns than it needs, and what is rare is not rounded away.
func TestShare(t *testing.T) {
	for want, of := range map[string][2]int{
		"–": {0, 0}, "0 %": {0, 7}, "<0.1 %": {1, 100_000}, "14.3 %": {1, 7}, ">99.9 %": {99_999, 100_000}, "100 %": {7, 7},
	} {
		if got := view.Share(of[0], of[1]); got != want {
			t.Errorf("%d of %d is %q, want %q", of[0], of[1], got, want)
		}
	}
}
