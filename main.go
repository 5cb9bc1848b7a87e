// Command spanpipe wraps a local MCP server and makes OpenTelemetry spans, metrics and logs of its conversation.
// See README.md, and "spanpipe help".
package main

import (
	"os"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// Set by the linker, see .goreleaser.yaml.
var version, commit, date string

func main() {
	os.Exit(cli.Main(cli.Process{
		Args: os.Args, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Build: cli.Build{Version: version, Commit: commit, Date: date},
	}))
}
