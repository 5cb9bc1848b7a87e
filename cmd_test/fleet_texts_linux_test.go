package cmd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestFleetRules: rules that look at content which may not be captured are left out, with one warning: by a label, by their value, or by
// when they count. What is in a result may be the text of an error, a prompt has arguments, too, and a resource is chosen by its URI.
func TestFleetRules(t *testing.T) {
	for forbidden, left := range map[string][]string{
		"arguments": {"asked", "chosen", "measured", "prompted"}, "results": {"said"}, "errors": {"said"}, "uris": {"opened"},
		"prompts": {"prompted"}, "messages": nil,
	} {
		t.Run(forbidden, func(t *testing.T) {
			t.Parallel()
			r := otlptest.Start(t, otlptest.Config{})
			m := newMachine(t, "version: 1\nlocks: {forbid_capture: ["+forbidden+"]}\n")
			m.write(t, "rules.yaml", `rules:
- {name: asked, type: counter, match: {tool: echo}, labels: [{name: text, from: arguments, path: $.text, values: [hello]}]}
- {name: chosen, type: counter, match: {tool: echo}, when: {from: arguments, path: $.text, contains: [hello]}}
- {name: measured, type: counter, match: {tool: echo}, value: {from: arguments, path: $.text, as: count}}
- {name: prompted, type: counter, match: {prompt: "*"}, labels: [{name: text, from: arguments, path: $.text, values: [hello]}]}
- {name: said, type: counter, match: {tool: echo}, labels: [{name: text, from: text, values: [hello]}]}
- {name: opened, type: counter, match: {resource: "file:///home/*"}}
- {name: read, type: counter, match: {resource: "*"}}
- {name: calls, type: counter, match: {tool: echo}}
`)
			want := ""
			if left != nil {
				want = policyFile + " forbids to capture: " + strings.Join(left, ", ") + "\n"
			}
			stderr := m.session(t, append(r.Env(otlptest.HTTP), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_METRIC_RULES=/etc/spanpipe/rules.yaml")...)
			if strings.Contains(stderr, "warning") != (left != nil) || !strings.Contains(stderr, want) {
				t.Errorf("stderr: %s, want %s", stderr, want)
			}
			out, _, _ := m.run(t, []string{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_METRIC_RULES=/etc/spanpipe/rules.yaml"}, "consent")
			for _, name := range []string{"asked", "chosen", "measured", "prompted", "said", "opened", "read", "calls"} {
				if strings.Contains(out, name+" (counter)") == slices.Contains(left, name) {
					t.Errorf("consent names %s: %s", name, out)
				}
			}
			for _, name := range []string{"asked", "chosen", "measured", "said", "calls"} {
				if n := len(r.Series(name, nil)); n > 0 == slices.Contains(left, name) {
					t.Errorf("there are %d series of %s", n, name)
				}
			}
		})
	}
}

// TestFleetTexts: consent names what decides, and offers nothing that the policy forbids.
func TestFleetTexts(t *testing.T) {
	const local = "SPANPIPE_TELEMETRY=local"
	for _, test := range []struct {
		policy string
		want   []string
	}{
		{"version: 1\nlocks: {keep: 7d, keep_content: 1h, forbid_capture: [results]}\n", []string{
			"for 7 days, and at most 200 MB of all sessions (" + policyFile + ", locks.keep)",
			"captured content: for 1h (" + policyFile + ", locks.keep_content)",
			"results: results of tool calls; " + policyFile + " forbids it\n",
			"prompts: prompts and sampling messages\n",
		}},
		{"version: 1\ndefaults: {keep: 7d}\nlocks: {keep: 30d}\n", []string{
			"for 7 days (SPANPIPE_KEEP; now by " + policyFile + ", defaults.keep)", "captured content: for 24 hours (SPANPIPE_KEEP_CONTENT)",
		}},
	} {
		out, stderr, code := newMachine(t, test.policy).run(t, []string{local, "SPANPIPE_CAPTURE=errors"}, "consent")
		for _, want := range test.want {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("exits with %d, want %q: %s%s", code, want, out, stderr)
			}
		}
	}
	own := newMachine(t, "version: 1\ndefaults: {otlp: {endpoint: 'https://otlp.example', proxy: 'http://fleet:2'}}\n")
	if out, _, _ := own.run(t, []string{"SPANPIPE_TELEMETRY=otlp", "HTTPS_PROXY=http://mine:2"}, "consent"); !strings.Contains(out, "through the proxy http://mine:2 (HTTPS_PROXY)\n") {
		t.Errorf("a proxy of the user's: %s", out)
	}
	if out, _, _ := own.run(t, []string{"SPANPIPE_TELEMETRY=otlp"}, "consent"); !strings.Contains(out, "through the proxy http://fleet:2 (otlp.proxy in "+policyFile+")\n") {
		t.Errorf("the policy's proxy: %s", out)
	}
	keyless := newMachine(t, "version: 1\nlocks: {otlp: {endpoint: 'https://otlp.example', headers_file: /etc/spanpipe/missing}}\n")
	if out, _, _ := keyless.run(t, []string{"SPANPIPE_TELEMETRY=otlp"}, "consent"); strings.Count(out, "otlp.headers_file in "+policyFile+" cannot be used: ") != 1 {
		t.Errorf("headers that cannot be read: %s", out)
	}
	broken := newMachine(t, "version: 2\n")
	out, _, _ := broken.run(t, []string{local}, "consent")
	if !strings.Contains(out, "errors: error messages; not while "+policyFile+" cannot be used\n") {
		t.Errorf("the strictest reading: %s", out)
	}
	out, _, _ = broken.run(t, []string{"SPANPIPE_TELEMETRY=otlp"}, "consent")
	if strings.Contains(out, "SPANPIPE_TELEMETRY=otlp,") || strings.Contains(out, "=prometheus,") || !strings.Contains(out, "SPANPIPE_TELEMETRY=local, for") {
		t.Errorf("it offers what would have no effect: %s", out)
	}
}

// TestFleetUnusableLimits: commands that look at stored sessions warn of a policy that cannot be used, since its limits do not
// apply. What the user keeps is not removed because of someone else's mistake.
func TestFleetUnusableLimits(t *testing.T) {
	m := newMachine(t, "")
	m.session(t, "SPANPIPE_TELEMETRY=local")
	m.write(t, "policy.yaml", "version: 1\nlocks: {keep: 1ms}\ndefaults: {kept: 1ms}\n")
	for _, args := range [][]string{{"sessions", "--json"}, {"prune"}, {"show", "last"}} {
		out, stderr, code := m.run(t, []string{"SPANPIPE_KEEP=forever"}, args...)
		if code != 0 || strings.Count(stderr, "warning") != 1 ||
			!strings.Contains(stderr, "cannot be used: 3:12: defaults has no \"kept\"") || !strings.Contains(stderr, "its limits of what is kept do not apply") {
			t.Errorf("%s exits with %d: %s%s", args, code, out, stderr)
		}
		if args[0] == "prune" && !strings.Contains(out, "Nothing to remove") {
			t.Errorf("prune: %s", out)
		}
	}
}
