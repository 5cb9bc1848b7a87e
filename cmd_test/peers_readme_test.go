package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// readmeBlock matches a block of shell commands in README.md.
var readmeBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// ownCommand matches a line that a test can run anywhere: a command of spanpipe's, or a package of npm's.
var ownCommand = regexp.MustCompile(`^(\S+=\S+ )*(spanpipe|npx) `)

// TestPeersReadme runs README's first minute as a person does who copies it: a try, a real server behind spanpipe in a real
// client, and the commands that look at what was stored. Packages of npm's come from the peers and not from the registry, and
// the collector is not Jaeger.
func TestPeersReadme(t *testing.T) {
	p, home, bin := newPeers(t), newHome(t), t.TempDir()
	npx := fmt.Sprintf(`#!/bin/sh
[ "$1" = -y ] && shift
package=$1 && shift
case $package in
*/inspector) # its first argument is --cli; a busy machine needs more than its 15 s
	shift
	exec '%[1]s' '%[2]s/@modelcontextprotocol/inspector/clients/launcher/build/index.js' --cli --connect-timeout 300000 "$@" ;;
esac
exec '%[1]s' '%[2]s'/"$package"/dist/index.js "$@"
`, p.node, p.packages)
	if err := os.WriteFile(filepath.Join(bin, "npx"), []byte(npx), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(bin, "spanpipe")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	r := otlptest.Start(t, otlptest.Config{})
	var shown strings.Builder
	ran := 0
	for _, m := range readmeBlock.FindAllStringSubmatch(string(text), -1) {
		if !ownCommand.MatchString(m[1]) {
			continue // how to get spanpipe, or Jaeger
		}
		ran++
		cmd := exec.Command("sh", "-ec", m[1])
		home.in("PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(otlptest.GRPC))(cmd)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", m[1], err, out)
		}
		fmt.Fprintf(&shown, "$ %s%s", m[1], out)
	}
	if ran < 4 {
		t.Errorf("README has %d blocks of commands, want at least 4", ran)
	}
	for _, want := range []string{
		`(?m)^   13 tools +echo, `, `(?m)^echo: ok, \d+ B in `, `"text": "Echo: hello"`, // try; the Inspector
		`(?m)^inspector-cli [\d.]+, (?:today|yesterday)\n +1  mcp-servers/everything `, // sessions
		`(?m)^├─ → initialize .* ok$`, `(?m)^.─ → echo .* ok$`,                         // show
	} {
		if !regexp.MustCompile(want).MatchString(shown.String()) {
			t.Errorf("%s is missing", want)
		}
	}
	if span := r.WaitSpan(t, "tools/call echo"); span.Service() != "server-everything" {
		t.Errorf("the service is %q", span.Service())
	}
	if t.Failed() {
		t.Log(shown.String())
	}
}
