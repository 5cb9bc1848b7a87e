package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// peerCompose is the program of testdata/composereader: the loader of Docker Compose.
const peerCompose = "SPANPIPE_TEST_COMPOSE"

// composeProject is what Docker Compose makes of its files.
type composeProject struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image, Restart, User string
	Command              []string
	Environment          map[string]*string
	CapDrop              []string `json:"cap_drop"`
	SecurityOpt          []string `json:"security_opt"`
	MemLimit             string   `json:"mem_limit"`
	CPUs                 float64
	ReadOnly             bool `json:"read_only"`
	Logging              struct{ Options map[string]string }
	HealthCheck          struct{ Test []string }
	Ports                []struct {
		HostIP    string `json:"host_ip"`
		Published string
		Target    int
	}
	Volumes []struct {
		Type, Source, Target string
		ReadOnly             bool `json:"read_only"`
	}
	DependsOn map[string]struct{ Condition string } `json:"depends_on"`
}

// readCompose loads Compose files, with these arguments of composereader before them.
func readCompose(t *testing.T, args ...string) (composeProject, error) {
	t.Helper()
	var out, problem bytes.Buffer
	cmd := exec.Command(peerPath(t, peerCompose), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnviron(), &out, &problem
	var project composeProject
	if err := cmd.Run(); err != nil {
		return project, errors.New(problem.String())
	}
	if err := json.Unmarshal(out.Bytes(), &project); err != nil {
		t.Fatal(err)
	}
	return project, nil
}

const composeFile = "../deploy/compose.yaml"

// TestPeersCompose: Docker Compose's loader accepts compose.yaml with .env, and the stack it makes is bounded, restarts, asks for its
// health, and has no port outside the loopback interface. It needs no Docker.
func TestPeersCompose(t *testing.T) {
	project, err := readCompose(t, composeFile)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"alertmanager", "collector", "collector-health", "grafana", "jaeger", "loki", "prometheus"}
	if got := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(got, want) {
		t.Errorf("the services are %v, want %v", got, want)
	}
	small, err := readCompose(t, "-profile", "small", composeFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(small.Services)); !slices.Equal(got, []string{"jaeger-small"}) {
		t.Errorf("the services of the profile small are %v, want Jaeger alone", got)
	}
	checkSmall(t, project, small.Services["jaeger-small"])
	mounted := map[string]bool{}
	for name, service := range project.Services {
		checkService(t, name, service)
		for _, volume := range service.Volumes {
			mounted[volume.Source] = true
			if _, err := os.Stat(filepath.Join("../deploy", volume.Source)); volume.Type == "bind" && (err != nil || !volume.ReadOnly) {
				t.Errorf("%s: mounts %s (%v), want a file of deploy/, to read only", name, volume.Source, err)
			}
		}
		for other, dependency := range service.DependsOn {
			healthy := dependency.Condition == "service_healthy"
			if hasCheck := len(project.Services[other].HealthCheck.Test) > 0; healthy != hasCheck {
				t.Errorf("%s: waits for %s with %s; has %s a health check? %t", name, other, dependency.Condition, other, hasCheck)
			}
		}
	}
	for name := range project.Volumes {
		if !mounted[name] {
			t.Errorf("no service uses the volume %s", name)
		}
	}
	for _, file := range []string{"rules.yaml", "alerts.yaml", "alerts-stack.yaml", "alertmanager.yaml", "alertmanager.tmpl", "grafana/dashboards"} {
		if !mounted["./"+file] && !mounted[file] {
			t.Errorf("no service reads %s", file)
		}
	}
}

// checkSmall expects the Jaeger of the profile small to be that of the stack, with the collector's ports.
func checkSmall(t *testing.T, project composeProject, small composeService) {
	t.Helper()
	full := project.Services["jaeger"]
	want := slices.Concat(full.Ports, project.Services["collector"].Ports)
	if !slices.Equal(small.Ports, want) {
		t.Errorf("the ports of the profile small are %v, want %v", small.Ports, want)
	}
	small.Ports = full.Ports
	if got, want := asJSON(t, small), asJSON(t, full); got != want {
		t.Errorf("the Jaeger of the profile small is\n%s, want\n%s", got, want)
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pinned is an image with a full version and a digest.
var pinned = regexp.MustCompile(`^[a-z0-9/-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`)

func checkService(t *testing.T, name string, s composeService) {
	t.Helper()
	if !pinned.MatchString(s.Image) {
		t.Errorf("%s: image %s has no full version with a digest", name, s.Image)
	}
	if s.Restart != "unless-stopped" || s.MemLimit == "" || s.CPUs == 0 || s.Logging.Options["max-size"] == "" || s.Logging.Options["max-file"] == "" {
		t.Errorf("%s: is not restarted, or its memory, its processors or its logs have no limit: %+v", name, s)
	}
	if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("%s: keeps privileges", name)
	}
	// The collector's image has no program that can ask: collector-health does.
	if hasCheck := len(s.HealthCheck.Test) > 0; hasCheck == (name == "collector") {
		t.Errorf("%s: has a health check: %t", name, hasCheck)
	}
	for _, port := range s.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("%s: port %s is on %q, not on 127.0.0.1", name, port.Published, port.HostIP)
		}
	}
}

// composeOverride matches a compose.override.yaml of the README.
var composeOverride = regexp.MustCompile("(?s)```yaml\n# compose.override.yaml\n(.*?)```")

// TestPeersComposeReadme: what the README does for other thresholds and to switch on a login is valid, and has that effect.
func TestPeersComposeReadme(t *testing.T) {
	overrides := composeOverride.FindAllStringSubmatch(readDeploy(t, "README.md"), -1)
	if len(overrides) != 2 {
		t.Fatalf("deploy/README.md has %d files compose.override.yaml, want one for thresholds and one for a login", len(overrides))
	}
	thresholds, file := filepath.Join(t.TempDir(), "compose.override.yaml"), filepath.Join(t.TempDir(), "compose.override.yaml")
	writeFile(t, thresholds, overrides[0][1])
	override := overrides[1][1]
	writeFile(t, file, override)
	t.Setenv("GRAFANA_ANONYMOUS", "false")
	project, err := readCompose(t, composeFile, thresholds, file)
	if err != nil {
		t.Fatal(err)
	}
	mounts := map[string]string{}
	for _, volume := range project.Services["prometheus"].Volumes {
		mounts[filepath.Base(volume.Target)] += filepath.Base(volume.Source)
	}
	if mounts["alerts.yaml"] != "alerts-strict.yaml" || mounts["alerts-services.yaml"] != "alerts-services.yaml" {
		t.Errorf("Prometheus mounts %v, and not the other thresholds", mounts)
	}
	environment := project.Services["grafana"].Environment
	for name, want := range map[string]string{
		"GF_AUTH_ANONYMOUS_ENABLED": "false", "GF_AUTH_DISABLE_LOGIN_FORM": "false",
		"GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "false", "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/grafana-admin",
	} {
		if got := environment[name]; got == nil || *got != want {
			t.Errorf("%s is not %s", name, want)
		}
	}
	writeFile(t, file, strings.Replace(override, "secrets:", "secretes:", 1))
	if _, err := readCompose(t, composeFile, file); err == nil {
		t.Error("a misspelled member is accepted")
	}
}

// toJSON converts YAML with Node's yaml library, which is one of the peers' packages. No Go dependency parses YAML.
const toJSON = `
const yaml = require(process.argv[1]).parse(require("fs").readFileSync(0, "utf8"), {strict: true, merge: true});
process.stdout.write(JSON.stringify(yaml))`

// readYAML decodes a YAML file of deploy/.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	cmd := exec.Command(peerPath(t, peerNode), "-e", toJSON, filepath.Join(peerPath(t, peerPackages), "node_modules/yaml"))
	cmd.Stdin = strings.NewReader(readDeploy(t, name))
	out, err := cmd.CombinedOutput()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

// TestPeersDeployYAML: every YAML file parses.
func TestPeersDeployYAML(t *testing.T) {
	for _, pattern := range []string{"*.yaml", "collector/*.yaml", "grafana/provisioning/*/*.yaml"} {
		names, err := filepath.Glob("../deploy/" + pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no file matches %s: %v", pattern, err)
		}
		for _, name := range names {
			var content any
			readYAML(t, strings.TrimPrefix(filepath.ToSlash(name), "../deploy/"), &content)
		}
	}
}
