package main

import (
	"bytes"
	"fmt"
	"strings"
)

// prometheusRule returns a file of rules as an object of the Prometheus operator, whose spec has the same content. All presets of alerts
// make an object of one name, so that applying another preset replaces the alerts instead of adding to them.
func prometheusRule(path string, file []byte) []byte {
	name := strings.TrimSuffix(path, ".yaml")
	for _, p := range presets() {
		if p.name == name {
			name = "alerts"
		}
	}
	head, groups, _ := bytes.Cut(file, []byte("groups:\n"))
	var b bytes.Buffer
	b.Write(head)
	fmt.Fprintf(&b, "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: spanpipe-%s\nspec:\n  groups:\n", name)
	for line := range bytes.Lines(groups) {
		if len(line) > 1 {
			b.WriteString("  ")
		}
		b.Write(line)
	}
	return b.Bytes()
}
