// Package schematest holds what tests write against the JSON schemas in docs/.
package schematest

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// Read returns the schema in a file.
func Read(t testing.TB, path string) *jsonschema.Resolved {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resolved
}

// YAML returns a function that reports whether the schema in a file accepts a text of YAML. What is no YAML, or empty, it does not see:
// that is accepted.
func YAML(t testing.TB, path string) (accepts func(text string) bool) {
	t.Helper()
	schema := Read(t, path)
	return func(text string) bool {
		var value any
		if yaml.Unmarshal([]byte(text), &value) != nil || value == nil {
			return true
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			return true
		}
		if err := json.Unmarshal(asJSON, &value); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value) == nil
	}
}
