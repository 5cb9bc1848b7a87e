package policy_test

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/policy"
	"github.com/spanpipe/spanpipe/internal/schematest"
)

// full has every key.
const full = `version: 1
defaults:
  otlp:
    endpoint: https://otlp.example.com:4317
  hash_key_file: /etc/spanpipe/hash-key
  keep: 14d,1GB
  keep_content: 2h
locks:
  otlp:
    endpoint: https://gateway.example.com/otlp
    protocol: http/protobuf
    certificate: /etc/spanpipe/ca.pem
    client_certificate: /etc/spanpipe/client.pem
    client_key: /etc/spanpipe/client.key
    headers_file: /etc/spanpipe/headers
    proxy: http://proxy.example.com:3128
  hash_key_file: /etc/spanpipe/other-key
  keep: 7d
  keep_content: 1h
  forbid_sinks: [prometheus]
  forbid_capture: [arguments, results]
`

func TestParse(t *testing.T) {
	p := parse(t, full)
	if d := p.Defaults; *d.OTLP != (policy.Destination{Endpoint: "https://otlp.example.com:4317", Protocol: "grpc"}) ||
		d.HashKeyFile != "/etc/spanpipe/hash-key" || *d.Keep != (policy.Keep{Age: 14 * 24 * time.Hour, Size: 1e9}) || d.KeepContent != 2*time.Hour {
		t.Errorf("defaults are %+v, of %+v, %+v", d, d.OTLP, d.Keep)
	}
	want := policy.Destination{
		Endpoint: "https://gateway.example.com/otlp", Protocol: "http/protobuf", Certificate: "/etc/spanpipe/ca.pem",
		ClientCertificate: "/etc/spanpipe/client.pem", ClientKey: "/etc/spanpipe/client.key", HeadersFile: "/etc/spanpipe/headers",
		Proxy: "http://proxy.example.com:3128",
	}
	if l := p.Locks; *l.OTLP != want || l.HashKeyFile != "/etc/spanpipe/other-key" || *l.Keep != (policy.Keep{Age: 7 * 24 * time.Hour}) ||
		l.KeepContent != time.Hour {
		t.Errorf("locks are %+v, of %+v, %+v", l, l.OTLP, l.Keep)
	}
	if len(p.ForbidSinks) != 1 || p.ForbidSinks[0] != consent.Prometheus || len(p.ForbidCapture) != 2 {
		t.Errorf("%v and %v are forbidden", p.ForbidSinks, p.ForbidCapture)
	}
	if p := parse(t, "version: 1\nlocks: {forbid_capture: [errors, all]}\n"); len(p.ForbidCapture) != len(consent.Levels()) {
		t.Errorf("all is %v", p.ForbidCapture)
	}
	if p := parse(t, "version: 1\n"); p.Locks.OTLP != nil || p.Defaults.Keep != nil {
		t.Errorf("an empty policy is %+v", p)
	}
}

// parse returns the policy of a text. Its paths are those of Unix.
func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	if runtime.GOOS == "windows" {
		text = strings.ReplaceAll(text, " /etc", " C:/etc")
	}
	p, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// mistakes are files with one mistake. Own is what a JSON schema cannot describe; all others are found by docs/fleet.schema.json, too.
var mistakes = []struct {
	text, want string
	own        bool
}{
	{"", "1:1: it is empty", true},
	{"# nothing\n", "1:1: it is empty", true},
	{"version: 1\n---\nversion: 1\n", "2:1: it has a second document", true},
	{"version: 1\nlocks: a: b\n", "2:9: it is no YAML: ", true},
	{"[]\n", "1:1: the policy: want names and values: version, defaults, locks", false},
	{"locks: {}\n", "1:1: there is no version", false},
	{"version: 2\n", "1:10: want version: 1; a newer spanpipe may know version 2", false},
	{"limits: {}\nversion: 2\n", "2:10: want version: 1; a newer spanpipe may know version 2", false},
	{"version: '1'\n", "1:10: want version: 1", false},
	{"version: 1\nversion: 1\n", "2:1: version stands here twice", true},
	{"version: 1\ntelemetry: otlp\n", `2:1: the policy has no "telemetry"`, false},
	{"version: 1\nlocks: {capture: [errors]}\n", `2:9: locks has no "capture"`, false},
	{"version: 1\ndefaults: {forbid_sinks: [otlp]}\n", `2:12: defaults has no "forbid_sinks"`, false},
	{"version: 1\nlocks:\n", "2:7: locks: want names and values", false},
	{"version: 1\nlocks: &a {}\n", "2:8: anchors and aliases are not supported", true},
	{"version: 1\nlocks: {keep: &a 7d, keep_content: *a}\n", "2:15: anchors and aliases are not supported", true},
	{"version: 1\nlocks: {otlp: https://x}\n", "2:15: otlp: want names and values", false},
	{"version: 1\nlocks: {otlp: {}}\n", "2:15: otlp has no endpoint", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'x:4317'}}\n", "2:26: endpoint: want a URL", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://'}}\n", "2:26: endpoint: want a URL", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://:4317'}}\n", "2:26: endpoint: want a URL", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'unix:', protocol: grpc}}\n", "2:26: endpoint: want a URL", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://bot:hunter2x@x'}}\n", "2:26: endpoint: credentials belong in headers_file", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x?key=hunter2x'}}\n", "2:26: endpoint: credentials belong in headers_file", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'unix:/run/x', protocol: http/protobuf}}\n", "2:26: endpoint: want a URL", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', protocol: zipkin}}\n", "2:49: protocol: want grpc or http/protobuf", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'http://x', certificate: /a}}\n", "2:26: endpoint: certificates need https://", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', client_key: /a}}\n", "2:15: otlp: client_certificate and client_key: want both", false},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', headers_file: a}}\n", "2:53: headers_file: want an absolute path", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', headers_file: ~/a}}\n", "2:53: headers_file: want an absolute path", true},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', headers: {a: hunter2x}}}\n", `2:39: otlp has no "headers"`, false},
	{"version: 1\nlocks: {otlp: {endpoint: 'https://x', proxy: 'x:3128'}}\n", "2:46: proxy: want a URL", false},
	{"version: 1\nlocks: {hash_key_file: ''}\n", "2:24: hash_key_file: want a text", false},
	{"version: 1\nlocks: {hash_key_file: [/a]}\n", "2:24: hash_key_file: want a text", false},
	{"version: 1\nlocks: {hash_key_file: \"/a\\e[31m\"}\n", "2:24: hash_key_file: want a text of at most 1024 bytes, without control", true},
	{"version: 1\nlocks: {keep: 7}\n", "2:15: keep: want a text", false},
	{"version: 1\nlocks: {keep: soon}\n", "2:15: keep: want an age, a size or both", false},
	{"version: 1\nlocks: {keep: 0.00000000000001d}\n", "2:15: keep: want an age", true},
	{"version: 1\nlocks: {keep_content: 0.00000000000001d}\n", "2:23: keep_content: want an age", true},
	{"version: 1\nlocks: {keep_content: 0h}\n", "2:23: keep_content: want an age", true},
	{"version: 1\x00\nlocks: {}\n", "1:1: it is no YAML", true},
	{"version: 1\n...\nlocks: {}\n", "3:1: it has a second document", true},
	{"version: 1\nlocks: {<<: {keep: 7d}}\n", `2:9: locks has no "<<"`, true},
	{"version: 1\nlocks: !!null\n", "2:8: locks: want names and values", false},
	{"version: 1\nlocks: {forbid_sinks: !!null}\n", "2:23: forbid_sinks: want a list", false},
	{"version: 1\nlocks: {keep_content: forever}\n", "2:23: keep_content: want an age", false},
	{"version: 1\nlocks: {forbid_sinks: otlp}\n", "2:23: forbid_sinks: want a list: [console, local, otlp, prometheus]", false},
	{"version: 1\nlocks: {forbid_sinks: [oltp]}\n", "2:24: forbid_sinks: want words of console, local, otlp, prometheus", false},
	{"version: 1\nlocks: {forbid_sinks: [all]}\n", "2:24: forbid_sinks: want words of", false},
	{"version: 1\nlocks: {forbid_capture: [argument]}\n", "2:26: forbid_capture: want words of errors, ", false},
	{"version: 1\n#" + strings.Repeat("x", policy.MaxFile), "it is larger than 64 KiB", true},
}

// TestMistakes: one mistake makes the whole policy an error, with its place, which quotes no value. The schema finds it, too, unless a
// schema cannot.
func TestMistakes(t *testing.T) {
	schema := schematest.YAML(t, "../../docs/fleet.schema.json")
	for _, m := range mistakes {
		p, err := policy.Parse([]byte(m.text))
		if p != nil || err == nil || !strings.HasPrefix(err.Error(), m.want) || strings.Contains(err.Error(), "hunter2x") {
			t.Errorf("%.80q: %v, %v, want %s", m.text, p, err, m.want)
		}
		if schema(m.text) != m.own {
			t.Errorf("the schema accepts it: %v; only this package finds the mistake: %v\n%.200s", !m.own, m.own, m.text)
		}
	}
}

var block = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestGuide: this package and the schema accept the examples of the guide, and the guide names every key of the schema.
func TestGuide(t *testing.T) {
	schema := schematest.YAML(t, "../../docs/fleet.schema.json")
	page, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, found := range block.FindAllStringSubmatch(string(page), -1) {
		if !strings.HasPrefix(found[1], "version:") { // of another program
			continue
		}
		examples++
		parse(t, found[1])
		if !schema(found[1]) {
			t.Errorf("the schema rejects\n%s", found[1])
		}
	}
	if examples == 0 || !schema(full) {
		t.Errorf("the guide has %d examples; the schema accepts every key: %v", examples, schema(full))
	}
	keys := map[string]bool{}
	for _, key := range regexp.MustCompile(`(?m)^ *(\w+):`).FindAllStringSubmatch(full, -1) {
		keys[key[1]] = true
		if !strings.Contains(string(page), "`"+key[1]+"`") && !strings.Contains(string(page), "."+key[1]+"`") {
			t.Errorf("the guide does not describe %s", key[1])
		}
	}
	root := schematest.Read(t, "../../docs/fleet.schema.json").Schema()
	for _, part := range []*jsonschema.Schema{root, root.Properties["defaults"], root.Properties["locks"], root.Defs["otlp"]} {
		for key := range part.Properties {
			if !keys[key] {
				t.Errorf("the policy with every key lacks %s of the schema", key)
			}
		}
	}
}

// FuzzParse: whatever the text is, it is a policy that can only restrict and supply, or an error that can be shown.
func FuzzParse(f *testing.F) {
	f.Add(full)
	for _, m := range mistakes {
		if len(m.text) < 1000 {
			f.Add(m.text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policy.Parse([]byte(text))
		if (p == nil) == (err == nil) {
			t.Fatalf("a policy %v and an error %v", p, err)
		}
		if err != nil {
			if s := err.Error(); len(s) > 1200 || strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 {
				t.Errorf("an error that cannot be shown: %q", s)
			}
			return
		}
		for _, s := range []policy.Settings{p.Defaults, p.Locks} {
			if s.OTLP != nil && (s.OTLP.Endpoint == "" || s.OTLP.Protocol == "" || strings.ContainsAny(s.OTLP.Endpoint, "\x00\n")) {
				t.Errorf("a destination that cannot be used: %+v", s.OTLP)
			}
			if s.KeepContent < 0 || s.Keep != nil && (s.Keep.Age < 0 || s.Keep.Size < 0) {
				t.Errorf("a limit below 0: %+v", s)
			}
		}
	})
}
