//go:build unix

package cmd_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestPreviewOnTerminal: in a terminal, a preview can be read; with --json it is that of a pipe.
func TestPreviewOnTerminal(t *testing.T) {
	for _, test := range []struct {
		name     string
		flags    []string
		json     bool
		variable string
	}{
		{"text", nil, false, ""},
		{"text, a span a request", nil, false, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=1"},
		{"JSON", []string{"--json"}, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := append(append([]string{binary(t), "preview"}, test.flags...), "--")
			line = append(line, cast.As(t, "server")...)
			text := onTerminal(t, line, []string{"NO_COLOR=1", "SPANPIPE_CAPTURE=arguments", test.variable}, func(c *mcptest.Client) {
				c.Tool("echo", mcptest.Object{"text": "red \x1b[31m " + strings.Repeat("long ", 100)})
				c.Tool("fail", nil)
			})
			text = strings.ReplaceAll(text, "\r\n", "\n")
			if strings.Contains(text, "\x1b") {
				t.Errorf("the terminal shows an escape: %q", text)
			}
			if test.json {
				for line := range strings.Lines(text) {
					parseOTLP(t, strings.TrimSuffix(line, "\n"))
				}
				return
			}
			for _, want := range []string{
				"\n  mcp.session  ", "\n    tools/call fail  ", "  error\n", "gen_ai.tool.name                  fail\n",
				"service.name ", "\n  INFO operation finished\n", "\n  mcp.server.operation.duration (s)\n      count=1 sum=",
				"\n  5 spans, 5 log records and ", "\n      traces: http://localhost:4317",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if strings.Contains(text, "resourceSpans") {
				t.Error("the terminal shows JSON")
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}
