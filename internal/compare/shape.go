package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Shape is a place in results whose JSON types differ. A list without types means that the place was not there.
type Shape struct {
	Path   string   `json:"path"` // a JSON pointer, with * for the elements of an array
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
}

// shape is which types stand at which place, over several results: object, array, string, number, boolean, null. Of a member "type",
// whose values MCP defines, the value counts.
type shape map[string]map[string]bool

// The bounds of a shape: results are of any size, and so are the texts in them that are JSON.
const (
	maxPaths = 2000
	deepest  = 24
)

// add adds the shape of a result.
func (s shape) add(result json.RawMessage) {
	if v, ok := decode(result); ok {
		s.value("", v, 0)
	}
}

// decode reads JSON, with numbers as they are written.
func decode(text []byte) (v any, ok bool) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	return v, in.Decode(&v) == nil
}

func (s shape) value(path string, v any, depth int) {
	switch v := v.(type) {
	case map[string]any:
		s.note(path, "object")
		for key, member := range v {
			if depth < deepest {
				s.member(path+"/"+pointer.Replace(key), key, member, depth+1)
			}
		}
	case []any:
		s.note(path, "array")
		for _, element := range v {
			if depth < deepest {
				s.value(path+"/*", element, depth+1)
			}
		}
	default:
		s.note(path, typeOf(v))
	}
}

// member adds a member of an object. A text that is JSON, as many servers send it, has a shape of its own.
func (s shape) member(path, key string, v any, depth int) {
	text, ok := v.(string)
	if ok && key == "type" && len(text) < 30 {
		s.note(path, `"`+text+`"`)
		return
	}
	s.value(path, v, depth)
	if text = strings.TrimSpace(text); ok && key == "text" && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
		var whole json.RawMessage
		if json.Unmarshal([]byte(text), &whole) == nil {
			if inner, ok := decode(whole); ok {
				s.value(path+" (JSON)", inner, depth)
			}
		}
	}
}

func (s shape) note(path, is string) {
	types := s[path]
	if types == nil {
		if len(s) >= maxPaths {
			return
		}
		types = map[string]bool{}
		s[path] = types
	}
	types[is] = true
}

// typeOf returns the type of a JSON value that has no members.
func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

// pointer escapes a key in a JSON pointer (RFC 6901).
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

// compareShapes returns what differs, by path. Of what is new or gone as a whole, only the top is named. What elements of an array
// look like is not known where it was always empty, and then it does not differ.
func compareShapes(a, b shape) []Shape {
	if len(a) == 0 || len(b) == 0 || len(a) >= maxPaths || len(b) >= maxPaths {
		return nil
	}
	var all []Shape
	paths := map[string]bool{}
	for _, one := range []shape{a, b} {
		for path := range one {
			paths[path] = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		before, after := typesAt(a, path), typesAt(b, path)
		if slices.Equal(before, after) {
			continue
		}
		if before == nil && !missing(a, path) || after == nil && !missing(b, path) {
			continue
		}
		all = append(all, Shape{path, before, after})
	}
	return all
}

// missing reports whether a shape has the object, or the text, in which a path that it lacks should be.
func missing(from shape, path string) bool {
	if text, ok := strings.CutSuffix(path, " (JSON)"); ok {
		return from[text] != nil
	}
	if strings.HasSuffix(path, "/*") {
		return false // the array is empty, or no array, which its own path says
	}
	return from[path[:max(strings.LastIndexByte(path, '/'), 0)]]["object"]
}

func typesAt(s shape, path string) []string {
	return slices.Sorted(maps.Keys(s[path]))
}
