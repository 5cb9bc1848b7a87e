package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"testing"
)

// enoughChecks is the number of the suite's checks that must pass. The one known to fail, with and without spanpipe, is
// dns-rebinding-protection: it tests HTTP, which supergateway handles.
const enoughChecks = 38

// check is one result of the conformance suite, without its time.
type check struct {
	Scenario     string
	ID           string
	Name         string
	Status       string
	ErrorMessage string
	Details      any
}

// TestPeersConformance runs the official conformance suite against the Go SDK's conformance server behind supergateway,
// once without spanpipe and once with spanpipe between the two, and compares the results one by one. It runs in a
// network namespace without a collector, so with telemetry on, every export fails.
func TestPeersConformance(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux's network namespaces")
	}
	p := newPeers(t)
	server := peerPath(t, peerConformant)
	want := conformance(t, p, nil, server)
	if passed := passes(want); passed < enoughChecks {
		t.Fatalf("without spanpipe %d of %d checks pass, want at least %d", passed, len(want), enoughChecks)
	}
	for name, env := range map[string][]string{
		"telemetry off": nil,
		"telemetry on":  {"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"},
	} {
		t.Run(name, func(t *testing.T) {
			got := conformance(t, p, env, binary(t), "--", server)
			if passed := passes(got); passed < enoughChecks || len(got) != len(want) {
				t.Errorf("%d of %d checks pass; without spanpipe %d of %d", passed, len(got), passes(want), len(want))
			}
			for i := range min(len(got), len(want)) {
				if a, b := fmt.Sprintf("%+v", want[i]), fmt.Sprintf("%+v", got[i]); a != b {
					t.Errorf("got %s\nwithout spanpipe %s", b, a)
				}
			}
		})
	}
}

// conformance runs the suite against a server's command and returns the results, ordered by scenario.
func conformance(t *testing.T, p peers, env []string, command ...string) []check {
	t.Helper()
	results := t.TempDir()
	namespace := []string{"--net"}
	if os.Geteuid() != 0 {
		namespace = append(namespace, "--map-root-user")
	}
	args := append(namespace, "sh", "-c", `ip link set lo up && exec "$@"`, "sh",
		p.node, p.script("conformance.mjs"), results)
	cmd := exec.CommandContext(t.Context(), "unshare", append(args, command...)...)
	cmd.Env = append(append(cleanEnviron(), "HOME="+p.scripts), env...)
	cmd.Dir = p.scripts
	log, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("running the suite: %v\n%s", err, log)
	}
	return readChecks(t, results)
}

// resultDirectory matches a scenario's directory. The suite puts the time of the run into its name.
var resultDirectory = regexp.MustCompile(`^server-(.*)-\d{4}-\d\d-\d\dT[-\d]*Z$`)

func readChecks(t *testing.T, results string) []check {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(results, "*", "checks.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the suite wrote no results: %v", err)
	}
	var out []check
	for _, file := range files {
		scenario := resultDirectory.FindStringSubmatch(filepath.Base(filepath.Dir(file)))
		text, err := os.ReadFile(file)
		if err != nil || scenario == nil {
			t.Fatalf("reading the results of %s: %v", file, err)
		}
		var checks []check
		if err := json.Unmarshal(text, &checks); err != nil {
			t.Fatalf("reading the results in %s: %v", file, err)
		}
		for _, c := range checks {
			c.Scenario = scenario[1]
			out = append(out, c)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Scenario < out[j].Scenario })
	return out
}

func passes(checks []check) int {
	var n int
	for _, c := range checks {
		if c.Status == "SUCCESS" {
			n++
		}
	}
	return n
}
