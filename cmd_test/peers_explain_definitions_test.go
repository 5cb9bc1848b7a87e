package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// definitionsStory returns what docs/explain.md shows below the heading about changed definitions: the blocks of text.
func definitionsStory(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	_, story, found := strings.Cut(string(page), "<!-- story: definitions -->")
	story, _, ended := strings.Cut(story, "<!-- measured -->")
	if !found || !ended {
		t.Fatal("the page has no story about definitions")
	}
	var blocks []string
	for i, part := range strings.Split(story, "```") {
		if _, text, ok := strings.Cut(part, "\n"); ok && i%2 == 1 {
			blocks = append(blocks, text)
		}
	}
	return blocks
}

// definitionsVarying is what differs from run to run in the story: times, ids and versions.
var definitionsVarying = regexp.MustCompile(
	`\d+-\d\d-\d\dT[\d:]+Z|[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} [\d:]{5}|\d+ [A-Z][a-z]{2}\b|\d\d:\d\d:\d\d|(trace|span)_id=\w+|\d+(\.\d+)? k?B`)

func definitionsSteady(text string) string {
	return strings.Join(strings.Fields(definitionsVarying.ReplaceAllString(text, "…")), " ")
}

// TestPeersExplainDefinitions replays the story of docs/explain.md: the official file system server, and the same one with a
// compromised dependency, which adds a sentence to the description of a tool. What the page shows is what is printed.
func TestPeersExplainDefinitions(t *testing.T) {
	p, place := newPeers(t), newHome(t)
	files := filepath.Join(place.root, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	server := []string{p.node, filepath.Join(p.packages, "@modelcontextprotocol/server-filesystem/dist/index.js"), files}
	session := func(more ...string) string {
		h := mcptest.Open(t, wrapped(t, server), place.in(append(more, "SPANPIPE_TELEMETRY=local")...))
		mcptest.Connect(h).List("tools/list")
		h.CloseInput()
		wantExit(t, h, 0)
		var ours []string
		for line := range strings.Lines(h.Stderr.String()) {
			if strings.HasPrefix(line, "spanpipe:") {
				ours = append(ours, line)
			}
		}
		return strings.Join(ours, "")
	}
	run := func(args ...string) string {
		out, _, _ := place.spanpipe(t, nil, args...)
		return out
	}
	if out := session(); out != "" {
		t.Errorf("the first session says: %s", out)
	}
	got := []string{run("definitions", "server-filesystem", "--accept")}
	if out := session(); out != "" {
		t.Errorf("what was accepted is reported: %s", out)
	}
	compromised := "NODE_OPTIONS=--import=file://" + p.script("rugpull.mjs")
	got = append(got, session(compromised), run("definitions"), run("show"))
	if again := session(compromised); definitionsSteady(again) != definitionsSteady(got[1]) {
		t.Errorf("the next session says: %s", again)
	}
	if out := session(); out != "" {
		t.Errorf("the server as it was accepted is reported: %s", out)
	}
	story := definitionsStory(t)
	if len(story) != len(got) {
		t.Errorf("the page has %d blocks, want %d", len(story), len(got))
	}
	for i, out := range got {
		if i >= len(story) || !strings.Contains(definitionsSteady(out), definitionsSteady(story[i])) {
			t.Errorf("block %d of the page is not what is printed:\n%s", i+1, out)
		}
		if strings.Contains(out, "id_rsa") {
			t.Errorf("the text of the description is shown: %s", out)
		}
	}
}
