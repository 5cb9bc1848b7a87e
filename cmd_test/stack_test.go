package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

const (
	peerCollector = "SPANPIPE_TEST_COLLECTOR"
	peerLoki      = "SPANPIPE_TEST_LOKI"
)

// network has the addresses that stand for those in compose.yaml's network, such as "loki:3100".
type network struct {
	t         *testing.T
	addresses map[string]string
}

// at returns the address that stands for another, which is a new one at first.
func (n network) at(address string) string {
	if n.addresses[address] == "" {
		n.addresses[address] = otlptest.RefusedAddr(n.t)
	}
	return n.addresses[address]
}

// stack is what compose.yaml starts, without Docker and Grafana. The programs have the configurations of deploy/ with other addresses and
// directories.
type stack struct {
	network
	dir               string
	project           composeProject
	collector, jaeger *daemon
	prometheus        prometheus
}

func startStack(t *testing.T) *stack {
	t.Helper()
	project, err := readCompose(t, composeFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{network: network{t, map[string]string{}}, dir: t.TempDir(), project: project}
	s.addresses["alertmanager:9093"] = startAlertmanager(t).address
	s.startLoki()
	s.jaeger = startStoringJaeger(s.network, s.directory("jaeger"))
	var addresses []string
	for _, address := range []string{"collector:8888", "jaeger:8888", "loki:3100", "alertmanager:9093"} {
		addresses = append(addresses, `"`+address+`"`, `"`+s.at(address)+`"`)
	}
	addresses = append(addresses, "scrape_interval: 15s", "scrape_interval: 1s")
	s.prometheus = startPrometheusIn(t, addresses, nil, "--enable-feature=exemplar-storage")
	s.addresses["prometheus:9090"] = strings.TrimPrefix(s.prometheus.url, "http://")
	s.collector = startCollector(s.network, s.directory("collector"))
	for name := range project.Services {
		if name != "grafana" { // there is no module with its program
			waitFor(t, name+" to be healthy", func() bool { return s.health(name) == nil })
		}
	}
	return s
}

// directory returns the directory that stands for a volume.
func (s *stack) directory(name string) string {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// split writes an address as these formats want its two parts.
func split(format, address string) string {
	host, port, _ := strings.Cut(address, ":")
	return fmt.Sprintf(format, host, port)
}

func (s *stack) startLoki() {
	s.t.Helper()
	dir, file := s.directory("loki"), filepath.Join(s.dir, "loki.yaml")
	const listen = "%[1]s_listen_address: %%s\n  %[1]s_listen_port: %%s"
	writeFile(s.t, file, adaptations(s.t, readDeploy(s.t, "loki.yaml"), " /loki", " "+dir,
		"http_listen_port: 3100", split(fmt.Sprintf(listen, "http"), s.at("loki:3100")),
		"grpc_listen_port: 9095", split(fmt.Sprintf(listen, "grpc"), s.at("loki:9095")),
		"instance_addr: 127.0.0.1", split("instance_addr: %s # %s", s.at("loki:9095"))))
	background(s.t, peerPath(s.t, peerLoki), "-config.file="+file, "-config.expand-env=true")
}

// startCollector starts the collector with stack.yaml, and replaces more in it if there are more pairs.
func startCollector(n network, dir string, more ...string) *daemon {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "stack.yaml")
	text := adaptations(n.t, readDeploy(n.t, "collector/stack.yaml"), more...)
	writeFile(n.t, file, adaptations(n.t, text, "/var/lib/otelcol", dir,
		"0.0.0.0:4317", n.at("collector:4317"), "0.0.0.0:4318", n.at("collector:4318"), "0.0.0.0:13133", n.at("collector:13133"),
		"host: 0.0.0.0, port: 8888", split("host: %s, port: %s", n.at("collector:8888")),
		"jaeger:4317", n.at("jaeger:4317"), "prometheus:9090", n.at("prometheus:9090"), "loki:3100", n.at("loki:3100")))
	return background(n.t, peerPath(n.t, peerCollector), "--config="+file)
}

// startStoringJaeger starts Jaeger with jaeger.yaml.
func startStoringJaeger(n network, dir string) *daemon {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "jaeger.yaml")
	writeFile(n.t, file, adaptations(n.t, readDeploy(n.t, "jaeger.yaml"), "/var/lib/jaeger", dir,
		"0.0.0.0:4317", n.at("jaeger:4317"), "0.0.0.0:4318", n.at("jaeger:4318"), "0.0.0.0:13133", n.at("jaeger:13133"),
		"0.0.0.0:16686", n.at("jaeger:16686"), "0.0.0.0:16685", n.at("jaeger:16685"),
		"host: 0.0.0.0, port: 8888", split("host: %s, port: %s", n.at("jaeger:8888"))))
	return background(n.t, peerPath(n.t, peerJaeger), "--config=file:"+file)
}

// healthAddress is that of a health page.
var healthAddress = regexp.MustCompile(`http://([^:/]+):(\d+)`)

// health runs a service's health check with the real program, or requests the page that it requests.
func (s *stack) health(name string) error {
	check := s.project.Services[name].HealthCheck.Test
	if len(check) == 0 { // the collector's is in a service of its own
		return nil
	}
	var args []string
	for _, arg := range check[1:] {
		args = append(args, healthAddress.ReplaceAllStringFunc(arg, func(address string) string {
			part := healthAddress.FindStringSubmatch(address)
			if part[1] == "127.0.0.1" {
				part[1] = name
			}
			return "http://" + s.at(part[1]+":"+part[2])
		}))
	}
	programs := map[string]string{"promtool": peerPromtool, "/usr/bin/loki": peerLoki}
	switch args[0] {
	case "wget":
		return getJSON(args[len(args)-1], nil)
	default:
		out, err := exec.Command(peerPath(s.t, programs[args[0]]), args[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
		return nil
	}
}

// getJSON requests a page, and decodes it unless into is nil.
func getJSON(address string, into any) error {
	response, err := http.Get(address)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %.500s", address, response.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// lokiRecord is a log record as Loki returns it to Grafana: structured metadata are labels.
type lokiRecord struct {
	labels map[string]string
	line   string
}

// logs returns the log records that a query finds in a time.
func (s *stack) logs(query string, from, to time.Time) []lokiRecord {
	s.t.Helper()
	var decoded struct {
		Data struct {
			Result []struct {
				Stream map[string]string
				Values [][2]string
			}
		}
	}
	values := url.Values{
		"query": {query}, "limit": {"5000"},
		"start": {strconv.FormatInt(from.UnixNano(), 10)}, "end": {strconv.FormatInt(to.UnixNano(), 10)},
	}
	if err := getJSON("http://"+s.at("loki:3100")+"/loki/api/v1/query_range?"+values.Encode(), &decoded); err != nil {
		s.t.Fatal(err)
	}
	var records []lokiRecord
	for _, stream := range decoded.Data.Result {
		for _, value := range stream.Values {
			records = append(records, lokiRecord{labels: stream.Stream, line: value[1]})
		}
	}
	return records
}

// jaegerPage returns what Grafana gets from Jaeger for a path.
func (s *stack) jaegerPage(path string) []byte {
	s.t.Helper()
	var page json.RawMessage
	if err := getJSON("http://"+s.at("jaeger:16686")+path, &page); err != nil {
		s.t.Fatal(err)
	}
	return page
}
