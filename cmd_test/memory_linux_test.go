package cmd_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPagesGoBack: of a session in which little happens, not much more of the program stays in memory than it needs.
func TestPagesGoBack(t *testing.T) {
	const few = 10 << 20 // of 15 to 18 MiB at the start
	h := watched(t, otlptest.Start(t, otlptest.Config{}), cast.As(t, "server"))
	mcptest.Connect(h).Tool("echo", nil)
	mcptest.Eventually(t, "pages of the program go back", func() bool { return memoryOf(t, h, "RssFile") < few })
	endQuietly(t, h)
}
