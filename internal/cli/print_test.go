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

	"github.com/spanpipe/spanpipe/internal/cli"
)

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
		{"a level between", func(l *slog.Logger) { l.Log(t.Context(), slog.LevelWarn+1, "no") }, "spanpipe: warn+1: no\n"},
		{"values with blanks", func(l *slog.Logger) { l.Info("x", "a", "b c", "d", "", "e", `f"g`) }, `spanpipe: x a="b c" d="" e="f\"g"` + "\n"},
		{"a duration in seconds", func(l *slog.Logger) { l.Info("x", "duration", 1.031517194) }, "spanpipe: x duration=1.03s\n"},
		{"attributes and groups", func(l *slog.Logger) { l.With("a", 1).WithGroup("g").Info("x", "b", 2) }, "spanpipe: x a=1 g.b=2\n"},
		{"a sentence", func(l *slog.Logger) {
			l.Warn("definition changed", "spanpipe.definition.change", "changed", "spanpipe.definition.kind", "tool",
				"spanpipe.definition.name", "add\n", "spanpipe.definition.parts", "title, input schema", "spanpipe.definition.pinned", false,
				"since", "2026-11-25T10:00:02Z", "hint", "look", "spanpipe.server.name", "s", "spanpipe.server.version", "2", "span_id", "01")
		}, "spanpipe: warning: s: add  has changed: title, input schema\nspanpipe: hint: look\n"},
		{"a sentence about what was accepted", func(l *slog.Logger) {
			l.Warn("definition changed", "spanpipe.definition.change", "changed", "spanpipe.definition.kind", "instructions",
				"spanpipe.definition.parts", "text", "accepted", true)
		}, "spanpipe: warning: instructions are not what you accepted: text\n"},
		{"a sentence about a new name", func(l *slog.Logger) {
			l.Info("definition changed", "spanpipe.definition.change", "renamed", "spanpipe.definition.kind", "prompt",
				"spanpipe.definition.name", "b", "spanpipe.definition.old_name", "a")
		}, "spanpipe: prompt a is now called b, and is the same otherwise\n"},
		{"a sentence about a call that hangs", func(l *slog.Logger) {
			l.Warn("operation has not been answered yet", "event", "spanpipe.operation.hanging", "mcp.method.name", "tools/call",
				"spanpipe.direction", "to_server", "gen_ai.tool.name", "store", "jsonrpc.request.id", "7", "duration", 30.0, "hint", "look",
				"spanpipe.stall", "server_idle", "spanpipe.stall.processes", int64(1), "spanpipe.stall.over", 29.0, "spanpipe.stall.cpu", 0.0,
				"spanpipe.session.id", "2f9c", "spanpipe.server.name", "s")
		}, "spanpipe: warning: s: store has not been answered for 30.0s. The server has read the request and does nothing. " +
			"The fault is on the server's side: it used no CPU time in the last 29.0s, wrote no part of an answer and asked the " +
			"client for nothing.\nspanpipe: hint: look\n"},
		{"a sentence about an unusual call", func(l *slog.Logger) {
			l.Warn("unusual call", "event", "spanpipe.call.unusual", "spanpipe.anomaly.kind", "unseen_sequence", "gen_ai.tool.name", "fetch",
				"seen", 1.0, "usual", 0.0, "unit", "{call}", "from", "search\x1b", "since", "2026-11-02", "sessions", int64(40))
		}, "spanpipe: warning: unusual call, fetch: called after search\\u001b, which it never followed in 40 sessions since 2 Nov 2026.\n"},
		{"a sentence about a stream that is not read", func(l *slog.Logger) {
			l.Warn("what was written is not being read", "spanpipe.direction", "to_client", "duration", 30.0, "spanpipe.server.name", "s")
		}, "spanpipe: warning: s: The client has not read what the server wrote for 30.0s: it hangs, or is suspended\n"},
		{"a sentence about an unexpected message", func(l *slog.Logger) {
			l.Warn("unexpected message; reported once for each kind", "event", "spanpipe.message.unexpected",
				"spanpipe.violation.kind", "noise", "spanpipe.direction", "to_client", "size", int64(34),
				"reason", "a line of text that is not JSON", "hint", "logs belong on stderr", "spanpipe.server.name", "s", "trace_id", "6d50")
		}, "spanpipe: warning: s: unexpected message from the server: a line of text that is not JSON (34 B); reported once for each " +
			"kind\nspanpipe: hint: logs belong on stderr\n"},
		{"a sentence about an id that fits no request", func(l *slog.Logger) {
			l.Warn("unexpected message; reported once for each kind", "spanpipe.violation.kind", "id_mismatch", "spanpipe.direction", "to_client",
				"mcp.method.name", "tools/call\x1b", "sent", "\"7\"\n", "awaited", "7", "size", int64(2048), "reason", "the id is a string")
		}, "spanpipe: warning: unexpected message from the server, tools/call\\u001b: the id is a string (sent \"7\" , awaited 7, 2.0 kB); " +
			"reported once for each kind\n"},
		{"a sentence about a version", func(l *slog.Logger) {
			l.Info("unexpected message; reported once for each kind", "spanpipe.violation.kind", "initialize_refused",
				"spanpipe.direction", "to_client", "spanpipe.protocol.requested_version", "2030-01-01",
				"mcp.protocol.version", "2025-06-18", "supported", "2025-11-25", "size", int64(99))
		}, "spanpipe: unexpected message from the server: the server refuses to initialize (asked 2030-01-01, given 2025-06-18, " +
			"supported 2025-11-25, 99 B); reported once for each kind\n"},
		{"a sentence about a late answer", func(l *slog.Logger) {
			l.Info("late answer", "event", "spanpipe.answer.late", "spanpipe.violation.kind", "late_response", "spanpipe.direction", "to_client",
				"mcp.method.name", "tools/call", "spanpipe.operation.number", int64(5), "spanpipe.stall", "answered_late",
				"spanpipe.stall.late", 0.5, "sent", "\"late\"", "size", int64(53),
				"reason", "an answer to a request that was cancelled or given up", "spanpipe.server.name", "s")
		}, "spanpipe: s: late answer from the server, tools/call: an answer to a request that was cancelled or given up, 500ms before " +
			"(sent \"late\", operation 5, 53 B)\n"},
		{"what a terminal would act upon", func(l *slog.Logger) { l.Info("x\x1b\n", "a", "\x1b[31m\nspanpipe:") }, "spanpipe: x\\u001b  a=\"\\\\u001b[31m spanpipe:\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			handler, flush := cli.NewTextHandler(&out, slog.LevelInfo)
			test.log(slog.New(handler))
			flush()
			if out.String() != test.want {
				t.Errorf("%q, want %q", out.String(), test.want)
			}
		})
	}
}

// TestPrinter checks that a write never blocks, and that what was written before a flush is delivered.
func TestPrinter(t *testing.T) {
	t.Run("everything arrives in order", func(t *testing.T) {
		var out strings.Builder
		lines, flush, end := cli.NewPrinter(&out)
		defer end()
		want := ""
		for i := range 100 {
			line := fmt.Sprintln("line", i)
			want += line
			b := []byte(line)
			if n, err := lines.Write(b); n != len(b) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			clear(b) // the caller may reuse its buffer
		}
		flush()
		flush()
		if out.String() != want {
			t.Errorf("%q arrives", out.String())
		}
	})
	t.Run("a reader that comes late", func(t *testing.T) {
		r, w := io.Pipe()
		lines, flush, end := cli.NewPrinter(w)
		defer end()
		const all = 5000
		for range all {
			_, _ = lines.Write([]byte("a line\n"))
		}
		read := make(chan string)
		go func() { // ends with the pipe
			b, _ := io.ReadAll(r)
			read <- string(b)
		}()
		flush()
		_, _ = lines.Write([]byte("the last\n"))
		flush()
		_ = w.Close()
		text, lost := <-read, 0
		_, report, _ := strings.Cut(text, "spanpipe: warning: some lines of this log were lost, because stderr was not read lines=")
		if _, err := fmt.Sscan(report, &lost); err != nil || lost == 0 || strings.Count(text, "a line\n")+lost != all {
			t.Errorf("%d lines arrive, %d are reported as lost, of %d", strings.Count(text, "a line\n"), lost, all)
		}
	})
	t.Run("no reader", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			lines, flush, end := cli.NewPrinter(w)
			defer end()
			start := time.Now()
			for range 10_000 {
				_, _ = lines.Write([]byte("a line\n")) // never fails
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("writing waits %v", took)
			}
			flush()
			if took := time.Since(start); took != 200*time.Millisecond {
				t.Errorf("the flush waits %v", took)
			}
			_ = r.Close() // ends the goroutine
		})
	})
}
