package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// rulesStory returns the blocks of the story about metric rules in docs/explain.md.
func rulesStory(t *testing.T) (blocks []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	_, story, _ := strings.Cut(string(page), "<!-- story: rules -->")
	story, _, _ = strings.Cut(story, "<!-- story: past -->")
	for _, found := range regexp.MustCompile("(?s)```\\w+\n(.*?)```").FindAllStringSubmatch(story, -1) {
		blocks = append(blocks, found[1])
	}
	if len(blocks) != 3 {
		t.Fatalf("the story has %d blocks, not rules, a page of metrics and a check", len(blocks))
	}
	return blocks
}

// rulesTalk is what the agent of the story does.
func rulesTalk(c *mcptest.Client) {
	entity := func(name, kind, observation string) mcptest.Object {
		return mcptest.Object{"name": name, "entityType": kind, "observations": []string{observation}}
	}
	c.Tool("create_entities", mcptest.Object{"entities": []mcptest.Object{
		entity("Ann Lee", "person", "leads billing"), entity("billing", "project", "moves to the new ledger in May"),
		entity("staging", "system", "listens on port 8443"),
	}})
	for _, query := range []string{
		"Who leads the billing project?", "What port does staging listen on?", "billing", "When does billing move to the new ledger?",
	} {
		c.Tool("search_nodes", mcptest.Object{"query": query})
	}
	c.Tool("add_observations", mcptest.Object{"observations": []mcptest.Object{{"entityName": "Ann", "contents": []string{"is on leave"}}}})
}

// TestPeersExplainRules repeats the story of docs/explain.md about metric rules: what the page shows is what spanpipe prints.
func TestPeersExplainRules(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the story shows paths as Unix has them")
	}
	p, blocks, place := newPeers(t), rulesStory(t), newHome(t)
	if err := os.WriteFile(filepath.Join(place.root, "cwd", "memory.yaml"), []byte(blocks[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	h := mcptest.Open(t, wrapped(t, p.server("server-memory")), place.in("SPANPIPE_TELEMETRY=local,prometheus",
		"SPANPIPE_METRIC_RULES=memory.yaml", "SPANPIPE_CAPTURE=arguments,results", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0", "SPANPIPE_LOG_LEVEL=info",
		"MEMORY_FILE_PATH="+filepath.Join(place.root, "tmp", "memory.jsonl")))
	served := servedPage(t, h)
	rulesTalk(mcptest.Connect(h))
	var page string
	mcptest.Eventually(t, "the page has the last metric", func() bool {
		_, page = served.get("localhost", "/metrics")
		return strings.Contains(page, "memory_unknown_names_total{")
	})
	if got := rulesSamples(page); got != blocks[1] {
		t.Errorf("the page of metrics has\n%s\nand the story\n%s", got, blocks[1])
	}
	h.CloseInput()
	h.Wait()

	stdout, stderr, code := place.spanpipe(t, nil, "metrics", "check", "memory.yaml", "last")
	if code != 0 || stderr != "" {
		t.Fatalf("exits with %d: %s", code, stderr)
	}
	stdout = sessionName.ReplaceAllString(stdout, "20261127T093012Z-5c1f0e")
	if _, shown, _ := strings.Cut(blocks[2], "\n"); stdout != shown { // after the command
		t.Errorf("printed:\n%s\nand in the story:\n%s", stdout, shown)
	}
}

// rulesSamples returns the samples of the story's metrics, without the labels that every series has, sorted.
func rulesSamples(page string) string {
	common := regexp.MustCompile(`,?\b(otel_scope_\w+|service_\w+|spanpipe_server_name)="[^"]*"`)
	var samples []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "memory_") {
			line = common.ReplaceAllString(line, "")
			samples = append(samples, strings.NewReplacer("{}", "", "{,", "{").Replace(line))
		}
	}
	slices.Sort(samples)
	return strings.Join(samples, "")
}
