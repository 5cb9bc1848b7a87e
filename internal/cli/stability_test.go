package cli_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestStabilityPage: docs/stability.md names every command, flag, exit code and variable.
func TestStabilityPage(t *testing.T) {
	commands := "| command | flags of its own | exit status |\n|---|---|---|\n"
	for _, c := range cli.Commands() {
		flags := "–"
		if len(c.Flags) > 0 {
			flags = "`" + strings.Join(c.Flags, "` `") + "`"
		}
		status := exitStatus.FindStringSubmatch(c.Description)
		if status == nil {
			continue // TestExitStatus says so
		}
		commands += fmt.Sprintf("| `%s` | %s | %s |\n", c.Name, flags, strings.Join(strings.Fields(status[1]), " "))
	}
	var variables []string
	for _, s := range cli.Settings() {
		variables = append(variables, "`"+s.Variable()+"`")
	}
	generated(t, "../../docs/stability.md", "TestStabilityPage", map[string]string{
		"commands":  commands,
		"variables": strings.Join(variables, ", ") + "; and `SPANPIPE_OTEL_…` for each `OTEL_…` variable.\n",
	})
}

// TestStabilityFacts: what docs/stability.md says of exit codes, Go, systems and versions of MCP is so.
func TestStabilityFacts(t *testing.T) {
	text, err := os.ReadFile("../../docs/stability.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for code := range exitCodes {
		if !strings.Contains(page, "\n| "+code+" | ") {
			t.Errorf("there is no exit status %s", code)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^\| \d+ \| `).FindAllString(page, -1)); n != len(exitCodes) {
		t.Errorf("there are %d exit codes, want %d", n, len(exitCodes))
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))[1]
	if !strings.Contains(page, "those that Go "+language+" supports") || !strings.Contains(page, "| "+language+" or later |") {
		t.Errorf("go.mod needs Go %s", language)
	}
	release, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const systems = "    goos:\n      - linux\n      - darwin\n      - windows\n    goarch:\n      - amd64\n      - arm64\n"
	if !strings.Contains(string(release), systems) {
		t.Error(".goreleaser.yaml builds for other systems than the page says")
	}
	understood := regexp.MustCompile(`(?m)^\| MCP \|.*`).FindString(page)
	versions := regexp.MustCompile(`\d{4}-\d\d-\d\d`).FindAllString(understood, -1)
	if len(versions) != 5 {
		t.Errorf("the versions of MCP are %v", versions)
	}
	for _, v := range versions {
		if !semconv.KnownVersion(v) {
			t.Errorf("%s is no version of MCP", v)
		}
	}
}
