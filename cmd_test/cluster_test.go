package cmd_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// peerKubernetes is a directory with Kubernetes' API server, its etcd and kubectl, and the definitions of the Prometheus operator's objects.
const peerKubernetes = "SPANPIPE_TEST_KUBERNETES"

// cluster is an API server. It has no controllers and no nodes: objects are validated, admitted and stored, and nothing runs.
type cluster struct {
	programs string // a directory
	config   string
}

// startCluster starts an API server and waits until it is ready.
func startCluster(t *testing.T) cluster {
	t.Helper()
	c, dir := cluster{programs: peerPath(t, peerKubernetes)}, t.TempDir()
	store, peer, api := otlptest.RefusedAddr(t), otlptest.RefusedAddr(t), otlptest.RefusedAddr(t)
	background(t, filepath.Join(c.programs, "etcd"), "--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=http://"+store, "--advertise-client-urls=http://"+store, "--listen-peer-urls=http://"+peer,
		"--initial-advertise-peer-urls=http://"+peer, "--initial-cluster=default=http://"+peer)
	waitFor(t, "etcd to listen", func() bool { return reachable(store) })

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keyFile, tokens := filepath.Join(dir, "key.pem"), filepath.Join(dir, "tokens.csv")
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	writeFile(t, keyFile, string(pem.EncodeToMemory(block)))
	writeFile(t, tokens, "test,admin,admin,system:masters\n")
	host, port, _ := strings.Cut(api, ":")
	background(t, filepath.Join(c.programs, "kube-apiserver"), "--etcd-servers=http://"+store, "--cert-dir="+filepath.Join(dir, "tls"),
		"--bind-address="+host, "--secure-port="+port, "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.invalid", "--service-account-key-file="+keyFile,
		"--service-account-signing-key-file="+keyFile, "--token-auth-file="+tokens,
		"--disable-admission-plugins=ServiceAccount") // a controller makes the accounts that it demands
	c.config = filepath.Join(dir, "kubeconfig")
	writeFile(t, c.config, fmt.Sprintf(kubeconfig, api))
	var notReady error
	t.Cleanup(func() {
		if notReady != nil {
			t.Log(notReady)
		}
	})
	waitFor(t, "the API server to be ready, with its default namespace", func() bool {
		if _, notReady = c.kubectl("", "get", "--raw=/readyz"); notReady == nil {
			_, notReady = c.kubectl("", "get", "namespace", "default")
		}
		return notReady == nil
	})
	c.must(t, "", "create", "--filename="+filepath.Join(c.programs, "definitions"))
	waitFor(t, "the Prometheus operator's objects to be served", func() bool {
		_, err := c.kubectl("", "get", "podmonitors,prometheusrules,servicemonitors", "--all-namespaces", "--output=json")
		return err == nil
	})
	return c
}

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "https://%s", insecure-skip-tls-verify: true}}]
users: [{name: test, user: {token: test}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
`

// environ is the environment for commands that use the cluster.
func (c cluster) environ() []string {
	return append(cleanEnviron(), "KUBECONFIG="+c.config, "HOME="+filepath.Dir(c.config))
}

// kubectl runs kubectl, for which a warning is an error.
func (c cluster) kubectl(stdin string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(c.programs, "kubectl"), append([]string{"--warnings-as-errors"}, args...)...)
	cmd.Env, cmd.Stdin = c.environ(), strings.NewReader(stdin)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// must runs kubectl, which has to succeed.
func (c cluster) must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := c.kubectl(stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// apply applies what kustomize builds of a directory in deploy/, and returns the objects as they are stored.
func (c cluster) apply(t *testing.T, directory string, flags ...string) []object {
	t.Helper()
	var list struct{ Items []object }
	args := append([]string{"apply", "--server-side", "--output=json", "--kustomize=" + filepath.Join("../deploy", directory)}, flags...)
	out := c.must(t, "", args...)
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// object has what the tests read of an object of any kind.
type object struct {
	Kind     string
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Data map[string]string
	Spec struct {
		Selector    json.RawMessage
		PodSelector labelSelector // a NetworkPolicy's
		Ports       []port        // a Service's
		Ingress     []struct{ Ports []port }

		Template struct { // a Deployment's or StatefulSet's
			Metadata struct{ Labels map[string]string }
			Spec     json.RawMessage
		}
		VolumeClaimTemplates []struct{ Metadata struct{ Name string } }

		Endpoints, PodMetricsEndpoints []struct { // of a ServiceMonitor or PodMonitor
			Port              string
			MetricRelabelings []any
		}
	}
}

type labelSelector struct{ MatchLabels map[string]string }

type port struct {
	Name             string
	Port, TargetPort any
}

// pod has what the tests read of a pod's specification.
type pod struct {
	TerminationGracePeriodSeconds int
	InitContainers, Containers    []container
	Volumes                       []struct {
		Name      string
		ConfigMap struct{ Name string }
		Secret    struct{ SecretName string }
	}
}

type container struct {
	Name, Image   string
	Command, Args []string
	Env           []struct{ Name, Value string }
	EnvFrom       []struct{ ConfigMapRef struct{ Name string } }
	Ports         []struct {
		Name          string
		ContainerPort int
	}
	Lifecycle struct {
		PreStop struct{ Sleep struct{ Seconds int } }
	}
	StartupProbe, LivenessProbe, ReadinessProbe struct {
		Exec    struct{ Command []string }
		HTTPGet struct {
			Path string
			Port any
		}
	}
	VolumeMounts []struct{ Name, MountPath string }
}

// variable returns the value of a variable of the container's.
func (c container) variable(name string) string {
	for _, v := range c.Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// pod returns the specification of the pods that a Deployment or StatefulSet makes, and whether the object is one.
func (o object) pod(t *testing.T) (p pod, ok bool) {
	t.Helper()
	if o.Kind != "Deployment" && o.Kind != "StatefulSet" {
		return p, false
	}
	if err := json.Unmarshal(o.Spec.Template.Spec, &p); err != nil {
		t.Fatalf("%s: %v", o.Metadata.Name, err)
	}
	return p, true
}

// policyPatch returns the lines of a kustomization with the policy of the README.
func policyPatch(t *testing.T) string {
	t.Helper()
	_, after, _ := strings.Cut(readDeploy(t, "kubernetes/README.md"), "```yaml\nspec:\n  template:\n")
	block, _, ok := strings.Cut(after, "```")
	if !ok || !strings.Contains(block, "subPath: policy.yaml") {
		t.Fatal("deploy/kubernetes/README.md mounts no policy")
	}
	return `
configMapGenerator:
  - {name: spanpipe-policy, literals: ["policy.yaml=version: 1"]}
patches:
  - target: {kind: Deployment}
    patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: any}
      spec:
        template:
` + regexp.MustCompile("(?m)^").ReplaceAllString(strings.TrimRight(block, "\n"), "      ") + "\n"
}
