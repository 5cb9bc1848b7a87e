package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestGuides: every panel, alert, metric, label and file that docs/guides.md names as ours exists, and so does every value of a label.
func TestGuides(t *testing.T) {
	text, err := os.ReadFile("../docs/guides.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	panels := panelTitles(t)
	for _, m := range regexp.MustCompile(`\*(\w+) › ([^*]+)\*`).FindAllStringSubmatch(page, -1) {
		if m[1] != "Dashboard" && !slices.Contains(panels[strings.ToLower(m[1])], m[2]) {
			t.Errorf("there is no panel %s", m[0])
		}
	}
	alerts := readDeploy(t, "alerts.yaml") + readDeploy(t, "alerts-services.yaml")
	for _, name := range regexp.MustCompile(`\bMcp[A-Z]\w+`).FindAllString(page, -1) {
		if !strings.Contains(alerts, "- alert: "+name+"\n") {
			t.Errorf("there is no alert %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([\w./-]+)(#[\w-]+)?\)`).FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("../docs", m[1])); err != nil {
			t.Errorf("%s is not there", m[1])
		}
	}
	for _, name := range regexp.MustCompile("`(deploy/[\\w.-]+)`").FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("..", name[1])); err != nil {
			t.Errorf("%s is not there", name[1])
		}
	}
	metrics, labels := guideNames()
	rows := 0
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 2 || !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "| here |\n") {
			continue
		}
		rows++
		for _, name := range regexp.MustCompile(`\b(mcp|spanpipe|process|gen_ai|rpc|error|network)_[a-z_]+`).FindAllString(cells[1], -1) {
			base := regexp.MustCompile(`_(count|sum|bucket)$`).ReplaceAllString(name, "")
			if !metrics[base] && !labels[name] {
				t.Errorf("there is no metric or label %s: %s", name, line)
			}
		}
		for _, m := range regexp.MustCompile(`spanpipe_error_class="(\w+)"`).FindAllStringSubmatch(cells[1], -1) {
			if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(errorClasses(t)) {
				t.Errorf("there is no class %s", m[1])
			}
		}
	}
	var reference []byte
	for _, file := range []string{"../TELEMETRY.md", "../docs/anomalies.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reference = append(reference, text...)
	}
	for _, m := range regexp.MustCompile(`\b(SPANPIPE_[A-Z_]+)|\b(spanpipe\.[a-z_.]*[a-z])|_kind="(\w+)"`).FindAllStringSubmatch(page, -1) {
		if name := m[1] + m[2] + m[3]; !strings.Contains(string(reference), "`"+name+"`") {
			t.Errorf("TELEMETRY.md and docs/anomalies.md do not have %s", name)
		}
	}
	if rows < 80 {
		t.Errorf("%d rows are seen in the tables", rows)
	}
}

// guideNames returns the names of metrics and labels in Prometheus.
func guideNames() (metrics, labels map[string]bool) {
	metrics, labels = map[string]bool{}, map[string]bool{}
	for _, name := range instrumentNames() {
		metrics[name] = true
	}
	for _, i := range semconv.Instruments() {
		for _, key := range i.Attributes {
			labels[strings.ReplaceAll(key, ".", "_")] = true
		}
	}
	return metrics, labels
}

// errorClasses returns the sentence of TELEMETRY.md with all of them.
func errorClasses(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, classes, _ := strings.Cut(string(text), "\n`spanpipe.error.class`: ")
	classes, _, _ = strings.Cut(classes, "\n\n")
	return classes
}

// panelTitles returns the titles of the panels of each dashboard.
func panelTitles(t *testing.T) map[string][]string {
	t.Helper()
	titles := map[string][]string{}
	for _, d := range readDashboards(t) {
		name := strings.TrimSuffix(d.file, ".json")
		for _, p := range d.Panels {
			if p.Type != "row" {
				titles[name] = append(titles[name], p.Title)
			}
		}
	}
	return titles
}
