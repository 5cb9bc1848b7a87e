package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPeersAuthors follows docs/authors.md, as an author does who has a server in a package of npm's, and a clone of spanpipe beside it.
func TestPeersAuthors(t *testing.T) {
	e := newExample(t, "npm-server", "telemetry.env", "https://otel.weather.example")
	e.npmPackages(t, newPeers(t))
	work := t.TempDir()
	own := filepath.Join(work, "my-server")
	if err := os.CopyFS(filepath.Join(work, "spanpipe/examples"), os.DirFS("../examples")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	// The author's collector is the test's; and a busy machine needs longer than a second to send the last of a session.
	settings := strings.ReplaceAll(exampleFile(t, "npm-server/telemetry.env"), "https://otel.weather.example", e.receiver.Endpoint(otlptest.HTTP))
	for path, text := range map[string]string{
		"my-server/server.mjs": exampleFile(t, "npm-server/server.mjs"), "my-server/package.json": `{"name": "my-server", "type": "module"}`,
		"spanpipe/examples/npm-server/telemetry.env": settings + longFlush + "\n",
	} {
		if err := os.WriteFile(filepath.Join(work, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(e.dir, "node_modules"), filepath.Join(own, "node_modules")); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/authors.md")
	if err != nil {
		t.Fatal(err)
	}
	shown, blocks := "", readmeBlock.FindAllStringSubmatch(string(page), -1)
	for _, block := range blocks {
		cmd := exec.Command("sh", "-ec", block[1])
		e.in()(cmd)
		cmd.Dir = own
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", block[1], err, out)
		}
		shown += "$ " + block[1] + string(out)
	}
	if len(blocks) < 6 {
		t.Errorf("the page has %d blocks of commands, want at least 6", len(blocks))
	}
	e.receiver.WaitSpan(t, "tools/call get_forecast")
	if !strings.Contains(shown, "\nthe name is there, the content is not\n") || strings.Count(shown, "\nget_forecast: ok, ") != 2 {
		t.Errorf("the commands have printed\n%s", shown)
	}
	text, err := os.ReadFile(filepath.Join(own, "PRIVACY.md"))
	if err != nil || !strings.Contains(string(text), e.receiver.Endpoint(otlptest.HTTP)) {
		t.Errorf("PRIVACY.md: %v\n%s", err, text)
	}
}

// TestAuthorsPage: what docs/authors.md shows of the examples is in them.
func TestAuthorsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/authors.md")
	if err != nil {
		t.Fatal(err)
	}
	if settings := exampleFile(t, "npm-server/telemetry.env"); !strings.Contains(string(page), "\n```\n"+settings+"```\n") {
		t.Errorf("the page shows another telemetry.env than\n%s", settings)
	}
	paragraphs := strings.NewReplacer("\n> ", " ", "\n", " ", "](PRIVACY.md)", "](../examples/npm-server/PRIVACY.md)")
	_, readme, _ := strings.Cut(exampleFile(t, "npm-server/README.md"), "\n## Telemetry\n\nOff, ")
	if readme, _, _ = strings.Cut(readme, "\n\n"); readme == "" || !strings.Contains(paragraphs.Replace(string(page)), paragraphs.Replace(readme)) {
		t.Errorf("the page has another paragraph than the example's README:\n%s", readme)
	}
	manifest := exampleFile(t, "mcpb/manifest.json")
	for _, line := range []string{
		`"command": "${__dirname}/server/spanpipe"`, `"args": ["--", "${__dirname}/server/weather"]`,
		`"SPANPIPE_TELEMETRY": "${user_config.telemetry}"`, `"SPANPIPE_CAPTURE": "none"`, `"default": "off"`,
	} {
		if !strings.Contains(manifest, line) || !strings.Contains(string(page), line) {
			t.Errorf("the page and the manifest do not both have %s", line)
		}
	}
}
