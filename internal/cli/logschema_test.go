package cli_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// object is a JSON object of a schema, whose members are written in the order of their names.
type object = map[string]any

// TestLogSchemas holds docs/logs.schema.json, of lines on stderr, and docs/logs-otlp.schema.json, of log records in OTLP's JSON,
// against the records that package semconv lists.
func TestLogSchemas(t *testing.T) {
	const address = "https://github.com/spanpipe/spanpipe/blob/main/docs/"
	for file, schema := range map[string]object{
		"logs.schema.json": {
			"title": "spanpipe's lines on stderr with SPANPIPE_LOG_FORMAT=json, version 1",
			"description": "One object a line. Members may be added within a version: ignore those that you do not know. " +
				"A line without \"event\" is a message about spanpipe itself.",
			"type": "object", "required": []string{"time", "level", "msg", "schema"}, "properties": lineMembers(),
			"dependentRequired": object{"trace_id": []string{"span_id"}, "span_id": []string{"trace_id"}},
			"oneOf":             append(each(lineSchema), object{"title": "about spanpipe itself", "properties": object{"event": false}}),
		},
		"logs-otlp.schema.json": {
			"title":       "spanpipe's log records, as LogRecord in OTLP's JSON, version 1",
			"description": "As they are exported, and as the local store has them. Attributes may be added within a version.",
			"type":        "object", "required": []string{"timeUnixNano", "severityNumber", "severityText", "eventName", "body", "attributes"},
			"properties": object{
				"timeUnixNano": object{"type": "string", "pattern": "^[0-9]+$"}, "observedTimeUnixNano": object{"type": "string", "pattern": "^[0-9]+$"},
				"severityNumber": object{"enum": []int{5, 9, 13, 17}}, "flags": object{"type": "integer"},
				"traceId": hexadecimal(32), "spanId": hexadecimal(16),
			},
			"dependentRequired": object{"traceId": []string{"spanId"}, "spanId": []string{"traceId"}},
			"oneOf":             each(otlpSchema),
		},
	} {
		schema["$schema"], schema["$id"] = "https://json-schema.org/draft/2020-12/schema", address+file
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(schema); err != nil {
			t.Fatal(err)
		}
		var parsed jsonschema.Schema
		if err := json.Unmarshal(text.Bytes(), &parsed); err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Resolve(nil); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		path := "../../docs/" + file
		old, _ := os.ReadFile(path)
		if *update {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(old, text.Bytes()) {
			t.Errorf("%s does not list what package semconv does; rewrite it with: go test ./internal/cli -run TestLogSchemas -update", path)
		}
	}
}

// each makes a schema of every record. What is in the local store alone, or goes to the collector alone, is no line on stderr.
func each(of func(semconv.Record) object) (all []any) {
	for _, r := range semconv.Records() {
		if s := of(r); s != nil {
			all = append(all, s)
		}
	}
	return all
}

func hexadecimal(digits int) object {
	return object{"type": "string", "pattern": "^[0-9a-f]{" + strconv.Itoa(digits) + "}$"}
}

// lineMembers are those that any line may have.
func lineMembers() object {
	return object{
		"time":                object{"type": "string", "description": "RFC 3339, with as many digits of a second as there are"},
		"level":               object{"type": "string", "pattern": `^(DEBUG|INFO|WARN|ERROR)([+-][0-9]+)?$`},
		"msg":                 object{"type": "string"},
		"schema":              object{"const": 1, "description": "the version of this schema"},
		"service.name":        object{"type": "string", "description": "as in the resource of telemetry"},
		semconv.SessionID:     object{"type": "string", "description": "once the session has started"},
		semconv.ServerName:    object{"type": "string", "description": "once the server has sent it"},
		semconv.ServerVersion: object{"type": "string"},
		"trace_id":            hexadecimal(32), "span_id": hexadecimal(16),
		"error": object{"type": "string"}, "hint": object{"type": "string"},
	}
}

// lineSchema describes a record on stderr.
func lineSchema(r semconv.Record) object {
	if r.Local || r.Event == semconv.ServerStderr.Event {
		return nil
	}
	members := object{"event": object{"const": r.Event}, "msg": object{"const": r.Message}, "level": object{"enum": levelsOf(r)}}
	common := lineMembers()
	for _, key := range r.Attributes {
		if common[key] == nil {
			members[key] = object{"type": typeOf(key, map[string]string{"double": "number", "int": "integer"})}
		}
	}
	return object{
		"title": r.Event, "description": r.When, "properties": members,
		"required": []string{"event", semconv.SessionID, "service.name"},
	}
}

// otlpSchema describes a record in OTLP's JSON.
func otlpSchema(r semconv.Record) object {
	var forms []any
	for _, kind := range []string{"string", "boolean", "double", "int"} {
		var keys []string
		for _, key := range r.Attributes {
			if typeOf(key, nil) == kind {
				keys = append(keys, key)
			}
		}
		if value := map[string]string{"boolean": "bool"}[kind]; len(keys) > 0 {
			forms = append(forms, object{"properties": object{
				"key": object{"enum": keys}, "value": object{"required": []string{cmp.Or(value, kind) + "Value"}},
			}})
		}
	}
	return object{
		"title": r.Event, "description": r.When,
		"properties": object{
			"eventName": object{"const": r.Event}, "body": object{"const": object{"stringValue": r.Message}},
			"severityText": object{"enum": levelsOf(r)},
			"attributes": object{
				"type":     "array",
				"items":    object{"anyOf": append(forms, object{"properties": object{"key": object{"not": object{"enum": r.Attributes}}}})},
				"contains": object{"properties": object{"key": object{"const": semconv.SessionID}}},
			},
		},
	}
}

// levelsOf returns the levels that a record may have.
func levelsOf(r semconv.Record) (levels []string) {
	for _, level := range []string{"DEBUG", "INFO", "WARN", "ERROR"} {
		if r.Event == semconv.ServerMessage.Event || strings.Contains(r.Level, level) {
			levels = append(levels, level)
		}
	}
	return levels
}

// typeOf returns the type of an attribute, in other words if there are any. Most are documented as those of spans.
func typeOf(key string, words map[string]string) string {
	all := slices.Concat(semconv.OperationAttributes(), semconv.ContentAttributes(), semconv.SessionAttributes(), semconv.FailureAttributes())
	kind := map[string]string{
		semconv.Duration: "double", semconv.P95: "double", semconv.Seen: "double", semconv.Usual: "double", semconv.StallLate: "double",
		semconv.Calls: "int", semconv.Failures: "int", semconv.Size: "int", semconv.Sessions: "int", semconv.Parent: "int",
		semconv.DefinitionPinned: "boolean", semconv.InFlight: "boolean",
	}[key]
	for _, a := range all {
		if a.Key == key && kind == "" {
			kind, _, _ = strings.Cut(a.Type, " ")
		}
	}
	kind = cmp.Or(kind, "string")
	return cmp.Or(words[kind], kind)
}
