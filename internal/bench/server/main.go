// Command server is the MCP server of the benchmark, a program of its own so that it starts fast.
package main

import (
	"os"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

func main() { os.Exit(mcptest.Serve()) }
