package cmd_test

import (
	"os/exec"
	"strings"
	"testing"
)

// peerKubernetes is the program of testdata/kubernetesreader: Kubernetes' types of objects, which it decodes strictly.
const peerKubernetes = "SPANPIPE_TEST_KUBERNETES"

// TestPeersDeployKubernetes: Kubernetes' types have every field of kubernetes.yaml, and not one that is misspelled; the commands of
// its probes are valid, and pass where telemetry is off.
func TestPeersDeployKubernetes(t *testing.T) {
	reader, text := peerPath(t, peerKubernetes), readDeploy(t, "kubernetes.yaml")
	read := func(text string) (string, error) {
		cmd := exec.Command(reader)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := read(text)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	probes := strings.Split(strings.TrimSpace(out), "\n")
	if len(probes) != 2 {
		t.Errorf("the probes are %q, want one for liveness and one for readiness", probes)
	}
	for _, probe := range probes {
		args := strings.Fields(probe)
		stdout, stderr, code := newHome(t).spanpipe(t, nil, args[1:]...)
		if args[0] != "spanpipe" || code != 0 || !strings.HasPrefix(stdout, "not checked: telemetry is off") {
			t.Errorf("%s: exit %d: %s%s", probe, code, stdout, stderr)
		}
	}
	for _, wrong := range []string{"periodSecond: 20", "periodSeconds: soon", "periodSeconds: 20\n            periodSeconds: 20"} {
		changed := strings.Replace(text, "periodSeconds: 20", wrong, 1)
		if out, err := read(changed); changed == text || err == nil {
			t.Errorf("%s is accepted: %s", wrong, out)
		}
	}
}
