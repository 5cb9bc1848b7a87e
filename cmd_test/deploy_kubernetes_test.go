package cmd_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPeersKubernetes: an API server takes every command of the README and every object, and admits the pods in a namespace with the
// strictest standard for pods. What the server does not check, because controllers or other programs read it, refers to what exists.
func TestPeersKubernetes(t *testing.T) {
	c := startCluster(t)
	adopt(t, c)
	pods := map[string]pod{}
	for _, test := range []struct{ directory, namespace string }{
		{"kubernetes", "spanpipe"}, {"kubernetes/example", "tools"},
	} {
		objects := c.apply(t, test.directory) // once more, to read them
		checkReferences(t, c, test.namespace, objects)
		admitted := 0
		for _, o := range objects {
			if o.Kind != "Namespace" && o.Metadata.Namespace != test.namespace {
				t.Errorf("%s: %s %s is in namespace %q", test.directory, o.Kind, o.Metadata.Name, o.Metadata.Namespace)
			}
			if p, ok := o.pod(t); ok {
				admitted++
				pods[test.directory] = p
				c.must(t, podOf(t, o), "create", "--namespace="+test.namespace, "--filename=-")
			}
		}
		if admitted != 1 {
			t.Errorf("%s has %d workloads, want 1", test.directory, admitted)
		}
	}
	c.must(t, "", "create", "namespace", "others")
	for _, directory := range []string{"server", "server/sidecar", "server/scrape"} {
		built := "kubernetes/" + directory
		if directory != "server" { // a component builds on the server
			built = writeOverlay(t, "components: [BASE/"+directory+"]\n")
		}
		for _, o := range c.apply(t, built, "--namespace=others") {
			if p, ok := o.pod(t); ok {
				pods[directory] = p
			}
		}
	}
	c.apply(t, writeOverlay(t, policyPatch(t)), "--namespace=others")
	for _, preset := range []string{"alerts", "alerts-strict", "alerts-relaxed", "alerts-services", "alerts-gateway"} {
		c.must(t, "", "apply", "--server-side", "--namespace=others", "--filename=../deploy/kubernetes/rules/"+preset+".yaml")
	}
	refuses(t, c)
	runPods(t, c, pods["kubernetes"], pods["server"], pods["kubernetes/example"])
}

// shellBlock matches the commands in a Markdown file.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// adopt runs the commands of deploy/kubernetes/README.md, as a reader would, from the root of a checkout. It returns the directory,
// which then has the keys, too.
func adopt(t *testing.T, c cluster) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		peerMissing(t, "the README's commands use openssl")
	}
	dir := t.TempDir()
	deploy, err := filepath.Abs("../deploy")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(deploy, filepath.Join(dir, "deploy")); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, block := range shellBlock.FindAllStringSubmatch(readDeploy(t, "kubernetes/README.md"), -1) {
		if !strings.Contains(block[1], "kubectl") {
			continue // settings of a laptop
		}
		ran++
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", block[1])
		cmd.Dir, cmd.Env = dir, append(c.environ(), "PATH="+c.programs+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "Warning") {
			t.Fatalf("%v\n%s\n%s", err, block[1], out)
		}
	}
	if ran != 3 {
		t.Errorf("README.md has %d blocks of commands, want one for the gateway, one for a server and one for a new token", ran)
	}
	return dir
}

// writeOverlay makes a kustomization of the server with these lines, in which BASE is deploy/kubernetes, and returns its path relative to
// deploy/.
func writeOverlay(t *testing.T, lines string) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../deploy/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	// kustomize takes relative paths alone.
	base, err := filepath.Rel(dir, root)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "kustomization.yaml"), "resources: ["+base+"/server]\n"+strings.ReplaceAll(lines, "BASE", base))
	deploy, err := filepath.Abs("../deploy")
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(deploy, dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// podOf returns the pod that a controller would make of a Deployment or StatefulSet, as JSON.
func podOf(t *testing.T, o object) string {
	t.Helper()
	var spec map[string]any
	if err := json.Unmarshal(o.Spec.Template.Spec, &spec); err != nil {
		t.Fatal(err)
	}
	for _, claim := range o.Spec.VolumeClaimTemplates {
		name := claim.Metadata.Name
		volumes, _ := spec["volumes"].([]any)
		spec["volumes"] = append(volumes, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name}})
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod", "spec": spec,
		"metadata": map[string]any{"name": o.Metadata.Name + "-0", "labels": o.Spec.Template.Metadata.Labels},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// refuses expects the API server to refuse what a mistake would make of the server's files: otherwise its agreement would mean nothing.
func refuses(t *testing.T, c cluster) {
	t.Helper()
	server, monitor := readDeploy(t, "kubernetes/server/deployment.yaml"), readDeploy(t, "kubernetes/server/scrape/podmonitor.yaml")
	rules := readDeploy(t, "kubernetes/rules/rules.yaml")
	for _, test := range []struct{ text, old, new string }{
		{server, "periodSeconds: 20", "periodSecond: 20"},
		{server, "periodSeconds: 20", "periodSeconds: soon"},
		{server, "periodSeconds: 20", "periodSeconds: -20"},
		{server, "mountPath: /tmp", "mountPath: /var/lib/spanpipe"},
		{server, "{name: tmp, mountPath", "{name: temporary, mountPath"},
		{monitor, "targetLabel: job", "targetlabel: job"},
		{monitor, "action: labeldrop", "action: dropLabel"},
		{rules, "interval: 1m", "interval: 1 minute"},
		{rules, "- record:", "- recorded:"},
	} {
		changed := strings.Replace(test.text, test.old, test.new, 1)
		if _, err := c.kubectl(changed, "apply", "--server-side", "--dry-run=server", "--namespace=others", "--filename=-"); err == nil || changed == test.text {
			t.Errorf("%s instead of %s is accepted", test.new, test.old)
		}
	}
	const privileged = `{apiVersion: v1, kind: Pod, metadata: {name: root}, spec: {containers: [{name: root, image: root}]}}`
	if _, err := c.kubectl(privileged, "create", "--namespace=tools", "--filename=-"); err == nil || !strings.Contains(err.Error(), "PodSecurity") {
		t.Errorf("a pod that may run as root is admitted (%v)", err)
	}
}

// checkReferences expects selectors to select something, ports to be there by their names, and ConfigMaps and Secrets to exist.
func checkReferences(t *testing.T, c cluster, namespace string, objects []object) {
	t.Helper()
	var pods []pod
	var labels []map[string]string
	for _, o := range objects {
		if p, ok := o.pod(t); ok {
			pods, labels = append(pods, p), append(labels, o.Spec.Template.Metadata.Labels)
			checkPod(t, c, namespace, o.Metadata.Name, p)
		}
	}
	hasPort := func(selector map[string]string, name any) bool {
		for i, p := range pods {
			if !subset(selector, labels[i]) {
				continue
			}
			for _, container := range p.Containers {
				for _, port := range container.Ports {
					if port.Name == name {
						return true
					}
				}
			}
		}
		return false
	}
	for _, o := range objects {
		what := o.Kind + " " + o.Metadata.Name
		switch o.Kind {
		case "Service":
			var selector map[string]string
			mustDecode(t, o.Spec.Selector, &selector)
			for _, port := range o.Spec.Ports {
				if len(selector) == 0 || !hasPort(selector, port.TargetPort) {
					t.Errorf("%s: no pod that it selects has port %v", what, port.TargetPort)
				}
			}
		case "NetworkPolicy":
			for _, rule := range o.Spec.Ingress {
				for _, port := range rule.Ports {
					if !hasPort(o.Spec.PodSelector.MatchLabels, port.Port) {
						t.Errorf("%s: no pod that it selects has port %v", what, port.Port)
					}
				}
			}
		case "PodMonitor":
			var selector labelSelector
			mustDecode(t, o.Spec.Selector, &selector)
			for _, endpoint := range o.Spec.PodMetricsEndpoints {
				if len(selector.MatchLabels) == 0 || !hasPort(selector.MatchLabels, endpoint.Port) {
					t.Errorf("%s: no pod that it selects has port %s", what, endpoint.Port)
				}
			}
		case "ServiceMonitor":
			checkServiceMonitor(t, o, objects)
		}
	}
}

// checkServiceMonitor expects a ServiceMonitor to select a Service that has its ports.
func checkServiceMonitor(t *testing.T, monitor object, objects []object) {
	t.Helper()
	var selector labelSelector
	mustDecode(t, monitor.Spec.Selector, &selector)
	var names []string
	for _, o := range objects {
		if o.Kind == "Service" && subset(selector.MatchLabels, o.Metadata.Labels) {
			for _, port := range o.Spec.Ports {
				names = append(names, port.Name)
			}
		}
	}
	for _, endpoint := range monitor.Spec.Endpoints {
		if !slices.Contains(names, endpoint.Port) {
			t.Errorf("ServiceMonitor %s: the Services that it selects have ports %v, and not %s", monitor.Metadata.Name, names, endpoint.Port)
		}
	}
}

// checkPod expects what a pod mounts or reads to exist, probes of ports that it has, and time enough to end.
func checkPod(t *testing.T, c cluster, namespace, name string, p pod) {
	t.Helper()
	get := func(kind, name string) {
		if _, err := c.kubectl("", "get", kind, name, "--namespace="+namespace); err != nil {
			t.Error(err)
		}
	}
	for _, volume := range p.Volumes {
		if volume.ConfigMap.Name != "" {
			get("configmap", volume.ConfigMap.Name)
		}
		if volume.Secret.SecretName != "" {
			get("secret", volume.Secret.SecretName)
		}
	}
	for _, container := range slices.Concat(p.InitContainers, p.Containers) {
		if flush, err := time.ParseDuration(container.variable("SPANPIPE_FLUSH_TIMEOUT")); err == nil {
			const others = 6 * time.Second // mcp-proxy's gracefulShutdownTimeout, and what outlives the server
			needs := time.Duration(container.Lifecycle.PreStop.Sleep.Seconds)*time.Second + others + flush
			if got := time.Duration(p.TerminationGracePeriodSeconds) * time.Second; got < needs {
				t.Errorf("%s has %v to end, and needs up to %v", name, got, needs)
			}
		}
		for _, from := range container.EnvFrom {
			get("configmap", from.ConfigMapRef.Name)
		}
		for _, probe := range []any{container.StartupProbe.HTTPGet.Port, container.LivenessProbe.HTTPGet.Port, container.ReadinessProbe.HTTPGet.Port} {
			named := func(p struct {
				Name          string
				ContainerPort int
			}) bool {
				return p.Name == probe
			}
			if text, ok := probe.(string); ok && !slices.ContainsFunc(container.Ports, named) {
				t.Errorf("%s: %s is probed at port %s, which it does not have", name, container.Name, text)
			}
		}
	}
}

func mustDecode(t *testing.T, text json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// subset reports whether all pairs of part are in whole.
func subset(part, whole map[string]string) bool {
	for key, value := range part {
		if whole[key] != value {
			return false
		}
	}
	return true
}

// TestPeersKubernetesYAML: every file is YAML without a key that is there twice, of which kubectl would take the last.
func TestPeersKubernetesYAML(t *testing.T) {
	node, library := peerPath(t, peerNode), filepath.Join(peerPath(t, peerPackages), "node_modules/yaml")
	parse := func(text string) error {
		cmd := exec.Command(node, "-e", toJSON, library)
		cmd.Stdin = strings.NewReader(text)
		return cmd.Run()
	}
	files := 0
	err := filepath.WalkDir("../deploy/kubernetes", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := parse(string(text)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || files < 15 {
		t.Errorf("read %d files: %v", files, err)
	}
	if parse("{a: 1, a: 2}") == nil {
		t.Error("a key that is there twice is accepted")
	}
}

// TestDeployDashboardsInCluster: each dashboard is in a ConfigMap, and small enough for one, which may have 1 MiB.
func TestDeployDashboardsInCluster(t *testing.T) {
	list := readDeploy(t, "grafana/dashboards/kustomization.yaml")
	names, err := filepath.Glob("../deploy/grafana/dashboards/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no dashboards: ", err)
	}
	for _, name := range names {
		name = filepath.Base(name)
		want := "- {name: spanpipe-dashboard-" + strings.TrimSuffix(name, ".json") + ", files: [" + name + "]}"
		if !strings.Contains(list, want) {
			t.Errorf("kustomization.yaml has no line %s", want)
		}
		if size := len(readDeploy(t, "grafana/dashboards/"+name)); size > 1<<20-1024 {
			t.Errorf("%s has %d bytes, too many for a ConfigMap", name, size)
		}
	}
	if n := strings.Count(list, "{name: spanpipe-dashboard-"); n != len(names) {
		t.Errorf("kustomization.yaml lists %d dashboards of %d", n, len(names))
	}
}

// TestDeployScrapeInCluster: the PodMonitor changes the series of a session as the job in prometheus.yaml does.
func TestDeployScrapeInCluster(t *testing.T) {
	rule := regexp.MustCompile(`(?m)^\s*- (\{.*\})$`)
	snake := strings.NewReplacer("sourceLabels", "source_labels", "targetLabel", "target_label")
	rules := func(text string) map[string]bool {
		found := map[string]bool{}
		for _, m := range rule.FindAllStringSubmatch(snake.Replace(text), -1) {
			found[m[1]] = true
		}
		return found
	}
	_, text, _ := strings.Cut(readDeploy(t, "prometheus.yaml"), "metric_relabel_configs:")
	want := rules(text)
	_, text, _ = strings.Cut(readDeploy(t, "kubernetes/server/scrape/podmonitor.yaml"), "metricRelabelings:")
	got := rules(text)
	want["{regex: container|endpoint|pod, action: labeldrop}"] = true // what the operator adds
	if len(want) < 5 || !maps.Equal(got, want) {
		t.Errorf("the PodMonitor has the rules %v\nprometheus.yaml has %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
