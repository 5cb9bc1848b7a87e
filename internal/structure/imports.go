package main

import (
	"slices"
	"strings"
)

const module = "github.com/spanpipe/spanpipe"

// Rule is what one package of the product may import besides the standard library.
type Rule struct {
	Package string   // below the module, such as "/telemetry/session"; empty for main
	Allow   []string // import paths, each with everything below it; those of the module start with a slash
	Forbid  []string // exact import paths that Allow or the standard library would admit
	Why     string   // the reason, as a sentence without its full stop
}

var (
	// processes are forbidden to all but wrap, and what never runs beside it: two packages that start processes or handle
	// signals would work against each other.
	processes = []string{"os/exec", "os/signal"}
	// outside is what a pure function of its arguments does not touch.
	outside = []string{"net", "net/http", "os", "os/exec", "os/signal"}
)

// Rules is the import table. The linter's rules and the table in docs/DESIGN.md are generated from it; after a change
// run "go generate ./internal/structure".
var Rules = []Rule{
	{
		Package: "", Allow: []string{"/internal/cli"}, Forbid: processes,
		Why: "main passes on what the process was given and contains nothing to test",
	},
	{
		Package: "/wrap", Allow: []string{"/wrap/winargs", "/internal/proctree", "golang.org/x/sys"},
		Forbid: []string{"net/http"},
		Why:    "the relay must stay correct whatever telemetry does, so it cannot know telemetry exists",
	},
	{
		Package: "/wrap/winargs", Forbid: outside,
		Why: "quoting a Windows command line is a pure function, so it can be tested on every system",
	},
	{
		Package: "/framing", Allow: []string{"/framing/estimate"}, Forbid: outside,
		Why: "the scanner is fuzzed as a pure function of its bytes",
	},
	{
		Package: "/framing/estimate", Forbid: outside,
		Why: "an estimate is a pure function of bytes, and of the times that it is given",
	},
	{
		Package: "/consent", Forbid: outside,
		Why: "a policy is a plain value, decided from its arguments alone",
	},
	{
		Package: "/consent/redact", Forbid: outside,
		Why: "the code that sees raw content must have no way out",
	},
	{
		Package: "/telemetry/record", Allow: []string{"/telemetry/semconv"}, Forbid: outside,
		Why: "records are plain data: every sink and viewer can use them without taking on anything else",
	},
	{
		Package: "/telemetry/semconv", Forbid: outside,
		Why: "names alone, so that every package can use them without taking on anything else",
	},
	{
		Package: "/telemetry/session", Allow: []string{"/framing", "/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "a pure state machine, tested with conversations as data",
	},
	{
		Package: "/telemetry/past", Allow: []string{"/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "sums up sessions as plain data, wherever these come from and wherever it is kept",
	},
	{
		Package: "/telemetry/anomaly", Allow: []string{"/telemetry/past", "/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "a pure state machine over records, which also runs on stored ones",
	},
	{
		Package: "/telemetry/rules",
		Allow: []string{
			"/telemetry/record", "/telemetry/semconv", "github.com/theory/jsonpath", "go.yaml.in/yaml",
		},
		Forbid: outside,
		Why:    "sees raw content, and so must have no way out but the numbers and listed words that it returns",
	},
	{
		Package: "/telemetry/definitions", Allow: []string{"/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "a pure state machine over records: what it remembers is plain data, which internal/store keeps",
	},
	{
		Package: "/telemetry/otel",
		Allow: []string{
			"/telemetry/otlpfile", "/telemetry/record", "/telemetry/semconv", "/internal/proctree", "go.opentelemetry.io",
			"github.com/shirou/gopsutil",
		},
		Forbid: append([]string{"go.opentelemetry.io/otel/exporters/stdout"}, processes...),
		Why:    "a sink like any other: it knows records and OpenTelemetry, not messages",
	},
	{
		Package: "/telemetry/evidence", Allow: []string{"/internal/proctree", "/telemetry/session", "github.com/shirou/gopsutil"},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "looks at the server's processes and knows no messages",
	},
	{
		Package: "/telemetry/otlpfile", Allow: []string{"go.opentelemetry.io/otel"}, Forbid: outside,
		Why: "a format, written and read by pure functions",
	},
	{
		Package: "/telemetry/otlp",
		Allow: []string{
			"/internal/namedfile", "/telemetry/semconv", "go.opentelemetry.io", "github.com/go-logr/logr", "golang.org/x/net/http/httpproxy",
			"google.golang.org/genproto/googleapis/rpc", "google.golang.org/grpc", "google.golang.org/protobuf",
		},
		Forbid: append([]string{"go.opentelemetry.io/otel/exporters/stdout"}, processes...),
		Why:    "the only way out over the network: it sends what it is handed and knows neither messages nor records",
	},
	{
		Package: "/telemetry/admin", Allow: []string{"/internal/lockfile", "github.com/prometheus/client_golang", "golang.org/x/sys"},
		Forbid: processes,
		Why:    "serves the metrics and the health that it is given, so it knows nothing of the session",
	},
	{
		Package: "/telemetry",
		Allow: []string{
			"/framing", "/consent", "/telemetry", "go.opentelemetry.io", "github.com/prometheus/client_golang",
		},
		Forbid: append([]string{"go.opentelemetry.io/otel/exporters/stdout"}, processes...),
		Why:    "wires a session's telemetry together: it takes the policy as given and cannot reach the server's process",
	},
	{
		Package: "/internal/proctree", Allow: []string{"golang.org/x/sys"}, Forbid: processes,
		Why: "wrap uses it to end processes and telemetry to measure them, so it imports neither",
	},
	{
		Package: "/internal/clientrun", Allow: []string{"/internal/proctree"}, Forbid: outside,
		Why: "names and hashes processes that others have found, so it is tested with processes that do not exist",
	},
	{
		Package: "/internal/account", Forbid: append([]string{"net", "net/http"}, processes...),
		Why: "what knows the account's name returns nothing but its hash",
	},
	{
		Package: "/internal/player", Forbid: outside,
		Why: "a client over two pipes: a server behind the real relay and one in a test are the same to it",
	},
	{
		Package: "/internal/lockfile", Allow: []string{"golang.org/x/sys"}, Forbid: append([]string{"net", "net/http"}, processes...),
		Why: "one call of the system, for everything that must know whether a process lives",
	},
	{
		Package: "/internal/store",
		Allow: []string{
			"/internal/lockfile", "/internal/proctree", "/telemetry/definitions", "/telemetry/otlpfile", "/telemetry/past",
			"/telemetry/record", "/telemetry/semconv",
			"go.opentelemetry.io/otel",
			"golang.org/x/sys",
		},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "files alone: what reads a stored session must not be able to send it",
	},
	{
		Package: "/internal/namedfile", Forbid: append([]string{"net", "net/http"}, processes...),
		Why: "opens nothing but the file that it is asked for, and waits no longer than it may",
	},
	{
		Package: "/internal/policy", Allow: []string{"/consent", "/internal/namedfile", "/internal/store", "go.yaml.in/yaml", "golang.org/x/sys"},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "reads one file, whose place no user can change, into a plain value",
	},
	{
		Package: "/internal/push",
		Allow: []string{
			"/internal/lockfile", "/internal/store", "/telemetry/otlp", "/telemetry/semconv", "go.opentelemetry.io/proto/otlp",
			"google.golang.org/protobuf",
		},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "stored sessions leave only by the way out that package otlp is",
	},
	{
		Package: "/internal/export",
		Allow: []string{
			"/internal/store", "/internal/view", "/telemetry/otlpfile", "/telemetry/record", "/telemetry/semconv",
			"go.opentelemetry.io/otel/trace",
		},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "turns a stored session into text, and cannot send it",
	},
	{
		Package: "/internal/view",
		Allow:   []string{"/telemetry/record", "/telemetry/semconv", "github.com/charmbracelet/x/ansi", "github.com/clipperhouse/displaywidth", "github.com/aymanbagabas/go-udiff"}, Forbid: outside,
		Why: "turns records into words, numbers and pictures, for live and stored sessions alike",
	},
	{
		Package: "/internal/report", Allow: []string{"/internal/view", "/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "adds up operations wherever they come from, and touches neither files nor the clock",
	},
	{
		Package: "/internal/watch",
		Allow:   []string{"/internal/store", "/internal/view", "/telemetry/record", "/telemetry/semconv"}, Forbid: outside,
		Why: "what is known of the sessions, and the sentences about them, alike in a terminal and in a browser",
	},
	{
		Package: "/internal/watch/feed", Allow: []string{"/internal/store", "/internal/watch", "/telemetry/record"}, Forbid: outside,
		Why: "reads for every view alike what is known of sessions, and knows no view",
	},
	{
		Package: "/internal/top",
		Allow: []string{
			"/internal/store", "/internal/watch", "/internal/view", "/telemetry/record", "/telemetry/semconv", "github.com/charmbracelet/x/ansi",
		},
		Forbid: outside,
		Why:    "a function of events, keys and the time, so that screens can be tested as text",
	},
	{
		Package: "/internal/top/terminal",
		Allow: []string{
			"/internal/store", "/internal/top", "/internal/view", "/internal/watch", "/telemetry/record", "charm.land/bubbletea", "github.com/charmbracelet",
		},
		Forbid: []string{"net", "net/http", "os/exec"},
		Why:    "owns the terminal and its signals, which a wrapped session's server has",
	},
	{
		Package: "/internal/browser", Forbid: []string{"net", "net/http", "os/signal"},
		Why: "starts the user's browser, so what answers requests cannot know it",
	},
	{
		Package: "/internal/web",
		Allow: []string{
			"/internal/report", "/internal/store", "/internal/view", "/internal/watch", "/internal/web/api", "/telemetry/definitions",
			"/telemetry/otlpfile", "/telemetry/record", "/telemetry/semconv",
		},
		Forbid: processes,
		Why:    "answers requests, which must not be able to start a process or to send anything",
	},
	{
		Package: "/internal/web/api", Forbid: outside,
		Why: "shapes alone, of which the declarations for the page's code are made",
	},
	{
		Package: "/internal/web/serve", Allow: []string{"/internal/browser", "/internal/web"}, Forbid: []string{"os/exec"},
		Why: "runs the server and owns its signals, which a wrapped session's server has",
	},
	{
		Package: "/internal/clients/edit",
		Allow:   []string{"github.com/pelletier/go-toml/v2", "github.com/tailscale/hujson", "go.yaml.in/yaml"}, Forbid: outside,
		Why: "text comes in and text goes out, so that every edit can be proven before a file is touched",
	},
	{
		Package: "/internal/clients", Allow: []string{"/internal/clients/edit", "/internal/namedfile", "go.yaml.in/yaml"},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "reads clients' files, and says what they would be; what writes them is elsewhere",
	},
	{
		Package: "/internal/clients/backup", Allow: []string{"/internal/clients", "/internal/lockfile", "github.com/aymanbagabas/go-udiff", "golang.org/x/sys"},
		Forbid: append([]string{"net", "net/http"}, processes...),
		Why:    "the only code that writes clients' files, and what is kept of them: people's secrets stay on this machine",
	},
	{
		Package: "/internal/doctor", Allow: []string{"/framing/estimate", "/internal/clients", "/internal/view"}, Forbid: outside,
		Why: "judges facts that it is given, so that each fault can be planted in a test",
	},
	{
		Package: "/internal/recording", Allow: []string{"/consent/redact"}, Forbid: outside,
		Why: "a format: bytes come in and lines go out, so that it can be fuzzed, and what is done with the lines is decided elsewhere",
	},
	{
		Package: "/internal/conversation",
		Allow: []string{
			"/internal/recording", "/internal/view", "/telemetry",
		},
		Forbid: outside,
		Why:    "what is known of a session wherever it comes from, so that what compares and judges sessions need not know",
	},
	{
		Package: "/internal/junit", Forbid: outside,
		Why: "a format, written by a pure function",
	},
	{
		Package: "/internal/script", Allow: []string{"/internal/player", "go.yaml.in/yaml"}, Forbid: outside,
		Why: "a client over two pipes: a server behind the real relay and one in a test are the same to it",
	},
	{
		Package: "/internal/replay",
		Allow: []string{
			"/internal/junit", "/internal/recording", "github.com/theory/jsonpath", "go.yaml.in/yaml",
		},
		Forbid: outside,
		Why:    "a client over two pipes, and a comparison of texts; who starts the server and writes files is elsewhere",
	},
	{
		Package: "/internal/compare",
		Allow: []string{
			"/internal/conversation", "/internal/view", "/telemetry/record", "/telemetry/semconv",
		},
		Forbid: outside,
		Why:    "compares records wherever they come from, and touches neither files nor the clock",
	},
	{
		Package: "/internal/check",
		Allow: []string{
			"/internal/compare", "/internal/conversation", "/internal/junit", "/internal/report", "/internal/view", "/telemetry/record", "/telemetry/semconv",
			"go.yaml.in/yaml",
		},
		Forbid: outside,
		Why:    "judges records by rules, wherever both come from",
	},
	{
		Package: "/internal/demo", Forbid: outside,
		Why: "plays two peers, and nothing else; internal/cli wires it",
	},
	{
		Package: "/internal/cli",
		Allow: []string{
			"/consent", "/telemetry", "/wrap", "/internal/account",
			"/internal/browser", "/internal/check", "/internal/clientrun", "/internal/clients", "/internal/compare", "/internal/conversation",
			"/internal/demo", "/internal/doctor", "/internal/export", "/internal/namedfile", "/internal/player", "/internal/policy",
			"/internal/proctree", "/internal/push", "/internal/recording", "/internal/replay", "/internal/report", "/internal/script", "/internal/store", "/internal/top",
			"/internal/view", "/internal/watch", "/internal/web",
			"github.com/aymanbagabas/go-udiff", "github.com/urfave/cli/v2",
			"golang.org/x/mod", "golang.org/x/term",
		},
		Forbid: processes,
		Why:    "wires the other packages together, so only main may import it",
	},
}

// Everywhere are import paths that no package uses, tests included, each with the reason.
var Everywhere = map[string]string{
	"io/ioutil": "deprecated since Go 1.16",
	"math/rand": "use math/rand/v2, or crypto/rand for what must not be guessed",
}

// testOnly are the directories that are no part of the product: tests, test helpers, and programs for developers.
var testOnly = []string{
	"/cmd_test", "/internal/bench", "/internal/mcptest", "/internal/otlptest", "/internal/reliability", "/internal/schematest",
	"/internal/soak", "/internal/store/storetest", "/internal/structure", "/internal/web/script", "/packaging",
}

// IsTestOnly reports whether a package, given as in Rule, is no part of the product.
func IsTestOnly(path string) bool {
	return slices.ContainsFunc(testOnly, func(root string) bool { return isBelow(path, root) })
}

func isBelow(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// isStandard reports whether an import path is of the standard library: the first element of all others has a dot.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "" && !strings.Contains(first, ".")
}

// Check returns the imports of a package that the table does not allow, each with the reason.
func Check(p Listed) []string {
	var problems []string
	for _, path := range p.Imports {
		if why, ok := Everywhere[path]; ok {
			problems = append(problems, path+": "+why)
		}
	}
	if IsTestOnly(p.Path) {
		return problems
	}
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Package == p.Path })
	if i < 0 {
		return append(problems, p.Path+" has no row in the import table, internal/structure/imports.go")
	}
	for _, path := range p.Imports {
		if !Rules[i].permits(strings.TrimPrefix(path, module)) {
			problems = append(problems, strings.TrimPrefix(path, module+"/")+": "+Rules[i].Why)
		}
	}
	return problems
}

func (r Rule) permits(path string) bool {
	if slices.Contains(r.Forbid, path) {
		return false
	}
	return isStandard(path) || slices.ContainsFunc(r.Allow, func(root string) bool { return isBelow(path, root) })
}
