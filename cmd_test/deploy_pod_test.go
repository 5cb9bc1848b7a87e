package cmd_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// runningPod is what the kubelet would run of a pod, without containers: its commands, variables, files and probes as they are in the
// cluster, with addresses and directories of the test's own.
type runningPod struct {
	server   container
	commands string // the directory of the image's programs
	replace  *strings.Replacer
	bridge   *exec.Cmd
	output   *mcptest.Buffer

	mcp, admin, otlp, health, metrics string // addresses
}

// newPod writes the files of a pod and chooses its addresses.
func newPod(t *testing.T, c cluster, namespace string, spec pod) *runningPod {
	t.Helper()
	dir := t.TempDir()
	p := &runningPod{
		server: spec.Containers[0], commands: filepath.Join(dir, "commands"), output: &mcptest.Buffer{},
		mcp: otlptest.RefusedAddr(t), admin: otlptest.RefusedAddr(t), otlp: otlptest.RefusedAddr(t),
		health: otlptest.RefusedAddr(t), metrics: otlptest.RefusedAddr(t),
	}
	replacements := []string{
		"127.0.0.1:9464", p.admin, "0.0.0.0:9464", p.admin, "127.0.0.1:4317", p.otlp, "0.0.0.0:4317", p.otlp,
		"0.0.0.0:4318", otlptest.RefusedAddr(t), "0.0.0.0:13133", p.health, "port: 8888", "port: " + portOf(p.metrics),
		"8000", portOf(p.mcp), "$(POD_NAME)", "files-0", "$(POD_NAMESPACE)", namespace,
	}
	for _, volume := range spec.Volumes {
		source := filepath.Join(dir, volume.Name)
		switch {
		case volume.Secret.SecretName != "":
			c.mount(t, namespace, "secret", volume.Secret.SecretName, source)
		case volume.ConfigMap.Name != "":
			c.mount(t, namespace, "configmap", volume.ConfigMap.Name, source)
		}
	}
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, mount := range container.VolumeMounts {
			source := filepath.Join(dir, mount.Name)
			if err := os.MkdirAll(source, 0o700); err != nil {
				t.Fatal(err)
			}
			replacements = append(replacements, mount.MountPath, source)
		}
	}
	p.replace = strings.NewReplacer(replacements...)
	return p
}

func portOf(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}

// startClusterGateway starts the gateway of the cluster, with backends that take what it sends.
func startClusterGateway(t *testing.T, c cluster, spec pod) (gateway *runningPod, backends *otlptest.Receiver) {
	t.Helper()
	gateway, backends = newPod(t, c, "spanpipe", spec), otlptest.Start(t, otlptest.Config{})
	var stores object
	name := gateway.server.EnvFrom[0].ConfigMapRef.Name
	mustDecode(t, json.RawMessage(c.must(t, "", "get", "configmap", name, "--namespace=spanpipe", "--output=json")), &stores)
	var environ []string
	for name, endpoint := range stores.Data {
		to := backends.Addr(otlptest.GRPC)
		if strings.HasPrefix(endpoint, "http://") {
			to = backends.Endpoint(otlptest.HTTP)
		}
		environ = append(environ, name+"="+to)
	}
	gateway.startCollector(t, gateway.server, append(environ, "GATEWAY_NAME=spanpipe-gateway-0")...)
	page := fetchText("http://" + gateway.metrics + "/metrics")
	for _, name := range []string{"otelcol_process_uptime_seconds_total", "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity"} {
		if !regexp.MustCompile(`(?m)^` + name + `[{ ]`).MatchString(page) {
			t.Errorf("the gateway's own metrics have no %s, which alerts-gateway.yaml expects:\n%s", name, page)
		}
	}
	return gateway, backends
}

// startServer starts the containers of a server's pod. proxy is where all names lead.
func startServer(t *testing.T, c cluster, namespace string, spec pod, proxy string) *runningPod {
	t.Helper()
	p := newPod(t, c, namespace, spec)
	p.installCommands(t)
	for _, sidecar := range spec.InitContainers {
		p.startCollector(t, sidecar, "HTTPS_PROXY=http://"+proxy)
	}
	p.bridge = exec.Command(filepath.Join(p.commands, p.server.Command[0]), p.replaced(p.server.Command[1:])...)
	p.bridge.Env = p.environ(p.server, "HTTPS_PROXY=http://"+proxy)
	p.bridge.Stdout, p.bridge.Stderr = p.output, p.output
	if err := p.bridge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.bridge.Process.Kill()
		_ = p.bridge.Wait()
		if t.Failed() {
			t.Logf("output of the pod:\n%s", p.output)
		}
	})
	waitFor(t, "the startup probe", func() bool {
		code, out := p.probe(t, p.server.StartupProbe.Exec.Command)
		return code == 0 && strings.HasPrefix(out, "healthy: ")
	})
	waitFor(t, "the readiness probe", func() bool { return getJSON("http://"+p.mcp+p.server.ReadinessProbe.HTTPGet.Path, nil) == nil })
	return p
}

// installCommands makes the directory of the image's programs: the bridge, spanpipe, and a server of ours instead of mcp-server-files.
func (p *runningPod) installCommands(t *testing.T) {
	t.Helper()
	if err := os.Mkdir(p.commands, 0o755); err != nil {
		t.Fatal(err)
	}
	quote := func(words []string) string {
		return "'" + strings.Join(words, "' '") + "'"
	}
	peers := newPeers(t)
	for name, command := range map[string][]string{
		"spanpipe":         {binary(t)},
		"mcp-proxy":        {peers.node, filepath.Join(peers.packages, "mcp-proxy/dist/bin/mcp-proxy.mjs")},
		"mcp-server-files": cast.As(t, "server"),
	} {
		script := "#!/bin/sh\nexec " + quote(command) + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(p.commands, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *runningPod) replaced(words []string) []string {
	var out []string
	for _, word := range words {
		out = append(out, p.replace.Replace(word))
	}
	return out
}

// environ returns the variables of a container.
func (p *runningPod) environ(c container, more ...string) []string {
	env := append(cleanEnviron(), "HOME=/", "PATH="+p.commands+":"+os.Getenv("PATH"))
	for _, v := range c.Env {
		if v.Value == "" {
			continue // of the pod's own fields
		}
		env = append(env, v.Name+"="+p.replace.Replace(v.Value))
	}
	return append(env, more...)
}

// startCollector starts a real collector as a container, with the configuration in the cluster, and waits until its startup probe passes.
// Any warning in its log is an error: a name that is deprecated, an address that does not answer.
func (p *runningPod) startCollector(t *testing.T, c container, environ ...string) {
	t.Helper()
	flag, path, _ := strings.Cut(c.Args[0], "=")
	text, err := os.ReadFile(p.replace.Replace(path))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "collector.yaml")
	writeFile(t, config, p.replace.Replace(string(text)))
	var log mcptest.Buffer
	cmd := exec.Command(peerPath(t, peerCollector), flag+"="+config)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.environ(c, environ...), &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	warning := regexp.MustCompile(`\t(warn|error)\t|"level":"(warn|error)"`)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its queue is temporary
		_ = cmd.Wait()
		for line := range strings.Lines(log.String()) {
			if warning.MatchString(line) {
				t.Errorf("the collector warns: %s", line)
			}
		}
		if t.Failed() {
			t.Logf("output of the collector:\n%s", &log)
		}
	})
	waitFor(t, "the collector to be ready", func() bool { return getJSON("http://"+p.health+c.StartupProbe.HTTPGet.Path, nil) == nil })
}

// mount writes the files of a ConfigMap or Secret in the cluster to a directory.
func (c cluster) mount(t *testing.T, namespace, kind, name, directory string) {
	t.Helper()
	var o object
	mustDecode(t, json.RawMessage(c.must(t, "", "get", kind, name, "--namespace="+namespace, "--output=json")), &o)
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range o.Data {
		if kind == "secret" {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			text = string(decoded)
		}
		writeFile(t, filepath.Join(directory, file), text)
	}
}

// probe runs the command of a probe.
func (p *runningPod) probe(t *testing.T, command []string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(p.commands, command[0]), command[1:]...)
	cmd.Env = p.environ(p.server)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// call calls a tool through the bridge. The result is nil if the server exits.
func (p *runningPod) call(t *testing.T, name string, arguments map[string]any) *mcp.CallToolResult {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "in-cluster", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: "http://" + p.mcp + "/mcp"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }() // the bridge may have ended
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Logf("calling %s: %v", name, err)
	}
	return result
}

// terminate does what the kubelet does after preStop, and waits for the pod to end.
func (p *runningPod) terminate(t *testing.T) {
	t.Helper()
	if err := p.bridge.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.bridge.Wait(); err != nil {
		t.Errorf("the bridge ended with %v", err)
	}
}

// startProxy starts an HTTP proxy in which every name is that of one address, and returns the proxy's own.
func startProxy(t *testing.T, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connect := func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", address)
		if r.Method != http.MethodConnect || err != nil {
			http.Error(w, "cannot connect", http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n") // if it fails, so does the copying below
		go func() {                                            // ends when either side closes
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}
	server := &http.Server{Handler: http.HandlerFunc(connect)}
	go func() { _ = server.Serve(listener) }() // until Close
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// runPods runs the gateway of the cluster and the pods of a server: alone, and with both components. What they send comes through the
// gateway, with the cluster's certificate and token.
func runPods(t *testing.T, c cluster, gateway pod, alone, full pod) {
	t.Helper()
	collector, backends := startClusterGateway(t, c, gateway)
	proxy := startProxy(t, collector.otlp)
	t.Run("server", func(t *testing.T) {
		p := startServer(t, c, "tools", alone, proxy)
		p.call(t, "fail", map[string]any{"text": "refused"})
		environ := p.call(t, "environ", map[string]any{})
		if text, _ := json.Marshal(environ); !strings.Contains(string(text), "k8s.pod.name=files-0") || strings.Contains(string(text), "SPANPIPE_") {
			t.Errorf("the server's environment is %s, want one without the exporter's settings", text)
		}
		wantLive(t, p)
		p.terminate(t)
		if code, out := p.probe(t, p.server.LivenessProbe.Exec.Command); code != 1 {
			t.Errorf("without a session, the liveness probe is %d: %s", code, out)
		}
		wantFailure(t, backends, "mcp-files")
		backends.WaitMetric(t, "mcp.server.session.duration", otlptest.Attrs{})
	})
	t.Run("sidecar and scrape", func(t *testing.T) {
		p := startServer(t, c, "tools", full, proxy)
		p.call(t, "fail", map[string]any{"text": "refused"})
		wantLive(t, p)
		page := fetchText("http://" + p.admin + "/metrics")
		if !strings.Contains(page, "mcp_server_operation_duration_seconds") {
			t.Errorf("the page for Prometheus has no metrics of operations:\n%s", page)
		}
		p.call(t, "exit", map[string]any{"code": 7})
		waitFor(t, "the liveness probe to notice that the server has exited", func() bool {
			code, _ := p.probe(t, p.server.LivenessProbe.Exec.Command)
			return code == 1
		})
		wantFailure(t, backends, "files")
		// Prometheus has the metrics already.
		if code, out := p.probe(t, []string{"spanpipe", "consent"}); code != 0 || !strings.Contains(out, "metrics: nowhere") {
			t.Errorf("consent: %d\n%s", code, out)
		}
	})
}

func wantLive(t *testing.T, p *runningPod) {
	t.Helper()
	if code, out := p.probe(t, p.server.LivenessProbe.Exec.Command); code != 0 || !strings.HasPrefix(out, "healthy: ") {
		t.Errorf("the liveness probe is %d: %s", code, out)
	}
}

// wantFailure waits for the span of a failed call, which says whose pod it was.
func wantFailure(t *testing.T, backends *otlptest.Receiver, service string) {
	t.Helper()
	backends.Wait(t, patience, "the failed call of "+service, func() bool {
		return slices.ContainsFunc(backends.SpansNamed("tools/call fail"), func(s otlptest.Span) bool {
			return s.Service() == service && s.Resource.String("k8s.pod.name") == "files-0" && s.Resource.String("k8s.namespace.name") == "tools"
		})
	})
}
