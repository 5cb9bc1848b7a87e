package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleSettings returns the variables that an example ships, as a user of it who has asked for telemetry has them.
func exampleSettings(t *testing.T, name string) []string {
	t.Helper()
	switch name {
	case "mcpb":
		var manifest struct {
			Server struct {
				MCPConfig struct{ Env map[string]string } `json:"mcp_config"`
			}
		}
		if err := json.Unmarshal([]byte(exampleFile(t, "mcpb/manifest.json")), &manifest); err != nil {
			t.Fatal(err)
		}
		var settings []string
		for name, value := range manifest.Server.MCPConfig.Env {
			settings = append(settings, name+"="+strings.ReplaceAll(value, "${user_config.telemetry}", "otlp"))
		}
		return settings
	case "docker":
		return append(readDockerfile(t, exampleFile(t, "docker/Dockerfile")).environ, "SPANPIPE_TELEMETRY=otlp")
	}
	return strings.Fields(exampleFile(t, name+"/telemetry.env"))
}

// TestExamplesPrivacy: the PRIVACY.md of each example is what its settings do.
func TestExamplesPrivacy(t *testing.T) {
	for name, optIn := range map[string][]string{
		"npm-server": {"--opt-in", "WEATHER_TELEMETRY=1"}, "cloned-server": {"--opt-in", "WORDS_TELEMETRY=1"}, "mcpb": nil, "docker": nil,
	} {
		want, stderr, code := newHome(t).spanpipe(t, exampleSettings(t, name), append([]string{"consent", "--markdown"}, optIn...)...)
		if got := exampleFile(t, name+"/PRIVACY.md"); code != 0 || got != want {
			t.Errorf("%s/PRIVACY.md, of a command that exits with %d%s, is\n%s\nwant\n%s", name, code, stderr, got, want)
		}
	}
}

// TestExamplesScripts: the shell finds no mistake in the scripts, which have to run where there is no bash.
func TestExamplesScripts(t *testing.T) {
	scripts, err := filepath.Glob("../examples/*/*.sh")
	if err != nil || len(scripts) < 2 {
		t.Fatalf("%q, %v", scripts, err)
	}
	for _, script := range scripts {
		if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable, %v", script, err)
		}
	}
}

// exampleFile returns a file of the examples.
func exampleFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// image is what a Dockerfile makes of its last stage, as far as the example uses the language.
type image struct {
	files       map[string]string // by their paths in the image: the file of the context, or /path of another image
	environ     []string
	entry, user string
}

// readDockerfile reads a Dockerfile: its instructions, each once its lines are joined. What it does not know fails the test.
func readDockerfile(t *testing.T, text string) (i image) {
	t.Helper()
	text = regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		words := strings.Fields(rest)
		switch instruction {
		case "":
		case "FROM":
			i = image{files: map[string]string{}}
		case "COPY":
			if strings.HasPrefix(words[0], "--from=") {
				words = words[1:]
			}
			i.files[words[1]] = words[0]
		case "ENV":
			i.environ = append(i.environ, words...)
		case "USER":
			i.user = rest
		case "ENTRYPOINT":
			i.entry = rest
		default:
			t.Errorf("unknown instruction %s", line)
		}
	}
	return i
}
