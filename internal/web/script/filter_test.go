package script_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// filterCase is a filter with the operations that it chooses, by their numbers.
type filterCase struct {
	Text    string `json:"text"`
	Numbers []int  `json:"numbers"`
}

// TestFilterOfPage: the vectors with which filter.test.mjs checks the page's filter of operations are what package watch
// chooses. The operations are those of filter.test.mjs. Write the vectors anew with -update.
func TestFilterOfPage(t *testing.T) {
	operation := func(server, tool, method string, took time.Duration, words ...string) watch.Subject {
		return watch.Subject{
			Servers: []string{server}, Clients: []string{"claude-code"}, Tools: []string{tool}, Methods: []string{method}, Words: words, Took: took,
		}
	}
	operations := []watch.Subject{
		operation("github", "search_code", "tools/call", 250*time.Millisecond, "ok"),
		operation("github", "search_files", "tools/call", 500*time.Millisecond, "failed"),
		operation("Postgres", "execute_sql", "tools/call", 98*time.Second, "hung", "open"),
		operation("Postgres", "", "tools/list", time.Millisecond, "ok"),
		operation("Postgres", "file:///a.txt", "resources/read", 2*time.Second, "ok", "waited"),
		operation("Postgres", "execute_sql", "tools/call", 90*time.Second, "timed-out", "failed", "late"),
		operation("github", "", "elicitation/create", 5*time.Second, string(view.Answered), "waited"),
		operation("github", "", "notifications/message", 0),
	}
	var cases []filterCase
	for _, text := range []string{
		"", "server:git", "SERVER:postgres", "client:claude", "client:cursor", "tool:search_*", "tool:search", "tool:*_sql", "tool:s*_*e", "tool:s*e*e",
		"tool:a.txt", "tool:list", "method:tools/*", "method:resources/read", "method:notifications/*", "status:failed", "failed", "FAILED", "status:hung",
		"open", "status:timed-out", "late", "status:ok", "waited", ">500ms", ">=500ms", ">1m25s", ">1.5s", "<95s >100ms", "sql", "-sql", "-server:github -status:ok",
		"sql >95s", "(*)", "*.txt", "tools/list", "-", "--sql",
	} {
		f, err := watch.ParseFilter(text)
		if err != nil {
			t.Fatal(text, err)
		}
		c := filterCase{text, []int{}}
		for i := range operations {
			if f.Matches(&operations[i]) {
				c.Numbers = append(c.Numbers, i+1)
			}
		}
		cases = append(cases, c)
	}
	got, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/filter.json"
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%s is not what package watch chooses (%v); look at the change, and: go test ./internal/web/script -run %s -update", path, err, t.Name())
	}
}
