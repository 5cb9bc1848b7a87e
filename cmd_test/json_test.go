package cmd_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateJSON = flag.Bool("update-json", false, "rewrite the files of testdata/json, which docs/json.md shows as examples")

// varying is what differs from run to run in JSON that is printed, and what stands for it in testdata/json.
var varying = []struct {
	what *regexp.Regexp
	with string
}{
	{sessionName, "20261126T101502Z-8f3c1a"},
	{regexp.MustCompile(`"\d{4}-\d\d-\d\dT[\d:.]+Z"`), `"2026-11-26T10:15:02.35Z"`},
	{regexp.MustCompile(`\s*"transfer(_ns)?": ?[\d.e-]+,`), ``}, // absent unless an answer came in parts
	{regexp.MustCompile(`("(?:duration|wait)": ?)[\d.e-]+`), `${1}0.0125`},
	{regexp.MustCompile(`("\w+_ns": ?)\d+`), `${1}12500000`},
	{regexp.MustCompile(`("id": ?)"[\da-f-]{36}"`), `${1}"2f9c8e1e-57d6-4c5b-a3f1-0c1d6b1f0f5a"`},
	{regexp.MustCompile(`("id": ?)"[\da-f]{16}"`), `${1}"6970527daf1c1ef2"`},
	{regexp.MustCompile(`("trace_id": ?)"\w+"`), `${1}"8032fd3bc5630f28bfaa3331036a7496"`},
	{regexp.MustCompile(`("span_id": ?)"\w+"`), `${1}"42cfcd694ad4d2ae"`},
	{regexp.MustCompile(`("pid": ?)\d+`), `${1}4711`},
	{regexp.MustCompile(`("spanpipe": ?|"name": ?"spanpipe-try",\s*"version": ?)"[^"]*"`), `${1}"0.1.0"`},
}

// jsonRules is metric rules for the session of TestJSON.
const jsonRules = `rules:
- name: forecasts
  type: counter
  unit: "{forecast}"
  match: {tool: get_forecast}
  when: {outcome: ok}
  labels: [{name: city, from: arguments, path: $.city, values: [Lisbon, Porto]}]
- {name: degrees, type: gauge, match: {tool: get_forecast}, value: {from: text, regex: '([0-9]+) °C'}}
`

// TestJSON: what programs get is what testdata/json holds. The other shapes that docs/json.md describes have their files
// where the packages that make them are tested.
func TestJSON(t *testing.T) {
	place := newHome(t)
	local := []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_CAPTURE=arguments"}
	if err := os.WriteFile(filepath.Join(place.root, "cwd", "rules.yaml"), []byte(jsonRules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		file      string
		variables []string
		args      []string
	}{
		{"try.json", local, append(strings.Fields(`try --json --call get_forecast --arguments {"city":"Lisbon"} --result --`), demoServer(t)...)},
		{"push.json", nil, []string{"push", "--dry-run", "--json"}},
		{"export.jsonl", nil, []string{"export", "last", "--format", "jsonl"}},
		{"metrics.json", nil, []string{"metrics", "check", "rules.yaml", "last", "--json"}},
		{"definitions.json", nil, []string{"definitions", "--json"}},
		{"consent.json", append(local, "SPANPIPE_CAPTUR=all"), []string{"consent", "--json"}},
	} {
		t.Run(test.file, func(t *testing.T) {
			got, stderr, code := place.spanpipe(t, test.variables, test.args...)
			if code != 0 {
				t.Fatalf("exits with %d: %s", code, stderr)
			}
			golden(t, test.file, inHome(t, got, place))
		})
	}
}

// golden compares what a command has printed with a file of testdata/json.
func golden(t *testing.T, file, got string) {
	t.Helper()
	for _, v := range varying {
		got = v.what.ReplaceAllString(got, v.with)
	}
	path := filepath.Join("testdata", "json", file)
	if *updateJSON {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != got {
		t.Errorf("%v; if that is meant: go test ./cmd_test -run %s -update-json\ngot:\n%s\nwant:\n%s", err, t.Name(), got, want)
	}
}

// inHome replaces the path of a home, in JSON, by one that is the same on every system.
func inHome(t *testing.T, text string, place home) string {
	t.Helper()
	root, err := json.Marshal(place.root)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, strings.Trim(string(root), `"`), "/home/ann"), `\\`, "/")
}
