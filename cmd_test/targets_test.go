package cmd_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// stateDir is where spanpipe keeps its files in a home, by default.
const stateDir = "home/.local/state/spanpipe"

// targets returns what Prometheus' file discovery finds in a directory: the service's name by address.
func targets(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "targets", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // it has been removed meanwhile
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var groups []struct {
			Targets []string
			Labels  map[string]string
		}
		if err := json.Unmarshal(text, &groups); err != nil || len(groups) != 1 || len(groups[0].Targets) != 1 {
			t.Fatalf("%s holds %s: %v", path, text, err)
		}
		found[groups[0].Targets[0]] = groups[0].Labels["service_name"]
	}
	return found
}

// TestTwoServersOfOneClient: of two sessions with the same settings, the second takes a free port, says which, and both
// are listed for Prometheus while they live.
func TestTwoServersOfOneClient(t *testing.T) {
	for name, dir := range map[string]string{"default": "", "SPANPIPE_DIR": "/own"} {
		t.Run(name, func(t *testing.T) {
			place := newHome(t)
			state := filepath.Join(place.root, stateDir)
			// A port that is free now, and that no other test is given.
			wanted := freeAddress(t)
			_, port, _ := net.SplitHostPort(wanted)
			variables := []string{"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info",
				"OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT=" + port}
			if dir != "" {
				state = place.root + dir
				variables = append(variables, "SPANPIPE_DIR="+state)
			}
			start := func(name string) (*mcptest.Host, adminPage) {
				h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in(append(variables, "OTEL_SERVICE_NAME="+name)...))
				mcptest.Connect(h)
				return h, servedPage(t, h)
			}
			first, firstPage := start("first")
			second, secondPage := start("second")
			if firstPage.address != wanted || firstPage.address == secondPage.address {
				t.Errorf("the pages are at %s and %s, want the first at %s", firstPage.address, secondPage.address, wanted)
			}
			want := map[string]string{firstPage.address: "first", secondPage.address: "second"}
			mcptest.Eventually(t, "both pages are listed", func() bool { return equal(targets(t, state), want) })
			for address, service := range want {
				_, text := adminPage{t: t, address: address}.get(address, "/metrics")
				if !strings.Contains(text, `service_name="`+service+`"`) {
					t.Errorf("the page at %s is not that of %s: %.300s", address, service, text)
				}
			}
			endSession(t, first)
			endSession(t, second)
			if strings.Contains(first.Stderr.String(), "warning") {
				t.Errorf("stderr of the first:\n%s", first.Stderr)
			}
			stderr := second.Stderr.String()
			if strings.Count(stderr, "warning: ") != 1 ||
				!strings.Contains(stderr, "served on a free port instead address="+secondPage.address+" taken="+wanted) {
				t.Errorf("stderr of the second:\n%s", stderr)
			}
			if got, err := os.ReadDir(filepath.Join(state, "targets")); err == nil && len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func equal(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

// freeAddress returns an address of the loopback interface with a port that was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestKilledSessionIsNotListed: the next session removes what a killed one has left, and nothing of one that lives.
func TestKilledSessionIsNotListed(t *testing.T) {
	place := newHome(t)
	state := filepath.Join(place.root, stateDir)
	start := func() (*mcptest.Host, adminPage) {
		h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in(
			"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0"))
		mcptest.Connect(h)
		return h, servedPage(t, h)
	}
	listed := func(pages ...adminPage) func() bool {
		return func() bool {
			got := targets(t, state)
			for _, page := range pages {
				if _, ok := got[page.address]; !ok {
					return false
				}
			}
			return len(got) == len(pages)
		}
	}
	living, livingPage := start()
	killed, killedPage := start()
	mcptest.Eventually(t, "both pages are listed", listed(livingPage, killedPage))
	if err := killed.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed.Wait()
	if !listed(livingPage, killedPage)() {
		t.Fatal("the killed session has left nothing, so that this test shows nothing")
	}
	next, nextPage := start()
	mcptest.Eventually(t, "the pages of the sessions that live are listed, and no other", listed(livingPage, nextPage))
	endSession(t, living)
	endSession(t, next)
}

// TestNoPlaceForTargets: without a directory to list the page in, there is one warning, and the session is undisturbed.
func TestNoPlaceForTargets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "")
	for name, variables := range map[string][]string{
		"HOME is empty": {"HOME="}, "HOME does not exist": {"HOME=" + filepath.Join(t.TempDir(), "none")},
		"HOME is a file": {"HOME=" + file}, "SPANPIPE_DIR is in a file": {"SPANPIPE_DIR=" + filepath.Join(file, "x")},
		"SPANPIPE_DIR cannot be written": {"SPANPIPE_DIR=/proc/self/x"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, cast.As(t, "server"), append(variables,
				"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")...)
			c := mcptest.Connect(h)
			if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
				t.Errorf(`echo("still here") = %q`, got)
			}
			endSession(t, h)
			stderr := h.Stderr.String()
			if strings.Count(stderr, "spanpipe: warning: ") != 1 || !strings.Contains(stderr, "is not listed for Prometheus") ||
				!strings.Contains(stderr, "hint: it is served all the same") {
				t.Errorf("stderr = %q, want one warning with a hint", stderr)
			}
		})
	}
	t.Run("no other sink makes files", func(t *testing.T) {
		place := newHome(t)
		h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in("SPANPIPE_TELEMETRY=console", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0"))
		mcptest.Connect(h)
		endSession(t, h)
		if left := place.left(t); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// TestPeersPrometheusTargets: a real Prometheus finds sessions by the files that they write, with the configuration of
// TELEMETRY.md, and loses them when they end.
func TestPeersPrometheusTargets(t *testing.T) {
	program, root := peerPath(t, peerPrometheus), newHome(t)
	state, address := filepath.Join(root.root, "state"), freeAddress(t)
	config := filepath.Join(root.root, "prometheus.yaml")
	writeFile(t, config, strings.NewReplacer("15s", "200ms", "/home/me/.local/state/spanpipe", state).Replace(
		"global: {scrape_interval: 15s}\n"+scrapeConfig(t)))
	if err := os.MkdirAll(filepath.Join(state, "targets"), 0o700); err != nil { // as after an earlier session
		t.Fatal(err)
	}
	background(t, program, "--config.file="+config, "--web.listen-address="+address,
		"--storage.tsdb.path="+filepath.Join(root.root, "data"))
	p := prometheus{t: t, url: "http://" + address}
	waitFor(t, "Prometheus", func() bool { return p.get("/-/ready", nil) == nil })
	var hosts []*mcptest.Host
	for _, name := range []string{"one", "two"} {
		h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), root.in("SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_DIR="+state,
			"OTEL_SERVICE_NAME="+name))
		mcptest.Connect(h).Tool("echo", nil)
		hosts = append(hosts, h)
	}
	for _, name := range []string{"one", "two"} {
		waitFor(t, "the metrics of "+name, func() bool {
			return p.is(`count(up{service_name="`+name+`"} == 1)`, 1) &&
				p.is(`mcp_server_operation_duration_seconds_count{service_name="`+name+`",mcp_method_name="tools/call"}`, 1)
		})
	}
	if got := p.query(`count({exported_service_name!=""}) or vector(0)`); !slices.Equal(got, []float64{0}) {
		t.Errorf("%v series have their service's name twice", got)
	}
	for _, h := range hosts {
		endSession(t, h)
	}
	waitFor(t, "Prometheus forgets the sessions", func() bool { return p.is("count(up) or vector(0)", 0) })
}

// scrapeConfig returns the configuration that TELEMETRY.md shows.
func scrapeConfig(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "TELEMETRY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```yaml\nscrape_configs:\n")
	block, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("TELEMETRY.md has no scrape_configs")
	}
	return "scrape_configs:\n" + block
}
