// Command generate writes the dashboards and the recording rules of deploy/, from the names of the telemetry:
//
//	go -C deploy/generate run .
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	files, err := files()
	if err == nil {
		err = write("..", files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// files returns what is generated, by its path in deploy/.
func files() (map[string][]byte, error) {
	all := map[string][]byte{"rules.yaml": []byte(rules())}
	for _, p := range presets() {
		all[p.name+".yaml"] = []byte(alertFile(p))
	}
	all["alerts-services.yaml"] = []byte(serviceFile())
	all["alerts-gateway.yaml"] = []byte(gatewayFile())
	for path, text := range maps.Clone(all) {
		all["kubernetes/rules/"+path] = prometheusRule(path, text)
	}
	all["alerts-stack.yaml"] = []byte(stackFile()) // of compose.yaml alone: a cluster's own has alerts about itself
	for _, d := range boards() {
		built, err := d.build().Build()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		text, err := json.MarshalIndent(built, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		all["grafana/dashboards/"+d.name+".json"] = append(text, '\n')
	}
	return all, nil
}

func write(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // files of the repository
			return err
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
	}
	return nil
}
