package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestUpToDate: what is in deploy/ is what is generated.
func TestUpToDate(t *testing.T) {
	files, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("deploy/%s is not up to date (%v): go -C deploy/generate run .", name, err)
		}
	}
}

// TestLinks: a link finds in its panel the labels that it has in its address.
func TestLinks(t *testing.T) {
	used := regexp.MustCompile(`\$\{(__field\.labels|__data\.fields)\.(\w+)\}`)
	for _, d := range boards() {
		for _, r := range d.rows {
			for _, p := range r.panels {
				want := "__field.labels"
				if p.kind == rows {
					want = "__data.fields" // a column: its values have no labels
				}
				for _, l := range p.links {
					for _, u := range used.FindAllStringSubmatch(l.url, -1) {
						if by := regexp.MustCompile(`by \([^)]*\b` + u[2] + `\b`); u[1] != want || !by.MatchString(p.queries[0].expr) {
							t.Errorf("%s: %s: %s leads nowhere", d.name, p.title, u[0])
						}
					}
				}
			}
		}
	}
}

// TestExemplars: Grafana asks for no exemplars of a metric whose name is part of an earlier query of the panel.
func TestExemplars(t *testing.T) {
	found := 0
	for _, d := range boards() {
		for _, r := range d.rows {
			for _, p := range r.panels {
				for i, q := range p.queries {
					if q.exemplars && i > 0 {
						t.Errorf("%s: %s: query %d is for exemplars, and not the first", d.name, p.title, i)
					}
					if q.exemplars {
						found++
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("no panel has exemplars")
	}
}

// TestVariables: with "All", a selector must not be one of everything in Prometheus, which refuses it.
func TestVariables(t *testing.T) {
	selector := regexp.MustCompile(`\{[^{}]*__name__[^{}]*\}`)
	for _, d := range boards() {
		for _, v := range d.variables {
			if s := selector.FindString(v.values); s != "" && !strings.Contains(s, `!=""`) {
				t.Errorf("%s: %s: %s", d.name, v.name, s)
			}
		}
		for _, r := range d.rows {
			for _, p := range r.panels {
				for _, q := range p.queries {
					if s := selector.FindString(q.expr); strings.Contains(s, "$") && !strings.Contains(s, `!=""`) && !strings.Contains(s, ".+") {
						t.Errorf("%s: %s: %s", d.name, p.title, s)
					}
				}
			}
		}
	}
}

// TestHangAfter: what counts as hanging is a boundary of the histogram, so that rules can tell which calls were answered before.
func TestHangAfter(t *testing.T) {
	if boundaries := semconv.ServerOperationDuration.Buckets(); !slices.Contains(boundaries, hangAfter) {
		t.Errorf("%d s is none of the boundaries %v", hangAfter, boundaries)
	}
}
