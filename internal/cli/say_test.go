package cli_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/cli"
)

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                     "0µs",
		812 * time.Microsecond:                "812µs",
		999*time.Microsecond + 600:            "1.0ms",
		3249 * time.Microsecond:               "3.2ms",
		9960 * time.Microsecond:               "10ms",
		47*time.Millisecond + 600_000:         "48ms",
		999*time.Millisecond + 700_000:        "1.00s",
		1253 * time.Millisecond:               "1.25s",
		59*time.Second + 999*time.Millisecond: "1m",
		3*time.Minute + 4*time.Second:         "3m4s",
		time.Hour + 59*time.Second:            "1h0m59s",
		26*time.Hour + 500*time.Millisecond:   "26h0m1s",
	} {
		if got := cli.Took(d); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1449: "1.4 kB", 99_960: "100.0 kB", 999_960: "1.0 MB",
		64 << 20: "67.1 MB", 999_960_000: "1.0 GB", 5_000_000_000_000: "5000.0 GB",
	} {
		if got := cli.Bytes(n); got != want {
			t.Errorf("%d is shown as %q, want %q", n, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s", 500 * time.Millisecond: "500ms"} {
		if got := cli.Short(d); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

// TestVisible feeds it what a terminal would act upon, or a reader be misled by.
func TestVisible(t *testing.T) {
	for _, test := range []struct{ name, said, want string }{
		{"plain", "server-x → ok", "server-x → ok"},
		{"escapes", "\x1b[31mred\x07", "?[31mred?"},
		{"lines", "one\nspanpipe: two\r\n\tthree", "one spanpipe: two   three"},
		{"the other control characters", "\u009b31m\u202ereversed\u2028", "?31m?reversed?"},
		{"no UTF-8", "\xff\xfe ok", "? ok"},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := cli.Visible(test.said); got != test.want {
				t.Errorf("%q is shown as %q, want %q", test.said, got, test.want)
			}
		})
	}
	if whole := strings.Repeat("€", 500); cli.Visible(whole) != whole {
		t.Errorf("a text of just the length that is shown becomes %s", cli.Visible(whole))
	}
	if long := cli.Visible(strings.Repeat("€", 10_000)); utf8.RuneCountInString(long) != 500 || !strings.HasSuffix(long, "…") {
		t.Errorf("a long text is shown with %d characters", utf8.RuneCountInString(long))
	}
}

func TestTextHandler(t *testing.T) {
	for _, test := range []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"a warning with its hint", func(l *slog.Logger) {
			l.Warn("it does not work", "error", errors.New("because"), "hint", "do this", "port", 4317)
		}, "spanpipe: warning: it does not work: because port=4317\nspanpipe: hint: do this\n"},
		{"below the level", func(l *slog.Logger) { l.Debug("details") }, ""},
		{"information has no mark", func(l *slog.Logger) { l.Info("served", "address", "a:1") }, "spanpipe: served address=a:1\n"},
		{"an error", func(l *slog.Logger) { l.Error("no") }, "spanpipe: error: no\n"},
		{"a level between", func(l *slog.Logger) { l.Log(t.Context(), slog.LevelWarn+1, "odd") }, "spanpipe: warn+1: odd\n"},
		{"values with blanks", func(l *slog.Logger) { l.Info("x", "a", "b c", "d", "", "e", `f"g`) }, `spanpipe: x a="b c" d="" e="f\"g"` + "\n"},
		{"attributes and groups", func(l *slog.Logger) { l.With("a", 1).WithGroup("g").Info("x", "b", 2) }, "spanpipe: x a=1 g.b=2\n"},
		{"what a terminal would act upon", func(l *slog.Logger) { l.Info("x\x1b\n", "a", "\x1b[31m\nspanpipe:") }, "spanpipe: x?  a=\"?[31m spanpipe:\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			test.log(slog.New(cli.NewTextHandler(&out, slog.LevelInfo)))
			if out.String() != test.want {
				t.Errorf("%q, want %q", out.String(), test.want)
			}
		})
	}
}

// TestLines says that whoever writes is never held up, and that what was written in time is read.
func TestLines(t *testing.T) {
	t.Run("everything arrives in order", func(t *testing.T) {
		var out strings.Builder
		lines, end := cli.NewLines(&out)
		want := ""
		for i := range 100 {
			line := fmt.Sprintln("line", i)
			want += line
			b := []byte(line)
			if n, err := lines.Write(b); n != len(b) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			clear(b) // the writer's own again
		}
		end()
		end()
		if out.String() != want {
			t.Errorf("%q arrives", out.String())
		}
	})
	t.Run("nobody reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			lines, end := cli.NewLines(w)
			start := time.Now()
			for range 10_000 {
				_, _ = lines.Write([]byte("a line\n")) // never fails
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("writing waits %v", took)
			}
			end()
			if took := time.Since(start); took != 200*time.Millisecond {
				t.Errorf("the end waits %v", took)
			}
			_ = r.Close() // lets the goroutine go
		})
	})
}
