package telemetry_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/telemetry"
)

func TestResourceLabel(t *testing.T) {
	templates := []string{"note://{id}", "acme-crm://people/{name}", "fixed://nothing"}
	for uri, want := range map[string]string{
		"note://7":                      "note://{id}",
		"note://7/8":                    "note",
		"acme-crm://people/ann":         "acme-crm://people/{name}",
		"ACME-CRM://places/x":           "acme-crm", // the scheme of a template
		"fixed://x":                     "_OTHER",   // a text without an expression is no template
		"file:///home/ann/x":            "file",
		"HTTPS://ann.example/":          "https",
		"git+ssh://x":                   "git+ssh",
		"postgres://ann:pw@host/db":     "postgres",
		"ann:private":                   "_OTHER",
		"hunter2://x":                   "_OTHER",
		"annsmith":                      "_OTHER",
		"C:\\Users\\ann\\x":             "_OTHER",
		"":                              "_OTHER",
		":":                             "_OTHER",
		"AKIAIOSFODNN7EXAMPLE:x":        "_OTHER",
		"acquisition-of-initech://plan": "_OTHER",
	} {
		if got := telemetry.Label(uri, templates...); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}
